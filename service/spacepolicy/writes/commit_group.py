"""Writes that are put in force together, and their results."""

import math
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, final

from spacepolicy.errors import ProblemError
from spacepolicy.store.history import History
from spacepolicy.store.revision import Revision
from spacepolicy.store.write_requests import GraphWrite, Operation, WriteRequest, Written
from spacepolicy.writes.commit_queue import QueuedJob
from spacepolicy.writes.effects import Evaluated

_GROUP_BYTES: Final = 1 << 22
_GROUP_SECONDS: Final = 1.0
"""A group takes no further write once its patches have as many bytes, or it has taken so long: the
first ones wait for all."""


@final
@dataclass(frozen=True, slots=True)
class Build:
    """A draft in a folder, made from the revision with that number."""

    draft: Path
    upon: int


@final
@dataclass(frozen=True, slots=True)
class Write:
    """A write that waits in the queue, and for how many seconds the queue may evaluate it;
    `evaluated` is its effect where it was found outside the queue."""

    request: WriteRequest
    seconds: float
    evaluated: Evaluated | None = None


WriteTicket = QueuedJob[Write | Build, Written | Revision]


@final
@dataclass(slots=True)
class CommitGroup:
    """Writes that are put in force together, on top of the revision `start`: how many were
    accepted, the bytes of their patches, and by graph the number of the revision that changes it.

    Each result waits together with the number of writes accepted by then; its revision is filled in
    at the end.
    """

    start: Revision
    began: float = field(default_factory=time.monotonic)
    accepted: int = 0
    bytes: int = 0
    changed: dict[str, int] = field(default_factory=dict)
    results: list[tuple[WriteTicket, int, Written | Exception]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long the next write may take: accepted writes do not wait for slow ones."""
        return self.began + _GROUP_SECONDS - time.monotonic() if self.accepted else math.inf

    @property
    def is_full(self) -> bool:
        """Whether the group takes no further write."""
        return self.bytes > _GROUP_BYTES or self.seconds <= 0

    @property
    def number(self) -> int:
        """The number that the last revision of the writes accepted so far will have."""
        return self.start.number + self.accepted

    def last_changed(self, operation: Operation, history: History) -> int:
        """The number of the revision that last changed what the operation depends on: its graph, or
        else the whole dataset; 0 where none did."""
        if isinstance(operation, GraphWrite) and operation.graph is not None:
            graph = operation.graph
            return self.changed.get(graph) or history.last_changed(graph) or 0
        return self.number

    def fail(self, error: ProblemError) -> None:
        """Put nothing in force: every write that was judged on top of an accepted one fails."""
        self.results = [
            (ticket, 0, error if accepted else result) for ticket, accepted, result in self.results
        ]

    def answer(self, history: History) -> None:
        """Answer each write with its result."""
        for ticket, accepted, result in self.results:
            if isinstance(result, Exception):
                ticket.answer.set_exception(result)
            else:
                revision = history.get(self.start.number + accepted) if accepted else self.start
                ticket.answer.set_result(replace(result, revision=revision))
