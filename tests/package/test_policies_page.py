"""The page on the policies in the data has the numbers that the saved query answers."""

import re
from pathlib import Path
from typing import Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
DOCUMENTS: Final = sorted((ROOT / "data").glob("*.expect.yaml"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_page_says_how_a_policy_is_evidenced(path: Path) -> None:
    expected = yaml.safe_load(path.read_text(encoding="utf-8"))["queries"]["evidence-by-document"]
    [[name, statements, parts, passages, *_, not_read_again, left_out]] = [
        row["values"] for row in expected["rows"]
    ]
    row = re.search(rf"^\| {re.escape(name[1:-4])} \|(.+)\|$", PAGE, re.MULTILINE | re.IGNORECASE)
    assert row is not None
    stated, found, _, places, _, reported, omitted = map(str.strip, row[1].split("|"))
    told = (statements, parts, passages, not_read_again, left_out)
    assert tuple(map(int, (stated, found, places, reported, omitted))) == told


def test_the_page_has_no_policy_that_is_not_in_the_data() -> None:
    rows = re.findall(r"^\| .* \| (?:quotation|reference[a-z, ]*) \|", PAGE, re.MULTILINE)
    assert len(rows) == len(DOCUMENTS)
