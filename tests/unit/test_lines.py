"""The lines of statements: where their objects begin, whatever the layout of the file."""

from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad

from spacepolicy.errors import UsageError
from spacepolicy.namespaces import XSD
from spacepolicy.turtle_format.lines import line_of, statement_lines

E = "https://example.org/"

SCATTERED = """\
@base <https://example.org/text> .  # a comment . with "marks" [
@prefix : <https://example.org/> .
:a
  a :T
  ;
  :p "tagged"@zh-Hans
    , "typed"
      ^^
      :type , :iri , 5
    ,.5
  , \"""many
lines (
\"""
  , "plain" ; :q (
    1 "["
    "plain" "member"
    :member [ :in 1 ] ) ;
  :r [ :in 2 ;
     :in [
     ] ,
      [ :in
        true ]
  ] ,
  _:x
.
[ :in 3 ] .
_:x :q ( 4 ) ;
  :p _:x .
<#char=1,2> { :a :p
  :iri . }
GRAPH :g { :a
  :p "in a graph"
}
"""


@pytest.fixture(scope="module")
def scattered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lines") / "scattered.trig"
    path.write_text(SCATTERED, encoding="utf-8")
    return path


def node(name: str) -> NamedNode:
    return NamedNode(E + name)


@pytest.mark.parametrize(
    ("term", "line"),
    [
        (node("T"), 4),
        (Literal("tagged", language="zh-Hans"), 6),
        (Literal("typed", datatype=node("type")), 7),
        (node("iri"), 9),
        (Literal(5), 9),
        (Literal(".5", datatype=NamedNode(f"{XSD}decimal")), 10),
        (Literal("many\nlines (\n"), 11),
        (Literal("plain"), 14),
        (Literal("["), 15),
        (Literal("member"), 16),
        (node("member"), 17),
        (Literal(2), 18),
        (Literal(value=True), 22),
        (Literal(3), 26),
        (Literal(4), 27),
        (Literal("in a graph"), 32),
    ],
)
def test_a_statement_stands_where_its_object_begins(
    scattered: Path, term: NamedNode | Literal, line: int
) -> None:
    assert line_of(scattered, object=term) == line


@pytest.mark.parametrize(
    ("predicate", "lines"), [("q", {14, 27}), ("r", {18, 24}), ("in", {17, 18, 19, 21, 22, 26})]
)
def test_a_nameless_object_begins_at_its_bracket(
    scattered: Path, predicate: str, lines: set[int]
) -> None:
    found = statement_lines(scattered).items()
    assert {line for quad, line in found if quad.predicate == node(predicate)} == lines


def test_a_statement_is_found_by_any_of_its_terms(scattered: Path) -> None:
    assert line_of(scattered, subject=node("a")) == 4
    assert line_of(scattered, predicate=node("p"), object=node("iri")) == 9
    assert line_of(scattered, graph=node("text#char=1,2")) == 30
    assert line_of(scattered, predicate=node("p"), object=BlankNode("x")) == 28
    assert line_of(scattered, subject=node("a"), graph=DefaultGraph()) == 4
    assert line_of(scattered, subject=node("a"), predicate=node("in")) is None


def test_a_statement_written_twice_stands_at_its_first_line(tmp_path: Path) -> None:
    path = tmp_path / "twice.ttl"
    path.write_text(f"<{E}a> <{E}p> 1 .\n<{E}a> <{E}p> 1 .\n")
    assert statement_lines(path) == {Quad(node("a"), node("p"), Literal(1)): 1}


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "changing.ttl"
    path.write_text(f"<{E}a> <{E}p> 1 .")
    assert line_of(path, subject=node("a")) == 1
    path.write_text(f"\n<{E}a> <{E}p> 1 .")
    assert line_of(path, subject=node("a")) == 2


def test_an_empty_file_has_no_statements(tmp_path: Path) -> None:
    path = tmp_path / "empty.ttl"
    path.touch()
    assert statement_lines(path) == {}


def test_a_syntax_error_keeps_its_line(tmp_path: Path) -> None:
    path = tmp_path / "wrong.ttl"
    path.write_text(f'<{E}a>\n  <{E}p> """1\n""", # one\n\n  2 2 .')
    with pytest.raises(SyntaxError) as caught:
        statement_lines(path)
    assert caught.value.lineno == 5


def test_a_bracket_too_many_is_a_syntax_error(tmp_path: Path) -> None:
    path = tmp_path / "wrong.ttl"
    path.write_text(f"<{E}a> <{E}p> 1 ] .")
    with pytest.raises(SyntaxError):
        statement_lines(path)


def test_only_turtle_and_trig_have_lines(tmp_path: Path) -> None:
    path = tmp_path / "file.nt"
    path.touch()
    with pytest.raises(UsageError):
        line_of(path)


terms = st.builds(Literal, st.text(st.characters(exclude_categories=["Cs"]))) | st.builds(
    Literal, st.integers() | st.booleans()
)


@settings(deadline=None)
@given(st.lists(st.tuples(terms, st.integers(1, 3)), unique_by=lambda part: part[0]))
def test_statements_a_line_each_stand_at_their_lines(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[Literal, int]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "law.ttl"
    quads = [Quad(node("a"), node("p"), term) for term, _ in parts]
    lines = accumulate((breaks for _, breaks in parts), initial=1)
    breaks = ("\n" * count for _, count in parts)
    path.write_text("".join(f"{quad} .{end}" for quad, end in zip(quads, breaks, strict=True)))
    assert statement_lines(path) == dict(zip(quads, lines, strict=False))
