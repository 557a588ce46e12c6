"""Writes that are evaluated outside the queue of writes, on the revision then in force.

A write that takes long to evaluate would make every write behind it wait. So it is evaluated while
others are written, and its effect is taken in when its turn comes, unless what it depends on was
changed meanwhile: then it is evaluated once more, in the queue (optimistic concurrency control).
"""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Final, final

from spacepolicy.engine.update_protocol import EditEngine, EditSession
from spacepolicy.errors import OverloadedError
from spacepolicy.store.history import History
from spacepolicy.store.write_requests import WriteRequest
from spacepolicy.writes.commit_group import CommitGroup
from spacepolicy.writes.effects import Effects, Evaluated

QUEUE_SECONDS: Final = 0.5
"""How long the queue evaluates a write before it leaves it to be evaluated ahead. Small writes take
0.02 s with 100,000 statements and with a million; the time up to the stop is lost."""
_MOST: Final = 2
"""How many are evaluated ahead at once: each has a processor and memory of its own."""


@final
class OptimisticEvaluation:
    """Evaluates writes on the newest revision while they are queued; used by several threads."""

    def __init__(self, engine: EditEngine, history: History, effects: Effects) -> None:
        self._engine = engine
        self._history = history
        self._effects = effects
        self._slots = threading.Semaphore(_MOST)

    @contextmanager
    def of(self, request: WriteRequest, *, merged: bool) -> Iterator[Evaluated]:
        """The effect of the write, while the block runs.

        Raises: ProblemError as `Effects.of`; OverloadedError where others are evaluated meanwhile.
        """
        if not self._slots.acquire(timeout=request.timeout_seconds):
            raise OverloadedError(
                "Other large writes have taken all of the time that this one may take.",
                headers={"Retry-After": "5"},
            )
        with ExitStack() as slot:
            slot.callback(self._slots.release)
            began = time.monotonic()
            group = CommitGroup(self._history.current)
            changed = group.last_changed(request.operation, self._history)
            base = group.start.base if merged else None
            with (
                closing(EditSession(self._engine)) as editing,
                self._effects.of(
                    request.operation,
                    editing,
                    group.start.dataset,
                    base,
                    timeout_seconds=request.timeout_seconds,
                ) as effect,
            ):
                slot.close()  # what waits for its turn takes no slot
                yield Evaluated(effect, changed, time.monotonic() - began)
