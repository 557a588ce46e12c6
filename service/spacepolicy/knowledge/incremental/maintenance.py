"""Maintenance of a store: carries writes out one by one, each derived, validated and published."""

import gc
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Literal, final

from pyoxigraph import DefaultGraph, NamedNode

from spacepolicy.engine.nquads import Graph, QuadLines, Quads, counted, dataset_lines, joined
from spacepolicy.errors import DamagedError, InvalidDataError, StoreError
from spacepolicy.knowledge.incremental.incremental_shacl import Guard, ValidationResult
from spacepolicy.knowledge.incremental.materialisation import (
    DerivedChange,
    GraphMerge,
    Materialisation,
)
from spacepolicy.knowledge.loading.record import short
from spacepolicy.knowledge.reasoning.construct_rules import stored_rules
from spacepolicy.knowledge.reasoning.rule import is_axiomatic
from spacepolicy.knowledge.reasoning.wording import Wording
from spacepolicy.namespaces import Base
from spacepolicy.store import digest_file
from spacepolicy.store.digest import RecordDigest
from spacepolicy.store.draft import Draft, publish
from spacepolicy.store.publication import PublicationStep, RevisionStatement, marked, step
from spacepolicy.store.revision import Change, Counts, Revision
from spacepolicy.store.revision_writer import DurableStore

GuardMode = Literal["refuse", "warn", "off"]
_WELL: Final = ValidationResult((), b"", refuses=False)


@final
@dataclass(frozen=True, slots=True)
class ChangeOutcome:
    """The result of a change: the statements of the record that are added and removed, the whole
    difference as RDF Patch, the graphs that it touches, marked, and the guard's report, as
    N-Triples."""

    added: int
    removed: int
    patch: bytes
    graphs: str
    report: bytes


@final
@dataclass(frozen=True, slots=True)
class _Taken:
    """A change that is taken in and not published; its digest may still be computed."""

    step: PublicationStep
    digest: Future[str]

    def finished(self) -> PublicationStep:
        said = replace(self.step.said, record_sha256=self.digest.result())
        return replace(self.step, said=said)


