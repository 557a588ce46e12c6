"""What an update aims at, as far as its text shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode, Quad, Store

from spacepolicy.engine.update_targets import Targets, targets, with_using
from spacepolicy.errors import BadParameterError

PREFIXES = {"ex": "http://example.org/"}
G = "http://example.org/g"
H = "http://example.org/h"


@pytest.mark.parametrize(
    ("text", "graphs", "default", "named"),
    [
        ("INSERT DATA { GRAPH ex:g { ex:s ex:p 1 } }", {G}, False, False),
        ("INSERT DATA { ex:s ex:p 1 . GRAPH ex:g { ex:s ex:p 1 } }", {G}, True, False),
        ("insert data{graph<http://example.org/g>{ex:s a ex:t}}", {G}, False, False),
        ("DELETE WHERE { GRAPH ex:g { ?s ?p ?o } }", {G}, False, False),
        ("WITH ex:g DELETE { ?s ?p 1 } INSERT { ?s ?p 2 } WHERE { ?s ?p 1 }", {G}, False, False),
        ("DELETE { GRAPH ex:g { ?s ?p ?o } } WHERE { GRAPH ex:h { ?s ?p ?o } }", {G}, False, False),
        ("INSERT { ?s ?p ?o } USING ex:g WHERE { ?s ?p ?o }", set(), True, False),
        ("CLEAR GRAPH ex:g ; DROP SILENT GRAPH ex:h", {G, H}, False, False),
        ("CLEAR DEFAULT", set(), True, False),
        ("DROP NAMED", set(), False, True),
        ("CLEAR ALL", set(), True, True),
        ("COPY ex:h TO ex:g", {G}, False, False),
        ("MOVE ex:h TO ex:g", {G, H}, False, False),
        ("ADD DEFAULT TO GRAPH ex:g", {G}, False, False),
        ("COPY ex:g TO DEFAULT", set(), True, False),
        ("CREATE GRAPH ex:g", {G}, False, False),
        ("BASE <http://example.org/> PREFIX : <> INSERT DATA { GRAPH :g { <s> <p> '}' } }", {G},
         False, False),
        ("# CLEAR ALL\nINSERT DATA { GRAPH ex:g {} }", {G}, False, False),
    ],
)  # fmt: skip
def test_what_is_named_is_aimed_at(text: str, graphs: set[str], default: bool, named: bool) -> None:
    assert targets(text, PREFIXES) == Targets(frozenset(graphs), default, named, anything=False)


@pytest.mark.parametrize(
    "triples",
    [
        'ex:s ex:unit "{satellite}"',
        "ex:s ex:p '''{ '}' }'''@en , '|{'",
        "ex:s ex:p true ; ex:q false",
        "_:b a ex:t ; ex:p [ ex:q ( 1 2.5 ) ]",
    ],
)
def test_the_targets_of_an_insertion_are_seen_whatever_its_terms_are(triples: str) -> None:
    text = f"INSERT DATA {{ {triples} . GRAPH ex:g {{ {triples} }} }}"
    store = Store()
    store.update(text, prefixes=PREFIXES)
    assert len(store) > 1
    aim = targets(text, PREFIXES)
    assert aim == Targets(frozenset({G}), default=True, named=False, anything=False)


@pytest.mark.parametrize("text", ["INSERT DATA { { ex:s ex:p 1 } }", "INSERT DATA { SELECT }"])
def test_what_has_no_quads_may_change_anything(text: str) -> None:
    assert targets(text, PREFIXES).anything


@pytest.mark.parametrize(
    "text",
    [
        "INSERT { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }",
        "INSERTDATA { GRAPH ex:g { ex:s ex:p 1 } }",
        "INSERT DATA { GRAPHex:g { ex:s ex:p 1 } }",
        "INSERT DATA { GRAPH <http://example.org/\\u0067> { ex:s ex:p 1 } }",
        "INSERT DATA { GRAPH unknown:g { ex:s ex:p 1 } }",
        "no update at all",
    ],
)
def test_what_is_not_recognised_may_aim_at_anything(text: str) -> None:
    assert targets(text, PREFIXES).anything


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("INSERT { ex:x ex:p ?o } WHERE { ?s ex:p ?o }", "1"),
        ("INSERT { ex:x ex:p ?o } WHERE { GRAPH ?g { ?s ex:p ?o } }", "2"),
    ],
)
def test_the_dataset_of_a_request_is_that_of_its_where(text: str, kept: str) -> None:
    store = Store()
    one, other, thing = NamedNode(G), NamedNode(H), NamedNode("http://example.org/p")
    for value, graph in ((NamedNode("urn:1"), one), (NamedNode("urn:2"), other)):
        store.add(Quad(thing, thing, value, graph))
    store.update(with_using(text, PREFIXES, (G,), (H,)), prefixes=PREFIXES)
    found = store.quads_for_pattern(NamedNode("http://example.org/x"), None, None)
    assert [str(quad.object) for quad in found] == [f"<urn:{kept}>"]


def test_the_short_form_of_delete_takes_a_dataset_too() -> None:
    text = with_using("DELETE WHERE { ?s ex:p ?o }", PREFIXES, (G,), ())
    assert text.split() == f"DELETE {{ ?s ex:p ?o }} USING <{G}> WHERE {{ ?s ex:p ?o }}".split()


@pytest.mark.parametrize("clause", ["USING ex:g", "WITH ex:g"])
def test_a_dataset_is_named_by_the_text_or_by_the_request(clause: str) -> None:
    text = f"{clause} DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}"
    if clause.startswith("USING"):
        text = f"DELETE {{ ?s ?p ?o }} {clause} WHERE {{ ?s ?p ?o }}"
    with pytest.raises(BadParameterError, match="USING or WITH"):
        with_using(text, PREFIXES, (G,), ())


def test_a_graph_that_is_no_iri_adds_nothing_to_the_text() -> None:
    with pytest.raises(BadParameterError, match="no IRI"):
        with_using("DELETE WHERE { ?s ?p ?o }", PREFIXES, ("x> WHERE {} ; CLEAR ALL #",), ())


_IRIS = st.sampled_from(["<http://example.org/g>", "ex:h", "<http://example.org/i>"])
_TRIPLES = st.sampled_from(
    ["ex:s ex:p 1 .", "ex:s a ex:t .", "ex:s ex:p '}' ; ex:q <x:y> .", "ex:s ex:p '{' , true ."]
)
_QUADS = st.one_of(_TRIPLES, st.tuples(_IRIS, _TRIPLES).map(lambda x: f"GRAPH {x[0]} {{ {x[1]} }}"))
_OPERATIONS = st.one_of(
    st.lists(_QUADS, max_size=3).map(lambda quads: f"INSERT DATA {{ {' '.join(quads)} }}"),
    st.lists(_QUADS, max_size=3).map(lambda quads: f"DELETE DATA {{ {' '.join(quads)} }}"),
    _IRIS.map(lambda g: f"WITH {g} DELETE {{ ?s ?p 1 }} INSERT {{ ?s ?p 2 }} WHERE {{ ?s ?p 1 }}"),
    st.tuples(st.sampled_from(["ADD", "MOVE", "COPY"]), _IRIS, _IRIS).map(
        lambda x: f"{x[0]} SILENT {x[1]} TO GRAPH {x[2]}"
    ),
    _IRIS.map(lambda g: f"CLEAR SILENT GRAPH {g}"),
    st.just("DROP SILENT DEFAULT"),
)  # fmt: skip


@given(st.lists(_OPERATIONS, min_size=1, max_size=5))
def test_no_graph_changes_that_is_not_aimed_at(operations: list[str]) -> None:
    store = Store()
    store.update("INSERT DATA { GRAPH ex:h { ex:a ex:b 2 } ex:c ex:d 3 }", prefixes=PREFIXES)
    before = set(store)
    text = " ;\n".join(operations)
    store.update(text, prefixes=PREFIXES)
    aim = targets(text, PREFIXES)
    assert not aim.anything
    for graph in {quad.graph_name for quad in before ^ set(store)}:
        assert graph.value in aim.graphs if isinstance(graph, NamedNode) else aim.default
