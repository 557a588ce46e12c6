"""The differences between two revisions, by subject: as many as a page can show."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, final

from pyoxigraph import BlankNode, NamedNode, Quad

from spacepolicy.engine.nquads import quads
from spacepolicy.store.history import History

MAX_THINGS: Final = 100
"""Subjects that are read: more than anybody reads through on one page."""
MAX_LINES: Final = 1000
"""Lines of a patch that are read, some 150 KiB of a page."""
_MAX_COUNTED: Final = 100_000
"""Lines of the other subjects, which are only counted: a quarter of a second."""


@final
@dataclass(frozen=True, slots=True)
class ChangedThing:
    """A subject, and the quads about it that were removed and added."""

    subject: NamedNode | BlankNode
    removed: tuple[Quad, ...]
    added: tuple[Quad, ...]


@final
@dataclass(frozen=True, slots=True)
class RevisionDifference:
    """The first subjects that changed, in the order of their IRIs. `is_cut`: the last of them was
    not read to its end; `others` changed too, and more than those where they are not
    `all_counted`."""

    things: tuple[ChangedThing, ...]
    is_cut: bool
    others: int
    all_counted: bool


def difference(history: History, older: int, newer: int) -> RevisionDifference:
    """The difference that leads from one revision to another, backwards too; 0 is the empty dataset
    before the first.

    Raises: NotFoundError, RevisionGoneError, ResultLimitError, DamagedError.
    """
    subjects = history.changed_subjects(older, newer)
    things: list[ChangedThing] = []
    left = MAX_LINES
    is_cut = False
    while left and len(things) < MAX_THINGS and (group := next(subjects, None)):
        lines = list(islice(group[1], left))
        left -= len(lines)
        is_cut = next(group[1], None) is not None
        things.append(_thing(lines))
    others, all_counted = _counted(subjects)
    return RevisionDifference(tuple(things), is_cut, others, all_counted)


def _thing(lines: Iterable[bytes]) -> ChangedThing:
    gone, come = list[bytes](), list[bytes]()
    for line in lines:
        (come if line.startswith(b"A ") else gone).append(line[2:])
    removed, added = tuple(quads(b"".join(gone))), tuple(quads(b"".join(come)))
    subject = (*removed, *added)[0].subject
    assert isinstance(subject, NamedNode | BlankNode)  # noqa: S101 # RDF 1.2 has no others
    return ChangedThing(subject, removed, added)


def _counted(subjects: Iterator[tuple[bytes, Iterator[bytes]]]) -> tuple[int, bool]:
    """How many subjects there are, and whether all are counted."""
    count, left = 0, _MAX_COUNTED
    for _, lines in subjects:
        count += 1
        left -= sum(1 for _ in islice(lines, left))
        if not left:
            return count, False
    return count, True
