"""`spacepolicy build`: files become a published revision, or findings."""

from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from pyoxigraph import Store

from spacepolicy import settings
from spacepolicy.catalogue import read_catalogue
from spacepolicy.commands.endpoint import refuse_endpoint
from spacepolicy.dataset.digest import content_sha256
from spacepolicy.errors import FindingsError
from spacepolicy.revisions import store as revisions
from spacepolicy.revisions.store import Counts, Draft, Revision
from spacepolicy.settings import Content, Settings

Report = Callable[[str], None]
EMPTY = "empty"
"""The content digest of a store that no files stand behind."""


def build(chosen: Settings, report: Report) -> Revision:
    """The revision that the files make: published now, or in force already.

    Raises: FindingsError where the files have findings, StoreError where the store cannot take
    the revision; the revision in force stays as it was.
    """
    refuse_endpoint(chosen, "build")
    working = Path.cwd()
    store = store_path(chosen)
    revisions.open_store(store, chosen.default_graph)
    content = settings.content_directory(chosen, working)
    before = revisions.current(store)
    if before is not None and before.content_sha256 == digest(content):
        report(f"revision {before.number} is up to date")
        return before
    started = perf_counter()
    draft = _draft(content, report)
    revision = revisions.publish(store, draft)
    unchanged = before is not None and before.number == revision.number
    report(
        f"revision {revision.number} {'unchanged' if unchanged else 'published'}: "
        f"{revision.counts.record:,} stated, {revision.counts.inferred:,} inferred, "
        f"{revision.counts.default:,} in the default graph; {perf_counter() - started:.2f} s"
    )
    return revision


def store_path(chosen: Settings) -> Path:
    """The folder of revisions that the settings name."""
    return settings.store_directory(chosen, Path.cwd(), settings.environment())


def digest(content: Content | None) -> str:
    """What tells one state of the files, and of the code that reads them, from another."""
    return EMPTY if content is None else content_sha256(content.path)


def _draft(content: Content | None, report: Report) -> Draft:
    if content is None:
        return Draft(Store(), Counts(), "", EMPTY, "an empty store")
    # Serving what is published needs no reasoner and no validator.
    from spacepolicy.dataset.assembly import assemble  # noqa: PLC0415

    assembly = None
    errors: list[FindingsError] = []
    try:
        assembly = assemble(content.path, packaged=content.packaged, report=report)
    except FindingsError as error:
        errors.append(error)
    try:
        started = perf_counter()
        saved = read_catalogue(content.path / "queries")
        report(f"queries  {len(saved)} saved queries  {perf_counter() - started:.2f} s")
    except FindingsError as error:
        errors.append(error)
    if errors or assembly is None:
        raise FindingsError([finding for error in errors for finding in error.findings])
    return Draft(
        dataset=assembly.store,
        counts=Counts(
            assembly.record_count,
            assembly.inferred_count,
            assembly.default_count,
            assembly.graph_count,
        ),
        record_sha256=assembly.record_sha256,
        content_sha256=content_sha256(content.path),
        message=f"built from {content.path.name}",
        base=assembly.base.iri,
        prefixes=assembly.prefixes,
    )
