"""Turns: those that wait are carried out together, in their order, and nobody is left waiting."""

import threading
from collections.abc import Sequence

import pytest

from spacepolicy.errors import OverloadedError
from spacepolicy.writes.commit_queue import CommitQueue, QueuedJob

PATIENCE_SECONDS = 20.0
Groups = list[list[int]]


class Desk:
    """Carries jobs out, numbers that are their own results, and is held up by the first."""

    def __init__(self, most: int = 99) -> None:
        self.groups: Groups = []
        self.has_begun, self.may_go_on = threading.Event(), threading.Event()
        self.turns: CommitQueue[int, int] = CommitQueue(self._carry_out)
        self.results: dict[int, int | Exception] = {}
        self._most = most

    def _carry_out(self, tickets: Sequence[QueuedJob[int, int]]) -> None:
        if not self.groups:
            self.has_begun.set()
            assert self.may_go_on.wait(PATIENCE_SECONDS)
        begun = [ticket for ticket in tickets[: self._most] if ticket.begins()]
        self.groups.append([ticket.job for ticket in begun])
        for ticket in begun:
            if ticket.job < 0:
                raise ValueError(ticket.job)
            ticket.answer.set_result(ticket.job)

    def bring(self, job: int, *, alone: bool = False) -> threading.Thread:
        """The thread that waits for the job, once it does."""
        tickets: list[QueuedJob[int, int]] = [QueuedJob(job, alone)]

        def run() -> None:
            try:
                self.results[job] = self.turns.done(tickets[0], PATIENCE_SECONDS)
            except (ValueError, OverloadedError) as error:
                self.results[job] = error

        thread = threading.Thread(target=run)
        thread.start()
        return thread


def carried_out(app_state: Desk, jobs: Sequence[tuple[int, bool]]) -> None:
    threads = [app_state.bring(0)]
    assert app_state.has_begun.wait(PATIENCE_SECONDS)
    for job, alone in jobs:
        threads.append(app_state.bring(job, alone=alone))
        while app_state.turns.waiting < len(threads) - 1:
            threads[-1].join(0.001)
    app_state.may_go_on.set()
    for thread in threads:
        thread.join()


def shared(*jobs: int) -> list[tuple[int, bool]]:
    return [(job, False) for job in jobs]


@pytest.mark.parametrize(
    ("jobs", "groups"),
    [
        (shared(1, 2, 3), [[0], [1, 2, 3]]),
        ([(1, False), (2, True), (3, False), (4, False)], [[0], [1], [2], [3, 4]]),
    ],
)
def test_those_that_wait_are_carried_out_together(
    jobs: list[tuple[int, bool]], groups: Groups
) -> None:
    app_state = Desk()
    carried_out(app_state, jobs)
    assert app_state.groups == groups
    assert app_state.results == {job: job for job, _ in [(0, False), *jobs]}


def test_what_is_left_has_the_next_turn() -> None:
    app_state = Desk(2)
    carried_out(app_state, shared(1, 2, 3))
    assert app_state.groups == [[0], [1, 2], [3]]
    assert sorted(app_state.results) == [0, 1, 2, 3]


def test_a_failure_is_told_to_all_who_wait_for_it() -> None:
    app_state = Desk()
    carried_out(app_state, shared(1, -1, 2))
    assert app_state.results[1] == 1
    assert [type(app_state.results[job]) for job in (-1, 2)] == [ValueError, ValueError]
    app_state.bring(3).join()
    assert app_state.results[3] == 3


def test_a_job_whose_time_is_up_before_it_begins_is_never_carried_out() -> None:
    app_state = Desk()
    first = app_state.bring(0)
    assert app_state.has_begun.wait(PATIENCE_SECONDS)
    with pytest.raises(OverloadedError):
        app_state.turns.done(QueuedJob(1), 0.01)
    second = app_state.bring(2)
    app_state.may_go_on.set()
    for thread in (first, second):
        thread.join()
    assert {job for group in app_state.groups for job in group} == {0, 2}
    assert app_state.results == {0: 0, 2: 2}
