"""SPARQL solutions as tables for pages."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, final

from pyoxigraph import NamedNode

from spacepolicy.namespaces import XSD
from spacepolicy.web.i18n import PREFIXES, WORDS
from spacepolicy.web.iri_routing import local_path
from spacepolicy.web.request_context import current_locale
from spacepolicy.web.service import Service

_NUMBERS: Final = frozenset(
    XSD + name
    for name in ("integer", "decimal", "double", "float", "int", "long", "nonNegativeInteger")
)


@final
@dataclass(frozen=True, slots=True)
class TableCell:
    """A term for a page: its text, its IRI if it is one, the address of its page here, the
    language, and whether it is a number."""

    text: str
    iri: str | None = None
    href: str | None = None
    language: str | None = None
    number: bool = False


@final
@dataclass(frozen=True, slots=True)
class SolutionTable:
    """Solutions as rows of cells; an unbound variable is None."""

    columns: tuple[str, ...]
    rows: tuple[tuple[TableCell | None, ...], ...]

    @property
    def numeric(self) -> tuple[bool, ...]:
        """For each column, whether all its bound cells are numbers."""
        columns = zip(*self.rows, strict=True) if self.rows else ()
        found = tuple(
            any(column) and all(cell is None or cell.number for cell in column)
            for column in columns
        )
        return found or (False,) * len(self.columns)

    def first(self, count: int) -> "SolutionTable":
        """Return the table with only its first rows."""
        return SolutionTable(self.columns, self.rows[:count])

    def has(self, text: str) -> bool:
        """Whether a cell has this text."""
        return any(cell is not None and cell.text == text for row in self.rows for cell in row)


Called = Callable[[str], TableCell]
"""The cell of a thing, by its IRI."""
Named = Mapping[tuple[str, str], NamedNode]
"""The things that names refer to, by the name's text and language."""


def table(
    service: Service,
    results: Mapping[str, Any] | None,
    called: Called | None = None,
    named: Named = MappingProxyType({}),
) -> SolutionTable | None:
    """Return the table of SPARQL JSON results; None where they are no solutions."""
    if results is None or "results" not in results:
        return None
    shown = called or (lambda iri: _short(service, iri))
    columns = tuple(results["head"]["vars"])
    rows = tuple(
        tuple(_cell(service, shown, named, row.get(column)) for column in columns)
        for row in results["results"]["bindings"]
    )
    return SolutionTable(columns, rows)


def _cell(
    service: Service, called: Called, named: Named, term: Mapping[str, Any] | None
) -> TableCell | None:
    if term is None:
        return None
    match term["type"]:
        case "uri":
            return called(term["value"])
        case "triple":
            return TableCell(json.dumps(term["value"], ensure_ascii=False))
        case "bnode":
            return TableCell(f"_:{term['value']}")
        case _:
            return _literal(service, named, term)


def _literal(service: Service, named: Named, term: Mapping[str, Any]) -> TableCell:
    text, language, datatype = term["value"], term.get("xml:lang"), term.get("datatype")
    if datatype == f"{XSD}boolean":
        words = WORDS[current_locale().language]
        return TableCell({"true": words["yes"], "false": words["no"]}.get(text, text))
    thing = named.get((text, language)) if language else None
    if thing is not None:
        return TableCell(text, thing.value, _address(service, thing.value), language)
    return TableCell(text, language=language, number=datatype in _NUMBERS)


def _short(service: Service, iri: str) -> TableCell:
    return TableCell(short_name(service, iri), iri, _address(service, iri))


def _address(service: Service, iri: str) -> str | None:
    """The address of the thing's page; None where it has none here."""
    path = local_path(service, iri)
    return None if path is None else current_locale().kept(service.root + path)


def known_prefixes(service: Service) -> Mapping[str, str]:
    """Return the namespaces by prefix: the common ones, overridden by the dataset's own."""
    return {**PREFIXES, **service.revision.prefixes}


def short_name(service: Service, iri: str) -> str:
    """Return the IRI as a prefixed name with the longest fitting namespace, or relative to the
    base; else without its scheme."""
    fitting = [
        (namespace, prefix)
        for prefix, namespace in known_prefixes(service).items()
        if iri.startswith(namespace) and len(iri) > len(namespace)
    ]
    if fitting:
        namespace, prefix = max(fitting, key=lambda pair: len(pair[0]))
        return f"{prefix}:{iri.removeprefix(namespace)}"
    base = service.revision.base
    if base and iri.startswith(base):
        return iri.removeprefix(base)
    return iri.removeprefix("https://").removeprefix("http://").rstrip("/") or iri
