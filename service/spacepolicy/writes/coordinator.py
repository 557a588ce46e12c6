"""Coordinates writes: the engine evaluates an update, its effect is judged by who asks and what it
touches, and the writer process publishes it.

Writes that wait together are one group: each is evaluated and judged on top of the earlier ones,
and is a revision of its own; all are synced and put in force at once. What takes long to evaluate
is evaluated ahead of its turn, so that others do not wait for it.
"""

import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, final

from spacepolicy.engine.bulk_update import LargeEffect
from spacepolicy.engine.pool import Pool
from spacepolicy.engine.update_protocol import EditSession, Effect
from spacepolicy.errors import (
    EngineError,
    EngineFailedError,
    InvalidDataError,
    MemoryLimitError,
    OverloadedError,
    ProblemError,
    StorageError,
    TimeLimitError,
    WriteMemoryLimitError,
    WriteTimeLimitError,
)
from spacepolicy.store import revision_folders
from spacepolicy.store.history import History
from spacepolicy.store.revision import Revision
from spacepolicy.store.switching import switch
from spacepolicy.store.write_requests import DatasetWrite, WriteRequest, Written
from spacepolicy.writes.commit_group import Build, CommitGroup, Write, WriteTicket
from spacepolicy.writes.commit_queue import CommitQueue, QueuedJob
from spacepolicy.writes.effects import Effects, Evaluated, is_large
from spacepolicy.writes.optimistic_evaluation import QUEUE_SECONDS, OptimisticEvaluation
from spacepolicy.writes.write_checks import WriteChecks
from spacepolicy.writes.writer_client import ENDING_SECONDS, KEEPING_SECONDS, WriterProcess

_PUBLISHING_SECONDS: Final = 600.0
_LEAST_SECONDS: Final = 1.0
"""The least time that the writer process has for a change whose evaluation took almost all of its
time: to stop that process costs more, since another takes two seconds to begin."""
_log: Final = logging.getLogger(__name__)


@final
class _LaterError(Exception):
    """A write is put off to the next group, in which it is the first and has all of its time."""


@final
class _SlowError(Exception):
    """A write takes too long to be evaluated in the queue."""


@final
class _WriterError(Exception):
    """The writer process has lost the changes that it had taken in."""

    def __init__(self, problem: ProblemError) -> None:
        super().__init__(str(problem))
        self.problem = problem


