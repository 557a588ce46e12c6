"""Tables of instances: one for each class, with a row for each instance and a column for each
property."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from spacepolicy.columns.parquet_files import IRI_COLUMN, InstanceColumn, InstanceFile, TermCell
from spacepolicy.columns.schema import column_of_kinds
from spacepolicy.table_export.dataset import TabularDataset, text_of
from spacepolicy.table_export.names import clean, unique
from spacepolicy.table_export.statement_tables import PART, PropertyProfile, batches

_BATCH: Final = 10_000
"""Instances of a row group: with 20 values each, some 50 MB in Python."""
RESERVED: Final = (IRI_COLUMN,)
"""Column names that no property may have."""
_Key = tuple[str, str]
"""A property and a language, or no language."""


@final
@dataclass(frozen=True, slots=True)
class ClassTable:
    """A file of the instances of a class, by its path in the folder; `partial` counts, by column,
    the values that are not the whole term."""

    path: str
    iri: str
    name: str
    rows: int
    columns: Sequence[InstanceColumn]
    partial: Mapping[str, int]


def columns_of(
    profiles: Iterable[PropertyProfile],
    singles: set[tuple[str, bool]],
    names: Mapping[str, str],
) -> dict[_Key, InstanceColumn]:
    """The column of each property, or of each language where its values have any; it is the same in
    all tables."""
    found = {}
    named = _column_names(profiles := list(profiles), names)
    for profile in profiles:
        tags = {kind[1:] for kind in profile.kinds if kind.startswith("@")}
        one = (profile.predicate, False) in singles
        plain = {kind for kind in profile.kinds if not kind.startswith("@")}
        for language in ({""} if plain else set()) | tags:
            key = profile.predicate, language
            kinds = {f"@{language}"} if language else plain
            column = column_of_kinds(named[key], kinds, zones=profile.zones)
            single = one or (bool(language) and (profile.predicate, True) in singles)
            found[key] = InstanceColumn(column, profile.predicate, many=not single)
    return found


def _column_names(profiles: Sequence[PropertyProfile], names: Mapping[str, str]) -> dict[_Key, str]:
    """A unique name for each property and language."""
    tagged = {
        f"{each.predicate} {kind[1:]}": f"{names[each.predicate]}_{clean(kind[1:])}"
        for each in profiles for kind in each.kinds if kind.startswith("@")
    }  # fmt: skip
    apart = unique(sorted(tagged.items()), (*names.values(), *RESERVED))
    plain = {(each.predicate, ""): names[each.predicate] for each in profiles}
    return plain | {_parted(key): name for key, name in apart.items()}


def _parted(key: str) -> tuple[str, str]:
    predicate, _, language = key.partition(" ")
    return predicate, language


def write_class(
    dataset: TabularDataset,
    folder: Path,
    class_: tuple[str, str],
    columns: Mapping[_Key, InstanceColumn],
) -> ClassTable:
    """Write the instances of a class; `class_` is its IRI and the name of its table."""
    iri, name = class_
    used = sorted(dataset.used(iri) & columns.keys(), key=lambda key: columns[key].name.casefold())
    chosen = [columns[key] for key in used]
    places = {key: place for place, key in enumerate(used)}
    path = f"classes/{name}/{PART}"
    file = InstanceFile(folder / path, chosen)
    rows = ((text_of(each), _row(dataset.values(each), places)) for each in dataset.instances(iri))
    for batch in batches(rows, _BATCH, _characters):
        file.write(dict(batch))
    return ClassTable(path, iri, name, file.close(), chosen, file.partial)


def _characters(row: tuple[str, Mapping[int, Sequence[TermCell]]]) -> int:
    return sum(len(cell.form) for cells in row[1].values() for cell in cells)


def _row(
    values: Iterable[tuple[str, TermCell]], places: Mapping[_Key, int]
) -> dict[int, list[TermCell]]:
    row: dict[int, list[TermCell]] = {}
    for predicate, cell in values:
        language = cell.kind[1:] if cell.kind.startswith("@") else ""
        row.setdefault(places[predicate, language], []).append(cell)
    return row
