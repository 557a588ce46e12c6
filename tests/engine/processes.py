"""What the processes of a pool are doing, as the kernel tells it."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from spacepolicy.engine.pool import Pool

PATIENCE_SECONDS: Final = 10
"""How long a busy machine may take over what is a matter of milliseconds."""


def workers(pool: Pool) -> list[int]:
    """The processes that the pool's server has forked."""
    children = Path(f"/proc/{pool.process}/task/{pool.process}/children")
    return [int(process) for process in children.read_text(encoding="ascii").split()]


def running(pool: Pool) -> list[int]:
    """Those of the workers that are using a processor."""
    return [process for process in workers(pool) if state(process) == "R"]


def demoted(pool: Pool) -> list[int]:
    """Those of the workers that give way to the others."""
    found = []
    for process in workers(pool):
        with suppress(ProcessLookupError):
            if os.getpriority(os.PRIO_PROCESS, process) == 19:
                found.append(process)
    return found


def state(process: int) -> str:
    """The process's state as the kernel names it; X where it has gone."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except OSError:
        return "X"
    return stat.rpartition(")")[2].split()[0]


def at_rest(pool: Pool) -> bool:
    """Whether soon no worker uses a processor any more."""
    return within(PATIENCE_SECONDS, lambda: not running(pool))


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    """Whether the condition comes to hold in this time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
