"""Joins over facts: from the rows of one atom, step by step, to the rows that meet all atoms.

A row has the numbers that a join has bound so far. Each step binds one more variable, to the
intersection of all the atoms that contain it.

Spec: Ngo, Ré, Rudra, Skew Strikes Back, SIGMOD Record 42(4), 2013,
https://doi.org/10.1145/2590989.2590991
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, final

from spacepolicy.knowledge.reasoning.facts import NONE, Facts, Index, Key, LazyNodes, Nodes, Row

_FEW: Final = 16
"""How many elements of each set are read at first to find the smallest, and then sixteen times as
many: one takes 8 µs, and of the values of a key one mostly has a handful of members."""
Slot = int | str
"""A number, or the name of a variable."""


@final
@dataclass(frozen=True, slots=True)
class Atom:
    """A premise or a conclusion: a class has one slot, a relation two."""

    key: Key
    slots: tuple[Slot, ...]


Step = Callable[[Iterable[Row]], Iterable[Row]]


@final
@dataclass(frozen=True, slots=True)
class JoinPlan:
    """Joins the rows of the first atom to rows of the result's slots."""

    select: Step
    steps: tuple[Step, ...]
    project: Step

    def run(self, rows: Iterable[Row]) -> Iterable[Row]:
        """Join these rows."""
        found = self.select(rows)
        for step in self.steps:
            if not found:
                break
            found = step(found)
        return self.project(found)


def plan(facts: Facts, start: Atom, others: Iterable[Atom], end: Sequence[Slot]) -> JoinPlan:
    """Plan the join of the start's rows with the other atoms, to the slots of its end."""
    places: dict[Slot, int] = {}
    for place, slot in enumerate(start.slots):
        if isinstance(slot, str):
            places.setdefault(slot, place)
    waiting = list(others)
    slots = (*start.slots, *(slot for atom in waiting for slot in atom.slots), *end)
    constants = tuple(dict.fromkeys(slot for slot in slots if isinstance(slot, int)))
    for number, constant in enumerate(constants):
        places[constant] = len(start.slots) + number
    width = len(start.slots) + len(constants)
    steps: list[Step] = []
    while waiting:
        step, met, bound = _next(facts, waiting, places)
        steps.append(step)
        waiting = [atom for atom in waiting if atom not in met]
        for slot in bound:
            places[slot] = width
            width += 1
    return JoinPlan(
        _selection(start, constants), tuple(steps), _projection([places[s] for s in end])
    )


def _selection(start: Atom, constants: Row) -> Step:
    """The rows of the start that match its constants and repeated variables, with all constants."""
    slots = start.slots
    wanted = [(place, slot) for place, slot in enumerate(slots) if isinstance(slot, int)]
    again = [
        (place, slots.index(slot))
        for place, slot in enumerate(slots)
        if isinstance(slot, str) and slots.index(slot) != place
    ]
    if not wanted and not again:
        return (lambda rows: [row + constants for row in rows]) if constants else _as_they_are
    return lambda rows: [
        row + constants
        for row in rows
        if all(row[place] == slot for place, slot in wanted)
        and all(row[one] == row[other] for one, other in again)
    ]


def _as_they_are(rows: Iterable[Row]) -> Iterable[Row]:
    return rows


def _projection(places: Sequence[int]) -> Step:
    if list(places) == [0]:
        return lambda rows: [row[:1] for row in rows]
    if len(places) == 1:
        (place,) = places
        return lambda rows: [(row[place],) for row in rows]
    if not places:
        return lambda rows: [() for _ in rows]
    pick = itemgetter(*places)
    return lambda rows: map(pick, rows)


def _next(
    facts: Facts, waiting: Sequence[Atom], places: dict[Slot, int]
) -> tuple[Step, Sequence[Atom], Sequence[Slot]]:
    """The next step, the atoms that it meets, and the slots that it binds."""
    for atom in waiting:
        if all(slot in places for slot in atom.slots):
            return _filter(facts, atom, places), [atom], []
    candidates = {slot for atom in waiting for slot in atom.slots if slot not in places}
    slot = max(sorted(candidates, key=str), key=lambda each: _reach(each, waiting, places))
    met = [atom for atom in waiting if _leads_to(slot, atom, places)]
    if any(len(atom.slots) == 2 for atom in met):
        return _expansion(facts, slot, met, places), met, [slot]
    atom = met[0] if met else next(atom for atom in waiting if slot in atom.slots)
    return _product(facts, atom), [atom], list(dict.fromkeys(atom.slots))


