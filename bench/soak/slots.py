"""What writers have been told, and whether a store holds it.

Each slot belongs to one writer, which puts rising numbers into it, two statements at a time. So a
store has to hold, for each slot, the last number that was acknowledged or one that was sent later;
both statements always agree; and whoever reads twice finds no smaller number the second time.
"""

import csv
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, final

GRAPH: Final = "urn:soak"
QUERY: Final = (
    f"SELECT ?slot ?one ?two {{ GRAPH <{GRAPH}> {{"
    " { ?slot <urn:one> ?one } OPTIONAL { ?slot <urn:two> ?two } } }"
)


@final
@dataclass
class Slots:
    """The numbers of all slots."""

    acknowledged: dict[str, int] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, slot: str) -> tuple[int, str]:
        """The next number for the slot, and the update that puts it there."""
        with self._lock:
            number = self.sent[slot] = self.sent.get(slot, 0) + 1
        thing = f"<urn:slot:{slot}>"
        return number, (
            f"DELETE WHERE {{ GRAPH <{GRAPH}> {{ {thing} ?p ?o }} }} ;\n"
            f"INSERT DATA {{ GRAPH <{GRAPH}> {{"
            f" {thing} <urn:one> {number} ; <urn:two> {number} }} }}"
        )

    def acknowledge(self, slot: str, number: int) -> None:
        """The service has said that the number is there."""
        with self._lock:
            self.acknowledged[slot] = number

    def least(self) -> dict[str, int]:
        """What a query that is asked now has to find at least."""
        with self._lock:
            return dict(self.acknowledged)

    def most(self) -> dict[str, int]:
        """What a query that has been answered can have found at most."""
        with self._lock:
            return dict(self.sent)


def numbers(answer: bytes) -> tuple[dict[str, int], list[str]]:
    """The number of each slot by an answer to `QUERY` in CSV, and what is wrong in it already."""
    found: dict[str, int] = {}
    wrong = []
    for slot, one, two in list(csv.reader(answer.decode().splitlines()))[1:]:
        name = slot.rpartition(":")[2]
        if one != two or name in found:
            wrong.append(f"half a write: slot {name} has {one} and {two}")
        found[name] = int(one)
    return found, wrong


def missing(
    found: Mapping[str, int], least: Mapping[str, int], most: Mapping[str, int]
) -> list[str]:
    """What is wrong with numbers that were found, given what they have to be between."""
    return [
        f"slot {slot} has {found.get(slot, 0)}, where {number} was acknowledged"
        for slot, number in least.items()
        if found.get(slot, 0) < number
    ] + [
        f"slot {slot} has {number}, which nobody has sent"
        for slot, number in found.items()
        if number > most.get(slot, 0)
    ]
