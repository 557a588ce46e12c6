"""A revision written as tables: what it holds by property and by class, and the catalogue last."""

from collections.abc import Callable
from pathlib import Path

from pyoxigraph import Store

from spacepolicy.errors import StoreError
from spacepolicy.store.revision import Revision
from spacepolicy.table_export.class_tables import RESERVED, ClassTable, columns_of, write_class
from spacepolicy.table_export.data_package import CATALOGUE, catalogue, rows_of
from spacepolicy.table_export.dataset import TabularDataset
from spacepolicy.table_export.folder import replacing
from spacepolicy.table_export.names import names_of
from spacepolicy.table_export.statement_tables import (
    APART,
    MERGED,
    Partition,
    PropertyProfile,
    write_statements,
)


def export_tables(
    store: Store, revision: Revision, mode: str, folder: Path, report: Callable[[str], None]
) -> None:
    """Write the dataset of a revision as tables to a folder, in the place of an earlier export.

    Raises: UsageError where the folder holds anything else; StoreError where it cannot be written,
    or what was written is not the whole revision.
    """
    dataset = TabularDataset(store, revision, mode)
    with replacing(folder) as new:
        names = names_of(dataset.properties(), revision.prefixes, RESERVED)
        merged, apart, profiles = write_statements(dataset, new, names)
        _see_whole(revision, mode, merged, apart)
        report(f"statements  {rows_of(merged):,} of {len(merged):,} properties; "
               f"{rows_of(apart):,} in graphs apart")  # fmt: skip
        classes = _write_classes(dataset, new, profiles)
        report(f"classes  {rows_of(classes):,} rows of {len(classes):,} classes")
        text = catalogue(new, revision, mode, {MERGED: merged, APART: apart}, classes)
        (new / CATALOGUE).write_text(text, encoding="utf-8")


def _write_classes(
    dataset: TabularDataset, folder: Path, profiles: list[PropertyProfile]
) -> list[ClassTable]:
    prefixes = dataset.revision.prefixes
    names = names_of((each.predicate for each in profiles), prefixes, RESERVED)
    columns = columns_of(profiles, dataset.singles(), names)
    tables = names_of(dataset.classes(), prefixes, (MERGED, APART))
    return [write_class(dataset, folder, each, columns) for each in tables.items()]


def _see_whole(
    revision: Revision, mode: str, merged: list[Partition], apart: list[Partition]
) -> None:
    """Check that as many statements were written as the revision counts.

    Raises: StoreError.
    """
    statements = rows_of(merged)
    named = sum(each.quads for each in (*merged, *apart))
    record = named + statements if mode == "stored" else named
    counts = revision.counts
    if (statements, record) != (counts.default, counts.record):
        raise StoreError(
            f"revision {revision.number} has {counts.record:,} statements on record and "
            f"{counts.default:,} in its default graph; {record:,} and {statements:,} were read."
        )
