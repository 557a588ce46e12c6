"""A dataset made of files, on its way to be a revision."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

from spacepolicy.revisions.durable import DurableStore, difference
from spacepolicy.revisions.publication import Statement, step
from spacepolicy.revisions.revision import Change, Counts, FileGraphs, Revision


@final
@dataclass(frozen=True, slots=True)
class Draft:
    """What a revision is to say before it has a number, and the dataset it publishes: the graphs
    of the files and those that clients have put, with what is derived of both."""

    dataset: Store
    counts: Counts
    record_sha256: str
    content_sha256: str
    message: str
    author: str = "build"
    base: str | None = None
    prefixes: Mapping[str, str] = field(default_factory=dict)
    files: FileGraphs = field(default_factory=FileGraphs)
    checks: Mapping[str, str] = field(default_factory=dict)


def publish(durable: DurableStore, draft: Draft) -> tuple[Revision, Change]:
    """Make the draft the next revision; and what that changed.

    A draft whose dataset, files and prefixes are those in force publishes nothing: the revision in
    force is given back, its content digest brought up to date.

    Raises: StoreError where the store cannot be written; the revision in force stays.
    """
    before = durable.revision
    change = difference(durable.live, draft.dataset)
    if before is not None and before.is_kept and change.empty and _same(durable, before, draft):
        noted = before.content_sha256 == draft.content_sha256
        return (before if noted else durable.note(draft.content_sha256)), change
    added, removed = (record_count(quads, draft.base) for quads in (change.added, change.removed))
    said = Statement(
        author=draft.author,
        message=draft.message,
        counts=draft.counts,
        record_sha256=draft.record_sha256,
        content_sha256=draft.content_sha256,
        base=draft.base,
        files=draft.files,
        checks=draft.checks,
        prefixes=dict(draft.prefixes),
        added=added,
        removed=removed,
    )
    durable.apply(change)
    (revision,) = durable.publish([step(change, said)])
    return revision, change


def _same(durable: DurableStore, before: Revision, draft: Draft) -> bool:
    return (before.base, dict(before.prefixes), before.counts, durable.files) == (
        draft.base,
        dict(draft.prefixes),
        draft.counts,
        draft.files,
    )


def record_count(quads: tuple[Quad, ...], base: str | None) -> int:
    """How many of the quads are of the record: of any named graph but that of inferences; without
    a base nothing is derived, and all are."""
    if base is None:
        return len(quads)
    derived = (DefaultGraph(), NamedNode(f"{base}graph/inferred"))
    return sum(quad.graph_name not in derived for quad in quads)
