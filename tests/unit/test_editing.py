"""Edits as a worker carries them out: what an import takes, and what it refuses."""

import pytest
from pyoxigraph import Store

from spacepolicy import formats
from spacepolicy.engine.edit import Edit
from spacepolicy.engine.editing import effect
from spacepolicy.errors import BadParameterError

XML = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:u="urn:">'
    '<rdf:Description rdf:about="urn:s" u:p="1"/></rdf:RDF>'
)


def imported(store: Store, document: str, name: str, *, merged: bool) -> list[str]:
    format = formats.of_file(name)
    assert format is not None
    body = document.encode()
    edit = Edit("import", uploads=((format.name, "", len(body)),), merged=merged)
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
