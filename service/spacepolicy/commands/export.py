"""`spacepolicy export`: the whole dataset in a file, read again to see that it is whole."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from pyoxigraph import RdfFormat, parse

from spacepolicy import formats
from spacepolicy.commands.endpoint import refuse_endpoint
from spacepolicy.commands.options import STORE, add_options
from spacepolicy.commands.query import local_revision
from spacepolicy.commands.transfer import format_name, record_hash, say, see_record
from spacepolicy.engine.snapshot import opened
from spacepolicy.errors import UsageError
from spacepolicy.settings import Settings


def add_arguments(parser: ArgumentParser) -> None:
    """Add the path, and the options of the store."""
    parser.add_argument("path", metavar="OUT", type=Path, help="a new file: .nq, .trig or .jsonld")
    add_options(parser, *STORE)


def run(given: Namespace, chosen: Settings) -> int:
    """Export to the file given."""
    return export(chosen, given.path)


def export(chosen: Settings, out: Path) -> int:
    """Write the whole dataset, derived graphs included, to a file that was not there, and read it
    again to see that its record is that of the revision.

    Raises: UsageError where the file is there or its ending names no format of quads.
    """
    refuse_endpoint(chosen, "export")
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
    say(f"revision {revision.number}: {revision.counts.stored:,} quads; {record_hash(revision)}")
    return 0


def _quad_format(path: Path) -> RdfFormat:
    """Raises: UsageError where the ending names no format of quads."""
    format = formats.named(format_name(path))
    if format is None or format.rdf is None or not format.rdf.supports_datasets:
        raise UsageError(f"{path}: a dataset is written as .nq, .trig or .jsonld.")
    return format.rdf
