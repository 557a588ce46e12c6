"""Fingerprints of words, and where they are found in copies."""

import json
import os
import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacepolicy.fingerprints import Copy, Fingerprint, Place, fingerprint, parse, tokens

ROOT = Path(__file__).parents[2]
POLICIES = ROOT.parent / "shared" / "policies"
VECTORS = re.findall(
    r"^\| `(.*)` \| (.*) \| `(\d+ [0-9a-f]{64})` \|$",
    (ROOT / "docs" / "fingerprints.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)
WORDS = "reusable launch vehicles that land on a barge and fly again within ten days"


@pytest.fixture(params=["us-eo-14056", "us-eo-14335", "us-eo-14369"])
def policy(request: pytest.FixtureRequest) -> str:
    path = POLICIES / f"{request.param}.txt"
    if not path.is_file() and "CI" not in os.environ:
        pytest.skip("the texts of real policies are not here")
    return path.read_text(encoding="utf-8")


def paragraphs(text: str) -> list[str]:
    return [each for each in text.split("\n") if len(tokens(each)) > 8]


def found(copy: str, wanted: str | Fingerprint) -> list[str]:
    mark = fingerprint(wanted) if isinstance(wanted, str) else wanted
    return [copy[place.start : place.end] for place in Copy(copy).places([mark])[mark]]


def test_there_are_test_vectors() -> None:
    assert len(VECTORS) > 15


@pytest.mark.parametrize(("text", "words", "written"), VECTORS)
def test_a_test_vector_of_the_documentation_holds(text: str, words: str, written: str) -> None:
    text = json.loads(f'"{text}"')
    assert tokens(text) == words.split(" ")
    assert str(fingerprint(text)) == written
    assert parse(written) == fingerprint(text)


@pytest.mark.parametrize("written", ["", "3", "0 " + "0" * 64, "03 " + "0" * 64, "3 " + "A" * 64])
def test_what_is_no_fingerprint_is_not_read_as_one(written: str) -> None:
    assert parse(written) is None


LAYOUTS: dict[str, Callable[[str], str]] = {
    "narrow lines": lambda text: "\n".join(textwrap.wrap(text, 40)),
    "indented lines": lambda text: textwrap.indent("\r\n".join(textwrap.wrap(text, 55)), "    "),
    "one line": lambda text: " ".join(text.split()),
    "other quotes": lambda text: text.translate(str.maketrans("“”‘’—", "\"\"''–")),
    "soft hyphens": lambda text: re.sub(r"([a-z]{4})([a-z]{3})", "\\1\u00ad\\2", text),
    "words broken": lambda text: re.sub(r"\b([a-z]{4})([a-z]{4})", r"\1-\n\2", text),
    "no-break blanks": lambda text: text.replace(" ", "\u00a0"),
    "full width": lambda text: text.translate({n: n + 0xFEE0 for n in range(0x21, 0x7F)}),
}


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_every_paragraph_is_found_in_a_copy_of_another_layout(policy: str, layout: str) -> None:
    wanted = {fingerprint(each): each for each in paragraphs(policy)}
    copy = LAYOUTS[layout](policy)
    places = Copy(copy).places(wanted)
    for mark, paragraph in wanted.items():
        (place,) = places[mark]
        assert "".join(tokens(copy[place.start : place.end])) == "".join(tokens(paragraph))


def test_a_compound_that_ends_a_line_and_a_word_that_is_broken_are_both_found() -> None:
    text = "space-based systems and their development"
    copy = "Of development: space-\nbased systems and their devel-\nopment."
    assert found(copy, text) == ["space-\nbased systems and their devel-\nopment"]


@pytest.mark.parametrize(
    "changed",
    [
        WORDS.replace("barge", "ship"),
        WORDS.replace("land on", "land 12 on"),
        WORDS.replace("fly again", "fly[3] again"),
        WORDS.replace(" a ", " "),
        WORDS.replace("ten", "Ten"),
        WORDS.replace("barge and", "barge\n\n- 14 -\n\nand"),
    ],
)
def test_words_that_were_changed_are_not_found(changed: str) -> None:
    assert found(f"There are {WORDS}.", WORDS) == [WORDS]
    assert found(f"There are {changed}.", WORDS) == []


def test_words_that_stand_twice_are_found_twice() -> None:
    assert Copy("so be it, so be it").places([fingerprint("so be it")]) == {
        fingerprint("so be it"): [Place(0, 8), Place(10, 18)]
    }


def test_nothing_is_found_in_less_than_there_is() -> None:
    assert found("two words", "of three words") == []
    assert found("", "word") == []


def test_places_are_counted_in_the_copy_as_it_is() -> None:
    copy = "№ 5… ﬁrst e\u0301tude „空间信息” end"
    assert found(copy, "first étude") == ["ﬁrst e\u0301tude"]
    assert found(copy, "空间信息") == ["空间信息"]
    assert found(copy, "No") == ["№"]


WRITING = st.text("ab-\u00ad\n é№ﬁ\u0301空间ロ9_“", max_size=60)


@given(WRITING, WRITING, WRITING)
def test_what_stands_between_blanks_is_found_where_it_stands(a: str, b: str, c: str) -> None:
    before, after = f"{a} . ", f" . {c}"
    mark = fingerprint(b)
    if mark.tokens == 0:
        return
    places = Copy(before + b + after).places([mark])[mark]
    inside = [p for p in places if len(before) <= p.start and p.end <= len(before) + len(b)]
    assert inside


@given(WRITING)
def test_normalising_again_changes_nothing(text: str) -> None:
    words = tokens(text)
    assert tokens(" ".join(words)) == words
