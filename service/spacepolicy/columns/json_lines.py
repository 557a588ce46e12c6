"""Solutions as lines of JSON, the last of which marks the end.

A row is an object with a member for each variable: a number, a boolean or a string, null where
nothing is bound. Where an ill-typed literal or a number that JSON cannot say is null, the term
stands in the member `<name>.term`, as SPARQL's JSON has it. The last line has the member `@last`.

Spec: https://github.com/ndjson/ndjson-spec, https://www.w3.org/TR/sparql11-results-json/
"""

import json
from collections.abc import Sequence
from typing import Final, Protocol, final

import pyarrow as pa
import pyarrow.compute as pc

from spacepolicy.columns.arrow_types import DATE_TIME, INTEGERS, NATIVES, WITH_ZONE
from spacepolicy.columns.cells import BLANK_NODE, IRI, STRING, TRIPLE, XSD, Terms
from spacepolicy.columns.schema import TERM_SUFFIX, as_text

_NUMBER: Final = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
_NUMERIC: Final = (*INTEGERS, *(f"{XSD}{name}" for name in ("decimal", "float", "double")))
_NORMALISED: Final = (
    (r"^\+", ""),
    (r"^(-?)0+([0-9])", r"\1\2"),
    (r"^(-?)\.", r"\10."),
    (r"\.([eE]|$)", r"\1"),
)
_ESCAPED: Final = {
    **{code: f"\\u{code:04x}" for code in range(0x20)},
    9: "\\t",
    10: "\\n",
    13: "\\r",
}


class _Output(Protocol):
    def write(self, data: bytes, /) -> int: ...


@final
class JsonLines:
    """Writes rows as they come; `terms`: each cell as a binding of SPARQL's JSON."""

    def __init__(self, names: Sequence[str], output: _Output, *, terms: bool) -> None:
        self._names = names
        self._output = output
        self._terms = terms
        self._rows = 0

    def take(self, columns: Sequence[Terms], rows: int, *, last: bool) -> None:  # noqa: ARG002
        """Write the rows."""
        self._rows += rows
        if not rows:
            return
        if not columns:
            self._output.write(b"{}\n" * rows)
            return
        members = [
            self._member(name, terms) for name, terms in zip(self._names, columns, strict=True)
        ]
        parts = [part for member in members for part in (",", *member)][1:]
        lines = pc.binary_join_element_wise("{", *parts, "}\n", "")
        self._output.write(_bytes(lines))

    def _member(self, name: str, terms: Terms) -> tuple[pa.Array, ...]:
        key = json.dumps(name, ensure_ascii=False) + ":"
        if self._terms:
            return key, pc.fill_null(_term(terms), "null")
        values, unsaid = _values(terms)
        if not pc.any(unsaid).as_py():
            return key, values
        beside = json.dumps(name + TERM_SUFFIX, ensure_ascii=False) + ":"
        pieces = pc.binary_join_element_wise(f",{beside}", _term(terms), "")
        return key, values, pc.if_else(pc.fill_null(unsaid, False), pieces, "")

    def finish(self) -> None:
        """Write the last line."""
        last = {"@last": True, "rows": self._rows, "columns": list(self._names)}
        self._output.write(json.dumps(last, ensure_ascii=False).encode() + b"\n")


def _bytes(lines: pa.Array) -> bytes:
    """All the texts, one behind the other: the bytes between the first offset and the last."""
    lines = lines.cast(pa.large_string())
    _, offsets, data = lines.buffers()
    if data is None:
        return b""
    places = memoryview(offsets).cast("q")
    start, stop = places[lines.offset], places[lines.offset + len(lines)]
    return bytes(memoryview(data)[start:stop])


def _values(terms: Terms) -> tuple[pa.Array, pa.Array]:
    """The values as JSON; and which of them are null although they are bound."""
    values = pa.nulls(len(terms), pa.string())
    unsaid = pc.and_(pc.is_valid(terms.values), False)
    kinds = terms.present()
    texts = [kind for kind in kinds if kind not in NATIVES]
    if texts:
        values = pc.if_else(terms.of(*texts), _string(as_text(terms)), values)
    for kind in kinds & NATIVES.keys():
        own = pc.fill_null(terms.of(kind), False)
        found = _native(kind, pc.if_else(own, terms.values, None))
        values = pc.if_else(own, found, values)
        unsaid = pc.or_(unsaid, pc.and_(own, pc.is_null(found)))
    return pc.fill_null(values, "null"), unsaid


def _native(kind: str, forms: pa.Array) -> pa.Array:
    """The forms as JSON; null where they are ill-typed, or JSON has no such number."""
    valid = pc.is_valid(NATIVES[kind].convert(forms).values)
    if kind == DATE_TIME:
        valid = pc.or_(valid, pc.is_valid(WITH_ZONE.convert(forms).values))
    forms = pc.if_else(valid, forms, None)
    if kind in _NUMERIC:
        return _number(forms)
    if kind == f"{XSD}boolean":
        return pc.if_else(pc.is_in(forms, value_set=pa.array(["true", "1"])), "true",
                          pc.if_else(pc.is_valid(forms), "false", None))  # fmt: skip
    return _string(forms)


def _number(forms: pa.Array) -> pa.Array:
    if not pc.all(pc.match_substring_regex(forms, _NUMBER)).as_py():
        for pattern, replacement in _NORMALISED:
            forms = pc.replace_substring_regex(forms, pattern, replacement)
        forms = pc.if_else(pc.match_substring_regex(forms, _NUMBER), forms, None)
    return forms


def _string(texts: pa.Array) -> pa.Array:
    """The texts as JSON strings."""
    for plain in ("\\", '"'):
        if pc.any(pc.match_substring(texts, plain)).as_py():
            texts = pc.replace_substring(texts, plain, "\\" + plain)
    if pc.any(pc.match_substring_regex(texts, "[\\x00-\\x1f]")).as_py():
        for code, written in _ESCAPED.items():
            texts = pc.replace_substring(texts, chr(code), written)
    return pc.binary_join_element_wise('"', texts, '"', "")


def _term(terms: Terms) -> pa.Array:
    """The terms as SPARQL's JSON has them; null where they are unbound."""
    kinds = terms.kinds.cast(pa.string())
    values, tagged = _string(terms.values), pc.starts_with(kinds, "@")
    resource = pc.is_in(kinds, value_set=pa.array([IRI, BLANK_NODE, TRIPLE]))
    plain = pc.or_(resource, pc.equal(kinds, STRING))
    types = pc.if_else(resource, kinds, "literal")
    language = pc.binary_join_element_wise(
        ',"xml:lang":', _string(pc.utf8_slice_codeunits(kinds, 1)), ""
    )
    datatype = pc.binary_join_element_wise(',"datatype":', _string(kinds), "")
    more = pc.if_else(tagged, language, pc.if_else(plain, "", datatype))
    return pc.binary_join_element_wise('{"type":"', types, '","value":', values, more, "}", "")