@final
class StoreWriter:
    """Writes a store while the pool answers over it.

    `arguments` are those of the writer process: the mode, what the guard does, and how many
    generations are kept; `memory_bytes` is the memory limit of a process that reads a large upload.
    Unless `in_memory`, the pool answers from disk, whatever the size.
    """

    def __init__(
        self,
        path: Path,
        pool: Pool,
        history: History,
        arguments: Sequence[str],
        memory_quads: int,
        *,
        memory_bytes: int,
        in_memory: bool = True,
    ) -> None:
        self._path = path
        self._pool = pool
        self._history = history
        self._merged = arguments[0] == "merged"
        self._most_in_memory = memory_quads if in_memory else -1
        self._queue = CommitQueue(self._carry_out)
        self._policy = WriteChecks(path, merged=self._merged)
        self._effects = Effects(path, memory_bytes, merged=self._merged)
        self._optimistic = OptimisticEvaluation(pool, history, self._effects)
        self._process = WriterProcess([str(path), *arguments, str(memory_quads)])

    @property
    def process(self) -> int:
        """The process id of the writer."""
        return self._process.pid

    def close(self, *, keeps: bool = False) -> None:
        """Finish the current write, and take no more; where it `keeps`, wait until all is saved
        from which the next process begins."""
        self._process.close(KEEPING_SECONDS if keeps else ENDING_SECONDS)

    def write(self, request: WriteRequest) -> Written:
        """Carry the write out; see `Writer.write`."""
        if not is_large(request.operation):
            seconds = min(QUEUE_SECONDS, request.timeout_seconds)
            with suppress(_SlowError):
                return self._queued(Write(request, seconds))
        return self._evaluated_ahead(request)

    def _evaluated_ahead(self, request: WriteRequest) -> Written:
        """Evaluate the write on the revision in force, and have its effect taken in in its turn."""
        start = CommitGroup(self._history.current)
        try:
            self._judge_before(request, start)
            with self._optimistic.of(request, merged=self._merged) as evaluated:
                return self._queued(Write(request, request.timeout_seconds, evaluated))
        except (TimeLimitError, MemoryLimitError) as error:
            raise _limited(request, error) from error

    def _queued(self, write: Write) -> Written:
        operation = write.request.operation
        alone = isinstance(operation, DatasetWrite) or is_large(operation)
        ticket: WriteTicket = QueuedJob(write, alone=alone)
        written = self._queue.done(ticket, write.request.timeout_seconds)
        assert isinstance(written, Written)  # noqa: S101 # the answer to a request
        return written

    def build(self, draft: Path, upon: int) -> Revision:
        """Publish the draft in the folder, which was made from the revision with that number.

        Raises: ProblemError, among them BadParameterError where another is in force by now.
        """
        ticket: WriteTicket = QueuedJob(Build(draft, upon), alone=True)
        built = self._queue.done(ticket, _PUBLISHING_SECONDS)
        assert isinstance(built, Revision)  # noqa: S101 # the answer to a build
        return built

    def _carry_out(self, tickets: Sequence[WriteTicket]) -> None:
        """Build, or carry out the writes that may be carried out together."""
        job = tickets[0].job
        if isinstance(job, Build):
            if tickets[0].begins():
                table = {"job": "build", "draft": str(job.draft), "upon": job.upon}
                self._switch(self._published(table))
                tickets[0].answer.set_result(self._history.current)
            return
        group = CommitGroup(self._history.current)
        try:
            with closing(EditSession(self._pool)) as editing:
                self._take_in(tickets, group, editing)
            if group.accepted:
                self._switch(self._published({"job": "publish", "upon": group.number}))
        except ProblemError as error:
            group.fail(error)
        group.answer(self._history)

    def _take_in(
        self, tickets: Sequence[WriteTicket], group: CommitGroup, editing: EditSession
    ) -> None:
        """Take in as many of the writes as go together.

        Raises: ProblemError where it concerns all of them.
        """
        for ticket in filter(QueuedJob.begins, tickets):
            result: Written | Exception
            accepted, write = False, ticket.job
            try:
                assert isinstance(write, Write)  # noqa: S101 # builds come alone
                result = self._result(write, group, editing, more=ticket is not tickets[-1])
                accepted = result.changed and not write.request.dry_run
            except _LaterError:
                break
            except _SlowError as error:
                group.results.append((ticket, 0, error))
                continue
            except _WriterError as error:
                group.results.append((ticket, 0, error.problem))
                raise _of_others(error.problem) from error
            except Exception as error:  # noqa: BLE001 # the writer gets it as its answer
                result = error
            group.accepted += accepted
            group.results.append((ticket, group.accepted, result))
            if group.is_full:
                break

    def _result(
        self, write: Write, group: CommitGroup, editing: EditSession, *, more: bool
    ) -> Written:
        """The result of a write on top of those of the group before it; its revision is not known
        yet.

        Raises: ProblemError where it is refused, _SlowError where it takes too long for the queue,
        _LaterError where it does for those before it, _WriterError where it fails with the whole
        group.
        """
        request, number = write.request, group.number
        self._judge_before(request, group)
        with ExitStack() as stack:
            found = self._found(write, group, editing, stack)
            effect, left = found.effect, request.timeout_seconds - found.seconds
            deadline = time.monotonic() + left
            self._policy.after(request, group.start, effect)
            written = Written(group.start, 0, 0, changed=False, existed=effect.existed)
            if effect.empty:
                return written
            tell = more or request.dry_run
            reply = self._taken(request, effect, number, deadline, tell=tell)
        patch = reply["patch"].encode()
        if not request.dry_run:
            group.bytes += len(patch)
            graphs = reply["graphs"].splitlines()
            group.changed.update((line[1:], number + 1) for line in graphs)
            editing.keep(patch, reply["graphs"])
        return replace(
            written,
            added=reply["added"],
            removed=reply["removed"],
            changed=True,
            patch=patch if request.dry_run else b"",
            report=reply["report"].encode(),
        )

    def _judge_before(self, request: WriteRequest, group: CommitGroup) -> None:
        """Judge the request before it is evaluated; raises as `WriteChecks.before`."""
        changed = group.last_changed(request.operation, self._history)
        self._policy.before(request, group.start, group.number, changed)

    def _found(
        self, write: Write, group: CommitGroup, editing: EditSession, stack: ExitStack
    ) -> Evaluated:
        """The effect of the write on top of those of the group before it, for as long as the stack
        is open; the one found ahead where that still holds.

        Raises: as `_result`.
        """
        operation, evaluated = write.request.operation, write.evaluated
        changed = group.last_changed(operation, self._history)
        if evaluated is not None and evaluated.changed == changed:
            return evaluated
        began = time.monotonic()
        seconds = min(write.seconds, group.seconds)
        base = group.start.base if self._merged else None
        try:
            effect = self._effects.of(operation, editing, group.start.dataset, base, seconds)
            return Evaluated(stack.enter_context(effect), changed, time.monotonic() - began)
        except TimeLimitError as error:
            if seconds < write.seconds:
                raise _LaterError from error
            if seconds < write.request.timeout_seconds:
                raise _SlowError from error
            raise _limited(write.request, error) from error
        except MemoryLimitError as error:
            raise _limited(write.request, error) from error

    def _taken(
        self,
        request: WriteRequest,
        effect: Effect | LargeEffect,
        number: int,
        deadline: float,
        *,
        tell: bool,
    ) -> dict[str, Any]:
        """Have the writer process take in a change on top of the revision with that number, by the
        deadline; return its answer.

        Raises: InvalidDataError, _WriterError.
        """
        table = {
            "job": "change",
            "upon": number,
            "author": request.author,
            "message": request.message,
            "dry_run": request.dry_run,
            "tell": tell,
            **effect.header,
        }
        try:
            left = max(deadline - time.monotonic(), _LEAST_SECONDS)
            return self._process.ask(table, effect.pieces, left)
        except InvalidDataError as error:
            error.report = str(error.extras.pop("report", "")).encode()
            raise
        except TimeLimitError as error:
            raise _WriterError(_late(request)) from error
        except ProblemError as error:
            raise _WriterError(_shown(error)) from error

    def _published(self, table: dict[str, Any]) -> list[int]:
        """The numbers of the revisions that the writer process publishes; where it dies meanwhile,
        those that it has put in force.

        Raises: ProblemError where nothing is published.
        """
        before = self._history.current.number
        try:
            numbers: list[int] = self._process.ask(table, [])["numbers"]
        except (EngineError, EngineFailedError, StorageError) as error:
            now = revision_folders.current(self._path)
            if now is None or now.number == before:
                raise _shown(error) from error
            _log.exception("the writer failed after it had published revision %d", now.number)
            return list(range(before + 1, now.number + 1))
        except ProblemError as error:
            raise _shown(error) from error
        return numbers

    def _switch(self, numbers: Sequence[int]) -> None:
        """Put the revisions in force; everyone reads the last of them from now on."""
        switch(self._path, self._pool, self._history, numbers, self._most_in_memory)


