"""Passages against their text: checked, skipped and failed, and the ways such checks go wrong."""

import hashlib
from dataclasses import replace

import pytest

from spacepolicy.errors import UsageError
from spacepolicy.fingerprints import fingerprint
from spacepolicy.source_texts import CopyText, read_copy, seen
from spacepolicy.verification import Cited, Verification, exit_status, report, verify

SOURCE = "urn:source"
TEXT = "We plant trees. We water them, and then we plant trees “again”."
SHA256 = hashlib.sha256(TEXT.encode()).hexdigest()


def quotation(words: str, start: int) -> Cited:
    return Cited(f"urn:source#char={start}", start, start + len(words), words)


FIRST = quotation("plant trees", TEXT.index("plant trees"))
SECOND = quotation("plant trees", TEXT.rindex("plant trees"))
WATER = Cited(
    "urn:source#loc=sec.2",
    locator="sec.2",
    address="https://example.org/",
    fingerprint=str(fingerprint("We water them, and then")),
)


def copy(text: str) -> CopyText:
    return read_copy(text.encode(), "copy.txt")


def outcomes(found: Verification) -> list[str]:
    return [each.outcome for each in found.results]


def test_quotations_are_compared_at_their_offsets_and_fingerprints_found() -> None:
    found = verify(SOURCE, [FIRST, SECOND, WATER], SHA256, copy(TEXT), is_own=True)
    assert outcomes(found) == ["checked"] * 3
    assert [each.words for each in found.results] == [
        "plant trees", "plant trees", "We water them, and then",
    ]  # fmt: skip
    assert exit_status([found]) == 0


# One side normalised and not the other


@pytest.mark.parametrize("there", ["“again”", '"again"', "« again »"])
@pytest.mark.parametrize("quoted", ["“again”", "again", '"again"'])
def test_both_sides_are_normalised_alike(there: str, quoted: str) -> None:
    text = f"plant trees {there} here"
    start = text.index(there)
    cited = Cited("urn:p", start, start + len(there), quoted)
    recorded = hashlib.sha256(text.encode()).hexdigest()
    assert outcomes(verify(SOURCE, [cited], recorded, copy(text))) == ["checked"]
    referred = Cited("urn:p", locator="1", fingerprint=str(fingerprint(f"trees {quoted}")))
    assert outcomes(verify(SOURCE, [referred], None, copy(text))) == ["checked"]


@pytest.mark.parametrize("quoted", ["plant treas", "Plant trees", "plant", "", "—"])
def test_other_words_fail_however_they_are_normalised(quoted: str) -> None:
    cited = replace(FIRST, exact=quoted)
    assert outcomes(verify(SOURCE, [cited], SHA256, copy(TEXT), is_own=True)) == ["failed"]


# A skipped check counted as passed


def test_what_cannot_be_compared_is_counted_as_skipped_and_not_as_checked() -> None:
    bare = replace(WATER, fingerprint=None)
    found = verify(SOURCE, [FIRST, WATER], SHA256, None)
    assert found.counts == {"checked": 0, "skipped": 2, "failed": 0}
    assert exit_status([found]) == 3
    some = verify(SOURCE, [FIRST, bare], SHA256, copy(TEXT))
    assert some.counts == {"checked": 1, "skipped": 1, "failed": 0}
    assert exit_status([some]) == 3
    assert all(each.reason for each in found.results)


def test_one_that_fails_outweighs_all_that_are_skipped() -> None:
    wrong = replace(FIRST, exact="plant shrubs")
    found = verify(SOURCE, [FIRST, wrong, replace(WATER, fingerprint=None)], SHA256, copy(TEXT))
    assert found.counts == {"checked": 1, "skipped": 1, "failed": 1}
    assert exit_status([found]) == 1
    assert report([found, found])["counts"] == {"checked": 2, "skipped": 2, "failed": 2}


# A moved quotation taken for a lookalike


def test_a_quotation_whose_words_stand_elsewhere_alone_fails() -> None:
    moved = replace(FIRST, start=0, end=11)
    (result,) = verify(SOURCE, [moved], SHA256, copy(TEXT), is_own=True).results
    assert (result.outcome, result.words) == ("failed", None)
    assert "We plant tr" in result.reason