def _leads_to(slot: Slot, atom: Atom, places: dict[Slot, int]) -> bool:
    """Whether the atom determines the slot's numbers once the places are filled."""
    return atom.slots.count(slot) == 1 and all(s == slot or s in places for s in atom.slots)


def _reach(slot: Slot, waiting: Iterable[Atom], places: dict[Slot, int]) -> tuple[bool, int, int]:
    """The sort key of how few numbers the slot can have: a subject has few objects, an object may
    have many subjects; the more atoms restrict it, the better."""
    met = [atom for atom in waiting if _leads_to(slot, atom, places)]
    linking = [atom for atom in met if len(atom.slots) == 2]
    return any(atom.slots[1] == slot for atom in linking), len(linking), len(met)


def _filter(facts: Facts, atom: Atom, places: dict[Slot, int]) -> Step:
    if len(atom.slots) == 1:
        members, place = facts.members(atom.key), places[atom.slots[0]]
        return lambda rows: [row for row in rows if row[place] in members]
    objects = facts.relation(atom.key).objects
    one, other = (places[slot] for slot in atom.slots)
    return lambda rows: [row for row in rows if row[other] in objects.get(row[one], NONE)]


def _expansion(facts: Facts, slot: Slot, met: Sequence[Atom], places: dict[Slot, int]) -> Step:
    """Each row with each number that all the atoms allow."""
    lookups = [_lookup(facts, atom, slot, places) for atom in met if len(atom.slots) == 2]
    classes = [facts.members(atom.key) for atom in met if len(atom.slots) == 1]
    (index, place), more = lookups[0], lookups[1:]
    if not more and not classes:
        return lambda rows: [(*row, z) for row in rows for z in index.get(row[place], NONE)]
    if not more and len(classes) == 1:
        (members,) = classes
        return lambda rows: [
            (*row, z) for row in rows for z in index.get(row[place], NONE) & members
        ]

    def step(rows: Iterable[Row]) -> list[Row]:
        found: list[Row] = []
        for row in rows:
            numbers = intersection([other.get(row[at], NONE) for other, at in lookups])
            for members in classes:
                numbers = numbers & members
            found += [(*row, z) for z in numbers]
        return found

    return step


def intersection(sets: Sequence[Nodes]) -> Nodes:
    """The numbers that are in all of the sets; of those that are not in memory, no more is read
    than of the smallest, about."""
    if not any(isinstance(each, LazyNodes) for each in sets):
        return _in_all(sets)
    count = _FEW
    while not (at_hand := [found for each in sets if (found := _within(each, count)) is not None]):
        count *= _FEW
    numbers = _in_all(at_hand)
    for each in sets:
        if isinstance(each, LazyNodes) and _within(each, count) is None:
            numbers = numbers & each
    return numbers


def _within(nodes: Nodes, count: int) -> Nodes | None:
    return nodes.within(count) if isinstance(nodes, LazyNodes) else nodes


def _in_all(sets: Sequence[Nodes]) -> Nodes:
    least, *others = sorted(sets, key=len)
    return set(least).intersection(*others)


def _lookup(facts: Facts, atom: Atom, slot: Slot, places: dict[Slot, int]) -> tuple[Index, int]:
    relation = facts.relation(atom.key)
    subject, value = atom.slots
    if value == slot:
        return relation.objects, places[subject]
    return relation.subjects, places[value]


def _product(facts: Facts, atom: Atom) -> Step:
    """Each row with each row of an atom without a common variable."""
    if len(atom.slots) == 2 and atom.slots[0] == atom.slots[1]:
        return lambda rows: [
            row + each[:1] for row in rows for each in facts.rows(atom.key) if each[0] == each[1]
        ]
    return lambda rows: [row + each for row in rows for each in facts.rows(atom.key)]
