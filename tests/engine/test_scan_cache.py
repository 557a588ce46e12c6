"""What is kept of scans says of every text what the lexer says of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacepolicy.engine.lexer import scan
from spacepolicy.engine.scan_cache import ScanCache
from spacepolicy.engine.tokens import TOKEN, marks

PREFIXES = {"ex": "http://example.org/", "service": "urn:s:"}
PIECES = [
    "SELECT", "ASK", "CONSTRUCT", "WHERE", "FILTER", "HAVING", "ORDER BY", "LIMIT", "VALUES",
    "GRAPH", "FROM", "FROM NAMED", "SERVICE", "LOAD", "PREFIX ex:", "BASE", "EXISTS", "BIND", "AS",
    "NOW()", "RAND()", "?x", "?y", "$z", "<urn:a>", "<urn:b>", "<?x&&?y>", "<NOW()>", "<", "<=",
    "<<", ">>", ">", "{", "}", "(", ")", "[", "]", "'a'", '"b c"', "'''d'''", '"""e', "''", "1",
    "20", "3.5e1", "ex:p", "ex:q1", "service:x", "FILTERex:p", "_:b", "@en", "^^", "+", "*", "||",
    "&&", "=", "!", ".", ";", ",", "# a 'comment' <\n", "\\u0041", "~",
]  # fmt: skip


def texts() -> st.SearchStrategy[str]:
    return st.lists(
        st.tuples(st.sampled_from(PIECES), st.sampled_from(["", " "])), max_size=24
    ).map(lambda pieces: "".join(piece + gap for piece, gap in pieces))


@given(st.lists(texts(), min_size=1, max_size=4))
def test_a_text_is_seen_as_the_lexer_sees_it_whatever_was_asked_before(asked: list[str]) -> None:
    cache = ScanCache()
    for text in (
        *asked,
        *(each.replace("urn:a", "?x||?y").replace("?x", "?other") for each in asked),
    ):
        assert cache.scan(text, PREFIXES) == scan(text, PREFIXES)
        assert cache.scan(text, PREFIXES).shape == scan(text, PREFIXES).shape


@given(texts())
def test_marks_are_those_of_the_tokens(text: str) -> None:
    kinds = ("iri", "variable", "string")
    told = tuple(
        (each[each.lastgroup or 0][0], "" if each.lastgroup in kinds else each[each.lastgroup or 0])
        for each in TOKEN.finditer(text)
    )
    assert marks(text) == told


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("SELECT * { FILTER(?a<?b&&?c>?d) }", "SELECT * { FILTER(?a<NOW()>?d) }"),
        ("SELECT * { GRAPH <urn:a> { } }", "SELECT * { GRAPH <urn:b> { } }"),
        ("SELECT * FROM <urn:a> { }", "SELECT * FROM <urn:b> { }"),
        ("SELECT * { ?s ?p 'a' }", "SELECT * { ?s ?p '\\u0041' }"),
        ("SELECT * { ?x FILTERex:p('a') }", "SELECT * { ?x FILTERex:p('now') }"),
    ],
)
def test_texts_of_the_same_marks_that_mean_otherwise_are_told_apart(first: str, then: str) -> None:
    assert marks(first) == marks(then)
    cache = ScanCache()
    cache.scan(first, PREFIXES)
    assert cache.scan(then, PREFIXES) == scan(then, PREFIXES)


def test_texts_that_differ_in_constants_are_read_once() -> None:
    cache = ScanCache()
    first = cache.scan("SELECT ?a { <urn:a> ex:p ?a FILTER(?a != 'x') } LIMIT 5", PREFIXES)
    again = cache.scan('SELECT ?b { <urn:b> ex:p ?b FILTER(?b != "y") } LIMIT 5', PREFIXES)
    assert again == first
    assert cache.scan("SELECT ?c { <urn:c> ex:p ?c FILTER(?c != 'z') } LIMIT 5", PREFIXES) is first


def test_other_prefixes_are_read_anew() -> None:
    cache = ScanCache()
    text = "SELECT * { GRAPH other:g { } }"
    assert cache.scan(text, PREFIXES).graphs == ()
    assert cache.scan(text, {**PREFIXES, "other": "urn:o:"}).graphs == ("urn:o:g",)
