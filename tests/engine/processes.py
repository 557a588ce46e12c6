"""What the processes of a pool are doing, as the kernel tells it."""

import time
from collections.abc import Callable
from pathlib import Path

from spacepolicy.engine.pool import Pool


def workers(pool: Pool) -> list[int]:
    """The processes that the pool's server has forked."""
    children = Path(f"/proc/{pool.process}/task/{pool.process}/children")
    return [int(process) for process in children.read_text(encoding="ascii").split()]


def running(pool: Pool) -> list[int]:
    """Those of the workers that are using a processor."""
    return [process for process in workers(pool) if state(process) == "R"]


def state(process: int) -> str:
    """The process's state as the kernel names it; X where it has gone."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except OSError:
        return "X"
    return stat.rpartition(")")[2].split()[0]


def at_rest(pool: Pool) -> bool:
    """Whether within a second no worker uses a processor any more."""
    return within(1, lambda: not running(pool))


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    """Whether the condition comes to hold in this time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
