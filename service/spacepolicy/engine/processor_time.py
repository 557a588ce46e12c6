"""How much of a processor another process has had.

Spec: https://man7.org/linux/man-pages/man3/clock_getcpuclockid.3.html
"""

import time
from typing import Final

_USER: Final = 1
"""What the kernel calls the clock of what a process has had in its own code; it looks every 4 ms
who has a processor."""


def user_seconds(process: int = 0) -> float | None:
    """What the process (0: this one) has had in its own code: without the system's work for it, as
    the copying of pages that it shares. None where it has ended. It takes 0.4 us."""
    try:
        return time.clock_gettime((~process << 3) | _USER)
    except OSError:
        return None
