"""What a server costs: processor time, memory, page faults and new processes of its whole tree.

Read from `/proc` (Linux). Processor time and faults of children that have ended are counted by the
kernel in the parent that waited for them, so that the sums over the living tree lose none.
"""

import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_MINOR, _MAJOR, _TIMES = slice(7, 9), slice(9, 11), slice(11, 15)
_OWN_TIMES: Final = slice(11, 13)
"""Fields of `/proc/PID/stat` after the command, own and of ended children (proc(5))."""
_LOOK_SECONDS: Final = 0.05
"""How often processes are listed: one that lives shorter is not counted; looking more often would
cost what is measured."""


@final
@dataclass(frozen=True, slots=True)
class Usage:
    """What a tree of processes has used so far, ended children included."""

    cpu_seconds: float = 0.0
    root_seconds: float = 0.0
    """What the root itself has used of that."""
    minor_faults: int = 0
    major_faults: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        """Both together."""
        return Usage(
            self.cpu_seconds + other.cpu_seconds,
            self.root_seconds + other.root_seconds,
            self.minor_faults + other.minor_faults,
            self.major_faults + other.major_faults,
        )

    def __sub__(self, other: "Usage") -> "Usage":
        """What was used since."""
        return Usage(
            self.cpu_seconds - other.cpu_seconds,
            self.root_seconds - other.root_seconds,
            self.minor_faults - other.minor_faults,
            self.major_faults - other.major_faults,
        )


def children(process: int) -> list[int]:
    """The children of the process that live; none where it has ended."""
    found: list[int] = []
    with suppress(OSError):
        for listed in Path(f"/proc/{process}/task").glob("*/children"):
            with suppress(OSError):  # the thread has ended meanwhile
                found += map(int, listed.read_text(encoding="ascii").split())
    return found


def tree(root: int) -> list[int]:
    """The process and its descendants that live."""
    found = [root]
    for process in found:
        found += children(process)
    return found


def usage(root: int) -> Usage:
    """What the tree has used so far."""
    total = Usage()
    for process in tree(root):
        try:
            text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
            total += parse_stat(text, is_root=process == root)
        except OSError:
            continue
    return total


def parse_stat(text: str, *, is_root: bool = False) -> Usage:
    """What `/proc/PID/stat` says of a process and its children that have ended."""
    fields = text.rpartition(")")[2].split()
    own = sum(map(int, fields[_OWN_TIMES])) / _TICKS
    return Usage(
        sum(map(int, fields[_TIMES])) / _TICKS,
        own if is_root else 0.0,
        sum(map(int, fields[_MINOR])),
        sum(map(int, fields[_MAJOR])),
    )


def proportional_bytes(root: int) -> int:
    """The memory of the tree (PSS): pages that several processes share are counted once."""
    total = 0
    for process in tree(root):
        try:
            text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        total += parse_rollup(text)
    return total


def parse_rollup(text: str) -> int:
    """The bytes that `/proc/PID/smaps_rollup` tells as Pss."""
    line = next((line for line in text.splitlines() if line.startswith("Pss:")), "Pss: 0 kB")
    return 1024 * int(line.split()[1])


def busy(root: int) -> int:
    """How many descendants of the process are on a processor."""
    states = []
    for process in tree(root)[1:]:
        try:
            stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
        except OSError:
            continue
        states.append(stat.rpartition(")")[2].split()[0])
    return states.count("R")


@final
class Watch:
    """Counts the processes that appear in a tree, until the block ends."""

    def __init__(self, root: int) -> None:
        self.root = root
        self.appeared = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._known = set(tree(self.root))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            new = set(tree(self.root)) - self._known
            self.appeared += len(new)
            self._known |= new
