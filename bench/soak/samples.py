"""What the service holds as time goes by: memory, processes, descriptors, and its disk."""

import os
import statistics
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from bench.processes import proportional_bytes, tree

SLACK: Final = {"memory_mib": 32.0, "processes": 1.0, "descriptors": 8.0}
"""What two middles may differ by: a worker is a process with some descriptors and megabytes, and
one more or less of them is there by chance."""
GROWTH: Final = 1.10
"""What they may differ by beyond that, as a factor: the engine frees what queries have held when
its processes are made anew, some minutes apart."""


@final
@dataclass(frozen=True, slots=True)
class Sample:
    """One look."""

    at: float
    memory_mib: float
    """PSS of all processes."""
    processes: float
    descriptors: float
    disk_mib: float
    files: float
    """In the store."""


def sample(root: int, store: Path) -> Sample:
    """Look at the service's processes and its store."""
    processes = tree(root)
    sizes = list(_sizes(store))
    return Sample(
        time.monotonic(),
        proportional_bytes(root) / 2**20,
        len(processes),
        sum(_descriptors(each) for each in processes),
        sum(sizes) / 2**20,
        len(sizes),
    )


def _descriptors(process: int) -> int:
    with suppress(OSError):
        return sum(1 for _ in Path(f"/proc/{process}/fd").iterdir())
    return 0


def _sizes(store: Path) -> list[int]:
    found = []
    for folder, _, names in os.walk(store):  # folders that go meanwhile are passed over
        for name in names:
            with suppress(OSError):
                found.append(Path(folder, name).lstat().st_blocks * 512)
    return found


def middle(samples: Sequence[Sample], name: str) -> float:
    """The median of a field."""
    return statistics.median(getattr(each, name) for each in samples) if samples else 0.0


def grown(samples: Sequence[Sample]) -> list[str]:
    """What is larger in the last third of the samples than in the first."""
    third = len(samples) // 3
    if not third:
        return ["there are too few samples to compare"]
    wrong = []
    for name, slack in SLACK.items():
        before, after = (middle(part, name) for part in (samples[:third], samples[-third:]))
        if after > GROWTH * before + slack:
            wrong.append(f"{name} grew from {before:.0f} to {after:.0f}")
    return wrong
