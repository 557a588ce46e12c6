"""Tables of things: a row says what TriG would say of its thing, and errors have a place."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse

from spacepolicy.errors import Finding, FindingsError
from spacepolicy.knowledge.loading.notations import NotationContext
from spacepolicy.knowledge.loading.record import GraphFile
from spacepolicy.knowledge.loading.table_conversion import table_to_trig, to_table
from spacepolicy.knowledge.loading.tables import read_table_file
from spacepolicy.namespaces import XSD, Base
from spacepolicy.turtle_format.tables_layout import format_table

BASE = Base("https://example.org/gov/")
PREFIXES = {"": f"{BASE.iri}def/"}
CONTEXT = NotationContext(BASE, PREFIXES, {})
GRAPH = f"{BASE.iri}graph/background/trees"
NAME = "data/background/trees.csv"
TABLE = f"""@prefix,tree:,<{BASE.iri}id/tree/>
#,label@en,trees
#,dcterms:created^^xsd:date,2026-11-28
iri,type,label@en,label@zh,altLabel@en |,:age,:growsIn |
tree:ash,:Tree,ash,,,,<urn:north>
tree:oak,:Tree,"oak, ""the"" tree",橡树,English oak | common oak,12,<urn:north> | <urn:west>
"""
TRIG = f"""@prefix : <{BASE.iri}def/> . @prefix tree: <{BASE.iri}id/tree/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<{GRAPH}> {{
  <{GRAPH}> rdfs:label "trees"@en ; <http://purl.org/dc/terms/created>
    "2026-11-28"^^<http://www.w3.org/2001/XMLSchema#date> .
  tree:ash a :Tree ; rdfs:label "ash"@en ; :growsIn <urn:north> .
  tree:oak a :Tree ; rdfs:label "oak, \\"the\\" tree"@en , "橡树"@zh ; :age 12 ;
    skos:altLabel "common oak"@en , "English oak"@en ; :growsIn <urn:north> , <urn:west> .
}}
"""


def read(text: str, name: str = NAME) -> GraphFile:
    return read_table_file(Path(name), name, text, base=BASE, prefixes=PREFIXES)


def formatted(text: str) -> str:
    return format_table(text, path=NAME, prefixes=PREFIXES)


def finding(text: str, name: str = NAME) -> Finding:
    with pytest.raises(FindingsError) as caught:
        read(text, name)
    (found,) = caught.value.findings
    return found


def written(folder: Path, name: str, text: str, quads: tuple[Quad, ...]) -> GraphFile:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    trig = read(text).trig if name.endswith(".csv") else None
    return GraphFile(path, f"data/background/{name}", quads, trig=trig)


def test_a_table_says_what_trig_says() -> None:
    assert set(read(TABLE).quads) == set(parse(TRIG, RdfFormat.TRIG))


def test_a_graph_is_carried_into_a_table_and_back(tmp_path: Path) -> None:
    quads = tuple(parse(TRIG, RdfFormat.TRIG))
    table = to_table(written(tmp_path, "trees.trig", TRIG, quads), CONTEXT)
    assert table == TABLE
    back = table_to_trig(written(tmp_path, "trees.csv", table, read(table).quads), CONTEXT)
    assert set(parse(back, RdfFormat.TRIG)) == set(quads)


def test_printing_a_table_anew_changes_nothing() -> None:
    lines = TABLE.splitlines()
    ragged = "\n".join([*lines[:4], "", lines[5].replace(" | ", "|"), f"{lines[4]},,,,"])
    assert formatted(ragged) == TABLE
    assert formatted(TABLE) == TABLE


def test_each_statement_stands_on_the_line_of_its_row() -> None:
    table = TABLE.replace("橡树", '"橡\n树"')
    lines = {str(quad.subject).rpartition("/")[2].rstrip(">"): line
             for quad, line in read(table).lines().items()}  # fmt: skip
    assert lines == {"trees": 3, "ash": 5, "oak": 6}
    assert any(quad.object == Literal("橡\n树", language="zh") for quad in read(table).quads)


@pytest.mark.parametrize(
    ("before", "after", "line", "column", "words"),
    [
        ("tree:ash,:Tree", "tree:ash,Tree", 5, 10, "'Tree' is no name"),
        ("tree:ash,:Tree", "tree:ash,wood:Tree", 5, 10, "the prefix of wood:Tree is not declared"),
        ("tree:ash,", "ash,", 5, 1, "'ash' is no name"),
        ("tree:ash,", ",", 5, 1, "does not name its thing"),
        ("tree:ash,", "tree:oak,", 6, 1, "has a row already"),
        ("<urn:north>\n", "<urn:north>,more\n", 5, 35, "no column for this cell"),
        ("label@zh", "label@", 4, 19, "names no column"),
        ("label@zh", "lable", 4, 19, "'lable' is no property"),
        ("iri,type", "name,type", 4, 1, "the first column of the header is `iri`"),
        ('"oak, ', '"oak"x, ', 6, 16, "doubles those within"),
        ("#,label@en,trees", "#,label@en", 2, 1, "a property and its value"),
        (",tree:,", ",,", 1, 1, "a prefix and its IRI"),
        (",12,", ',"""a"" ""b""",', 6, 64, "is no name"),
        ("English oak | common oak", "|", 6, 39, "no value"),
    ],
)
def test_an_error_has_the_line_and_column_of_the_cell(
    before: str, after: str, line: int, column: int, words: str
) -> None:
    assert before in TABLE
    found = finding(TABLE.replace(before, after))
    assert words in found.message, found.message
    assert (found.line, found.rule) == (line, "syntax")
    assert f"(column {column})" in found.message, found.message


def test_a_row_without_a_value_is_found() -> None:
    assert "says nothing of tree:elm" in finding(f"{TABLE}tree:elm,,\n").message


def test_a_table_without_a_header_is_found() -> None:
    assert "has no header" in finding("#,label@en,trees\n").message


def test_tables_stand_in_the_background() -> None:
    assert finding(TABLE, "data/trees.csv").rule == "format"


def test_a_graph_with_nodes_without_a_name_stays_in_trig(tmp_path: Path) -> None:
    trig = f"<{GRAPH}> {{ <urn:a> <urn:b> [] }}"
    file = written(tmp_path, "trees.trig", trig, tuple(parse(trig, RdfFormat.TRIG)))
    with pytest.raises(FindingsError, match="a node without a name"):
        to_table(file, CONTEXT)


nodes = st.sampled_from(
    [NamedNode(f"{BASE.iri}{each}") for each in ("id/a", "id/b", "def/C", "x,y")]
)
texts = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.just("\n"), min_size=1)
plain = texts.map(str.strip).filter(bool)
NUMBERS = [("1.50", "decimal"), ("true", "boolean"), ("1e3", "double"), ("x", "integer")]
terms = (
    nodes
    | plain.map(lambda text: Literal(text, language="en"))
    | plain.map(Literal)
    | st.integers().map(Literal)
    | st.sampled_from(NUMBERS).map(lambda each: Literal(each[0], datatype=NamedNode(XSD + each[1])))
)  # fmt: skip


@given(
    st.lists(st.tuples(nodes | st.just(NamedNode(GRAPH)), nodes, terms), min_size=1, max_size=12)
)
def test_whatever_a_graph_says_of_things_its_table_says_or_it_stays_in_trig(
    tmp_path_factory: pytest.TempPathFactory, found: list[tuple[NamedNode, NamedNode, Literal]]
) -> None:
    folder = tmp_path_factory.mktemp("tables")
    quads = tuple({Quad(s, p, o, NamedNode(GRAPH)) for s, p, o in found})
    trig = "\n".join(f"<{GRAPH}> {{ {quad.triple} }}" for quad in quads)
    file = written(folder, "trees.trig", trig, quads)
    try:
        table = to_table(file, CONTEXT)
    except FindingsError as error:
        assert any(sign in str(quads) for sign in "|;/"), error  # noqa: PT017  # then, and only then
        return
    assert set(read(table).quads) == set(quads)
    assert formatted(table) == table
    back = table_to_trig(written(folder, "trees.csv", table, read(table).quads), CONTEXT)
    assert set(parse(back, RdfFormat.TRIG)) == set(quads)