@final
class Maintenance:
    """A store and the statements derived in it, ready for writes.

    Changes are taken in one after the other, each on top of the ones before, and then published at
    once. `merged`: the named graphs are merged into the default graph, and where the store has
    files, the inferences too; else nothing is derived and nothing validated. The store must have a
    revision.
    """

    def __init__(self, durable: DurableStore, guard: GuardMode, *, merged: bool) -> None:
        self.durable = durable
        self._guard_mode = guard
        self._merged = merged
        self._beside = ThreadPoolExecutor(2, thread_name_prefix="beside")
        self._taken: list[_Taken] = []
        self._unkept_bytes = 0
        """The bytes of changes since the digest was saved."""
        self._prepare()

    @property
    def _revision(self) -> Revision:
        if self.durable.revision is None:
            raise StoreError("The store has no revision to write upon.")
        return self.durable.revision

    @property
    def number(self) -> int:
        """The number that the last change which was taken in will have as a revision; that of the
        revision in force where there is none."""
        return self._revision.number + len(self._taken)

    def _prepare(self) -> None:
        """Prepare for changes."""
        self._is_stale = True
        self._taken.clear()
        self._prepare_knowledge()
        self._digest = self._read_digest()
        self._is_stale = False

    def _prepare_knowledge(self) -> None:
        """Read what is needed to derive and to validate."""
        self._knowledge: Materialisation | GraphMerge | None = None
        self._guard: Guard | None = None
        base = self._revision.base if self._merged else None
        live, files = self.durable.live, self.durable.files
        derived: set[Graph] = {DefaultGraph()} if self._merged else set()
        if self._merged:
            self._knowledge = GraphMerge(live)
        if base is not None:
            inferred = Base(base).inferred
            derived.add(inferred)
            rules = stored_rules(live, Base(base), self._revision.prefixes)
            statements = self._revision.counts.default
            self._knowledge = Materialisation(live, files.apart, inferred, rules, statements)
            if self._guard_mode != "off":
                graphs = (NamedNode(iri) for iri in files.shapes)
                shapes = [
                    quad.triple
                    for graph in graphs
                    for quad in live.quads_for_pattern(None, None, None, graph)
                ]
                self._guard = Guard(self._knowledge.entailments, shapes, live)
        self._derived = derived

    def _read_digest(self) -> RecordDigest:
        """The digest of the record: the saved one, or that of the dataset, which is then saved."""
        path, revision = self.durable.path, self._revision
        found = digest_file.load(path, revision, self._derived)
        if found is None:
            found = self._digest_of_live()
            digest_file.save(path, found, revision.number)
        self._unkept_bytes = 0
        return found

    def _digest_of_live(self) -> RecordDigest:
        return RecordDigest(dataset_lines(self.durable.live, self._derived))

    def _change_digest(self, change: Change) -> None:
        """Update the digest for a change that is not in the dataset yet."""
        try:
            self._digest.change(change.added, change.removed)
        except DamagedError:  # a saved block is found damaged when it is needed
            self._digest = self._digest_of_live()
            self._digest.change(change.added, change.removed)

    def keep_digest(self) -> None:
        """Save the digest for the next start."""
        if self._unkept_bytes and not self._is_stale and not self._taken:
            digest_file.save(self.durable.path, self._digest, self._revision.number)
            self._unkept_bytes = 0

    def take(
        self,
        change: Change,
        author: str,
        message: str,
        *,
        dry_run: bool = False,
        tell: bool = True,
    ) -> ChangeOutcome:
        """Take a change of the record in, to be published; a dry run is undone at once. The outcome
        has the patch where `tell`.

        Raises: InvalidDataError where the guard refuses it, and then nothing is changed; StoreError
        where it cannot be written: then none of the changes that were taken in are there any more.
        """
        self.refresh()
        if self._taken:
            self._taken[-1].digest.result()  # it is of what there is now
        derived = self._knowledge.change(change) if self._knowledge else None
        self._change_digest(change)
        digest = self._beside.submit(self._digest.hexdigest)
        whole = _joined(change, derived)
        graphs = self._named_graphs(change)
        with self._writing():
            applied = self._beside.submit(self.durable.apply, whole)
            try:
                judgement = self._judged(derived, applied.result)
            except InvalidDataError:
                self._take_back(change, whole, digest)
                raise
            graphs = self._named_graphs(change) - graphs
            counts = self._counts(change, derived, graphs)
            taken = _Taken(step(whole, self._said(change, counts, author, message)), digest)
            if dry_run:
                self._take_back(change, whole, digest)
            else:
                self._taken.append(taken)
        added, removed = len(change.added), len(change.removed)
        patch = taken.step.patch if tell else b""
        return ChangeOutcome(added, removed, patch, marked(whole), judgement.report)

    def publish(self) -> list[Revision]:
        """Publish the changes that were taken in, one revision each.

        Raises: StoreError where they cannot be written; then none of them are there any more.
        """
        steps = [each.finished() for each in self._taken]
        self._taken.clear()
        self._unkept_bytes += sum(each.patch_bytes for each in steps)
        with self._writing():
            return self.durable.publish(steps) if steps else []

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except StoreError:
            self._is_stale = True  # the derived statements belong to a store that is gone
            self._taken.clear()
            raise

    def refresh(self) -> None:
        """Prepare for the next change, and for the next start, where that is not done yet.

        Raises: StoreError.
        """
        if self._is_stale or self._has_read_all:
            self._guard = self._knowledge = None
            gc.unfreeze()
            gc.collect()  # cyclic garbage holds the former dataset open, and so locked
            if self._is_stale:
                self._prepare()
            else:
                self._prepare_knowledge()
            gc.freeze()
        if self._unkept_bytes > digest_file.MOST_PATCH_BYTES // 2:
            self.keep_digest()

    @property
    def _has_read_all(self) -> bool:
        """Whether a large change, or one of the axioms, had all statements read; once it is
        published, the dataset is read as it is needed again."""
        knowledge = self._knowledge
        return not self._taken and isinstance(knowledge, Materialisation) and knowledge.is_whole

    def _take_back(self, change: Change, whole: Change, digest: Future[str]) -> None:
        if isinstance(whole.added, QuadLines) and not self._taken:
            digest.result()
            self.durable.discard()
            self._is_stale = True
            return
        self.durable.take_back(whole)
        digest.result()
        self._digest.change(change.removed, change.added)
        if self._knowledge is not None:
            self._knowledge.undo(change)

    def _judged(
        self, derived: DerivedChange | None, applied: Callable[[], None]
    ) -> ValidationResult:
        """The guard's result, once the change is `applied` to the dataset.

        Raises: InvalidDataError where it refuses.
        """
        if self._guard is None or derived is None:
            applied()
            return _WELL
        prefixes = self._revision.prefixes
        try:
            wording = self._wording(derived, prefixes)
            judgement = self._guard.judge(derived, wording, prefixes, applied)
        finally:
            applied()
        if judgement.refuses and self._guard_mode == "refuse":
            violations = [each for each in judgement.violations if each["severity"] == "Violation"]
            least = "" if judgement.whole else "At least "
            refusal = InvalidDataError(
                f"{least}{len(violations)} rules of this dataset would be broken; the first: "
                f"{violations[0]['message']}",
                extras={"violations": judgement.violations},
            )
            refusal.report = judgement.report
            raise refusal
        return judgement

    def _wording(self, derived: DerivedChange, prefixes: Mapping[str, str]) -> Wording:
        if not derived.clashes or not isinstance(self._knowledge, Materialisation):
            return Wording((), str)
        axioms = filter(is_axiomatic, self._knowledge.reasoner.asserted())
        return Wording(axioms, lambda term: short(term, prefixes))

    def _said(self, change: Change, counts: Counts, author: str, message: str) -> RevisionStatement:
        before = self._revision
        return RevisionStatement(
            author=author,
            message=message,
            counts=counts,
            record_sha256="",  # not known yet
            digest=self._digest.algorithm,
            content_sha256=before.content_sha256,
            base=before.base,
            prefixes=before.prefixes,
            added=len(change.added),
            removed=len(change.removed),
        )

    def _named_graphs(self, change: Change) -> int:
        """How many of the named graphs that the change touches there are now: to count all takes
        0.4 s where there are 55,000."""
        live = self.durable.live
        return sum(live.contains_named_graph(NamedNode(iri)) for iri in change.graphs())

    def _counts(self, change: Change, derived: DerivedChange | None, graphs: int) -> Counts:
        """The counts after the change, which has brought so many named graphs."""
        before = self._taken[-1].step.said.counts if self._taken else self._revision.counts
        inferred = default = 0
        if derived is not None:
            for quads, sign in ((derived.quads.added, 1), (derived.quads.removed, -1)):
                of_default = _default(quads)
                default += sign * of_default
                inferred += sign * (len(quads) - of_default)
        else:
            default = _default(change.added) - _default(change.removed)
        return Counts(
            record=before.record + len(change.added) - len(change.removed),
            inferred=before.inferred + inferred,
            default=before.default + default,
            graphs=before.graphs + graphs,
        )

    def build(self, draft: Draft) -> tuple[Revision, Change]:
        """Publish the draft from files, where it differs from the revision in force.

        Raises: StoreError where it cannot be written.
        """
        revision, change = publish(self.durable, draft)
        self._prepare()
        return revision, change


def _default(quads: Quads) -> int:
    return counted(quads).get(DefaultGraph(), 0)


def _joined(change: Change, derived: DerivedChange | None) -> Change:
    """The change of the record together with that of the derived graphs."""
    if derived is None:
        return change
    return Change(
        removed=joined(change.removed, derived.quads.removed),
        added=joined(change.added, derived.quads.added),
        dropped=change.dropped,
        created=change.created,
    )
