"""Each promise of docs/threat-model.md names tests that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "threat-model.md"


def promises() -> list[str]:
    """The rows of the table of promises."""
    text = PAGE.read_text(encoding="utf-8").partition("## What is promised")[2]
    rows = [line for line in text.partition("\n## ")[0].splitlines() if line.startswith("| ")]
    return rows[1:]


def test_each_promise_names_a_test() -> None:
    assert len(promises()) > 20
    for row in promises():
        assert re.findall(r"`tests/\S+\.py::test_\w+`", row), row


def test_each_test_that_is_named_is_there() -> None:
    named = re.findall(r"`(tests/[^:`]+)::(\w+)`", PAGE.read_text(encoding="utf-8"))
    for path, name in named:
        text = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^(async )?def {name}\(", text, re.MULTILINE), f"{path}::{name}"
