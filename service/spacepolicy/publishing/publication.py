"""A publication: brings a remote store to the revision in force.

A store that holds another revision of the same history gets the changes since, in one request that
changes data and description together. Otherwise the description is first marked incomplete, each
graph is compared with its wanted content, the difference is sent in pieces, all is read again, and
the description is marked complete last. After a failure the same command continues: what has
arrived is not sent again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from itertools import filterfalse
from types import MappingProxyType
from typing import Final, Literal, TypeVar, final

from spacepolicy.engine.nquads import quads
from spacepolicy.engine.publication_description import (
    DEFAULT_GRAPH,
    PublicationDescription,
    UnreadableDescriptionError,
)
from spacepolicy.engine.remote_protocol import RemoteEndpoints
from spacepolicy.engine.snapshot import opened
from spacepolicy.errors import NotFoundError, ResultLimitError, RevisionGoneError, StoreError
from spacepolicy.publishing import description, remote_contents
from spacepolicy.publishing.dialect import STANDARD
from spacepolicy.publishing.engines import dialect
from spacepolicy.publishing.statements import Contents, by_graph, contents
from spacepolicy.publishing.updates import Lines, UpdatePiece, clearing, pieces
from spacepolicy.store.history import History
from spacepolicy.store.revision import Revision

Report = Callable[[str], None]
_REPORTS: Final = 100
"""At most so many times is said how much has been sent: twenty million are ten thousand
requests."""
_SHOWN: Final = 5
"""At most so many graphs are named in a message: enough to recognise the dataset."""
Way = Literal["full", "patch", "none"]
_T = TypeVar("_T")


@final
@dataclass(frozen=True, slots=True)
class PublicationOutcome:
    """What was done, or would be: the way, and how many statements were removed and added in how
    many requests; `faults` describe the graphs that differ afterwards."""

    way: Way
    removed: int
    added: int
    requests: int
    faults: tuple[str, ...] = ()


@final
class RemotePublication:
    """Publishes the revision in force into a remote store.

    `replace` publishes even where the store holds something that is not known to be an older
    revision, and deletes all else there; `dry` changes nothing in the store.
    """

    def __init__(
        self,
        store: RemoteEndpoints,
        history: History,
        report: Report,
        *,
        replace: bool = False,
        dry: bool = False,
    ) -> None:
        self._store = store
        self._history = history
        self._revision = history.current
        self._report = report
        self._replace = replace
        self._dry = dry
        self._dialect = STANDARD

    def run(self) -> PublicationOutcome:
        """Bring the store to the revision, and check its contents then.

        Raises: StoreError where the store cannot be queried, refuses an update, is changed by
        somebody else meanwhile, or holds something that only `replace` overwrites; UsageError where
        a SPARQL 1.1 store cannot hold a statement; DamagedError.
        """
        wanted = self._contents
        self._report(
            f"revision {self._revision.number}: {sum(map(len, wanted.values())):,} statements"
        )
        self._dialect = dialect(self._store)
        there = self._there()
        if there is None:
            return self._begin()
        if self._replace or not there.complete:
            return self._difference(there)
        _see_known(there, self._history)
        if there.revision == self._revision.number:
            return PublicationOutcome("none", 0, 0, 0, self._checked(there.default_graph))
        return self._patch(there)

    def _there(self) -> PublicationDescription | None:
        """The description in the store; with `replace`, None also for an unreadable one, which is
        deleted."""
        try:
            return description.read(self._store)
        except UnreadableDescriptionError:
            if not self._replace:
                raise
        if not self._dry:
            description.forget(self._store)
        return None

    def _begin(self) -> PublicationOutcome:
        counted = remote_contents.counts(
            self._store, self._dialect.own_graphs, default=not self._dialect.own_graphs
        )
        if counted and not self._replace:
            raise StoreError(
                f"{self._store.query_url} is not empty ({_listed(counted)}) and no revision was "
                "published there. --replace has all of it taken away."
            )
        there = description.of_revision(self._revision, "", complete=False)
        if not self._dry:
            self._store.update(f"INSERT DATA {{ {there.data()} }}")
            self._see(there)
        return self._difference(there)

    def _patch(self, there: PublicationDescription) -> PublicationOutcome:
        """Send the changes since the revision in the store; the difference instead, where the
        changes are not known or do not fit into one request."""
        try:
            patch = list(self._history.changes(there.target, self._revision.number))
        except (RevisionGoneError, ResultLimitError):
            return self._difference(there)
        removed, added = (self._marked(patch, mark, there.default_graph) for mark in (b"D ", b"A "))
        parts = list(self._parted(removed, added)) or [UpdatePiece()]
        if len(parts) > 1 or any(self._dialect.is_apart(line) for _, line in parts[0].removed):
            return self._difference(there)
        self._finish(there, parts[0])
        return self._outcome("patch", parts, there.default_graph)

    def _marked(
        self, patch: Iterable[bytes], mark: bytes, default_graph: str
    ) -> dict[str, list[bytes]]:
        """The statements of the patch's lines with that mark, by their graph in the store."""
        text = b"".join(line[2:] for line in patch if line[:2] == mark)
        found = by_graph(quads(text)).items()
        kept = {graph: list(map(self._dialect.kept, lines)) for graph, lines in found}
        return _with_default(kept, default_graph)

    def _difference(self, there: PublicationDescription) -> PublicationOutcome:
        """Send the difference graph by graph, in pieces; the store is marked incomplete until all
        is sent."""
        if not self._dry:
            there = self._mark(there)
        counted = self._counted(there.default_graph)
        others = self._without(counted, there)
        parts = list(self._pieces(counted, there.default_graph))
        total, sent, reported = sum(map(len, parts)), 0, 0
        for part in () if self._dry else parts:
            self._store.update(part.update(there.guard))
            sent += len(part)
            if sent == total or sent - reported >= total / _REPORTS:
                self._report(f"{sent:,} of {total:,} statements sent")
                reported = sent
        outcome = self._outcome("full", parts, there.default_graph, others)
        if not outcome.faults:
            self._finish(there, UpdatePiece())
        return outcome

    def _mark(self, there: PublicationDescription) -> PublicationDescription:
        """Mark the store as incomplete; return its new description."""
        union = remote_contents.is_union(self._store)
        name = DEFAULT_GRAPH if union else ""
        coming = description.of_revision(self._revision, name, complete=False)
        self._describe(there, coming, UpdatePiece())
        return coming

    def _finish(self, there: PublicationDescription, piece: UpdatePiece) -> None:
        """Send the last piece, and mark the store as complete in the same request."""
        if not self._dry:
            coming = description.of_revision(self._revision, there.default_graph, complete=True)
            self._describe(there, coming, piece)

    def _describe(
        self, there: PublicationDescription, coming: PublicationDescription, piece: UpdatePiece
    ) -> None:
        self._store.update(piece.update(there.guard, there.data(), coming.data()))
        self._see(coming)

    def _see(self, coming: PublicationDescription) -> None:
        """Raises: StoreError where the store does not have the description just written."""
        if description.read(self._store) != coming:
            raise StoreError(
                f"{self._store.query_url} does not have the description that was sent: somebody "
                "else publishes there, or it answers from what it had before. Try again."
            )

    @cached_property
    def _contents(self) -> Contents:
        """The statements of the revision.

        Raises: UsageError where a SPARQL 1.1 store cannot hold one.
        """
        return contents(opened(self._revision.dataset))

    def _wanted(self, default_graph: str) -> Contents:
        """The statements that the store has to hold, by graph."""
        kept = self._dialect.kept
        wanted = {graph: frozenset(map(kept, lines)) for graph, lines in self._contents.items()}
        return _with_default(wanted, default_graph)

    def _counted(self, default_graph: str) -> dict[str, int]:
        """The number of statements of each graph in the store, without the engine's own graphs."""
        own = self._dialect.own_graphs
        return remote_contents.counts(self._store, own, default=not default_graph)

    def _without(self, counted: Mapping[str, int], there: PublicationDescription) -> dict[str, int]:
        """Delete the graphs that the revision does not have; return their numbers of statements."""
        wanted = self._wanted(there.default_graph)
        others = {graph: number for graph, number in counted.items() if graph not in wanted}
        for graph in () if self._dry else sorted(others):
            self._store.update(clearing(graph, there.guard))
        return others

    def _pieces(self, counted: Mapping[str, int], default_graph: str) -> Iterable[UpdatePiece]:
        wanted = self._wanted(default_graph)
        counted = {graph: number for graph, number in counted.items() if graph in wanted}
        removed: dict[str, AbstractSet[bytes]] = {}
        added: dict[str, AbstractSet[bytes]] = dict(wanted)
        for graph, lines in remote_contents.statements(self._store, counted):
            removed[graph] = lines - wanted[graph]
            added[graph] = wanted[graph] - lines
        return self._parted(removed, added)

    def _parted(self, removed: Lines, added: Lines) -> Iterator[UpdatePiece]:
        """The changes in pieces: first the deletions that need one operation per graph."""
        most, is_apart = self._dialect.max_statements, self._dialect.is_apart
        for graph, lines in removed.items():
            yield from pieces({graph: list(filter(is_apart, lines))}, {}, most)
        others = {graph: filterfalse(is_apart, lines) for graph, lines in removed.items()}
        yield from pieces(others, added, most)

    def _outcome(
        self,
        way: Way,
        parts: Iterable[UpdatePiece],
        default_graph: str,
        others: Mapping[str, int] = MappingProxyType({}),
    ) -> PublicationOutcome:
        """The outcome; `others` are the numbers of statements of graphs deleted as a whole."""
        parts = list(parts)
        faults = () if self._dry else self._checked(default_graph)
        removed = sum(len(part.removed) for part in parts) + sum(others.values())
        added = sum(len(part.added) for part in parts)
        return PublicationOutcome(way, removed, added, len(parts) + len(others), faults)

    def _checked(self, default_graph: str) -> tuple[str, ...]:
        """The graphs that differ from the revision: by their counts, else by their statements."""
        wanted = self._wanted(default_graph)
        counted = self._counted(default_graph)
        sizes = {graph: len(lines) for graph, lines in wanted.items()}
        faults = {
            graph: f"has {counted.get(graph, 0):,} statements instead of {sizes.get(graph, 0):,}"
            for graph in counted.keys() | wanted.keys()
            if counted.get(graph) != sizes.get(graph)
        }
        same = {graph: number for graph, number in counted.items() if graph not in faults}
        for graph, lines in remote_contents.statements(self._store, same):
            if lines != wanted[graph]:
                faults[graph] = f"has {len(lines - wanted[graph]):,} statements that are others"
        return tuple(f"{_shown(graph)} {fault}" for graph, fault in sorted(faults.items()))


def _see_known(there: PublicationDescription, history: History) -> None:
    """Raises: StoreError where the store holds no revision of the history."""
    try:
        known: Revision | None = history.get(there.target)
    except NotFoundError:
        known = None
    if known is None or known.record_sha256 != there.record_sha256:
        raise StoreError(
            f"The store holds a revision {there.target} that is none of this history. --replace "
            f"has it brought to revision {history.current.number} all the same."
        )


def _with_default(graphs: Mapping[str, _T], default_graph: str) -> dict[str, _T]:
    """The graphs, with the default graph under its name in the store."""
    return {graph or default_graph: lines for graph, lines in graphs.items()}


def _listed(counted: Mapping[str, int]) -> str:
    shown = [f"{_shown(graph)}: {number:,}" for graph, number in sorted(counted.items())]
    more = f", and {len(shown) - _SHOWN} more graphs" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more


def _shown(graph: str) -> str:
    return f"<{graph}>" if graph else "the default graph"
