"""Cells of SPARQL's TSV as terms, a column at a time.

The engine writes TSV without Python; pyarrow reads it and takes the terms apart, so that no loop
over rows runs in Python.

Spec: https://www.w3.org/TR/sparql11-results-csv-tsv/#tsv
"""

import re
from dataclasses import dataclass
from typing import Final, final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

XSD: Final = "http://www.w3.org/2001/XMLSchema#"
STRING: Final = f"{XSD}string"
IRI: Final = "uri"
BLANK_NODE: Final = "bnode"
TRIPLE: Final = "triple"
RESOURCES: Final = (IRI, BLANK_NODE)
_LITERAL: Final = (
    r'(?s)^"(?P<value>.*)"(?:@(?P<language>[A-Za-z0-9-]+)|\^\^<(?P<datatype>[^>]*)>)?$'
)
_SUFFIX: Final = re.compile(r'"(?:@([A-Za-z0-9-]+)|\^\^<([^>]*)>)?$')
_FEW_KINDS: Final = 8
"""Literals of so many kinds are told apart by their ends: seven kinds of 100,000 cells in 42 ms, of
a million in 570, where a regular expression takes 75 and 950; two kinds in 17 and 175, where it
takes 124 and 1,260."""
_BARE: Final = (
    (r"^(?:true|false)$", f"{XSD}boolean"),
    (r"^[+-]?[0-9]+$", f"{XSD}integer"),
    (r"^[+-]?[0-9]*\.[0-9]+$", f"{XSD}decimal"),
)
"""What is written without quotes: else it is a double."""
_ESCAPES: Final = (("\\t", "\t"), ("\\n", "\n"), ("\\r", "\r"), ('\\"', '"'))
_NONCHARACTERS: Final = tuple(chr(code) for code in range(0xFDD0, 0xFDF0))
"""One that does not occur stands for a backslash while escapes are read (Unicode 23.7)."""


@final
@dataclass(frozen=True, slots=True)
class Terms:
    """A column's terms: their lexical forms, and the kind of each: `uri`, `bnode`, `triple`, a
    datatype's IRI, or `@` and a language tag. Both are null where nothing is bound; `kinds` is
    encoded by its dictionary, and `kind` is the one there is, where there is but one."""

    values: pa.Array
    kinds: pa.Array
    kind: str | None = None

    def __len__(self) -> int:
        return len(self.values)

    def present(self) -> frozenset[str]:
        """The kinds there are."""
        if self.kind is not None:
            return frozenset((self.kind,))
        return frozenset(self.kinds.drop_null().unique().to_pylist())

    def of(self, *kinds: str) -> pa.Array:
        """Which terms are of these kinds; null where nothing is bound."""
        if self.kind in kinds:
            return pc.if_else(pc.is_valid(self.values), True, None)
        return pc.if_else(
            pc.is_valid(self.values),
            pc.is_in(self.kinds.cast(pa.string()), value_set=pa.array(kinds, pa.string())),
            None,
        )


