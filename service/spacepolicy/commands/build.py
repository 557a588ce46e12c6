"""`spacepolicy build`: files become a published revision, or findings."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

from spacepolicy import settings
from spacepolicy.commands.endpoint import refuse_endpoint
from spacepolicy.commands.jobs import build_there, is_served
from spacepolicy.commands.options import STORE, add_options
from spacepolicy.engine import snapshot
from spacepolicy.engine.pool import Pool
from spacepolicy.errors import FindingsError
from spacepolicy.knowledge.content_digest import content_sha256
from spacepolicy.saved_queries import read_catalogue
from spacepolicy.settings import ContentFolder, Settings
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.digest import RecordDigest
from spacepolicy.store.draft import Draft, publish
from spacepolicy.store.publication import RevisionStatement
from spacepolicy.store.revision import Counts, FileGraphs, Revision
from spacepolicy.store.revision_writer import DurableStore
from spacepolicy.writes.draft_files import write_draft

Report = Callable[[str], None]
_AUTHOR: Final = "build"
EMPTY = "empty"
"""The content digest of a store without files."""
MERGED = "empty, merged"
"""The same where the default graph is the merge of clients' graphs; such stores had the digest
`EMPTY` once, and clients could write their default graph."""
FORMER: Final = NamedNode("urn:spacepolicy:former-default-graph")
"""The graph to which the quads of such a default graph are moved."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the store."""
    add_options(parser, *STORE)


def run(_: Namespace, chosen: Settings) -> int:
    """Build, and report on standard output."""
    build(chosen, report=print)
    return 0


def build(chosen: Settings, report: Report) -> Revision:
    """Build the revision from the files: published now, or in force already.

    Raises: FindingsError where the files have findings, StoreError where the store cannot take the
    revision; the revision in force stays as it was.
    """
    refuse_endpoint(chosen, "build")
    content = settings.content_directory(chosen, Path.cwd())
    store = store_path(chosen)
    revisions.open_store(store, chosen.default_graph)
    before = revisions.current(store)
    if (
        before is not None
        and before.content_sha256 == digest(content, chosen.default_graph)
        and before.is_kept
    ):
        report(f"revision {before.number} is up to date")
        return before
    started = perf_counter()
    if before is not None and is_served(store):
        merged = chosen.default_graph == "merged"
        revision = _built_there(store, before, content, report, merged=merged)
    else:
        with DurableStore(store, chosen.keep_revisions, chosen.memory_quads) as durable:
            now = durable.revision
            merged = chosen.default_graph == "merged"
            beside = clients_quads(durable.live, now, durable.files, merged=merged) if now else ()
            revision, _ = publish(durable, draft_of(content, beside, report, merged=merged))
    unchanged = before is not None and before.number == revision.number
    report(
        f"revision {revision.number} {'unchanged' if unchanged else 'published'}: "
        f"{revision.counts.record:,} stated, {revision.counts.inferred:,} inferred, "
        f"{revision.counts.default:,} in the default graph; {perf_counter() - started:.2f} s"
    )
    return revision


def _built_there(
    store: Path, before: Revision, content: ContentFolder | None, report: Report, *, merged: bool
) -> Revision:
    """Have the service over the store publish the revision of these files."""
    dataset = snapshot.opened(before.dataset)
    files = revisions.file_graphs(store, before)
    beside = tuple(clients_quads(dataset, before, files, merged=merged))
    draft = draft_of(content, beside, report, merged=merged)
    with TemporaryDirectory() as folder:
        write_draft(Path(folder), draft)
        return build_there(store, Path(folder), before)


def pool(revision: Revision, chosen: Settings, spares: int | None = None) -> Pool:
    """Start the engine over the revision.

    Raises: StoreError where it cannot be loaded.
    """
    in_memory = revision.counts.quads(revision.mode) <= chosen.memory_quads
    return Pool(
        revision.dataset,
        chosen.memory_mib << 20,
        spares,
        in_memory=in_memory,
        budget_bytes=chosen.memory_budget_mib << 20,
    )


