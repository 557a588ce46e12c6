"""What processes of our own modules have in common."""

import ctypes
import signal
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
"""Of <linux/prctl.h>: this process dies with its parent."""
WORKER_PRIORITY: Final = 5
"""The nice value of processes that work for the one which takes the requests: each gets a third of
its share of the processors, since without it none has anything to do."""


def die_with_parent() -> None:
    """Let the kernel kill this process when its parent ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
