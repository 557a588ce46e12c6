"""An update may declare prefixes and bases between its operations."""

import pytest
from pyoxigraph import Store

from spacepolicy.engine.prologues import parts
from spacepolicy.engine.update_executor import effect
from spacepolicy.engine.update_protocol import DatasetEdit
from spacepolicy.errors import QuerySyntaxError

A, B = "INSERT DATA { a:s a:p 1 }", "INSERT DATA { b:s b:p 2 }"
WHERE = "DELETE { ?s a:p ?o } INSERT { ?s b:p ?o } WHERE { ?s a:p ?o FILTER(?o < 2 && ?o > 0) }"


def carried_out(text: str) -> set[str]:
    """What an update makes of a store with one statement."""
    store = Store()
    edit = DatasetEdit(
        "update", text=text, base="http://example.org/", prefixes={"given": "urn:given:"}
    )
    return {line.decode().strip() for line in effect(store, edit, []) if line[:2] in (b"A ", b"D ")}


ONE = '<urn:s> <urn:p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .'
NUMBER = '"%d"^^<http://www.w3.org/2001/XMLSchema#integer> .'


@pytest.mark.parametrize(("text", "expected"), [
    (f"PREFIX a: <urn:a:> {A} ; PREFIX b: <urn:b:> {B}",
     {"A <urn:a:s> <urn:a:p> " + NUMBER % 1, "A <urn:b:s> <urn:b:p> " + NUMBER % 2}),
    (f"PREFIX a: <urn:a:> {A} ;\nPREFIX a: <urn:b:>\n# c\n {A} ; PREFIX a: <urn:c:> {A}",
     {f"A <urn:{x}:s> <urn:{x}:p> " + NUMBER % 1 for x in "abc"}),
    ("INSERT DATA { <s> <p> 1 } ; BASE <http://b/c/> INSERT DATA { <s> <p> 1 } ; "
     "BASE <d/> PREFIX x: <#> INSERT DATA { <s> x:p 1 }",
     {"A <http://example.org/s> <http://example.org/p> " + NUMBER % 1,
      "A <http://b/c/s> <http://b/c/p> " + NUMBER % 1,
      "A <http://b/c/d/s> <http://b/c/d/#p> " + NUMBER % 1}),
    (f"PREFIX a: <urn:a:> {A} ; PREFIX b: <urn:b:> {WHERE}",
     {"A <urn:a:s> <urn:b:p> " + NUMBER % 1}),
    ("prefix a: <urn:\\u0061:> INSERT DATA { a:s a:p 1 } ; base <urn:x> INSERT DATA { a:s a:q 1 }",
     {"A <urn:a:s> <urn:a:p> " + NUMBER % 1, "A <urn:a:s> <urn:a:q> " + NUMBER % 1}),
    ("INSERT DATA { <urn:s> <urn:p> '; PREFIX a: <urn:a> {' } ; VERSION '1.2' CLEAR NAMED",
     {'A <urn:s> <urn:p> "; PREFIX a: <urn:a> {" .'}),
    ("INSERT DATA { given:s given:p 1 } ; PREFIX a: <urn:a:> INSERT DATA { given:s a:p 1 }",
     {"A <urn:given:s> <urn:given:p> " + NUMBER % 1, "A <urn:given:s> <urn:a:p> " + NUMBER % 1}),
    (f"PREFIX a: <urn:a:> {A} ; PREFIX b: <urn:b:>", {"A <urn:a:s> <urn:a:p> " + NUMBER % 1}),
    (f"PREFIX a: <urn:a:> {A} ;", {"A <urn:a:s> <urn:a:p> " + NUMBER % 1}),
    (f"PREFIX a: <urn:a:> {A} ; # nothing more", {"A <urn:a:s> <urn:a:p> " + NUMBER % 1}),
    ("INSERT DATA { <urn:a> <urn:p> TRUE }",
     {'A <urn:a> <urn:p> "true"^^<http://www.w3.org/2001/XMLSchema#boolean> .'}),
    ("PREFIX a: <urn:a:>", set()), ("BASE <urn:a>", set()), ("", set()), (" # nothing\n", set()),
])  # fmt: skip
def test_an_update_is_carried_out(text: str, expected: set[str]) -> None:
    assert carried_out(text) == expected


@pytest.mark.parametrize(("text", "line", "column"), [
    ("PREFIX a: <urn:a:> CLEAR ALL ;\n  PREFIX b: <urn:b:> CLEAR WRONG", 2, 22),
    ("CLEAR ALL ; PREFIX a: <urn:a:> CLEAR WRONG", 1, 32),
    ("CLEAR ALL ;\nBASE <urn:a>\nCLEAR ALL ;\n\nPREFIX b: <urn:b:> CLEAR WRONG", 5, 20),
])  # fmt: skip
def test_a_mistake_behind_a_prologue_is_placed_in_the_whole_text(
    text: str, line: int, column: int
) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        carried_out(text)
    assert caught.value.extras["line"] == line
    assert int(str(caught.value.extras["column"])) - column in range(len("CLEAR WRONG") + 1)


@pytest.mark.parametrize("text", [
    "INSERT DATA { _:b <urn:p> 1 } ; PREFIX a: <urn:a:> INSERT DATA { _:b a:p 1 }",
    "INSERT DATA { _:b <urn:p> 1 } ; INSERT DATA { _:b <urn:p> 1 }",
    "CLEAR ALL ; PREFIX a: <urn:a:> ; CLEAR ALL",
    "CLEAR ALL ;; PREFIX a: <urn:a:> CLEAR ALL",
    "CLEAR ALL PREFIX a: <urn:a:> CLEAR ALL",
])  # fmt: skip
def test_what_the_grammar_does_not_allow_is_refused(text: str) -> None:
    with pytest.raises(QuerySyntaxError):
        carried_out(text)


def test_a_text_with_one_prologue_stays_as_it_is() -> None:
    text = f"PREFIX a: <urn:a:> {A} ; {A}"
    assert [part.text for part in parts(text, {}, None)] == [text]
