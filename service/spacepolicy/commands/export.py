"""`spacepolicy export`: writes the whole dataset to a file, which is read again to check that it is
whole; or to a folder of tables."""

import os
import shutil
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from pyoxigraph import RdfFormat, parse

from spacepolicy import formats
from spacepolicy.commands.endpoint import refuse_endpoint
from spacepolicy.commands.options import STORE, add_options
from spacepolicy.commands.query import local_revision
from spacepolicy.commands.transfer import record_hash, say, see_record
from spacepolicy.engine.snapshot import opened, scratch_of
from spacepolicy.errors import UsageError
from spacepolicy.settings import Settings

_TABLES: Final = "parquet"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the path, and the options of the store."""
    parser.add_argument(
        "path",
        metavar="OUT",
        type=Path,
        help="a new file: .nq, .trig or .jsonld; with --format parquet a folder",
    )
    parser.add_argument(
        "--format",
        choices=[_TABLES],
        help="tables of statements by property and of instances by class, in Parquet; a folder "
        "that holds an earlier export is replaced",
    )
    add_options(parser, *STORE)


def run(given: Namespace, chosen: Settings) -> int:
    """Export to the given file or folder."""
    refuse_endpoint(chosen, "export")
    if given.format == _TABLES:
        return export_as_tables(chosen, given.path)
    return export(chosen, given.path)


def export(chosen: Settings, out: Path) -> int:
    """Write the whole dataset, derived graphs included, to a new file, and read it again to check
    that its record is that of the revision.

    Raises: UsageError where the file exists or its extension names no format of quads.
    """
    format = _quad_format(out)
    revision = local_revision(chosen)
    dataset = opened(revision.dataset)
    try:
        with out.open("xb") as file:
            dataset.dump(file, format)
    except FileExistsError as error:
        raise UsageError(f"{out}: is there already; name another file.") from error
    except OSError as error:
        raise UsageError(f"{out}: cannot be written: {error.strerror}.") from error
    see_record(revision, parse(path=out, format=format, rename_blank_nodes=False), out)
    quads = revision.counts.quads(revision.mode)
    say(f"revision {revision.number}: {quads:,} quads; {record_hash(revision)}")
    return 0


def export_as_tables(chosen: Settings, out: Path) -> int:
    """Write the whole dataset to a folder of tables, or replace an earlier export there.

    Raises: UsageError where pyarrow is missing, or the folder holds anything else.
    """
    if missing := formats.advice([_TABLES]):
        raise UsageError(missing.strip())
    # pyarrow takes a quarter of a second to load, which no other export needs.
    from spacepolicy.table_export.folder import see_replaceable  # noqa: PLC0415
    from spacepolicy.table_export.tables import export_tables  # noqa: PLC0415

    see_replaceable(out)
    revision = local_revision(chosen)
    scratch = scratch_of(revision.dataset, os.getpid())
    try:
        dataset = opened(revision.dataset, scratch)
        export_tables(dataset, revision, revision.mode or chosen.default_graph, out, say)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    say(f"revision {revision.number}: {out}; {record_hash(revision)}")
    return 0


def _quad_format(path: Path) -> RdfFormat:
    """Raises: UsageError where the extension names no format of quads."""
    format = formats.of_file(path.name) if path.suffix else None
    if format is None or format.rdf is None or not format.rdf.supports_datasets:
        raise UsageError(
            f"{path}: a dataset is written as .nq, .trig or .jsonld, or with --format parquet as a "
            "folder of tables."
        )
    return format.rdf
