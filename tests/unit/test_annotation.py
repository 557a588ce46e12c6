"""Proposals for a text: what the rules find, in which words, and what they leave alone."""

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacepolicy.annotation.annotating import Background, annotate, read_background
from spacepolicy.annotation.numbered_parts import find_parts
from spacepolicy.annotation.proposals import Annotation, Proposal, as_json

ROOT = Path(__file__).parents[2]


@cache
def background() -> Background:
    return read_background(ROOT, packaged=False)


def annotated(text: str) -> Annotation:
    return annotate(text, "a-plan", background())


def found(text: str, kind: str) -> list[Proposal]:
    return [each for each in annotated(text).proposals if each.kind == kind]


def local(iri: str) -> str:
    return iri.rpartition("/")[2]


def said(text: str, kind: str) -> list[tuple[str, str, str]]:
    """The words, the property and the object of each proposal of the kind, without namespaces."""
    return [(each.words, local(each.predicate), local(each.object)) for each in found(text, kind)]


def locators(text: str) -> list[str]:
    return [each.locator for each in find_parts(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("First, build ports. Second, widen roads.", ["1", "2"]),
        (
            "Sec. 1. Aim. We go.\n\nSec. 2. Acts. (a) Go; and\n\n(i) on foot.",
            ["sec.1", "sec.2", "sec.2.a", "sec.2.a.i"],
        ),
        (
            "Section 1: Aim\nWe go. (a) One. (b) Two: (i) three; (ii) four. (c) Five.",
            ["sec.1", "sec.1.a", "sec.1.b", "sec.1.b.i", "sec.1.b.ii", "sec.1.c"],
        ),
        ("Task 1: Go\nNow.\nTask 2: Stay\nHere.", ["task.1", "task.2"]),
        (
            "一、总体要求\n（一）建设港口。\n（二）修路。\n二、保障措施\n（一）加强监管。",
            ["1", "1.1", "1.2", "2", "2.1"],
        ),
        (
            "第一章 总则\n第一条 甲。\n第二章 任务\n第二条 乙：\n（一）丙；\n（二）丁。",
            ["ch.1", "art.1", "ch.2", "art.2", "art.2.1", "art.2.2"],
        ),
        ("工作：一是建港；二是修路。", ["1", "2"]),
        ("1. The Office will:\na) go;\nb) stay.\n2. Nobody runs.", ["1", "1.a", "1.b", "2"]),
        ("1. Scope\n1.1 All.\n1.2 Some.\n2. Aims", ["1", "1.1", "1.2", "2"]),
    ],
)
def test_parts_are_found_by_their_numbering(text: str, expected: list[str]) -> None:
    assert locators(text) == expected


def test_references_and_numbers_that_do_not_go_on_are_no_parts() -> None:
    assert locators("As subsection (b) of section 3 says, 16 U.S.C. 905(b)(2)(C) applies.") == []
    assert locators("Adopted 14 February 2029\n\nMay 3. About 92.5% of it.") == []
    assert locators("(c) begins with the third letter.") == []
    assert locators("(a) One. (h) is a footnote. (b) Two.") == ["a", "b"]


def test_a_letter_goes_on_with_letters_and_a_roman_numeral_with_roman_numerals() -> None:
    text = "\n".join(f"({each}) Go." for each in "abcdefghij")
    assert locators(text) == [*"abcdefghij"]
    assert locators("(a) Go:\n(i) on;\n(ii) off;\n(iii) up.\n(b) Stay.")[-1] == "b"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("within 120 days of the date of this order", "P120D"),
        ("no later than six months after adoption of the plan", "P6M"),
        ("every 2 years", "R/P2Y"),
        ("It reports annually.", "R/P1Y"),
        ("by 2030", "2030"),
        ("By June 2031", "2031-06"),
        ("by 31 October 2029", "2029-10-31"),
        ("on August 13, 2025", "2025-08-13"),
        ("by the end of 2032", "2032-12-31"),
        ("From 2030 on, boats moor.", "2030/.."),
        ("for the years 2027 to 2032", "2027/2032"),
        ("2027年底前", "2027-12-31"),
        ("到2030年", "2030"),
        ("2026年3月1日", "2026-03-01"),
        ("自2026年5月1日起", "2026-05-01/.."),
        ("自公布之日起30日内", "P30D"),
        ("每两年", "R/P2Y"),
    ],
)
def test_dates_and_deadlines_have_their_value(text: str, value: str) -> None:
    assert [each.object for each in found(text, "date")] == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("at least 12 grey boats are at sea", "at-least 12 {boat}"),
        ("no more than 3 hours", "at-most 3 h"),
        ("between 10 and 15 light buoys", "between 10 15 {buoy}"),
        ("about 92.5% of homes", "about 92.5 %"),
        ("a fund of €180 million", "exactly 180000000 EUR"),
        ("at least $50 billion", "at-least 50000000000 USD"),
        ("more than 30 percent", "at-least 30 %"),
        ("不少于50个泊位", "at-least 50 {个}"),
        ("投资超过200亿元", "at-least 20000000000 CNY"),
        ("覆盖率达到90%以上", "at-least 90 %"),
        ("约3小时", "about 3 h"),
        ("处以五万元以下罚款", "at-most 50000 CNY"),
        ("系数提高到0.65", "exactly 0.65"),
        ("no farther than 12 kilometres", "at-most 12 km"),
        ("train two hundred seed keepers", "exactly 200 {keeper}"),
    ],
)
def test_quantities_have_comparator_number_and_unit(text: str, value: str) -> None:
    assert [each.object for each in found(text, "quantity")] == [value]