def test_offsets_belong_to_the_recorded_text_and_are_tried_in_no_other() -> None:
    shifted = copy(f"{' ' * len('We plant trees. ')}{TEXT}")
    (own,) = verify(SOURCE, [FIRST], SHA256, shifted, is_own=True).results
    assert (own.outcome, own.words) == ("failed", None)
    assert SHA256 in own.reason
    (other,) = verify(SOURCE, [FIRST], SHA256, shifted).results
    assert (other.outcome, other.words) == ("skipped", None)
    same_offsets = copy(TEXT.replace("again", "anew!"))
    assert outcomes(verify(SOURCE, [FIRST], SHA256, same_offsets)) == ["skipped"]


def test_a_quotation_whose_words_are_in_no_place_of_another_text_fails() -> None:
    changed = copy(TEXT.replace("trees", "shrubs"))
    assert outcomes(verify(SOURCE, [FIRST], SHA256, changed)) == ["failed"]


def test_without_a_recorded_digest_no_offset_is_trusted() -> None:
    assert outcomes(verify(SOURCE, [FIRST], None, copy(TEXT))) == ["skipped"]


@pytest.mark.parametrize(("start", "end"), [(None, 3), (5, 5), (9, 2), (0, 9999)])
def test_offsets_that_are_no_place_fail(start: int | None, end: int) -> None:
    cited = replace(FIRST, start=start, end=end)
    assert outcomes(verify(SOURCE, [cited], SHA256, copy(TEXT))) == ["failed"]


# The first of several equal places


def test_a_fingerprint_that_fits_in_two_places_fails() -> None:
    twice = replace(WATER, fingerprint=str(fingerprint("plant trees")))
    (result,) = verify(SOURCE, [twice], SHA256, copy(TEXT)).results
    assert (result.outcome, result.words) == ("failed", None)
    assert "2 places" in result.reason


def test_a_fingerprint_is_found_in_no_text_with_a_word_changed_or_put_in() -> None:
    for changed in (TEXT.replace("water", "wet"), TEXT.replace("them,", "them, as we must,")):
        (result,) = verify(SOURCE, [WATER], SHA256, copy(changed)).results
        assert (result.outcome, result.words) == ("failed", None)


@pytest.mark.parametrize("written", ["", "3 abc", "plant trees"])
def test_what_is_no_fingerprint_fails(written: str) -> None:
    cited = replace(WATER, fingerprint=written)
    assert outcomes(verify(SOURCE, [cited], SHA256, copy(TEXT))) == ["failed"]


# Copies


def test_a_page_is_a_copy_like_any_other() -> None:
    page = (
        "<!DOCTYPE html><html><head><title>We water</title></head><body><nav>Menu</nav>"
        "<p>We <b>wa</b>ter&nbsp;<a href='/them'>them</a>,</p><p>and th&shy;en</p>"
        "<script>We water them</script></body></html>"
    )
    (result,) = verify(SOURCE, [WATER], None, read_copy(page.encode(), "page.html")).results
    assert result.outcome == "checked"
    assert "Menu" not in str(result.words)


def test_links_of_markdown_hide_no_words() -> None:
    page = 'We [water](https://example.org/water "Water") *them*, and\n> then'
    found = verify(SOURCE, [WATER], None, read_copy(page.encode(), "page.md"))
    assert outcomes(found) == ["checked"]


def test_a_copy_may_be_utf_16() -> None:
    assert read_copy(TEXT.encode("utf-16"), "copy.txt").text == TEXT


@pytest.mark.parametrize("content", [b"\xff\xfe\xfd", b"caf\xe9", b"a\0b"])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(UsageError, match=r"copy\.pdf"):
        read_copy(content, "copy.pdf")


def test_a_text_that_only_compares_is_no_markup() -> None:
    assert read_copy(b"a < b and c > d", "copy.txt").text == "a < b and c > d"
    assert seen("<ul><li>one<li>two</ul>").split() == ["one", "two"]
