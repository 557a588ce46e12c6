"""The processor time that another process has used.

Spec: https://man7.org/linux/man-pages/man3/clock_getcpuclockid.3.html
"""

import time
from typing import Final

_USER: Final = 1
"""The kernel's number of the clock of a process's own code; it samples every 4 ms who has a
processor."""


def user_seconds(process: int = 0) -> float | None:
    """The processor time of the process (0: this one) in its own code: without the system's work
    for it, such as copying shared pages. None where it has ended. It takes 0.4 us."""
    try:
        return time.clock_gettime((~process << 3) | _USER)
    except OSError:
        return None
