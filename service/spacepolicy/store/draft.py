"""A dataset built from files, before it is a revision."""

from dataclasses import dataclass, replace
from typing import final

from pyoxigraph import DefaultGraph, NamedNode, Store

from spacepolicy.engine.nquads import Quads, counted
from spacepolicy.store.publication import RevisionStatement, step
from spacepolicy.store.revision import Change, Revision
from spacepolicy.store.revision_writer import DurableStore, difference


@final
@dataclass(frozen=True, slots=True)
class Draft:
    """The dataset that a revision is to publish, from the graphs of files and those that clients
    have put, with the statements derived from both; and the revision's statement, but for what
    changes. `merged`: the default graph is derived."""

    dataset: Store
    said: RevisionStatement
    merged: bool = True


def publish(durable: DurableStore, draft: Draft) -> tuple[Revision, Change]:
    """Make the draft the next revision; return it and what it changed.

    A draft whose dataset, files and prefixes are those in force publishes nothing: the revision in
    force is returned, with its content digest updated.

    Raises: StoreError where the store cannot be written; the revision in force stays.
    """
    before, statement = durable.revision, draft.said
    change = difference(durable.live, draft.dataset)
    if before is not None and before.is_kept and change.empty and _same(durable, before, statement):
        noted = before.content_sha256 == statement.content_sha256
        return (before if noted else durable.note(statement.content_sha256)), change
    added, removed = (
        record_count(quads, statement.base, merged=draft.merged)
        for quads in (change.added, change.removed)
    )
    durable.apply(change)
    (revision,) = durable.publish([step(change, replace(statement, added=added, removed=removed))])
    return revision, change


def _same(durable: DurableStore, before: Revision, statement: RevisionStatement) -> bool:
    return (before.base, dict(before.prefixes), before.counts, durable.files) == (
        statement.base,
        dict(statement.prefixes),
        statement.counts,
        statement.files,
    )


def record_count(quads: Quads, base: str | None, *, merged: bool) -> int:
    """How many of the quads belong to the record: those of any named graph but that of inferences,
    and of the default graph where that is not `merged`."""
    derived: set[object] = {NamedNode(f"{base}graph/inferred")} if base else set()
    if merged or base:
        derived.add(DefaultGraph())
    return sum(count for graph, count in counted(quads).items() if graph not in derived)
