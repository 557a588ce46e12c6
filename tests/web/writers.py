"""A writer for tests of what stands in front of it: a store in memory, without guard or files.

It publishes what it is told, as the port says: whole or nothing, in order.
"""

import socket
import threading
from pathlib import Path

from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Store, parse

from spacepolicy.access_tokens import may_write
from spacepolicy.engine.pool import Pool
from spacepolicy.engine.snapshot import CHANGES, GENERATION
from spacepolicy.errors import (
    BadParameterError,
    DerivedGraphError,
    FileOwnedError,
    ForbiddenError,
    InvalidDataError,
    NotFoundError,
    PreconditionFailedError,
    QuerySyntaxError,
)
from spacepolicy.formats import named
from spacepolicy.store.history import History
from spacepolicy.store.revision import Counts, Revision
from spacepolicy.store.write_requests import (
    GraphWrite,
    Update,
    Upload,
    WriteRequest,
    Written,
)

OWNED, DERIVED = "urn:files", "urn:derived"
BROKEN = "urn:broken"
"""A predicate that the guard of this writer refuses."""
REPORT = b'<urn:report> <http://www.w3.org/ns/shacl#conforms> "false" .\n'


class Engines:
    """An engine for each revision, behind one port."""

    def __init__(self, order: str = "one") -> None:
        self._order = order
        self._pools: dict[Path, Pool] = {}
        self._lock = threading.Lock()

    @property
    def abreast(self) -> int:
        return 1

    def memory(self) -> None:
        return None

    def counts(self) -> None:
        return None

    @property
    def loading(self) -> bool:
        return False

    def processor_seconds(self, connection: socket.socket) -> float | None:  # noqa: ARG002
        return None

    def connect(self, dataset: Path | None = None, *, slow: bool = False) -> socket.socket:
        assert dataset is not None
        del slow
        with self._lock:
            if dataset not in self._pools:
                self._pools[dataset] = Pool(dataset, memory_bytes=256 << 20, spares=1)
            return self._pools[dataset].connect()

    def order(self, dataset: Path | None = None) -> str:
        del dataset
        return self._order

    def release(self, connection: socket.socket, *, reusable: bool, slow: bool = False) -> None:
        del reusable, slow
        connection.close()

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()


class MemoryWriter:
    """See above. `requests` are those it was given; `history` what came of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._store = Store()
        self._lock = threading.Lock()
        self.requests: list[WriteRequest] = []
        self.warning = b""
        self.history = History([self._publish(set(), set(), "start", "")])

    def write(self, request: WriteRequest) -> Written:
        with self._lock:
            self.requests.append(request)
            return self._write(request)

    def close(self) -> None:
        pass

    def _write(self, request: WriteRequest) -> Written:
        graph = request.operation.graph if isinstance(request.operation, GraphWrite) else None
        existed = any(True for _ in self._store.quads_for_pattern(None, None, None, _name(graph)))
        self._check(request, graph, existed=existed)
        before, after = set(self._store), set(self._applied(request))
        removed, added = before - after, after - before
        self._judge(request, removed | added)
        patch = _patch(removed, added)
        changed = bool(patch)
        if changed and not request.dry_run:
            self._store = Store()
            self._store.extend(after)
            touched = {str(quad.graph_name)[1:-1] for quad in removed | added}
            revision = self._publish(removed, added, request.author, request.message)
            self.history.publish(revision, touched)
        return Written(
            self.history.current, len(added), len(removed), changed, existed, patch, self.warning
        )

    def _check(self, request: WriteRequest, graph: str | None, *, existed: bool) -> None:
        current = self.history.current.number
        changed = current if graph is None else self.history.last_changed(graph) or current
        if request.expected is not None and changed not in request.expected:
            raise PreconditionFailedError(f"It was changed by revision {changed}.")
        if (request.present and not existed) or (request.absent and existed):
            raise PreconditionFailedError("The graph is there, or it is not.")

    def _applied(self, request: WriteRequest) -> Store:
        store = Store()
        store.extend(self._store)
        match request.operation:
            case Update() as update:
                try:
                    store.update(update.text, base_iri=update.base, prefixes=dict(update.prefixes))
                except SyntaxError as error:
                    raise QuerySyntaxError(str(error)) from error
            case GraphWrite(action, graph, uploads):
                old = list(store.quads_for_pattern(None, None, None, _name(graph)))
                if action == "delete" and not old:
                    raise NotFoundError(f"There is no graph <{graph}>.")
                for quad in old if action != "post" else ():
                    store.remove(quad)
                for upload in uploads:
                    store.extend(_uploaded(upload, graph))
        return store

    def _judge(self, request: WriteRequest, quads: set[Quad]) -> None:
        for quad in quads:
            graph = "" if isinstance(quad.graph_name, DefaultGraph) else str(quad.graph_name)[1:-1]
            if graph == OWNED:
                raise FileOwnedError(f"<{graph}> belongs to files.")
            if graph == DERIVED:
                raise DerivedGraphError(f"<{graph}> is derived.")
            if not may_write(graph, request.may_write):
                raise ForbiddenError(f"The token may not write <{graph}>.")
            if quad.predicate.value == BROKEN:
                refused = InvalidDataError("It breaks a shape.", extras={"violations": [str(quad)]})
                refused.report = REPORT
                raise refused

    def _publish(self, removed: set[Quad], added: set[Quad], author: str, message: str) -> Revision:
        number = self.history.current.number + 1 if hasattr(self, "history") else 1
        directory = self._folder / f"{number:06}"
        directory.mkdir()
        self._store.dump(directory / GENERATION, RdfFormat.N_QUADS)
        (directory / CHANGES).write_bytes(_patch(removed, added))
        return Revision(
            number=number,
            time=f"2026-01-02T03:04:{number:02}+00:00",
            author=author,
            message=message,
            counts=Counts(len(self._store), 0, len(self._store), 0),
            record_sha256=f"{number:064}",
            content_sha256="",
            base=None,
            prefixes={"": "urn:"},
            directory=directory,
        )


def _name(graph: str | None) -> NamedNode | DefaultGraph:
    return DefaultGraph() if graph is None else NamedNode(graph)


def _uploaded(upload: Upload, graph: str | None) -> list[Quad]:
    format = named(upload.format)
    assert format is not None
    try:
        quads = list(parse(path=upload.path, format=format.rdf, base_iri=upload.base))
    except SyntaxError as error:
        raise BadParameterError(f"The upload cannot be read: {error}.") from error
    return [Quad(quad.subject, quad.predicate, quad.object, _name(graph)) for quad in quads]


def _patch(removed: set[Quad], added: set[Quad]) -> bytes:
    lines = [f"D {line}" for line in sorted(map(_line, removed))]
    lines += [f"A {line}" for line in sorted(map(_line, added))]
    return "".join(f"{line} .\n" for line in ["TX", *lines, "TC"]).encode() if lines else b""


def _line(quad: Quad) -> str:
    graph = "" if isinstance(quad.graph_name, DefaultGraph) else f" {quad.graph_name}"
    return f"{quad.subject} {quad.predicate} {quad.object}{graph}"
