"""Sentences and numbered parts of texts in English and Chinese."""

from itertools import pairwise

import pytest

from spacepolicy.text_structure import parts, sentence_ends, sentences


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


def numbered(text: str) -> list[tuple[str, str, int]]:
    return [(each.kind, each.numbering, each.depth) for each in parts(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Plant oaks. Water them!", ["Plant oaks", "Water them"]),
        ("As Sec. 3 says, No. 4 of the U.S. Code holds. End.", None),
        ("It costs 3.5 million. It ends.", ["It costs 3.5 million", "It ends"]),
        ("加强植树。推进浇水；完成验收。", ["加强植树", "推进浇水；完成验收"]),
        ("He said “go.” They went.", ["He said “go.”", "They went"]),
        ("Build: (a) a wall; and (b) a gate.", ["Build", "(a) a wall", "(b) a gate"]),
        ("First, dig. Second, plant.", ["First, dig", "Second, plant"]),
        ("A heading\n\nA sentence.\n", ["A heading", "A sentence"]),
    ],
)
def test_a_text_falls_into_its_sentences(text: str, found: list[str] | None) -> None:
    assert words(text) == (found or [text.partition(". End")[0], "End"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "Section 1. Aim. Grow.\n\nSec. 2. Work. (a) Dig: (i) deep; (ii) wide. (b) Plant.\n",
            [
                ("section", "1", 0),
                ("section", "2", 0),
                ("letter", "a", 1),
                ("roman", "i", 2),
                ("roman", "ii", 2),
                ("letter", "b", 1),
            ],
        ),
        (
            "一、目标\n（一）植树。\n（二）浇水。\n二、任务\n",
            [
                ("enumerated", "一", 0),
                ("bracketed", "一", 1),
                ("bracketed", "二", 1),
                ("enumerated", "二", 0),
            ],
        ),
        (
            "第一章 总则\n第一条 目的。\n第二条 范围。\n",
            [("章", "一", 0), ("条", "一", 1), ("条", "二", 1)],
        ),
        (
            "Goal 1: Grow.\nGoal 1.1: Dig.\nGoal 2: Rest.\n",
            [("goal", "1", 0), ("goal", "1.1", 1), ("goal", "2", 0)],
        ),
        ("1. Dig.\n2. Plant.\n", [("number", "1", 0), ("number", "2", 0)]),
        ("They dig.First, deep.Second, wide.", [("ordinal", "First", 0), ("ordinal", "Second", 0)]),
        ("一是植树，二是浇水。", [("counted", "一", 0), ("counted", "二", 0)]),
    ],
)
def test_numbered_parts_lie_in_one_another(text: str, found: list[tuple[str, str, int]]) -> None:
    assert numbered(text) == found


def test_i_after_h_is_a_letter() -> None:
    letters = " ".join(f"({letter}) Dig." for letter in "abcdefghij")
    assert [each.numbering for each in parts(letters) if each.kind == "letter"] == [*"abcdefghij"]


def test_a_rule_that_is_cited_is_no_part() -> None:
    assert numbered("In rule 3(b) of the Act, two becomes three.") == []


def test_a_part_ends_where_the_next_of_its_kind_begins() -> None:
    text = "Task 1: Dig\nDeep.\n\nTask 2: Plant\nOaks.\n"
    assert [text[each.start : each.end] for each in parts(text)] == [
        "Task 1: Dig\nDeep.",
        "Task 2: Plant\nOaks.",
    ]


def test_sentences_are_apart_and_in_order() -> None:
    text = "One. Two: (a) three; (b) four!\n\n五。六。"
    spans = [*sentences(text)]
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    assert not [*sentence_ends("No. 3 of Art. 5")]