def store_path(chosen: Settings) -> Path:
    """The folder of the store that the settings name."""
    return settings.store_directory(chosen, Path.cwd(), settings.environment())


def digest(content: ContentFolder | None, mode: settings.Mode) -> str:
    """A digest of the files, and of the code that reads them."""
    if content is None:
        return MERGED if mode == "merged" else EMPTY
    return content_sha256(content.path)


def draft_of(
    content: ContentFolder | None, beside: Iterable[Quad], report: Report, *, merged: bool
) -> Draft:
    """The draft from the files and the quads of graphs that clients have put into the store;
    `merged`: the default graph is derived.

    Raises: FindingsError.
    """
    if content is None:
        return _without_files(frozenset(beside), merged=merged)
    # Serving what is published needs no reasoner and no validator.
    from spacepolicy.knowledge.assembly import assemble  # noqa: PLC0415

    assembly = None
    errors: list[FindingsError] = []
    clients = tuple(beside)
    try:
        assembly = assemble(
            content.path,
            packaged=content.packaged,
            report=report,
            beside=clients if merged else (),
        )
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
    statement = RevisionStatement(
        author=_AUTHOR,
        message=f"built from {content.path.name}",
        counts=Counts(
            assembly.record_count,
            assembly.inferred_count,
            assembly.default_count,
            assembly.graph_count,
        ),
        record_sha256=assembly.record_sha256,
        content_sha256=content_sha256(content.path),
        base=assembly.base.iri,
        files=assembly.files,
        checks=assembly.checks,
        prefixes=assembly.prefixes,
        digest=assembly.digest,
    )
    draft = Draft(assembly.store, statement, merged)
    return draft if merged else _underived(draft, assembly.base.inferred, clients)


def _underived(draft: Draft, inferred: NamedNode, clients: Iterable[Quad]) -> Draft:
    """The graphs of the files as they are written, with those of clients: clients own the default
    graph."""
    dataset = Store()
    for graph in draft.dataset.named_graphs():
        if graph != inferred:
            dataset.extend(draft.dataset.quads_for_pattern(None, None, None, graph))
    dataset.extend(clients)
    default = sum(1 for _ in dataset.quads_for_pattern(None, None, None, DefaultGraph()))
    record = RecordDigest(dataset)
    statement = replace(
        draft.said,
        counts=Counts(len(dataset), 0, default, sum(1 for _ in dataset.named_graphs())),
        record_sha256=record.hexdigest(),
        digest=record.algorithm,
    )
    return Draft(dataset, statement, merged=False)


def _without_files(beside: frozenset[Quad], *, merged: bool) -> Draft:
    """The graphs of clients alone: nothing is inferred from them."""
    default = frozenset(
        Quad(quad.subject, quad.predicate, quad.object)
        for quad in beside
        if merged or isinstance(quad.graph_name, DefaultGraph)
    )
    dataset = Store()
    dataset.extend(beside | default)
    statement = RevisionStatement(
        _AUTHOR,
        "without files",
        Counts(len(beside), 0, len(default), sum(1 for _ in dataset.named_graphs())),
        RecordDigest(beside).hexdigest(),
        MERGED if merged else EMPTY,
        files=FileGraphs(),
    )
    return Draft(dataset, statement, merged)


def clients_quads(
    dataset: Store, revision: Revision, files: FileGraphs, *, merged: bool
) -> Iterator[Quad]:
    """The quads in the graphs of the dataset that are neither files' nor derived.

    `merged`: the default graph is derived; in a store without files it was the clients' all the
    same.
    """
    base = revision.base
    derived = {NamedNode(f"{base}graph/inferred")} if base else set()
    owned = {NamedNode(iri) for iri in files.owned}
    for graph in dataset.named_graphs():
        if graph not in derived and graph not in owned:
            yield from dataset.quads_for_pattern(None, None, None, graph)
    if not merged or revision.content_sha256 == EMPTY:
        for quad in dataset.quads_for_pattern(None, None, None, DefaultGraph()):
            yield Quad(quad.subject, quad.predicate, quad.object, FORMER) if merged else quad
