"""Edits as a worker carries them out: what an import takes, and what it refuses."""

import pytest
from pyoxigraph import NamedNode, Quad, Store

from spacepolicy import formats
from spacepolicy.engine.update_executor import effect
from spacepolicy.engine.update_protocol import DatasetEdit
from spacepolicy.errors import BadParameterError, QuerySyntaxError

XML = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:u="urn:">'
    '<rdf:Description rdf:about="urn:s" u:p="1"/></rdf:RDF>'
)


def imported(store: Store, document: str, name: str, *, merged: bool) -> list[str]:
    format = formats.of_file(name)
    assert format is not None
    body = document.encode()
    edit = DatasetEdit("import", uploads=((format.name, "", len(body)),), merged=merged)
    told = b"".join(effect(store, edit, [body])).decode().splitlines()
    return [line for line in told if line[:2] in ("A ", "D ")]


@pytest.mark.parametrize(("document", "name"), [
    ("<urn:s> <urn:p> 1 .", "a.ttl"), ("<urn:s> <urn:p> 1 .", "a.trig"), (XML, "a.owl"),
    (XML, "a.rdf"), (XML, "A.XML"), ('{"@id": "urn:s", "urn:p": 1}', "a.json"),
])  # fmt: skip
def test_statements_without_a_graph_are_imported_or_refused_and_never_dropped(
    document: str, name: str
) -> None:
    assert len(imported(Store(), document, name, merged=False)) == 1
    with pytest.raises(BadParameterError, match="name their graph"):
        imported(Store(), document, name, merged=True)


def test_the_default_graph_of_an_export_is_left_alone_where_it_is_derived() -> None:
    document = "<urn:s> <urn:p> 1 . <urn:g> { <urn:s> <urn:p> 1 }"
    assert len(imported(Store(), document, "a.trig", merged=True)) == 1
    assert len(imported(Store(), document, "a.trig", merged=False)) == 2


def test_an_import_of_nothing_changes_nothing() -> None:
    assert imported(Store(), "", "a.ttl", merged=True) == []


def test_graphs_that_share_a_blank_node_are_replaced_together() -> None:
    store = Store()
    imported(store, "<urn:g> { _:b <urn:p> 1 } <urn:h> { _:b <urn:p> 2 }", "a.trig", merged=True)
    changed = "<urn:g> { _:b <urn:p> 1 } <urn:h> { _:b <urn:p> 3 }"
    assert len(imported(store, changed, "a.trig", merged=True)) == 4
    assert len({str(quad.subject) for quad in store}) == 1
    assert imported(store, changed.replace("_:b", "_:other"), "a.trig", merged=True) == []
    apart = "<urn:g> { _:b <urn:p> 1 } <urn:h> { _:c <urn:p> 3 }"
    assert len(imported(store, apart, "a.trig", merged=True)) == 4
    only = "<urn:h> { _:c <urn:p> 4 }"
    assert len(imported(store, only, "a.trig", merged=True)) == 2


@pytest.mark.parametrize(("text", "told"), [
    ("INSERT DATA { <urn:s> <urn:p> 01, 2 }", ["A <urn:s> <urn:p> 2 ."]),
    (
        "INSERT DATA { <urn:s> <urn:p> 2 } ; INSERT DATA { GRAPH <urn:h> { <urn:s> <urn:p> 2 } }",
        ["A <urn:s> <urn:p> 2 .", "A <urn:s> <urn:p> 2 <urn:h> .", "C urn:h"],
    ),
    ("INSERT DATA { <urn:s> <urn:p> 2 } ; DELETE DATA { <urn:s> <urn:p> 2 }", []),
    ("DELETE DATA { <urn:s> <urn:p> 1 } ; INSERT DATA { <urn:s> <urn:p> 1 }", []),
    ("INSERT { <urn:s> <urn:p> ?o } WHERE { <urn:s> ?p ?o FILTER (?o > 1) }", []),
    ("INSERT { <urn:s> ?p 2 } WHERE { <urn:s> ?p 1 }", ["A <urn:s> <urn:p> 2 ."]),
    ("CLEAR DEFAULT ; INSERT DATA { <urn:s> <urn:p> 1 }", []),
    ("DELETE WHERE { ?s ?p 1 }", ["D <urn:s> <urn:p> 1 ."]),
    ("CLEAR ALL", ["D <urn:s> <urn:p> 1 ."]),
])  # fmt: skip
def test_an_update_tells_what_it_changes_and_nothing_else(text: str, told: list[str]) -> None:
    store = Store()
    store.update("INSERT DATA { <urn:s> <urn:p> 1 }")
    lines = b"".join(effect(store, DatasetEdit("update", text=text), [])).decode().splitlines()
    integer = "^^<http://www.w3.org/2001/XMLSchema#integer>"
    plain = [line.replace(integer, "").replace('"', "") for line in lines if line[0] != "T"]
    assert sorted(plain) == told


