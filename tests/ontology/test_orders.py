"""Orders whose text is not shipped, held to the texts, which lie beside the checkout."""

import json
import os
import re
from pathlib import Path
from typing import Final

import pytest

from spacepolicy.cli import main
from spacepolicy.fingerprints import Copy, parse, tokens

ROOT: Final = Path(__file__).parents[2]
TEXTS: Final = ROOT.parent / "shared" / "policies"
ORDERS: Final = ("us-eo-14056", "us-eo-14335", "us-eo-14369")
LONGEST_PHRASE: Final = 11
"""Words in a row that names may share with an order: those of the longest heading."""


@pytest.fixture(params=ORDERS)
def order(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    if not (TEXTS / f"{name}.txt").is_file() and "CI" not in os.environ:
        pytest.skip("the texts of real policies are not here")
    return name


def text_of(order: str) -> str:
    return (TEXTS / f"{order}.txt").read_text(encoding="utf-8")


def test_each_passage_of_an_order_is_found_in_its_text(
    order: str, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = TEXTS / f"{order}.txt"
    assert main(["verify", order, "--text", str(copy), "--json"]) == 0
    [source] = json.loads(capsys.readouterr().out)["sources"]
    assert source["counts"]["checked"] > 30
    assert source["counts"]["skipped"] == source["counts"]["failed"] == 0


def test_each_word_of_an_order_lies_in_a_passage(order: str) -> None:
    text = text_of(order)
    quotes = (ROOT / "data" / f"{order}.quotes").read_text(encoding="utf-8")
    marks = [mark for line in re.findall(r"^= (.+)$", quotes, re.M) if (mark := parse(line))]
    places = Copy(text).places(marks)
    covered = sorted((place.start, place.end) for mark in marks for place in places[mark])
    left, last = [], 0
    for start, end in covered:
        left += tokens(text[last:start])
        last = max(last, end)
    assert set(left + tokens(text[last:])) <= {"and"}


def test_no_sentence_of_an_order_is_in_the_repository(order: str) -> None:
    words = tokens(text_of(order).lower())
    rows = range(len(words) - LONGEST_PHRASE)
    phrases = {" ".join(words[row : row + LONGEST_PHRASE + 1]) for row in rows}
    for path in ROOT.glob(f"*/**/{order}*"):
        written = tokens(path.read_text(encoding="utf-8").lower())
        found = {
            " ".join(written[row : row + LONGEST_PHRASE + 1])
            for row in range(len(written) - LONGEST_PHRASE)
        }
        assert not found & phrases, path
