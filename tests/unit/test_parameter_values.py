"""Things called by a name: which IRI a value of a parameter stands for."""

import pytest
from pyoxigraph import Store

from spacepolicy.errors import BadParameterError
from spacepolicy.parameter_values import NamedValue, iri_of, meant, text_for

PREFIXES = {"": "urn:x:", "ex": "https://example.org/"}
DATA = """
INSERT DATA {
  <https://example.org/a/one> <http://www.w3.org/2000/01/rdf-schema#label> "the first"@en .
  <https://example.org/b#one> <http://www.w3.org/2004/02/skos/core#prefLabel> "another"@en .
  <https://example.org/a/two> <http://www.w3.org/2000/01/rdf-schema#label> "another" , "one" .
}
"""
FIRST, SECOND, THIRD = (f"https://example.org/{name}" for name in ("a/one", "b#one", "a/two"))


def found(word: str) -> list[tuple[str, str]]:
    store = Store()
    store.update(DATA)
    rows = store.query(text_for(word))
    return [(row["thing"].value, row["by"].value) for row in rows]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("value", "iri"),
    [
        ("https://example.org/a", "https://example.org/a"),
        ("<urn:a>", "urn:a"),
        (":a", "urn:x:a"),
        ("ex:a/b", "https://example.org/a/b"),
        ("other:a", "other:a"),
        ("reusable-part", None),
        ("two words", None),
        ("", None),
    ],
)
def test_an_iri_or_prefixed_name_is_taken_as_it_stands(value: str, iri: str | None) -> None:
    assert iri_of(value, PREFIXES) == iri


def test_a_last_part_or_label_that_one_thing_has_names_it() -> None:
    assert meant("x", "two", found("two"), ()) == THIRD
    assert meant("x", "The First", found("The First"), ()) == FIRST


def test_a_last_part_stands_before_a_label() -> None:
    assert meant("x", "one", found("one"), [NamedValue(FIRST), NamedValue(THIRD)]) == FIRST


@pytest.mark.parametrize("word", ["one", "another"])
def test_a_name_of_several_things_is_refused_with_them(word: str) -> None:
    with pytest.raises(BadParameterError, match="is the name of several things") as caught:
        meant("x", word, found(word), ())
    assert len(caught.value.extras["choices"]) == 2  # type: ignore[arg-type] # it is a list


def test_a_choice_makes_a_name_of_several_things_clear() -> None:
    assert meant("x", "another", found("another"), [NamedValue(SECOND, "another")]) == SECOND


def test_a_name_of_nothing_is_refused() -> None:
    with pytest.raises(BadParameterError, match="nothing is called 'three'"):
        meant("x", "three", found("three"), ())


def test_a_word_cannot_leave_its_string() -> None:
    assert found('"one\\') == []
    assert found('x") || true) } #') == []