def read_cells(block: bytes, width: int) -> list[pa.Array]:
    """So many columns of whole lines of TSV, as they are written; null where nothing is bound."""
    if not width:
        return []
    columns = [str(place) for place in range(width)]
    table = pyarrow.csv.read_csv(
        pa.py_buffer(block),
        read_options=pyarrow.csv.ReadOptions(
            column_names=columns, use_threads=False, block_size=len(block) + 1
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter="\t",
            quote_char=False,
            escape_char=False,
            newlines_in_values=False,
            ignore_empty_lines=False,
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            check_utf8=False,
            column_types=dict.fromkeys(columns, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    return [table.column(name).combine_chunks() for name in columns]


def read_terms(cells: pa.Array) -> Terms:
    """The terms that the cells write."""
    first = pc.utf8_slice_codeunits(cells, 0, 1)
    begins = {each for each in pc.unique(first).to_pylist() if each is not None}
    if begins == {'"'} and (uniform := _uniform_literals(cells)) is not None:
        return uniform
    if begins == {"<"} and not pc.any(pc.starts_with(cells, "<<")).as_py():
        return _one_kind(pc.utf8_slice_codeunits(cells, 1, -1), IRI)
    if not begins & {"<", "_", '"'} and begins:
        return _bare_terms(cells)
    return _mixed_terms(cells, first, begins)


def _one_kind(values: pa.Array, kind: str) -> Terms:
    places = pc.if_else(pc.is_valid(values), pa.scalar(0, pa.int32()), None)
    return Terms(values, pa.DictionaryArray.from_arrays(places, pa.array([kind])), kind)


def _uniform_literals(cells: pa.Array) -> Terms | None:
    """The literals, where all have the datatype or language of the first."""
    found = _SUFFIX.search(cells.drop_null()[0].as_py())
    if found is None or not pc.all(pc.ends_with(cells, found[0])).as_py():
        return None
    values = _unescaped(pc.utf8_slice_codeunits(cells, 1, -len(found[0])))
    return _one_kind(values, _kind(found))


def _kind(suffix: re.Match[str]) -> str:
    """The kind of literals that end so."""
    return f"@{suffix[1]}" if suffix[1] else suffix[2] or STRING


def _bare_terms(cells: pa.Array) -> Terms:
    for pattern, kind in _BARE:
        if pc.all(pc.match_substring_regex(cells, pattern)).as_py():
            return _one_kind(cells, kind)
    return Terms(cells, _bare_kinds(cells).dictionary_encode())


def _bare_kinds(cells: pa.Array) -> pa.Array:
    kinds: pa.Array = pa.scalar(f"{XSD}double")
    for pattern, kind in reversed(_BARE):
        kinds = pc.if_else(pc.match_substring_regex(cells, pattern), kind, kinds)
    return pc.if_else(pc.is_valid(cells), kinds, None)


def _mixed_terms(cells: pa.Array, first: pa.Array, begins: set[str]) -> Terms:
    values, kinds = cells, pa.nulls(len(cells), pa.string())
    if begins - {"<", "_", '"'}:
        kinds = _bare_kinds(cells)
    if "<" in begins:
        triple, iri = pc.starts_with(cells, "<<"), pc.equal(first, "<")
        values = pc.if_else(iri, pc.utf8_slice_codeunits(cells, 1, -1), values)
        values = pc.if_else(triple, cells, values)
        kinds = pc.if_else(triple, TRIPLE, pc.if_else(iri, IRI, kinds))
    if "_" in begins:
        blank = pc.equal(first, "_")
        values = pc.if_else(blank, pc.utf8_slice_codeunits(cells, 2), values)
        kinds = pc.if_else(blank, BLANK_NODE, kinds)
    if '"' in begins:
        quoted = pc.equal(first, '"')
        literals = pc.if_else(quoted, cells, None)
        written, kind = _few_kinds_of_literals(literals) or _literals(literals)
        values = pc.if_else(quoted, _unescaped(written), values)
        kinds = pc.if_else(quoted, kind, kinds)
    return Terms(values, kinds.dictionary_encode())


def _few_kinds_of_literals(cells: pa.Array) -> tuple[pa.Array, pa.Array] | None:
    """The forms between the quotes, and the kinds, where there are few kinds."""
    values = kinds = pa.nulls(len(cells), pa.string())
    for _ in range(_FEW_KINDS):
        left = cells.drop_null()
        if not len(left):
            return values, kinds
        found = _SUFFIX.search(left[0].as_py())
        if found is None:
            return None
        same = pc.fill_null(pc.ends_with(cells, found[0]), False)
        forms = pc.utf8_slice_codeunits(cells, 1, -len(found[0]))
        values = pc.if_else(same, forms, values)
        kinds = pc.if_else(same, _kind(found), kinds)
        cells = pc.if_else(same, None, cells)
    return None


def _literals(cells: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The forms between the quotes, and the kinds, however many there are."""
    parts = pc.extract_regex(cells, _LITERAL)
    language, datatype = parts.field("language"), parts.field("datatype")
    kinds = pc.if_else(pc.equal(datatype, ""), STRING, datatype)
    tagged = pc.binary_join_element_wise("@", language, "")
    return parts.field("value"), pc.if_else(pc.equal(language, ""), kinds, tagged)


def _unescaped(values: pa.Array) -> pa.Array:
    """The texts without the escapes of TSV."""
    if not pc.any(pc.match_substring(values, "\\")).as_py():
        return values
    stand_in = next((each for each in _NONCHARACTERS if not _occurs(values, each)), None)
    if stand_in is None:
        return pa.array([None if each is None else _read(each) for each in values.to_pylist()])
    values = pc.replace_substring(values, "\\\\", stand_in)
    for written, meant in _ESCAPES:
        values = pc.replace_substring(values, written, meant)
    return pc.replace_substring(values, stand_in, "\\")


def _occurs(values: pa.Array, text: str) -> bool:
    found: bool | None = pc.any(pc.match_substring(values, text)).as_py()
    return bool(found)


def _read(text: str) -> str:
    """The text without escapes, for texts that hold every noncharacter there is."""
    meant = {"t": "\t", "n": "\n", "r": "\r"}
    return re.sub(r"\\(.)", lambda found: meant.get(found[1], found[1]), text)
