"""The revisions as a whole: in force, at a time, and which changed a graph."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from spacepolicy.errors import NotFoundError
from spacepolicy.revisions.history import History
from spacepolicy.revisions.revision import Counts, Revision


def revision(number: int) -> Revision:
    time = f"2026-01-0{number}T00:00:00+00:00"
    return Revision(number, time, "a", "", Counts(), "", "", None, {}, Path())


@pytest.fixture
def history() -> History:
    touched = ((1, ("g", "h")), (3, ("g",)))
    return History([revision(1), revision(2), revision(3)], touched)


@pytest.mark.parametrize(("day", "number"), [(1, 1), (2, 2), (9, 3)])
def test_a_revision_is_in_force_until_the_next(history: History, day: int, number: int) -> None:
    assert history.at(datetime(2026, 1, day, 12, tzinfo=UTC)).number == number


def test_before_the_first_the_first_is_given(history: History) -> None:
    assert history.at(datetime(2020, 1, 1, tzinfo=UTC)).number == 1


def test_a_graph_was_changed_last_by_a_revision(history: History) -> None:
    assert history.last_changed("g") == 3
    assert history.last_changed("g", 2) == 1
    assert history.last_changed("h") == 1
    assert history.last_changed("unknown") is None


def test_a_number_that_was_never_given_is_not_found(history: History) -> None:
    with pytest.raises(NotFoundError, match="no revision 4"):
        history.get(4)


def test_what_is_published_is_in_force_and_told(history: History) -> None:
    told: list[int] = []
    leave = history.listen(lambda revision: told.append(revision.number))
    history.publish(revision(4), ["h"])
    leave()
    history.publish(revision(5), [])
    assert told == [4]
    assert history.current.number == 5
    assert history.last_changed("h") == 4
