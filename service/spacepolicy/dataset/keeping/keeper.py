"""The keeper of a store: carries writes out, one at a time, each judged, derived and published."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, final

from pyoxigraph import DefaultGraph, NamedNode, Quad

from spacepolicy.dataset.files.record import short
from spacepolicy.dataset.keeping.guard import Guard, Judgement
from spacepolicy.dataset.keeping.knowledge import Derived, Knowledge
from spacepolicy.dataset.reasoning.rule import is_axiomatic
from spacepolicy.dataset.reasoning.wording import Wording
from spacepolicy.errors import InvalidDataError, StoreError
from spacepolicy.namespaces import Base
from spacepolicy.revisions.draft import Draft, publish
from spacepolicy.revisions.durable import DurableStore
from spacepolicy.revisions.patch import patch
from spacepolicy.revisions.publication import Statement
from spacepolicy.revisions.record_digest import RecordDigest
from spacepolicy.revisions.revision import Change, Counts, Revision

GuardMode = Literal["refuse", "warn", "off"]
_WELL: Final = Judgement((), b"", refuses=False)


@final
@dataclass(frozen=True, slots=True)
class Outcome:
    """What a write came to: the revision in force afterwards, of a dry run the one before; the
    statements of the record that came and went; of a dry run the difference as RDF Patch, and what
    the guard reports, as N-Triples."""

    revision: Revision
    added: int
    removed: int
    patch: bytes
    report: bytes


@final
class Keeper:
    """A store and what is derived in it, ready to be written.

    `merged`: what the named graphs say is derived into the default graph; else nothing is derived
    and nothing judged. The store must have a revision.
    """

    def __init__(self, durable: DurableStore, guard: GuardMode, *, merged: bool) -> None:
        self.durable = durable
        self._guard_mode = guard
        self._merged = merged
        self._prepare()

    @property
    def _revision(self) -> Revision:
        if self.durable.revision is None:
            raise StoreError("The store has no revision to write upon.")
        return self.durable.revision

    def _prepare(self) -> None:
        """Derive what there is, to be ready for what changes."""
        self._is_stale = True
        self._knowledge: Knowledge | None = None
        self._guard: Guard | None = None
        base = self._revision.base if self._merged else None
        live, files = self.durable.live, self.durable.files
        derived: set[object] = set()
        if base is not None:
            inferred = Base(base).inferred
            derived = {inferred, DefaultGraph()}
            self._knowledge = Knowledge(live, files.apart, inferred)
            if self._guard_mode != "off":
                graphs = (NamedNode(iri) for iri in files.shapes)
                shapes = [
                    quad.triple
                    for graph in graphs
                    for quad in live.quads_for_pattern(None, None, None, graph)
                ]
                self._guard = Guard(self._knowledge.reasoner, shapes, live)
        self._digest = RecordDigest(quad for quad in live if quad.graph_name not in derived)
        self._is_stale = False

    def write(self, change: Change, author: str, message: str, *, dry_run: bool) -> Outcome:
        """Carry out a change of the record.

        Raises: InvalidDataError where the guard refuses it, StoreError where it cannot be written;
        nothing is changed then.
        """
        if self._is_stale:
            self._prepare()
        derived = self._knowledge.change(change) if self._knowledge else None
        self._digest.change(change.added, change.removed)
        whole = _joined(change, derived)
        try:
            self.durable.apply(whole)
            try:
                judgement = self._judged(derived)
            except InvalidDataError:
                self._take_back(change, whole)
                raise
            if dry_run:
                self._take_back(change, whole)
                revision = self._revision
            else:
                said = self._said(change, derived, author, message)
                (revision,) = self.durable.publish([(whole, said)])
        except StoreError:
            self._is_stale = True  # what was derived is of a store that is no more
            raise
        added, removed = len(change.added), len(change.removed)
        difference = patch(whole) if dry_run else b""
        return Outcome(revision, added, removed, difference, judgement.report)

    def _take_back(self, change: Change, whole: Change) -> None:
        self.durable.take_back(whole)
        self._digest.change(change.removed, change.added)
        if self._knowledge is not None:
            self._knowledge.undo(change)

    def _judged(self, derived: Derived | None) -> Judgement:
        """What the guard says.

        Raises: InvalidDataError where it refuses.
        """
        if self._guard is None or derived is None:
            return _WELL
        prefixes = self._revision.prefixes
        judgement = self._guard.judge(derived, self._wording(derived, prefixes), prefixes)
        if judgement.refuses and self._guard_mode == "refuse":
            violations = [each for each in judgement.violations if each["severity"] == "Violation"]
            refusal = InvalidDataError(
                f"{len(violations)} rules of this dataset would be broken; the first: "
                f"{violations[0]['message']}",
                extras={"violations": judgement.violations},
            )
            refusal.report = judgement.report
            raise refusal
        return judgement

    def _wording(self, derived: Derived, prefixes: Mapping[str, str]) -> Wording:
        if not derived.clashes or self._knowledge is None:
            return Wording((), str)
        axioms = filter(is_axiomatic, self._knowledge.reasoner.asserted())
        return Wording(axioms, lambda term: short(term, prefixes))

    def _said(
        self, change: Change, derived: Derived | None, author: str, message: str
    ) -> Statement:
        before = self._revision
        return Statement(
            author=author,
            message=message,
            counts=self._counts(change, derived),
            record_sha256=self._digest.hexdigest(),
            content_sha256=before.content_sha256,
            base=before.base,
            prefixes=before.prefixes,
            added=len(change.added),
            removed=len(change.removed),
        )

    def _counts(self, change: Change, derived: Derived | None) -> Counts:
        before = self._revision.counts
        graphs = set(self.durable.live.named_graphs())
        inferred = default = 0
        if derived is not None:
            for quads, sign in ((derived.quads.added, 1), (derived.quads.removed, -1)):
                of_default = sum(isinstance(quad.graph_name, DefaultGraph) for quad in quads)
                default += sign * of_default
                inferred += sign * (len(quads) - of_default)
            graphs.discard(Base(self._revision.base or "").inferred)
        else:
            default = _default(change.added) - _default(change.removed)
        return Counts(
            record=before.record + len(change.added) - len(change.removed),
            inferred=before.inferred + inferred,
            default=before.default + default,
            graphs=len(graphs),
        )

    def build(self, draft: Draft) -> tuple[Revision, Change]:
        """Publish what files make, where that is something new.

        Raises: StoreError where it cannot be written.
        """
        revision, change = publish(self.durable, draft)
        self._prepare()
        return revision, change


def _default(quads: tuple[Quad, ...]) -> int:
    return sum(isinstance(quad.graph_name, DefaultGraph) for quad in quads)


def _joined(change: Change, derived: Derived | None) -> Change:
    """The change of the record and of what is derived."""
    if derived is None:
        return change
    return Change(
        removed=(*change.removed, *derived.quads.removed),
        added=(*change.added, *derived.quads.added),
        dropped=change.dropped,
        created=change.created,
    )
