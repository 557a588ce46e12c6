"""The revisions as a whole: in force, at a time, and which changed a graph."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacepolicy.errors import NotFoundError
from spacepolicy.store.history import History
from spacepolicy.store.revision import Counts, Revision


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


Quads = frozenset[int]


@given(states=st.lists(st.frozensets(st.integers(0, 5)), min_size=1, max_size=6), data=st.data())
def test_what_changed_leads_from_any_revision_to_any_other(
    states: list[Quads], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """States are sets of numbers, which stand for quads; the one before the first is empty."""
    every = [frozenset[int](), *states]
    folder = tmp_path_factory.mktemp("patches")
    made = [
        replace(revision(number), directory=folder / str(number)) for number in range(1, len(every))
    ]
    for number, each in enumerate(made):
        each.directory.mkdir()
        before, after = every[number], every[number + 1]
        lines = [f"D <urn:{n}> .\n" for n in sorted(before - after)]
        lines += [f"A <urn:{n}> .\n" for n in sorted(after - before)]
        each.changes.write_text("".join(["TX .\n", *lines, "TC .\n"]), encoding="utf-8")
    older = data.draw(st.integers(0, len(states)))
    newer = data.draw(st.integers(0, len(states)))
    first, *lines_, last = History(made).changes(older, newer)
    assert (first, last) == (b"TX .\n", b"TC .\n")
    told = {mark: {int(line[7:-4]) for line in lines_ if line[:1] == mark} for mark in (b"A", b"D")}
    assert told == {b"A": every[newer] - every[older], b"D": every[older] - every[newer]}
    assert len(lines_) == len(every[newer] ^ every[older])
    by_subject = [
        (subject, list(group)) for subject, group in History(made).changed_subjects(older, newer)
    ]
    assert [subject for subject, _ in by_subject] == sorted({line[2:-3] for line in lines_})
    assert sorted(line for _, group in by_subject for line in group) == sorted(lines_)
