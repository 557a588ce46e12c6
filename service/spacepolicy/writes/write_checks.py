"""Whether a write may be carried out: its conditions, the graphs that its token covers, and who
owns the graphs that it changes."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, final

from pyoxigraph import DefaultGraph

from spacepolicy.access_tokens import ANY_GRAPH, may_write
from spacepolicy.engine.bulk_update import LargeEffect
from spacepolicy.engine.update_protocol import Effect
from spacepolicy.errors import (
    DerivedGraphError,
    FileOwnedError,
    ForbiddenError,
    NotFoundError,
    PreconditionFailedError,
)
from spacepolicy.namespaces import Base
from spacepolicy.store import revision_folders
from spacepolicy.store.revision import FileGraphs, Revision
from spacepolicy.store.write_requests import GraphWrite, WriteRequest

_DEFAULT: Final = "DEFAULT"
_NAMED: Final = "NAMED"


@final
class WriteChecks:
    """Judges writes to a store; `merged`: the default graph and that of inferences are derived."""

    def __init__(self, path: Path, *, merged: bool) -> None:
        self._path = path
        self._merged = merged
        self._files = (-1, FileGraphs())

    def before(self, request: WriteRequest, current: Revision, number: int, changed: int) -> None:
        """Judge the request before it is evaluated, on the revision `number`; `changed` is the
        number of the revision that last changed what it addresses, 0 where none did.

        Raises: PreconditionFailedError, or as `_permit`.
        """
        operation = request.operation
        if isinstance(operation, GraphWrite):
            graph = _DEFAULT if operation.graph is None else operation.graph
            self._permit([graph], request.may_write, current)
        if request.expected is not None and changed not in request.expected:
            raise PreconditionFailedError(
                "It was changed since: the state that the request names is no longer in force.",
                extras={"revision": number},
            )

    def after(self, request: WriteRequest, current: Revision, effect: Effect | LargeEffect) -> None:
        """Judge the effect of the request.

        Raises: PreconditionFailedError, NotFoundError, or as `_permit`.
        """
        operation = request.operation
        if isinstance(operation, GraphWrite):
            if request.present and not effect.existed:
                raise PreconditionFailedError("There is no such graph.")
            if request.absent and effect.existed:
                raise PreconditionFailedError("There is such a graph already.")
            if operation.action == "delete" and not effect.existed:
                raise NotFoundError(f"There is no graph <{operation.graph}>.")
        named = effect.graphs()
        graphs = {_DEFAULT if isinstance(each, DefaultGraph) else each.value for each in named}
        graphs.update(effect.targets, effect.dropped, effect.created)
        self._permit(sorted(graphs), request.may_write, current)

    def _permit(self, graphs: Iterable[str], patterns: tuple[str, ...], current: Revision) -> None:
        """Check that the graphs, or DEFAULT or NAMED, may be written.

        Raises: ForbiddenError, DerivedGraphError, FileOwnedError.
        """
        base = current.base if self._merged else None
        inferred = Base(base).inferred.value if base else None
        for graph in graphs:
            every = graph in (_DEFAULT, _NAMED)
            allowed = ANY_GRAPH in patterns if every else may_write(graph, patterns)
            shown = f"the {graph.lower()} graph{'s' * (graph == _NAMED)}" if every else f"<{graph}>"
            if not allowed:
                raise ForbiddenError(f"The token does not allow to write {shown}.")
            if self._merged and (every or graph == inferred):
                derived = f"graph and <{inferred}> are" if inferred else "graph is"
                raise DerivedGraphError(
                    f"{shown[0].upper()}{shown[1:]} cannot be written: the default {derived} "
                    "derived from the named graphs. Name a graph of your own."
                )
            if base and graph == Base(base).service.value:
                raise DerivedGraphError(
                    f"<{graph}> cannot be written: it is what the service says of itself. Name a "
                    "graph of your own."
                )
            if self._merged and graph in self._owned(current):
                raise FileOwnedError(f"<{graph}> is stated by the project's files.")

    def _owned(self, current: Revision) -> frozenset[str]:
        if self._files[0] != current.built:
            self._files = current.built, revision_folders.file_graphs(self._path, current)
        return self._files[1].owned
