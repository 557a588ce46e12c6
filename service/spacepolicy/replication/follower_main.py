"""The process that follows a leader: it alone asks the leader and writes the store of a replica.

Started as `python -m spacepolicy.replication.follower_main STORE URL SECONDS KEEP`, with the token
in the environment. It prints a line of JSON each time it has asked: what is in force here, what at
the leader, when it was heard, and why nothing was taken where that is so. It ends when its standard
input does: whatever was begun is whole, or no part of the store.
"""

import json
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from spacepolicy import settings
from spacepolicy.errors import StoreError
from spacepolicy.replication.follower import Follower
from spacepolicy.replication.leader import FollowingError, Leader, credentials_of
from spacepolicy.store import pointer
from spacepolicy.store.revision_writer import locked

_MOST_SECONDS: Final = 30.0
"""How long a leader is left alone that could not be followed time and again, where it is asked more
often: one that comes back is followed within half a minute, and a fault costs it little."""
_GROWTH: Final = 2.0
"""Each time that it could not be followed it is left alone for longer."""


def main(path: Path, url: str, seconds: float, keep: int) -> None:
    """Follow until the standard input ends."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    leader = Leader(url, credentials_of(settings.environment()))
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = locked(path / "lock")  # held as long as the process lives
    except (OSError, StoreError) as error:
        _say(None, None, None, "storage", str(error))
        return
    follower = Follower(path, leader, keep)
    pause = seconds
    while lock:
        pause = seconds if _asked(follower, path) else min(pause * _GROWTH, _most(seconds))
        time.sleep(pause)


def _most(seconds: float) -> float:
    return max(seconds, _MOST_SECONDS)


def _asked(follower: Follower, path: Path) -> bool:
    """Ask the leader once, and say what came of it; whether it was followed."""
    before = follower.newest
    try:
        number = follower.follow()
    except (StoreError, OSError) as error:
        reason = error.reason if isinstance(error, FollowingError) else "storage"
        heard = None if reason == "unreachable" and follower.newest == before else time.time()
        with suppress(StoreError):
            _say(pointer.in_force(path), follower.newest, heard, reason, str(error))
            return False
        _say(None, follower.newest, heard, reason, str(error))
        return False
    _say(number, follower.newest, time.time(), None, None)
    return True


def _say(
    number: int | None,
    newest: int | None,
    heard: float | None,
    reason: str | None,
    fault: str | None,
) -> None:
    table = {
        "number": number,
        "newest": newest,
        "heard": heard,
        "reason": reason,
        "fault": fault,
    }
    try:
        print(json.dumps(table), flush=True)
    except BrokenPipeError:
        os._exit(0)


def _end_with_parent() -> None:
    """End with the service, which may have been killed: what it does not hear of is not wanted."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    store, address, interval, kept = sys.argv[1:]
    main(Path(store), address, float(interval), int(kept))
