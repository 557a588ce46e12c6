"""The writer as the service holds it: the engine evaluates an edit, its effect is judged by whom it
comes from and what it touches, and the process that writes publishes it."""

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, final

from pyoxigraph import DefaultGraph, RdfFormat, parse

from spacepolicy.commands.writer_process import WriterProcess
from spacepolicy.engine.edit import Edit, Effect, Kind, evaluate
from spacepolicy.engine.pool import Pool
from spacepolicy.errors import (
    DerivedGraphError,
    EngineError,
    FileOwnedError,
    ForbiddenError,
    InvalidDataError,
    NotFoundError,
    OverloadedError,
    PreconditionFailedError,
    StorageError,
)
from spacepolicy.namespaces import Base
from spacepolicy.revisions import store
from spacepolicy.revisions.history import History
from spacepolicy.revisions.revision import FileGraphs, Revision
from spacepolicy.revisions.writing import (
    ANYWHERE,
    DatasetWrite,
    GraphWrite,
    Update,
    Upload,
    WriteRequest,
    Written,
    may_write,
)

_PUBLISHING_SECONDS: Final = 600.0
_DEFAULT: Final = "DEFAULT"
_NAMED: Final = "NAMED"
_PIECE_BYTES: Final = 1 << 18
_log: Final = logging.getLogger(__name__)