def _shown(error: ProblemError) -> ProblemError:
    """The error as clients may see it."""
    if isinstance(error, StorageError):
        _log.error("the store cannot be written: %s", error)  # its path is not for all
        return StorageError("Nothing was written; the service's log says why.")
    return error


def _limited(request: WriteRequest, error: ProblemError) -> ProblemError:
    """The problem of a write whose evaluation was stopped at a limit."""
    if isinstance(error, WriteTimeLimitError | WriteMemoryLimitError):
        return error
    if isinstance(error, TimeLimitError):
        return _late(request)
    if isinstance(request.operation, DatasetWrite):
        return WriteMemoryLimitError(
            "The import needs more memory than it may have; nothing was written. Give it more by "
            "--memory-mib (to the service, where one runs over the store), or import in parts."
        )
    return WriteMemoryLimitError(
        "The write needs more memory than one may have; nothing was written. Send it in parts, or "
        "have the operator bring the data by `spacepolicy import FILE`."
    )


def _late(request: WriteRequest) -> WriteTimeLimitError:
    """The problem of a write that was stopped at its time limit."""
    seconds = request.timeout_seconds
    if isinstance(request.operation, DatasetWrite):
        return WriteTimeLimitError(
            f"The import took longer than {seconds:g} seconds and was stopped; nothing was "
            "written. Give it longer by --import-timeout.",
            extras={"limit_seconds": seconds},
        )
    return WriteTimeLimitError(
        f"The write took longer than {seconds:g} seconds and was stopped; nothing was written. "
        "Send it in parts, or have the operator bring the data by `spacepolicy import FILE` or "
        "serve with a longer --write-timeout.",
        extras={"limit_seconds": seconds},
    )


def _of_others(problem: ProblemError) -> ProblemError:
    """The problem of the writes that were taken in together with one that failed."""
    if not isinstance(problem, WriteTimeLimitError):
        return problem
    return OverloadedError(
        "Another write took all of its time, and what was taken in with it was not written.",
        headers={"Retry-After": "1"},
    )
