"""How much of a processor another process has had.

Spec: https://man7.org/linux/man-pages/man3/clock_getcpuclockid.3.html
"""

import time
from typing import Final

_USER: Final = 1
_BOTH: Final = 2
"""What the kernel calls the clocks of what a process has had in its own code, and in all; of the
first it looks every 4 ms who has a processor."""


def processor_seconds(process: int) -> float | None:
    """What the process has had since it began, its ended children aside; None where it has ended.
    It takes 0.4 us."""
    return _read(process, _BOTH)


def user_seconds(process: int = 0) -> float | None:
    """What the process (0: this one) has had in its own code: without the system's work for it, as
    the copying of pages that it shares. None where it has ended."""
    return _read(process, _USER)


def _read(process: int, clock: int) -> float | None:
    try:
        return time.clock_gettime((~process << 3) | clock)
    except OSError:
        return None
