"""The queue of writes: writers wait while other writes are carried out; those that wait are then
carried out together, in the order in which they came."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar, final

from spacepolicy.errors import OverloadedError

Job = TypeVar("Job")
Result = TypeVar("Result")


@final
@dataclass(frozen=True, slots=True, eq=False)
class QueuedJob(Generic[Job, Result]):
    """A job that waits, and its result; `alone`: it is carried out together with no other."""

    job: Job
    alone: bool = False
    answer: "Future[Result]" = field(default_factory=Future)

    def begins(self) -> bool:
        """Whether the job is to be carried out: its writer still waits. A postponed one begins
        again."""
        return self.answer.running() or self.answer.set_running_or_notify_cancel()


@final
class CommitQueue(Generic[Job, Result]):
    """Has the threads that bring jobs carry them out, one thread at a time: its own job, and those
    that wait.

    `carry_out` answers at least the first of the tickets, each once it `begins`; others may be left
    for a later turn, and one whose time is up before it begins is left out.
    """

    def __init__(self, carry_out: Callable[[Sequence[QueuedJob[Job, Result]]], None]) -> None:
        self._carry_out = carry_out
        self._waiting: list[QueuedJob[Job, Result]] = []
        self._is_taken = False
        self._changed = threading.Condition()

    @property
    def waiting(self) -> int:
        """Return how many writes wait."""
        with self._changed:
            return sum(not each.answer.done() for each in self._waiting)

    def done(self, ticket: QueuedJob[Job, Result], seconds: float) -> Result:
        """The result of the job.

        Raises: the error that it is answered with; OverloadedError where others take all of the
        seconds.
        """
        deadline = time.monotonic() + seconds
        with self._changed:
            self._waiting.append(ticket)
        while group := self._taken(ticket, deadline):
            try:
                self._carry_out(group)
            except Exception as error:  # noqa: BLE001 # nobody is left waiting: all get an answer
                self._fail(group, error)
            with self._changed:
                self._waiting[:0] = [each for each in group if not each.answer.done()]
                self._is_taken = False
                self._changed.notify_all()
        return ticket.answer.result()

    def _fail(self, group: Sequence[QueuedJob[Job, Result]], error: Exception) -> None:
        with self._changed:  # none is cancelled meanwhile
            for each in group:
                if not each.answer.done():
                    each.answer.set_exception(error)

    def _taken(
        self, ticket: QueuedJob[Job, Result], deadline: float
    ) -> Sequence[QueuedJob[Job, Result]]:
        """The jobs that this thread is to carry out now; none once the ticket is answered.

        Raises: OverloadedError.
        """

        def may_go_on() -> bool:
            return ticket.answer.done() or not self._is_taken

        with self._changed:
            if not self._changed.wait_for(may_go_on, max(deadline - time.monotonic(), 0)):
                if ticket.answer.cancel():
                    raise OverloadedError(
                        "Other writes have taken all of the time that this one may take.",
                        headers={"Retry-After": "5"},
                    )
                self._changed.wait_for(may_go_on)  # it is being carried out
            if ticket.answer.done():
                return ()
            self._is_taken = True
            waiting = [each for each in self._waiting if not each.answer.done()]
            count = 1
            while count < len(waiting) and not any(
                each.alone for each in waiting[count - 1 : count + 1]
            ):
                count += 1
            group, self._waiting = waiting[:count], waiting[count:]
            return group