def test_numbers_that_name_things_are_no_quantities() -> None:
    text = "Part 450 of title 14, Article VI, Directive 26, rule 3(b), 16 U.S.C. 1458, Paper 7/4."
    assert said(text, "quantity") == []


def test_names_are_found_in_any_language_the_longest_first_and_in_the_plural() -> None:
    text = "They build reusable rockets. 研制可重复使用火箭。"
    assert {(each.words, local(each.object)) for each in found(text, "mention")} == {
        ("reusable rockets", "reusable-rocket"),
        ("可重复使用火箭", "reusable-rocket"),
    }


def test_an_ambiguous_name_gives_all_candidates_with_a_shared_score() -> None:
    mentions = found("It is done in Shanghai.", "mention")
    assert {each.object.rpartition("/id/")[2] for each in mentions} == {
        "actor/shanghai",
        "region/shanghai",
    }
    assert all(each.score <= 0.5 for each in mentions)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "First, build harbours, attract sailors, and carry out applied research on tides.",
            ["builds", "attracts", "researches"],
        ),
        ("The Office shall, where it can, streamline the permits.", ["optimises"]),
        ("Schools are encouraged to keep a plot.", ["encourages"]),
        ("到2030年，市农科院建设港口，吸引船员。", ["builds", "attracts"]),
        ("Adopted on 3 March 2029.", []),
        ("It develops small boats, and it does research on tides.", ["develops", "researches"]),
        ("建设港口，吸引船员，开展潮汐研究。", ["builds", "attracts", "researches"]),
    ],
)
def test_acts_are_found_by_the_wordings_of_the_ontology(text: str, expected: list[str]) -> None:
    assert [local(each.predicate) for each in found(text, "act")] == expected


def test_parties_have_their_roles() -> None:
    text = (
        "Within 90 days of the date of this order, the Survey Office, in coordination with the "
        "Pilot Guild and in consultation with the Fishery Board, shall report to the Harbour "
        "Council."
    )
    assert {(words, role) for words, role, _ in said(text, "duty")} == {
        ("Survey Office", "carriedOutBy"),
        ("Pilot Guild", "carriedOutWith"),
        ("Fishery Board", "consults"),
        ("Harbour Council", "reportsTo"),
    }
    assert ("市交通局", "carriedOutBy") in {
        each[:2] for each in said("由市交通局牵头建设港口。", "duty")
    }


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("It revokes the Buoy Ordinance of 2019.", ("Buoy Ordinance of 2019", "revokes")),
        ("It puts into practice the Sea Act.", ("Sea Act", "implements")),
        ("根据《海洋法》，制定本办法。", ("《海洋法》", "basedOn")),
        ("《浮标条例》同时废止。", ("《浮标条例》", "revokes")),
    ],
)
def test_relations_to_other_documents_are_found(text: str, relation: tuple[str, str]) -> None:
    assert [each[:2] for each in said(text, "relation")] == [relation]


def test_what_is_to_be_replaced_is_no_document_that_this_one_replaces() -> None:
    assert said("They find a way to replace the Old Harbour Bridge.", "relation") == []


def test_the_json_has_the_words_at_their_offsets_and_marks_what_is_new() -> None:
    text = "𝒜 First, build ports by 2030.\n"
    printed = as_json(annotated(text))
    proposals = printed["proposals"]
    assert isinstance(proposals, list)
    assert proposals
    for each in proposals:
        assert text[each["start"] : each["end"]] == each["words"]
        for iri in (each["subject"], each["object"]):
            exists = iri in background().iris or not str(iri).startswith(background().base)
            assert exists or each.get("new") is True
        assert each["property"] is None or each["property"] in background().iris | {
            "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
        }


def test_what_no_proposal_holds_is_uncovered() -> None:
    annotation = annotated("Hm.\nFirst, build ports.")
    assert [annotation.text[start:end] for start, end in annotation.uncovered] == ["Hm"]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab (iv)1.,;:\n第一条（）、年20 Sec%€的由TheShall", max_size=80))
def test_any_text_is_annotated_within_its_bounds_and_always_alike(text: str) -> None:
    first = annotated(text)
    assert first == annotated(text)
    for each in first.proposals:
        assert 0 <= each.start < each.end <= len(text)
        assert text[each.start : each.end] == each.words


@pytest.mark.parametrize(
    "piece", ["一", "9", "1,000,", "(a)(", "第一", "每", "within 1", "由", "《", "I"]
)
def test_one_thing_again_and_again_is_annotated_too(piece: str) -> None:
    assert annotated(piece * 5000).text == piece * 5000


def test_a_long_text_takes_no_more_than_its_length_asks() -> None:
    sentence = "The Survey Office shall, within 30 days of the date of this order, build 12 ports. "
    assert len(annotated(sentence * 400).proposals) >= 400 * 4
