"""What clients met, and what was done to the service, from when until when, that excuses it."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, final

FAULTS_KEPT: Final = 200
"""One cause makes many faults; the first of them tell what it is."""


@final
@dataclass
class Disturbance:
    """Something that was done to the service on purpose."""

    kind: str
    began: float
    ended: float = float("inf")
    """When the service did all its work again."""

    def meets(self, began: float, ended: float) -> bool:
        """Whether a request of that time may have felt it."""
        return began <= self.ended and ended >= self.began


@final
@dataclass
class Journal:
    """Answers counted by client and outcome, and what should not have been."""

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    disturbed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Outcomes that only a disturbance excuses."""
    disturbances: list[Disturbance] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Promises that were broken, however busy the machine is."""
    missed: list[str] = field(default_factory=list)
    """What a machine with time to spare has to keep: answers within limits, bounds of time and
    memory."""
    longest: dict[str, float] = field(default_factory=dict)
    """The longest request by client, in seconds, of those that nothing disturbed."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def record(
        self, client: str, began: float, outcome: str, *, is_intended: bool, detail: str = ""
    ) -> None:
        """Count an outcome; one that is not intended is a bound missed unless something disturbed
        it, told with its detail."""
        ended = time.monotonic()
        with self._lock:
            kinds = {each.kind for each in self.disturbances if each.meets(began, ended)}
            if is_intended:
                self.answers[client, outcome] += 1
                if not kinds:
                    self.longest[client] = max(self.longest.get(client, 0.0), ended - began)
            elif kinds:
                self.disturbed[client, outcome] += 1
            else:
                self._add(
                    self.missed,
                    f"{client}: {outcome} after {ended - began:.1f} s {detail}".rstrip(),
                )

    def fault(self, text: str) -> None:
        """Something that nothing excuses."""
        with self._lock:
            self._add(self.faults, text)

    def miss(self, text: str) -> None:
        """A bound that was missed."""
        with self._lock:
            self._add(self.missed, text)

    def _add(self, to: list[str], text: str) -> None:
        if len(to) < FAULTS_KEPT:
            to.append(f"{time.strftime('%H:%M:%S')} {text}")

    @contextmanager
    def disturbance(self, kind: str) -> Iterator[Disturbance]:
        """From the disturbance until the service is itself again, which ends the block."""
        with self._lock:
            found = Disturbance(kind, time.monotonic())
            self.disturbances.append(found)
        try:
            yield found
        finally:
            found.ended = time.monotonic()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing disturbs the service now, nor has for some seconds."""
        settled = time.monotonic() - 5.0  # processes that were killed are made anew by then
        return all(each.ended < settled for each in self.disturbances)