def test_blank_nodes_of_an_update_and_of_what_is_added_are_new_ones() -> None:
    store = Store()
    text = "INSERT DATA { _:b <urn:p> 1 . GRAPH <urn:g> { _:b <urn:p> 01 } }"
    nodes = set[bytes]()
    for _ in range(2):
        told = b"".join(effect(store, DatasetEdit("update", text=text), [])).splitlines()
        added = [line for line in told if line.startswith(b"A ")]
        assert len(added) == 2
        nodes.update(line.split()[1] for line in added)
    assert len(nodes) == 2
    post = DatasetEdit("post", graph="urn:g", uploads=(("turtle", "", 0),))
    body = b"_:b <urn:p> 01, 1 . <urn:s> <urn:p> 01 ."
    assert b"".join(effect(store, post, [body])).count(b"A ") == 2
    assert b"".join(effect(store, post, [body])).count(b"A ") == 1
    assert len({quad.subject for quad in store}) == 3
    assert {str(quad.object)[:3] for quad in store} == {'"1"'}


def changed(text: str, **more: tuple[str, ...]) -> list[str]:
    store = Store()
    store.add(quad_of("urn:g"))
    store.add(quad_of("urn:derived"))
    edit = DatasetEdit("update", text, derived=("urn:derived",), **more)  # type: ignore[arg-type] # names of graphs
    return b"".join(effect(store, edit, [])).decode().splitlines()


def quad_of(graph: str) -> Quad:
    return Quad(NamedNode("urn:s"), NamedNode("urn:p"), NamedNode(graph), NamedNode(graph))


def test_the_patterns_of_an_update_find_what_is_stated_and_not_what_is_derived() -> None:
    pattern = "WHERE { GRAPH ?g { ?s ?p ?o } }"
    told = "A <urn:n> <urn:of> <urn:g> <urn:new> ."
    text = f"INSERT {{ GRAPH <urn:new> {{ <urn:n> <urn:of> ?o }} }} {pattern}"
    assert [line for line in changed(text) if line[:2] == "A "] == [told]
    gone = [line for line in changed(f"DELETE {pattern}") if line[:2] == "D "]
    assert gone == ["D <urn:s> <urn:p> <urn:g> <urn:g> ."]


def test_using_reaches_what_is_derived() -> None:
    text = "INSERT { GRAPH <urn:n> { <urn:n> <urn:of> ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }"
    told = "A <urn:n> <urn:of> <urn:derived> <urn:n> ."
    assert told in changed(text.replace("WHERE", "USING NAMED <urn:derived> WHERE"))
    assert told in changed(text, using_named_graphs=("urn:derived",))


def test_a_mistake_of_an_update_is_told_at_its_place() -> None:
    text = "DELETE { ?s ?p ?o }\nWHERE { GRAPH ?g { ?s ?p ?o } BIND(1 AS ?g) }"
    with pytest.raises(QuerySyntaxError) as caught:
        changed(text)
    assert (caught.value.extras["line"], caught.value.extras["column"]) == (2, 41)
    assert "derived" not in str(caught.value.extras)
