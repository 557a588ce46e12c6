"""Facts with numbers for terms.

A relation's rows are (subject, object); the members of a class are rows of one number. Numbers of
literals are negative.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import Final, final

Row = tuple[int, ...]
Key = int
"""The key of statements: a predicate's number, or for memberships of a class the complement (`~`)
of the class's number."""
Delta = dict[Key, set[Row]]
"""New statements, or withdrawn ones, by their key."""
Index = dict[int, set[int]]
NONE: Final[frozenset[int]] = frozenset()


def add(whole: Delta, more: Delta) -> None:
    """Add the rows of `more` to `whole`."""
    for key, rows in more.items():
        if key in whole:
            whole[key] |= rows
        else:
            whole[key] = set(rows)


def joined(deltas: Iterable[Delta]) -> Delta:
    """The union of the rows."""
    whole: Delta = {}
    for delta in deltas:
        add(whole, delta)
    return whole


def less(delta: Delta, other: Delta) -> Delta:
    """The rows of `delta` that `other` does not have."""
    return {key: rows - other.get(key, set()) for key, rows in delta.items()}


@final
class FactTable:
    """The statements of a predicate, indexed by subject; on demand by object too."""

    __slots__ = ("_subjects", "objects")

    def __init__(self) -> None:
        self.objects: Index = {}
        self._subjects: Index | None = None

    @property
    def subjects(self) -> Index:
        """The subjects of each object; indexed on the first call, and kept."""
        if self._subjects is None:
            self._subjects = {}
            for subject, objects in self.objects.items():
                for each in objects:
                    _put(self._subjects, each, subject)
        return self._subjects

    def add(self, rows: Iterable[Row]) -> None:
        objects, subjects = self.objects, self._subjects
        for subject, value in rows:
            found = objects.get(subject)
            if found is None:
                objects[subject] = {value}
            else:
                found.add(value)
            if subjects is not None:
                _put(subjects, value, subject)

    def remove(self, subject: int, value: int) -> None:
        _take(self.objects, subject, value)
        if self._subjects is not None:
            _take(self._subjects, value, subject)

    def rows(self) -> Iterator[Row]:
        return ((subject, each) for subject, found in self.objects.items() for each in found)


def _put(index: Index, key: int, value: int) -> None:
    found = index.get(key)
    if found is None:
        index[key] = {value}
    else:
        found.add(value)


def _take(index: Index, key: int, value: int) -> None:
    found = index[key]
    found.discard(value)
    if not found:
        del index[key]


@final
class Facts:
    """All statements that hold."""

    __slots__ = ("classes", "relations")

    def __init__(self) -> None:
        self.classes: dict[Key, set[int]] = {}
        self.relations: dict[Key, FactTable] = {}

    def members(self, key: Key) -> set[int]:
        """The members of the class; always the same set object."""
        return self.classes.setdefault(key, set())

    def relation(self, key: Key) -> FactTable:
        """The table of the predicate; always the same object."""
        found = self.relations.get(key)
        if found is None:
            found = self.relations[key] = FactTable()
        return found

    def keys(self) -> Iterator[Key]:
        return itertools.chain(self.classes, self.relations)

    def rows(self, key: Key) -> Iterator[Row]:
        """Every row of the key."""
        if key < 0:
            return ((member,) for member in self.members(key))
        return self.relation(key).rows()

    def holds(self, key: Key, row: Row) -> bool:
        if key < 0:
            return row[0] in self.members(key)
        return row[1] in self.relation(key).objects.get(row[0], NONE)

    def matching(self, key: Key, one: int | None, other: int | None) -> Iterator[Row]:
        """The rows of the key with the given numbers."""
        if key < 0:
            return self._matching_members(key, one, other)
        relation = self.relation(key)
        if one is not None:
            objects = relation.objects.get(one, NONE)
            return ((one, each) for each in tuple(objects) if other in (None, each))
        if other is not None:
            return ((each, other) for each in tuple(relation.subjects.get(other, NONE)))
        return relation.rows()

    def _matching_members(self, key: Key, one: int | None, other: int | None) -> Iterator[Row]:
        members = self.members(key)
        if other not in (None, ~key):
            return iter(())
        if one is None:
            return ((member,) for member in tuple(members))
        return iter([(one,)] if one in members else [])

    def missing(self, key: Key, rows: Iterable[Row]) -> set[Row]:
        """The rows that do not hold yet and can be stated: literals cannot be subjects."""
        if key < 0:
            members = self.members(key)
            return {row for row in rows if row[0] not in members and row[0] >= 0}
        objects = self.relation(key).objects
        return {row for row in rows if row[1] not in objects.get(row[0], NONE) and row[0] >= 0}

    def add(self, key: Key, rows: Iterable[Row]) -> None:
        if key < 0:
            self.members(key).update(row[0] for row in rows)
        else:
            self.relation(key).add(rows)

    def remove(self, key: Key, rows: Iterable[Row]) -> None:
        if key < 0:
            self.members(key).difference_update(row[0] for row in rows)
            return
        relation = self.relation(key)
        for subject, value in rows:
            relation.remove(subject, value)
