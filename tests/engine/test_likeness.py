"""Texts of one likeness are read alike, whatever their constants are."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spacepolicy.engine.lexer import Scan, scan
from spacepolicy.engine.likeness import likeness

IRIS = ["<http://a.org/>", "<https://b.org/x#y?z=1>", "<http://service.org/now>"]
STRINGS = ['""', '"so"', '"<http://a.org/> # NOW() } SERVICE"']
DIGITS = ["0", "7", "1234"]
OTHERS = [
    " ", "\n", "SELECT ", "ASK", "CONSTRUCT", "WHERE", "{", "}", "(", ")", "[", "]", "<<", ">>",
    "?a", "?a1", "ex:b", "ex:b2", "_:c", "a ", ".", ";", ",", "<", ">", "=", "&&", "||", "+", "/",
    "FILTER", "BIND", "VALUES", "UNDEF", "EXISTS", "GRAPH ", "FROM ", "SERVICE ", "SILENT ", "LOAD",
    "NOW", "RAND", "UUID", "SHA", "BNODE", "PREFIX ", "BASE ", "@en", "^^", "'", "#", "\\", '"',
    "<rest>", "<http://a b>", "<http://NOW()>", "<urn:x>", '"""', "'x'", "\\u0041", "|", "true",
]  # fmt: skip
FRAGMENTS = [*IRIS, *STRINGS, *DIGITS, *OTHERS]
OF_A_KIND = [IRIS, STRINGS, DIGITS]


def other_constant(fragment: str, number: int) -> str:
    """Another of the same kind where the fragment is a constant."""
    kind = next((kind for kind in OF_A_KIND if fragment in kind), [fragment])
    return kind[number % len(kind)]


def but_for_graphs(seen: Scan) -> Scan:
    return replace(seen, graphs=(), default_graphs=(), named_graphs=())


@given(st.lists(st.tuples(st.sampled_from(FRAGMENTS), st.integers(0, 5)), max_size=30))
@example([("<", 0), ("<http://a.org/>", 1)])
def test_texts_of_one_likeness_are_read_alike(parts: list[tuple[str, int]]) -> None:
    one = "".join(fragment for fragment, _ in parts)
    other = "".join(other_constant(*part) for part in parts)
    if likeness(one) is not None and likeness(one) == likeness(other):
        assert but_for_graphs(scan(one)) == but_for_graphs(scan(other))


@given(
    st.lists(st.sampled_from(FRAGMENTS), max_size=12),
    st.lists(st.sampled_from(FRAGMENTS), max_size=12),
)
def test_texts_that_are_read_otherwise_have_another_likeness(
    one: list[str], other: list[str]
) -> None:
    texts = "".join(one), "".join(other)
    if but_for_graphs(scan(texts[0])) != but_for_graphs(scan(texts[1])):
        assert likeness(texts[0]) is None or likeness(texts[0]) != likeness(texts[1])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ASK { <http://a.org/1> ?p ?o }", "ASK { <https://b.org/c#d> ?p ?o }"),
        ('ASK { ?s ?p "one"@en }', 'ASK { ?s ?p "two, and # more"@en }'),
        ("SELECT * { ?s ?p 7 } LIMIT 10", "SELECT * { ?s ?p 12345 } LIMIT 99"),
        ("ASK { ex:task1 ?p ?o }", "ASK { ex:task27 ?p ?o }"),
    ],
)
def test_constants_are_no_difference(one: str, other: str) -> None:
    assert likeness(one) is not None
    assert likeness(one) == likeness(other)


@pytest.mark.parametrize(
    "text",
    [
        "ASK { ?s ?p 'x' }",
        'ASK { ?s ?p "a\\"b" }',
        "ASK {} # SERVICE",
        'ASK { ?s ?p """x""" }',
        "\\u0041SK {}",
        'ASK { ?s ?p "open }',
    ],
)
def test_what_takes_a_closer_look_has_no_likeness(text: str) -> None:
    assert likeness(text) is None


def test_an_iri_that_may_be_a_comparison_stays_as_it_is() -> None:
    assert likeness("ASK { FILTER(?v<NOW()&&?c>?d) }") != likeness("ASK { FILTER(?v<a:b>?d) }")
