"""The extension for editors: its files are there, its grammar tells lines apart, its terms are
current."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from ..editor_snippets import PATH, ROOT, snippets

FOLDER: Final = ROOT / "editors/vscode"
GRAMMAR: Final[dict[str, Any]] = json.loads(
    (FOLDER / "syntaxes/quotes.tmLanguage.json").read_text(encoding="utf-8")
)
QUOTES: Final = sorted([*ROOT.glob("data/*.quotes"), *ROOT.glob("tests/documents/*/data/*.quotes")])


def kind(line: str) -> str:
    """The first kind of line of the grammar that the line is; statements are the rest."""
    for each in GRAMMAR["patterns"]:
        name = str(each["include"]).removeprefix("#")
        if name != "statement" and re.match(GRAMMAR["repository"][name]["match"], line):
            return name
    return "statement"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("> develop reusable rockets", "quotation"),
        (">1510 develop reusable rockets", "quotation"),
        (">1510,1534", "quotation"),
        ("# Second, build … assembly lines.", "part"),
        ("@ sec.3.b.ii", "locator"),
        (f"= 24 {'0' * 64}", "fingerprint"),
        ("@prefix task: <https://example.org/task/> .", "prefix"),
        ("task:1 a :Task ; :ordinal 1 .", "statement"),
        ("<#> :isLeftOutAs omission:rhetoric .", "statement"),
    ],
)
def test_the_grammar_tells_kinds_of_lines_apart(line: str, expected: str) -> None:
    assert kind(line) == expected


@pytest.mark.parametrize("path", QUOTES, ids=lambda path: path.stem)
def test_every_character_of_a_statement_has_a_name_in_the_grammar(path: Path) -> None:
    patterns = GRAMMAR["repository"]["statement"]["patterns"]
    named = [re.compile(each["match"]) for each in patterns if "match" in each]
    for line in path.read_text(encoding="utf-8").splitlines():
        if kind(line) == "statement":
            left = line
            for pattern in named:
                left = pattern.sub(" ", left)
            assert not left.replace("^", "").strip(), line


def test_the_files_that_the_extension_names_are_there() -> None:
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["contributes"]
    named = [package["languages"][0]["configuration"]]
    named += [each["path"] for kind in ("grammars", "snippets") for each in package[kind]]
    for each in named:
        json.loads((FOLDER / each).read_text(encoding="utf-8"))


def test_the_terms_are_those_of_the_ontology() -> None:
    assert PATH.read_text(encoding="utf-8") == snippets(), "run python -m tests.editor_snippets"
