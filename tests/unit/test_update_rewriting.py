"""What an update changes is the same whether it is noted or found by comparing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, Store

from spacepolicy.engine import update_executor
from spacepolicy.engine.prologues import UpdatePart
from spacepolicy.engine.snapshot import CREATED, DROPPED
from spacepolicy.engine.update_executor import UpdateExecutor, effect
from spacepolicy.engine.update_protocol import DatasetEdit
from spacepolicy.engine.update_rewriting import rewritten_operations
from spacepolicy.errors import QuerySyntaxError

PREFIXES = {"": "urn:", "g": "urn:g:"}
DATA = """
:a :p 1, 2, "x"@en . :b :p 1 ; :q :a . :c :q :b .
GRAPH g:1 { :a :p 1 . :b :q :c . } GRAPH g:2 { :a :q :b ; :p 3 . }
"""
FORMS = (
    "DELETE DATA { :a :p 1 }",
    "DELETE DATA { :a :p 01 . :x :y :z . GRAPH g:1 { :a :p 1 . } . :b :q :a }",
    "INSERT DATA { :a :p 1, 7 ; :q :c . GRAPH g:2 { :n :p 1 } GRAPH g:3 { :n :p 1 } }",
    "INSERT DATA { GRAPH g:4 { } }",
    "DELETE WHERE { ?s :p 1 }",
    "DELETE WHERE { ?s :p ?v . GRAPH g:1 { ?s :p ?v } }",
    "DELETE { ?s :p ?v } WHERE { ?s :p ?v FILTER(isNumeric(?v) && ?v < 2) }",
    "INSERT { ?o :r ?s } WHERE { ?s :q ?o }",
    "DELETE { ?s :p ?v } INSERT { ?s :p ?w } WHERE { ?s :p ?v BIND(?v + 1 AS ?w) }",
    "DELETE { ?s ?p ?v } INSERT { ?s ?p ?v } WHERE { ?s ?p ?v }",
    "WITH g:2 DELETE { ?s :p ?v } INSERT { ?s :p 9 . GRAPH g:1 { ?s :p ?v } } WHERE { ?s :p ?v }",
    "WITH g:1 DELETE { GRAPH g:2 { ?s ?p ?o } } WHERE { ?s ?p ?x . GRAPH g:2 { ?s ?p ?o } }",
    "DELETE { GRAPH g:1 { ?s ?p ?o } } INSERT { ?s ?p ?o } USING g:1 WHERE { ?s ?p ?o }",
    "INSERT { ?s :in ?g } USING NAMED g:2 WHERE { GRAPH ?g { ?s :p ?v } }",
    "INSERT { ?s :n ?c } WHERE { { SELECT ?s (COUNT(*) AS ?c) { ?s ?p ?o } GROUP BY ?s } }",
    "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o . FILTER NOT EXISTS { GRAPH g:1 { ?s ?y ?z } } }",
    "DELETE { ?v :p ?s } WHERE { ?s :p ?v }",
    "INSERT { } WHERE { ?s ?p ?o }",
    """PREFIX e: <urn:> DELETE # nothing; } of it {
       { e:a e:p ?v . # as it ends }
       } WHERE { e:a e:p ?v }""",
    "BASE <urn:> INSERT DATA { <a> <p> 'DELETE { } ; INSERT', true, 1.50 }",
)
OTHERS = (
    "CLEAR DEFAULT",
    "COPY g:1 TO g:2",
    "DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }",
    "DELETE WHERE { GRAPH ?g { ?s :p ?o } }",
    "INSERTDATA { :a :p 5 }",
    "INSERT DATA { GRAPH unknown:g { :a :p 5 } }",
)


def held() -> Store:
    store = Store()
    store.update(f"INSERT DATA {{ {DATA} }}", prefixes=PREFIXES)
    return store


def dumped(store: Store) -> set[bytes]:
    return set((store.dump(format=RdfFormat.N_QUADS) or b"").splitlines())


def told(store: Store, text: str) -> tuple[list[bytes], set[bytes]]:
    """The effect of the update, and what the store has then."""
    edit = DatasetEdit("update", text, prefixes=PREFIXES)
    return sorted(b"".join(effect(store, edit, [])).splitlines()), dumped(store)


@pytest.mark.parametrize("text", FORMS)
def test_operations_that_insert_and_delete_note_what_they_do(text: str) -> None:
    assert rewritten_operations(UpdatePart(text, PREFIXES, None))


@pytest.mark.parametrize("text", OTHERS)
def test_other_operations_note_nothing(text: str) -> None:
    assert rewritten_operations(UpdatePart(f"{FORMS[0]} ; {text}", PREFIXES, None)) is None


NOTHING = DatasetEdit("update", "INSERT DATA { }", prefixes=PREFIXES)


def graphs(lines: bytes) -> bytes:
    """The marked graphs of an effect, as they come with its patch."""
    marks = {b"X ": DROPPED, b"C ": CREATED}
    found = [line for line in lines.splitlines() if line[:2] in marks]
    return "\n".join(marks[line[:2]] + line[2:].decode() for line in found).encode()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(FORMS), min_size=1, max_size=4))
def test_what_is_noted_is_what_a_comparison_finds(operations: list[str]) -> None:
    text = " ; ".join(operations)
    noting, comparing = held(), held()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(update_executor, "_rewritten", lambda _: None)
        expected, after = told(comparing, text)
    executor = UpdateExecutor(noting)
    found = executor.edit(DatasetEdit("update", text, prefixes=PREFIXES), [], [])
    assert sorted(found.splitlines()) == expected
    executor.edit(NOTHING, [found, graphs(found)], [])
    assert dumped(noting) == after
    assert {*noting.named_graphs()} == {*comparing.named_graphs()}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(FORMS), min_size=1, max_size=3))
def test_what_is_not_kept_leaves_the_store_as_it_was(operations: list[str]) -> None:
    store = held()
    before = dumped(store), {*store.named_graphs()}
    executor = UpdateExecutor(store)
    executor.edit(DatasetEdit("update", " ; ".join(operations), prefixes=PREFIXES), [], [])
    executor.edit(NOTHING, [], [])
    assert (dumped(store), {*store.named_graphs()}) == before


def test_blank_nodes_that_are_inserted_stay_one_in_all_graphs() -> None:
    store = held()
    lines, _ = told(store, "INSERT { _:n :of ?s . GRAPH g:5 { _:n :of ?s } } WHERE { ?s :q ?o }")
    added = [line.split()[1] for line in lines if line.startswith(b"A ")]
    assert len(added) == 4
    assert len(set(added)) == 2


@pytest.mark.parametrize("text", [
    "DELETE DATA { :a :p ?v }", "DELETE DATA { _:b :p 1 }", "DELETE { _:b :p 1 } WHERE { }",
    "INSERT { ?s :p 1 } DELETE { ?s :p 2 } WHERE { ?s ?p ?o }",
    "DELETE WHERE { ?s :p 1 } WHERE { }",
    "INSERT DATA { :a :p 1 } WHERE { }", "INSERT { :a :p 1 }",
])  # fmt: skip
def test_what_is_wrong_with_a_text_is_said_and_nothing_is_changed(text: str) -> None:
    store = held()
    with pytest.raises(QuerySyntaxError):
        told(store, text)
    assert dumped(store) == dumped(held())
