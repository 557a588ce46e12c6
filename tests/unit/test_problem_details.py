"""Details of problems are told in Chinese where they are known in it, and those are real ones."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from spacepolicy.web.i18n import DETAILS, of_detail

PACKAGE = Path(__file__).parents[2] / "service" / "spacepolicy"
MADE_ELSEWHERE = (
    "Near it: {}.",
    "The answer is ",
    "{} answers ",
    "{} is neither stated",
    "The query nests",
    "The query chains",
)
"""Of these a part is put together before it is raised."""


def raised() -> Iterator[str]:
    """The texts of the code, with `{}` for what varies."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.JoinedStr):
                yield "".join(
                    str(each.value) if isinstance(each, ast.Constant) else "{}"
                    for each in node.values
                )


def test_each_detail_that_is_known_in_chinese_is_raised_somewhere() -> None:
    texts = set(raised())
    gone = [
        each["en"]
        for each in DETAILS
        if not any(part in each["en"] for part in MADE_ELSEWHERE)
        and not any(text.startswith(each["en"].removesuffix(".")) for text in texts)
    ]
    assert gone == []


@pytest.mark.parametrize("detail", DETAILS, ids=lambda each: each["en"])
def test_what_varies_is_taken_over_into_chinese(detail: dict[str, str]) -> None:
    count = detail["en"].count("{}")
    values = [f"value {n}" for n in range(count)]
    told = of_detail(detail["en"].format(*values), "zh")
    used = {field for _, field, _, _ in Formatter().parse(detail["zh"]) if field is not None}
    assert told == detail["zh"].format(*values)
    assert all(value in told for n, value in enumerate(values) if str(n) in used)
    assert used <= {str(n) for n in range(count)}


def test_a_detail_that_is_not_known_stays_as_it_is() -> None:
    assert of_detail("The engine's process crashed.", "zh") == "The engine's process crashed."
    assert of_detail("There is no graph <urn:a>.", "en") == "There is no graph <urn:a>."


def test_braces_in_what_varies_are_text() -> None:
    assert of_detail("There is no graph <{0}{x}>.", "zh") == "没有图 <{0}{x}>。"


def test_a_long_text_takes_no_longer_than_its_length() -> None:
    long = "There are " + " such links, so no page " * 20_000
    assert of_detail(long, "zh") == long
