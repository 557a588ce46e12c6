"""How IRIs and literals are written in the layout: the shortest form that loses nothing.

Spec: https://www.w3.org/TR/turtle/#sec-iri, https://www.w3.org/TR/turtle/#literals
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from pyoxigraph import Literal, NamedNode

from spacepolicy.namespaces import DCTERMS, OWL, RDF, RDFS, SH, SKOS, XSD

WELL_KNOWN: Mapping[str, str] = {
    "dcterms": DCTERMS,
    "eli": "http://data.europa.eu/eli/ontology#",
    "fibo-obj": "https://spec.edmcouncil.org/fibo/ontology/FND/GoalsAndObjectives/Objectives/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "oa": "http://www.w3.org/ns/oa#",
    "org": "http://www.w3.org/ns/org#",
    "owl": OWL,
    "prov": "http://www.w3.org/ns/prov#",
    "qudt": "http://qudt.org/schema/qudt/",
    "rdf": RDF,
    "rdfs": RDFS,
    "schema": "https://schema.org/",
    "sh": SH,
    "skos": SKOS,
    "ssn": "http://www.w3.org/ns/ssn/",
    "time": "http://www.w3.org/2006/time#",
    "vann": "http://purl.org/vocab/vann/",
    "wgs84": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "xsd": XSD,
}
"""Prefixes of public vocabularies that a document may use without declaring them."""

_MACHINE_MADE_PREFIX = re.compile(r"ns[0-9]+|j\.[0-9]+")

_LETTER = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_LOCAL_NAME = re.compile(f"[{_LETTER}0-9_](?:[{_LETTER}0-9_.-]*[{_LETTER}0-9_-])?")
"""Local names that every parser reads alike: no escapes, no colons, not empty."""

_SHORT_FORMS: Mapping[str, re.Pattern[str]] = {
    XSD + "boolean": re.compile("true|false"),
    XSD + "integer": re.compile("0|-?[1-9][0-9]*"),
    XSD + "decimal": re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+"),
    XSD + "double": re.compile(r"-?(?:0|[1-9])\.[0-9]+E(?:0|-?[1-9][0-9]*)"),
}

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPED = re.compile('[\\\\"\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]')
_ADJACENT_LINES = re.compile(r"[^\n]\n[^\n]")
"""Consecutive lines, which code and verse have, and paragraphs separated by empty lines do not."""

_ESCAPED_IN_LONG = re.compile(
    '\\\\|"(?="")|"(?=\\Z)|[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]'
)


@final
@dataclass(frozen=True, slots=True)
class PrefixNames:
    """The base and the prefixes that shorten the IRIs of one document.

    `written` caches the prefixed name of each IRI, None where it has none: most statements have the
    same few.
    """

    base: str | None
    prefixes: Mapping[str, str]
    written: dict[str, str | None] = field(default_factory=dict, compare=False, repr=False)

    @property
    def used(self) -> frozenset[str]:
        """The prefixes of the names that were written."""
        return frozenset(name.partition(":")[0] for name in self.written.values() if name)


def meant_prefixes(declared: Mapping[str, str]) -> dict[str, str]:
    """The declared prefixes without those that serialisers number themselves (`ns1`, `j.0`)."""
    return {
        prefix: namespace
        for prefix, namespace in declared.items()
        if not _MACHINE_MADE_PREFIX.fullmatch(prefix)
    }


def iri_name(iri: NamedNode, names: PrefixNames) -> str:
    """The IRI with the prefix of the longest namespace, as a fragment of the base, or whole.

    >>> names = PrefixNames("https://example.org/text", {"": "https://example.org/def/"})
    >>> iri_name(NamedNode("https://example.org/def/Task"), names)
    ':Task'
    >>> iri_name(NamedNode("https://example.org/text#char=0,7"), names)
    '<#char=0,7>'
    >>> iri_name(NamedNode("https://example.org/text"), names)
    '<https://example.org/text>'
    """
    if iri.value not in names.written:
        names.written[iri.value] = prefixed_name(iri, names.prefixes)
    return names.written[iri.value] or f"<{_reference(iri.value, names.base)}>"


def prefixed_name(iri: NamedNode, prefixes: Mapping[str, str]) -> str | None:
    """The IRI with the prefix of the longest namespace that leaves a plain local name."""
    found = [
        (len(local), prefix, local)
        for prefix, namespace in prefixes.items()
        if (local := iri.value.removeprefix(namespace)) != iri.value
        and _LOCAL_NAME.fullmatch(local)
    ]
    if not found:
        return None
    _, prefix, local = min(found)
    return f"{prefix}:{local}"


def _reference(iri: str, base: str | None) -> str:
    stem = base.partition("#")[0] if base else ""
    return iri.removeprefix(stem) if stem and iri.startswith(stem + "#") else iri


def literal_form(literal: Literal, names: PrefixNames) -> str:
    """The literal, bare where a number or boolean keeps its lexical form, else quoted.

    It stays on one line, however long, except where it is made of lines itself, as a query is.

    >>> names = PrefixNames(None, WELL_KNOWN)
    >>> literal_form(Literal("2025", datatype=NamedNode(XSD + "integer")), names)
    '2025'
    >>> literal_form(Literal("01", datatype=NamedNode(XSD + "integer")), names)
    '"01"^^xsd:integer'
    >>> literal_form(Literal("词", language="zh-hans-cn"), names)
    '"词"@zh-Hans-CN'
    """
    short = _SHORT_FORMS.get(literal.datatype.value)
    if short and short.fullmatch(literal.value):
        return literal.value
    if literal.language:
        return f"{_quoted(literal.value)}@{language_tag(literal.language)}"
    if literal.datatype.value == XSD + "string":
        return _quoted(literal.value)
    return f"{_quoted(literal.value)}^^{iri_name(literal.datatype, names)}"


def language_tag(tag: str) -> str:
    """The tag in the case that RFC 5646 section 2.1.1 recommends; parsers lower it.

    >>> language_tag("sr-latn-rs-x-ab")
    'sr-Latn-RS-x-ab'
    """
    first, *rest = tag.lower().split("-")
    singleton = next((index for index, subtag in enumerate(rest) if len(subtag) == 1), len(rest))
    return "-".join([first, *map(_subtag, rest[:singleton]), *rest[singleton:]])


def _subtag(subtag: str) -> str:
    match len(subtag):
        case 2:
            return subtag.upper()
        case 4:
            return subtag.capitalize()
        case _:
            return subtag


def _quoted(value: str) -> str:
    if _ADJACENT_LINES.search(value) and " \n" not in value:
        return f'"""{_ESCAPED_IN_LONG.sub(_escape, value)}"""'
    return f'"{_ESCAPED.sub(_escape, value)}"'


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _ESCAPES.get(character, f"\\u{ord(character):04X}")
