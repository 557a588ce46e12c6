"""The process that follows a leader: it alone queries the leader and writes a replica's store.

Started as `python -m spacepolicy.replication.follower_main STORE URL SECONDS KEEP`, with the token
in the environment. After each request to the leader it prints a line of JSON: the revisions in
force here and at the leader, when the leader answered, and why nothing was copied where that is so.
It ends when its standard input does: a revision that was begun is whole, or no part of the store.
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
from spacepolicy.store import current_revision
from spacepolicy.store.revision_writer import locked

_MOST_SECONDS: Final = 30.0
"""The longest pause after repeated failures, where the leader is asked more often otherwise: one
that comes back is followed within half a minute, and a fault costs it little."""
_GROWTH: Final = 2.0
"""The factor by which the pause grows with each failure."""


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
    """Ask the leader once, and report the result; return whether it could be followed."""
    before = follower.newest
    try:
        number = follower.follow()
    except (StoreError, OSError) as error:
        reason = error.reason if isinstance(error, FollowingError) else "storage"
        heard = None if reason == "unreachable" and follower.newest == before else time.time()
        with suppress(StoreError):
            _say(current_revision.in_force(path), follower.newest, heard, reason, str(error))
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
    """End with the service, which may have been killed: then this process's reports reach
    nobody."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    store, address, interval, kept = sys.argv[1:]
    main(Path(store), address, float(interval), int(kept))
