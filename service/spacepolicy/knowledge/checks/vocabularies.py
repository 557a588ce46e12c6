"""Public vocabularies whose terms are all known: RDF, RDFS, OWL, SKOS, SHACL, Dublin Core …

The lists are those that rdflib ships, so that none is copied here. Vocabularies of which it ships a
part, or that grow faster than it does (DCAT, GeoSPARQL, Brick …), are left out.

Spec: https://rdflib.readthedocs.io/en/stable/namespaces_and_bindings/
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from rdflib import namespace
from rdflib.namespace import DefinedNamespace

_NAMES: Final = (
    "CSVW",
    "DC",
    "DCAM",
    "DCMITYPE",
    "DCTERMS",
    "DOAP",
    "FOAF",
    "ODRL2",
    "ORG",
    "OWL",
    "PROV",
    "QB",
    "RDF",
    "RDFS",
    "SDO",
    "SH",
    "SKOS",
    "SOSA",
    "SSN",
    "TIME",
    "VANN",
    "VOID",
    "XSD",
)


@cache
def vocabularies() -> Mapping[str, frozenset[str]]:
    """Return the IRIs of the terms of each vocabulary, by its namespace."""
    found: dict[str, frozenset[str]] = {}
    for name in _NAMES:
        defined: type[DefinedNamespace] = getattr(namespace, name)
        iri = str(defined._NS)
        extras: list[str] = getattr(defined, "_extras", [])
        found[iri] = frozenset(f"{iri}{term}" for term in (*defined.__annotations__, *extras))
    return MappingProxyType(found)


def vocabulary_of(iri: str) -> str | None:
    """Return the namespace of the known vocabulary that the IRI would be a term of.

    >>> vocabulary_of("http://www.w3.org/ns/shacl#mincount")
    'http://www.w3.org/ns/shacl#'
    >>> vocabulary_of("http://www.w3.org/ns/shacl#")
    """
    end = max(iri.rfind("#"), iri.rfind("/")) + 1
    return iri[:end] if iri[end:] and iri[:end] in vocabularies() else None
