"""Facts with numbers for terms.

A relation's rows are (subject, object); the members of a class are rows of one number. Numbers of
literals are negative.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final, Protocol, final

Row = tuple[int, ...]
Key = int
"""The key of statements: a predicate's number, or for memberships of a class the complement (`~`)
of the class's number."""
Delta = dict[Key, set[Row]]
"""New statements, or withdrawn ones, by their key."""
Nodes = AbstractSet[int]
"""Terms by their numbers: literals have negative ones."""
Index = Mapping[int, Nodes]
"""The nodes that each node leads to; a node that is missing leads to none."""
Rows = dict[int, set[int]]
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


class LazyNodes(AbstractSet[int]):
    """A set that is not read as a whole where that is not needed."""

    __slots__ = ()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return next(iter(self), None) is not None

    def __and__(self, nodes: AbstractSet[object]) -> set[int]:
        """The nodes that are in both; of two sets that are not in memory, this one is read."""
        if isinstance(nodes, set | frozenset):
            return {node for node in nodes if node in self}
        return {node for node in self if node in nodes}

    @abstractmethod
    def within(self, count: int) -> Nodes | None:
        """All of the nodes; None where more than so many are not in memory."""

    def __rand__(self, nodes: AbstractSet[object]) -> set[int]:
        return {node for node in nodes if node in self}  # type: ignore[misc] # nodes are numbers


class LazyIndex(Mapping[int, Nodes]):
    """An index that finds what a node leads to when it is asked for."""

    __slots__ = ()

    @abstractmethod
    def get(self, node: int, default: Nodes = NONE) -> Nodes:  # type: ignore[override] # of nodes
        """What the node leads to."""

    def __getitem__(self, node: int) -> Nodes:
        found = self.get(node)
        if not found:
            raise KeyError(node)
        return found


class Relation(Protocol):
    """The statements of a predicate, by subject and by object."""

    @property
    def objects(self) -> Index:
        """The objects of each subject; always the same."""

    @property
    def subjects(self) -> Index:
        """The subjects of each object; always the same."""

    def rows(self) -> Iterator[Row]:
        """Every row."""


@final
class FactTable:
    """The statements of a predicate, indexed by subject; on demand by object too."""

    __slots__ = ("_subjects", "objects")

    def __init__(self) -> None:
        self.objects: Rows = {}
        self._subjects: Rows | None = None

    @property
    def subjects(self) -> Rows:
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


def _put(index: Rows, key: int, value: int) -> None:
    found = index.get(key)
    if found is None:
        index[key] = {value}
    else:
        found.add(value)


def _take(index: Rows, key: int, value: int) -> None:
    found = index[key]
    found.discard(value)
    if not found:
        del index[key]


class Facts:
    """All statements that hold, in memory."""

    __slots__ = ("_classes", "_tables")

    def __init__(self) -> None:
        self._classes: dict[Key, set[int]] = {}
        self._tables: dict[Key, FactTable] = {}

    @property
    def is_whole(self) -> bool:
        """Whether all statements are in memory."""
        return True

    def members(self, key: Key) -> Nodes:
        """The members of the class; always the same object."""
        return self.class_members(key)

    def relation(self, key: Key) -> Relation:
        """The table of the predicate; always the same object."""
        return self.table(key)

    def class_members(self, key: Key) -> set[int]:
        """The members of the class that are in memory."""
        return self._classes.setdefault(key, set())

    def table(self, key: Key) -> FactTable:
        """The rows of the predicate that are in memory."""
        found = self._tables.get(key)
        if found is None:
            found = self._tables[key] = FactTable()
        return found

    def see(self, nodes: Iterable[int]) -> None:
        """Have all statements about the nodes at hand; here they always are."""

    def see_all(self) -> None:
        """Have all statements at hand; here they always are."""

    def all_keys(self) -> tuple[Key, ...]:
        """The keys of all statements."""
        self.see_all()
        return (*self._classes, *self._tables)

    def keys_of(self, one: int | None, other: int | None) -> tuple[Key, ...]:
        """All keys that have rows with the given numbers, and perhaps others."""
        del one, other
        return self.all_keys()

    def classes_of(self, nodes: Nodes) -> dict[int, set[int]]:
        """The numbers of the classes of each of the nodes."""
        self.see(nodes)
        found: dict[int, set[int]] = {node: set() for node in nodes}
        for key, members in self._classes.items():
            for node in members & nodes:
                found[node].add(~key)
        return found

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
        """Add rows of subjects that were seen."""
        if key < 0:
            self.class_members(key).update(row[0] for row in rows)
        else:
            self.table(key).add(rows)

    def remove(self, key: Key, rows: Iterable[Row]) -> None:
        """Remove rows of subjects that were seen."""
        if key < 0:
            self.class_members(key).difference_update(row[0] for row in rows)
            return
        table = self.table(key)
        for subject, value in rows:
            table.remove(subject, value)
