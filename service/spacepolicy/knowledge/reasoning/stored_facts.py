"""Facts that stand in a store: what is stated of a thing is read when it is first asked for.

A writer needs a few thousand of a million statements for a document: it reads these, instead of all
at its start. All statements about a subject are read before any of them changes; from then on those
in memory hold, and the store is not asked about it again: a change is in memory before it is in the
store. Of other subjects single values are read.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import Final, Protocol, final

from pyoxigraph import NamedNode, Triple

from spacepolicy.knowledge.reasoning.expressions import TYPE, Term
from spacepolicy.knowledge.reasoning.facts import (
    NONE,
    Delta,
    Facts,
    Key,
    LazyIndex,
    LazyNodes,
    Nodes,
    Row,
    Rows,
    add,
)
from spacepolicy.knowledge.reasoning.terms import TermNumbers

_FEW: Final = 16
"""Up to how many statements with one object are read at once: most things have no more, and are
asked for by 25 predicates; the others cost 0.1 ms."""


class HoldingStatements(Protocol):
    """Statements that hold, and those of them that are only inferred."""

    def holding(
        self, subject: Term | None, predicate: NamedNode | None, value: Term | None
    ) -> Iterator[Triple]:
        """The statements that hold and have the given parts."""

    def inferred(self, subject: Term | None) -> Iterator[Triple]:
        """Those that are inferred and not asserted, about the subject where one is given."""


@final
class StoredFacts(Facts):
    """The statements of a closure, with those that were added and without those that were removed.

    `derived` has those that are only inferred, of all subjects that were seen.
    """

    __slots__ = (
        "_asked",
        "_classes_read",
        "_closure",
        "_incoming",
        "_read",
        "_relations",
        "_terms",
        "derived",
        "seen",
    )

    def __init__(self, terms: TermNumbers, closure: HoldingStatements) -> None:
        super().__init__()
        self.derived: Delta = {}
        self.seen: set[int] = set()
        """The subjects about which all statements were read."""
        self._asked: set[int] = set()
        self._incoming: set[int] = set()
        """The nodes of which all statements that have them as their object were read."""
        self._terms = terms
        self._closure = closure
        self._read: set[Key] | None = set()
        """The keys of which all rows were read; None where those of every key were."""
        self._classes_read: dict[Key, _Members] = {}
        self._relations: dict[Key, _Relation] = {}

    @property
    def is_whole(self) -> bool:
        """Whether all statements are in memory."""
        return self._read is None

    def members(self, key: Key) -> Nodes:
        """The members of the class, read as they are asked for."""
        found = self._classes_read.get(key)
        if found is None:
            found = self._classes_read[key] = _Members(self, key)
        return found

    def relation(self, key: Key) -> "_Relation":
        """The table of the predicate, whose rows are read as they are asked for."""
        found = self._relations.get(key)
        if found is None:
            found = self._relations[key] = _Relation(self, key)
        return found

    def see(self, nodes: Iterable[int]) -> None:
        """Read all statements about the nodes that were not read yet."""
        for node in nodes:
            if node not in self.seen:
                self._see_one(node)

    def _see_one(self, node: int) -> None:
        self.seen.add(node)
        if node < 0 or self._read is None:
            return
        term, terms = self._terms.term(node), self._terms
        for key, rows in terms.delta(self._closure.holding(term, None, None)).items():
            self.add(key, rows)
        add(self.derived, terms.delta(self._closure.inferred(term)))

    def see_row(self, key: Key, node: int) -> None:
        """Read the objects of the node, or whether it is a member of the class."""
        if node >= 0 and self._read is not None and key not in self._read:
            term, terms = self._terms.term, self._terms
            stated = (TYPE, term(~key)) if key < 0 else (term(key), None)
            if isinstance(stated[0], NamedNode):
                found = self._closure.holding(term(node), *stated)
                for each, rows in terms.delta(found).items():
                    self.add(each, rows)

    def see_key(self, key: Key) -> None:
        """Read every row of the key."""
        if self._read is not None and key not in self._read:
            self._read.add(key)
            self._add(self._stated(key, None))

    def see_all(self) -> None:
        """Read all statements: of very many, that is faster than subject by subject."""
        if self._read is None:
            return
        self._add(self._closure.holding(None, None, None))
        for key, rows in self._terms.delta(self._closure.inferred(None)).items():
            add(self.derived, {key: {row for row in rows if row[0] not in self.seen}})
        self._read = None

    def see_subjects(self, key: Key, value: int) -> Iterator[int]:
        """Read the subjects of an object that are not in memory, one by one; once the last was
        read, all are."""
        if self._read is None or key in self._read:
            return
        known, read = self.table(key).subjects.get(value, ()), list[Row]()
        for triple in self._stated(key, value):
            subject = self._terms.number(triple.subject)
            if subject not in self.seen and subject not in known:
                read.append((subject, value))
                yield subject
        self.add(key, [row for row in read if row[0] not in self.seen])

    def sees_incoming(self, node: int) -> bool:
        """Whether all statements with the node as their object are in memory; they are read the
        first time, unless there are many."""
        if node not in self._asked and self._read is not None:
            self._asked.add(node)
            stated = self._closure.holding(None, None, self._terms.term(node))
            found = list(itertools.islice(stated, _FEW + 1))
            if len(found) <= _FEW:
                self._add(found)
                self._incoming.add(node)
        return self._read is None or node in self._incoming

    def keys_of(self, one: int | None, other: int | None) -> tuple[Key, ...]:
        """All keys that have rows with the given numbers, and perhaps others."""
        if one is not None:
            self.see((one,))
        elif other is None:
            self.see_all()
        elif self._read is not None:
            self._add(self._closure.holding(None, None, self._terms.term(other)))
        return (*self._classes, *self._tables)

    def _stated(self, key: Key, value: int | None) -> Iterator[Triple]:
        """The statements of the key in the store, with that object where one is given."""
        term = self._terms.term
        if key < 0:
            return self._closure.holding(None, TYPE, term(~key))
        predicate = term(key)
        if not isinstance(predicate, NamedNode):
            return iter(())
        return self._closure.holding(None, predicate, None if value is None else term(value))

    def _add(self, statements: Iterable[Triple]) -> None:
        """Add those whose subjects were not seen: of the others memory has what holds."""
        for key, rows in self._terms.delta(statements).items():
            self.add(key, [row for row in rows if row[0] not in self.seen])


@final
class _Members(LazyNodes):
    """The members of a class."""

    __slots__ = ("_asked", "_facts", "_key", "_known")

    def __init__(self, facts: StoredFacts, key: Key) -> None:
        self._facts, self._key, self._known = facts, key, facts.class_members(key)
        self._asked: set[int] = set()

    def __contains__(self, node: object) -> bool:
        if node not in self._facts.seen and node not in self._asked:
            self._asked.add(node)  # type: ignore[arg-type] # nodes are numbers
            self._facts.see_row(self._key, node)  # type: ignore[arg-type]
        return node in self._known

    def __iter__(self) -> Iterator[int]:
        self._facts.see_key(self._key)
        return iter(self._known)

    def within(self, count: int) -> Nodes | None:
        del count
        return None


@final
class _Relation:
    """The rows of a predicate."""

    __slots__ = ("_facts", "_key", "objects", "subjects")

    def __init__(self, facts: StoredFacts, key: Key) -> None:
        self._facts, self._key = facts, key
        self.objects: _Objects = _Objects(facts, key)
        self.subjects: _Subjects = _Subjects(facts, key, self.objects)

    def rows(self) -> Iterator[Row]:
        self._facts.see_key(self._key)
        return self._facts.table(self._key).rows()


class _StoredIndex(LazyIndex):
    """An index of a predicate; `known` is what of it is in memory."""

    __slots__ = ("_facts", "_key", "_known")

    def __init__(self, facts: StoredFacts, key: Key, known: Rows) -> None:
        self._facts, self._key, self._known = facts, key, known

    def __iter__(self) -> Iterator[int]:
        self._facts.see_key(self._key)
        return iter(self._known)

    def __len__(self) -> int:
        self._facts.see_key(self._key)
        return len(self._known)


@final
class _Objects(_StoredIndex):
    """The objects of subjects."""

    __slots__ = ("_asked",)

    def __init__(self, facts: StoredFacts, key: Key) -> None:
        super().__init__(facts, key, facts.table(key).objects)
        self._asked: set[int] = set()

    def get(self, node: int, default: Nodes = NONE) -> Nodes:  # type: ignore[override] # of nodes
        if node not in self._facts.seen and node not in self._asked:
            self._asked.add(node)
            self._facts.see_row(self._key, node)
        return self._known.get(node, default)


@final
class _Subjects(_StoredIndex):
    """The subjects of objects: of some very many, so that they are read as far as they are
    needed."""

    __slots__ = ("_more", "_objects", "_whole")

    def __init__(self, facts: StoredFacts, key: Key, objects: _Objects) -> None:
        super().__init__(facts, key, facts.table(key).subjects)
        self._objects = objects
        self._whole: set[int] = set()
        """The objects of which all subjects are in memory."""
        self._more: dict[int, int] = {}
        """Of how many subjects it is known that more of an object are not."""

    def get(self, node: int, default: Nodes = NONE) -> Nodes:  # type: ignore[override] # of nodes
        if node in self._whole or self._facts.sees_incoming(node):
            return self._known.get(node, default)
        return _SubjectsOf(self, node)

    def has(self, subject: int, value: int) -> bool:
        """Whether the subject has that object."""
        return value in self._objects.get(subject)

    def each(self, value: int) -> Iterator[int]:
        """The subjects of the object, read one by one."""
        yield from tuple(self._known.get(value, ()))
        yield from self._read(value)

    def _read(self, value: int) -> Iterator[int]:
        if value not in self._whole:
            yield from self._facts.see_subjects(self._key, value)
            self._whole.add(value)

    def within(self, value: int, count: int) -> Nodes | None:
        """All subjects of the object; None where more than so many are not in memory."""
        if self._more.get(value, 0) >= count:
            return None
        if next(itertools.islice(self._read(value), count, None), None) is not None:
            self._more[value] = count
            return None
        return self._known.get(value, NONE)


@final
class _SubjectsOf(LazyNodes):
    """The subjects of one object of a predicate."""

    __slots__ = ("_subjects", "_value")

    def __init__(self, subjects: _Subjects, value: int) -> None:
        self._subjects, self._value = subjects, value

    def __contains__(self, node: object) -> bool:
        return self._subjects.has(node, self._value)  # type: ignore[arg-type] # nodes are numbers

    def __iter__(self) -> Iterator[int]:
        return self._subjects.each(self._value)

    def within(self, count: int) -> Nodes | None:
        return self._subjects.within(self._value, count)