@final
class StoreWriter:
    """Writes a store while the pool answers over it and the history tells of it.

    `arguments` are those of the process that writes: the mode, what the guard does, and how many
    generations are kept. `merged`: the default graph and that of inferences are derived.
    """

    def __init__(
        self,
        path: Path,
        pool: Pool,
        history: History,
        arguments: Sequence[str],
        memory_quads: int,
    ) -> None:
        self._path = path
        self._pool = pool
        self._history = history
        self._merged = arguments[0] == "merged"
        self._memory_quads = memory_quads
        self._turns = threading.Lock()
        self._process = WriterProcess([str(path), *arguments, str(memory_quads)])
        self._files = (-1, FileGraphs())

    @property
    def process(self) -> int:
        """The process id of the writer."""
        return self._process.pid

    def close(self) -> None:
        """Let the write at hand end, and take no more."""
        self._process.close()

    def write(self, request: WriteRequest) -> Written:
        """Carry the write out; see `Writer.write`."""
        with self._turn(request.timeout_seconds):
            self._meet_before(request)
            effect = self._effect(request)
            self._meet_after(request, effect)
            self._judge(request, effect)
            if effect.empty:
                return Written(
                    revision=self._history.current,
                    added=0,
                    removed=0,
                    changed=False,
                    existed=effect.existed,
                )
            told = self._asked(
                {
                    "author": request.author,
                    "message": request.message,
                    "dry_run": request.dry_run,
                    "dropped": effect.dropped,
                    "created": effect.created,
                },
                [_lines(effect.removed), _lines(effect.added)],
            )
            if not request.dry_run:
                self._switch(told["number"])
        return Written(
            revision=self._history.current,
            added=told["added"],
            removed=told["removed"],
            changed=True,
            existed=effect.existed,
            patch=told["patch"].encode(),
            report=told["report"].encode(),
        )

    def build(self, draft: Path, upon: int) -> Revision:
        """Publish the draft in the folder, which was made upon the revision of that number.

        Raises: ProblemError, among them BadParameterError where another is in force by now.
        """
        with self._turn(_PUBLISHING_SECONDS):
            told = self._asked({"draft": str(draft), "upon": upon}, [])
            if told["published"]:
                self._switch(told["number"])
            return self._history.current

    @contextmanager
    def _turn(self, seconds: float) -> Iterator[None]:
        """One write at a time, in the order in which they come.

        Raises: OverloadedError where the others take too long.
        """
        if not self._turns.acquire(timeout=seconds):
            raise OverloadedError(
                f"Other writes have taken all of {seconds:g} seconds.", headers={"Retry-After": "5"}
            )
        try:
            yield
        finally:
            self._turns.release()

    def _meet_before(self, request: WriteRequest) -> None:
        """Raises: PreconditionFailedError, or what `_permit` does."""
        operation = request.operation
        graph = operation.graph if isinstance(operation, GraphWrite) else None
        if isinstance(operation, GraphWrite):
            self._permit([_DEFAULT if graph is None else graph], request.may_write)
        if request.expected is None:
            return
        number = self._history.current.number
        last = self._history.last_changed(graph) if graph is not None else number
        if last not in request.expected:
            raise PreconditionFailedError(
                "It was changed since: the state that the request names is no longer in force.",
                extras={"revision": number},
            )

    def _meet_after(self, request: WriteRequest, effect: Effect) -> None:
        """Raises: PreconditionFailedError, NotFoundError."""
        operation = request.operation
        if not isinstance(operation, GraphWrite):
            return
        if request.present and not effect.existed:
            raise PreconditionFailedError("There is no such graph.")
        if request.absent and effect.existed:
            raise PreconditionFailedError("There is such a graph already.")
        if operation.action == "delete" and not effect.existed:
            raise NotFoundError(f"There is no graph <{operation.graph}>.")

    def _effect(self, request: WriteRequest) -> Effect:
        """What the operation changes.

        Raises: ProblemError where it cannot be carried out.
        """
        operation = request.operation
        base = self._history.current.base if self._merged else None
        edit, uploads = _edit(operation, base, merged=self._merged)
        return evaluate(self._pool, edit, map(_pieces, uploads), request.timeout_seconds)

    def _judge(self, request: WriteRequest, effect: Effect) -> None:
        """Raises: ForbiddenError, DerivedGraphError, FileOwnedError."""
        lines = _lines((*effect.removed, *effect.added))
        named = {quad.graph_name for quad in parse(lines, RdfFormat.N_QUADS)}
        graphs = {_DEFAULT if isinstance(each, DefaultGraph) else each.value for each in named}
        graphs.update(effect.targets, effect.dropped, effect.created)
        self._permit(sorted(graphs), request.may_write)

    def _permit(self, graphs: Iterable[str], patterns: tuple[str, ...]) -> None:
        """See that the graphs, or DEFAULT or NAMED, may be written.

        Raises: ForbiddenError, DerivedGraphError, FileOwnedError.
        """
        base = self._history.current.base if self._merged else None
        inferred = Base(base).inferred.value if base else None
        for graph in graphs:
            every = graph in (_DEFAULT, _NAMED)
            allowed = ANYWHERE in patterns if every else may_write(graph, patterns)
            shown = f"the {graph.lower()} graph{'s' * (graph == _NAMED)}" if every else f"<{graph}>"
            if not allowed:
                raise ForbiddenError(f"The token does not allow to write {shown}.")
            if base and (every or graph == inferred):
                raise DerivedGraphError(
                    f"{shown[0].upper()}{shown[1:]} cannot be written: the default graph and "
                    f"<{inferred}> are derived from the named graphs. Name a graph of your own."
                )
            if self._merged and graph in self._owned():
                raise FileOwnedError(f"<{graph}> is stated by the project's files.")

    def _owned(self) -> frozenset[str]:
        current = self._history.current
        if self._files[0] != current.built:
            self._files = current.built, store.file_graphs(self._path, current)
        return self._files[1].owned

    def _asked(self, table: dict[str, Any], pieces: Sequence[bytes]) -> dict[str, Any]:
        """What the process says of the job; where it dies of it, what it has published stands.

        Raises: ProblemError where nothing is published.
        """
        before = self._history.current.number
        try:
            return self._process.ask(table, pieces)
        except EngineError:
            now = store.current(self._path)
            if now is None or now.number == before:
                raise
            _log.exception("the writer ended after it had published revision %d", now.number)
            counts = {"added": now.added, "removed": now.removed}
            return {"number": now.number, "published": True, "patch": "", "report": "", **counts}
        except StorageError as error:
            _log.error("the store cannot be written: %s", error)  # where it stands is not for all
            raise StorageError("Nothing was written; the service's log says why.") from error
        except InvalidDataError as error:
            error.report = str(error.extras.pop("report", "")).encode()
            raise

    def _switch(self, number: int) -> None:
        """Have everyone answer over the revision from now on."""
        revision = store.read(self._path, number)
        in_memory = revision.counts.stored <= self._memory_quads
        self._pool.publish(revision.dataset, in_memory=in_memory)
        self._history.publish(revision, store.touched(revision))


def _edit(
    operation: Update | GraphWrite | DatasetWrite, base: str | None, *, merged: bool
) -> tuple[Edit, tuple[Upload, ...]]:
    """The operation as the engine takes it, and the files that go with it."""
    match operation:
        case Update():
            edit = Edit(
                "update",
                text=operation.text,
                base=operation.base,
                prefixes=operation.prefixes,
                using_graphs=operation.using_graphs,
                using_named_graphs=operation.using_named_graphs,
            )
            return edit, ()
        case GraphWrite():
            uploads = operation.uploads
            edit = Edit(operation.action, graph=operation.graph, uploads=_described(uploads))
            return edit, uploads
        case DatasetWrite():
            uploads = (operation.upload,)
            derived = (Base(base).inferred.value,) if base else ()
            kind: Kind = "restore" if operation.whole else "import"
            described = _described(uploads)
            return Edit(kind, uploads=described, derived=derived, merged=merged), uploads


def _described(uploads: Iterable[Upload]) -> tuple[tuple[str, str, int], ...]:
    return tuple((each.format, each.base, each.path.stat().st_size) for each in uploads)


def _pieces(upload: Upload) -> Iterator[bytes]:
    with upload.path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            yield piece


def _lines(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)
