"""The type of a column, and what its field says of the terms in it.

A field's metadata have what the values alone do not: `rdf:kind` is `iri`, `blankNode`, `literal`,
`langString`, `mixed` or `unbound`, with `rdf:datatype` and `rdf:language`. A cell whose value and
field are not its whole term has the term in the column `<name>.term`.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, final

import pyarrow as pa
import pyarrow.compute as pc

from spacepolicy.columns.arrow_types import DATE_TIME, INTEGERS, NATIVES, WITH_ZONE, Native, zoned
from spacepolicy.columns.cells import BLANK_NODE, IRI, RESOURCES, TRIPLE, XSD, Terms

TERM: Final = pa.struct([(name, pa.string()) for name in ("type", "value", "language", "datatype")])
"""A term as SPARQL's JSON has it."""
TERM_SUFFIX: Final = ".term"
"""No variable's name has a point in it."""
_FLOATING: Final = (f"{XSD}double", f"{XSD}float")
_DECIMAL: Final = f"{XSD}decimal"
_NUMERIC: Final = frozenset((*INTEGERS, _DECIMAL, *_FLOATING))
_LANG_STRING: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"


@final
@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name; the kind of its terms, None where several are mixed or nothing is known;
    and the Arrow type of its values, None where they are text."""

    name: str
    kind: str | None
    native: Native | None = None
    unbound: bool = False

    def field(self) -> pa.Field:
        """The field of a schema."""
        metadata = {key: value for key, value in self.metadata().items() if value}
        return pa.field(
            self.name, self.native.type if self.native else pa.string(), metadata=metadata
        )

    def metadata(self) -> dict[str, str]:
        """The kind, datatype and language of the column's terms."""
        kind = self.kind
        if kind is None or kind == TRIPLE:
            return {"rdf:kind": "unbound" if self.unbound else "mixed"}
        if kind in RESOURCES:
            return {"rdf:kind": "iri" if kind == IRI else "blankNode"}
        if kind.startswith("@"):
            return {"rdf:kind": "langString", "rdf:datatype": _LANG_STRING,
                    "rdf:language": kind[1:]}  # fmt: skip
        return {"rdf:kind": "literal", "rdf:datatype": kind}

    def values(self, terms: Terms) -> tuple[pa.Array, pa.Array]:
        """The values of the terms, and which of the cells are not whole in these (or null)."""
        if self.native is None:
            fits = pa.scalar(False) if self.kind is None else terms.of(self.kind)
            return as_text(terms), pc.and_(pc.is_valid(terms.values), pc.invert(fits))
        return self._native_values(self.native, terms)

    def _native_values(self, native: Native, terms: Terms) -> tuple[pa.Array, pa.Array]:
        whole = terms.kind is not None and (
            terms.kind == self.kind or {terms.kind, self.kind} <= _NUMERIC
        )
        alike = terms.of(*(_NUMERIC if self.kind in _NUMERIC else (str(self.kind),)))
        forms = terms.values if whole else pc.if_else(alike, terms.values, None)
        converted = native.convert(forms)
        own = terms.of(str(self.kind))
        exact = pc.and_(pc.fill_null(own, False), pc.fill_null(converted.exact, False))
        return converted.values, pc.and_(pc.is_valid(terms.values), pc.invert(exact))


def column_of(name: str, terms: Terms) -> Column:
    """The column that fits all of the terms best."""
    kinds = terms.present()
    zones = _kind_of(kinds) == DATE_TIME and zoned(terms.values)
    return column_of_kinds(name, kinds, zones=zones)


def column_of_kinds(name: str, kinds: Collection[str], *, zones: bool) -> Column:
    """The column that fits terms of these kinds best; `zones`: some of its times have a zone."""
    if not kinds:
        return Column(name, None, unbound=True)
    kind = _kind_of(kinds)
    if kind == DATE_TIME and zones:
        return Column(name, kind, WITH_ZONE)
    return Column(name, kind, NATIVES.get(kind) if kind else None)


def _kind_of(kinds: Iterable[str]) -> str | None:
    """The kind that represents all: the only one, or the widest of numbers."""
    found = frozenset(kinds)
    if len(found) == 1:
        return next(iter(found))
    if not found <= _NUMERIC:
        return None
    if found & frozenset(_FLOATING):
        return _FLOATING[0]
    return _DECIMAL if _DECIMAL in found else f"{XSD}integer"


def as_text(terms: Terms) -> pa.Array:
    """The terms as CSV has them: the lexical form, the IRI, or `_:` and a label."""
    if terms.kind not in (None, BLANK_NODE):
        return terms.values
    labels = pc.binary_join_element_wise("_:", terms.values, "")
    return pc.if_else(pc.fill_null(terms.of(BLANK_NODE), False), labels, terms.values)


def as_structs(terms: Terms, wanted: pa.Array | None = None) -> pa.Array:
    """The terms as structures; null where they are unbound, or not `wanted`."""
    valid = pc.is_valid(terms.values)
    values, kinds = terms.values, terms.kinds.cast(pa.string())
    if wanted is not None:
        valid = pc.and_(valid, wanted)
        if not pc.any(valid).as_py():
            return pa.nulls(len(terms), TERM)
        values, kinds = pc.if_else(valid, values, None), pc.if_else(valid, kinds, None)
    tagged = pc.starts_with(kinds, "@")
    resource = pc.is_in(kinds, value_set=pa.array([IRI, BLANK_NODE, TRIPLE]))
    types = pc.if_else(resource, kinds, "literal")
    languages = pc.if_else(tagged, pc.utf8_slice_codeunits(kinds, 1), None)
    datatypes = pc.if_else(resource, None, pc.if_else(tagged, _LANG_STRING, kinds))
    return pa.StructArray.from_arrays(
        [types, values, languages, datatypes], fields=list(TERM), mask=pc.invert(valid)
    )
