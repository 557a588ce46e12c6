"""The JSON-LD context: a key for each term of the ontology and each other property in use.

Object properties have lists of objects; language-tagged strings are language maps; functional
datatype properties and names have single values, everything else a list. The context is generated
from the dataset and published at `/context.jsonld`.

Spec: https://www.w3.org/TR/json-ld11/#the-context
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, final

from pyoxigraph import NamedNode

from spacepolicy.namespaces import OWL, RDF, RDFS, XSD, Base
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.linked_data.documents import NAMES
from spacepolicy.web.solution_rows import Row

LANGUAGE: Final = "@language"
LINK: Final = "@id"
_LINKS: Final = "urn:link"
_LANG_STRING: Final = f"{RDF}langString"
_NATIVE: Final = frozenset({f"{XSD}string", f"{XSD}integer", f"{XSD}boolean"})
"""Datatypes with a native JSON value."""
_LOCAL_NAME: Final = re.compile(r"[#/]([A-Za-z][\w-]*)$", re.ASCII)
_OBJECT_PROPERTY: Final = f"{OWL}ObjectProperty"
_FUNCTIONAL: Final = f"{OWL}FunctionalProperty"
_DECLARED: Final = f"""
SELECT ?term ?kind {{
  VALUES ?kind {{
    <{OWL}Class> <{OWL}DatatypeProperty> <{OWL}AnnotationProperty>
    <{_OBJECT_PROPERTY}> <{_FUNCTIONAL}>
  }}
  ?term a ?kind FILTER isIRI(?term)
}} ORDER BY ?term ?kind
"""
_USED: Final = f"""
SELECT DISTINCT ?term ?value {{
  ?s ?term ?o BIND (IF(isLiteral(?o), DATATYPE(?o), <{_LINKS}>) AS ?value)
}} ORDER BY ?term ?value
"""


@final
@dataclass(frozen=True, slots=True)
class Property:
    """A property's key, the type of its values (`@id`, `@language`, a datatype, or None for native
    JSON values), and whether there may be several."""

    key: str
    type: str | None
    several: bool


@final
@dataclass(frozen=True, slots=True)
class JsonLdContext:
    """The keys of classes and properties by IRI, and the prefixes."""

    classes: Mapping[str, str]
    properties: Mapping[str, Property]
    prefixes: Mapping[str, str]

    def table(self) -> dict[str, Any]:
        """Return the context as a JSON object."""
        return {
            "@version": 1.1,
            "id": "@id",
            "type": {"@id": "@type", "@container": "@set"},
            "included": "@included",
            **dict(sorted(self.prefixes.items())),
            **{key: iri for iri, key in sorted(self.classes.items())},
            **{each.key: _definition(iri, each) for iri, each in sorted(self.properties.items())},
        }


def _definition(iri: str, term: Property) -> dict[str, Any]:
    containers = [LANGUAGE] if term.type == LANGUAGE else []
    containers += ["@set"] if term.several else []
    definition: dict[str, Any] = {"@id": iri}
    if term.type not in (None, LANGUAGE):
        definition["@type"] = term.type
    if containers:
        definition["@container"] = containers if len(containers) > 1 else containers[0]
    return definition


async def read_context(app_state: AppState) -> JsonLdContext:
    """Read the context of the served revision.

    Raises: ProblemError where a query fails.
    """
    return make_context(
        app_state.service.revision.base,
        app_state.service.revision.prefixes,
        await rows(app_state, _DECLARED),
        await rows(app_state, _USED),
    )


def make_context(
    own: str | None, prefixes: Mapping[str, str], declared: Iterable[Row], used: Iterable[Row]
) -> JsonLdContext:
    """Return the context of the declared and used terms; those under the base `own` come first."""
    kinds = _gathered(declared, "kind")
    values = _gathered(used, "value")
    terms = _ordered(own, {*kinds, *values} - {f"{RDF}type"})
    kept = {name: space for name, space in prefixes.items() if name and space[-1:] in ("/", "#")}
    keys = _keys(terms, kept)
    properties = {
        iri: _property(iri, key, kinds.get(iri, set()), values.get(iri, set()))
        for iri, key in keys.items()
        if f"{OWL}Class" not in kinds.get(iri, ())
    }
    classes = {iri: key for iri, key in keys.items() if iri not in properties}
    return JsonLdContext(classes, properties, kept)


def _gathered(found: Iterable[Row], name: str) -> dict[str, set[str]]:
    gathered: dict[str, set[str]] = {}
    for row in found:
        if name in row:  # a remote store may return no datatype for a string
            gathered.setdefault(row["term"].value, set()).add(row[name].value)
    return gathered


def _ordered(own: str | None, terms: Iterable[str]) -> list[str]:
    """The project's own terms, those of RDFS, then all others."""
    spaces = (*((Base(own).term("").value,) if own else ()), RDFS)

    def place(iri: str) -> tuple[int, str]:
        return next((n for n, each in enumerate(spaces) if iri.startswith(each)), len(spaces)), iri

    return sorted(terms, key=place)


def _keys(terms: Iterable[str], prefixes: Mapping[str, str]) -> dict[str, str]:
    """A key for each term: its local name if it is free, else its prefixed name; terms without
    either have no key and are written by IRI."""
    taken = {"id", "type", "included", *prefixes}
    keys: dict[str, str] = {}
    for iri in terms:
        local = _LOCAL_NAME.search(iri)
        names = [local[1]] if local else []
        names += (f"{p}:{iri[len(s) :]}" for p, s in prefixes.items() if iri.startswith(s))
        key = next((name for name in names if name not in taken), None)
        if key is not None:
            taken.add(key)
            keys[iri] = key
    return keys


def _property(iri: str, key: str, kinds: set[str], values: set[str]) -> Property:
    several = _FUNCTIONAL not in kinds and NamedNode(iri) not in NAMES
    if _OBJECT_PROPERTY in kinds or values == {_LINKS}:
        return Property(key, LINK, several=True)
    if values and values <= {_LANG_STRING}:
        return Property(key, LANGUAGE, several)
    types = values - _NATIVE - {_LANG_STRING}
    datatype = types.pop() if types == values and len(values) == 1 else None
    return Property(key, datatype, several)
