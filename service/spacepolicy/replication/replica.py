"""A replica within the service: it reads the reports of the process that follows the leader, and
switches to the revisions which that has copied, as after a write here."""

import json
import logging
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, final

from spacepolicy.engine.pool import Pool
from spacepolicy.errors import SpacepolicyError, StoreError
from spacepolicy.store.history import History
from spacepolicy.store.switching import switch

_MODULE: Final = "spacepolicy.replication.follower_main"
_AGAIN_SECONDS: Final = 2.0
"""How long after its end the process is started again: soon, and no load where it ends at once."""
_HOPELESS: Final = ("forbidden", "address", "history", "storage")
"""Reasons for which a first start never gets a revision, until somebody intervenes."""
_SHOWN: Final = "The replica's store cannot be used; the service's log says why."
"""What clients see of a fault of the disk: the path of the store is not for all."""
_log: Final = logging.getLogger(__name__)


@final
@dataclass(frozen=True, slots=True)
class LeaderState:
    """What is known of the leader: the number of its revision in force and when it last answered,
    in seconds of the epoch; None where it has not answered since the start. `level` is when its
    revision was last known to be the one in force here. `fault` says why nothing is copied."""

    newest: int | None = None
    heard: float | None = None
    level: float | None = None
    fault: str | None = None


@final
class Replica:
    """Follows the leader at the address, asked every so many seconds, into the store at the path.

    `keep` is the least number of revisions whose data are kept.
    """

    def __init__(self, path: Path, leader: str, seconds: float, keep: int) -> None:
        self.leader = leader
        self.state = LeaderState()
        self.faults: Counter[str] = Counter()
        """How often nothing was copied, by reason."""
        self._path = path
        self._arguments = [str(path), leader, str(seconds), str(keep)]
        self._number = 0
        self._fault: str | None = None
        self._hopeless: str | None = None
        self._heard = threading.Condition()
        self._switching: tuple[Pool, History, int] | None = None
        self._closed = False
        self._process = self._started()
        threading.Thread(target=self._hear, daemon=True, name="replica").start()

    def _started(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(  # noqa: S603 # our own module, no shell
            [sys.executable, "-m", _MODULE, *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )

    @property
    def process(self) -> int:
        """The process id of the process that follows."""
        return self._process.pid

    @property
    def behind(self) -> int:
        """How many of the leader's known revisions are not in force here."""
        return max((self.state.newest or 0) - self._number, 0)

    def lag_seconds(self, published: datetime) -> float:
        """For how many seconds the revision in force here has not been known to be the leader's;
        where it never was since the start, the seconds since it was published."""
        level = published.timestamp() if self.state.level is None else self.state.level
        return max(time.time() - level, 0.0)

    def told(self, published: str) -> dict[str, Any]:
        """The replica's state for `/readyz`: how far it is behind the leader, when that answered,
        and why nothing is copied, where that is so; `published` is the time of the revision in
        force."""
        state = self.state
        heard = None if state.heard is None else datetime.fromtimestamp(state.heard, UTC)
        return {
            "leader": self.leader,
            "behind": self.behind,
            "lag_seconds": round(self.lag_seconds(datetime.fromisoformat(published)), 3),
            "heard": None if heard is None else heard.isoformat(timespec="milliseconds"),
            **({"fault": state.fault} if state.fault else {}),
        }

    def wait_for_revision(self) -> None:
        """Wait until there is a revision to serve.

        Raises: StoreError where there will be none without somebody's intervention.
        """
        with self._heard:
            self._heard.wait_for(lambda: self._number or self._hopeless)
            if not self._number:
                raise StoreError(self._hopeless or "")

    def serve(self, pool: Pool, history: History, most_in_memory: int) -> None:
        """Let the pool and the history follow from now on."""
        with self._heard:
            self._number = history.current.number
            self._switching = pool, history, most_in_memory

    def close(self) -> None:
        """Stop following; a copy that was begun is continued at the next start."""
        self._closed = True
        self._process.kill()  # whatever it has begun is no part of the store yet
        self._process.wait()

    def _hear(self) -> None:
        """Read the process's reports, and start another process where it has ended."""
        while not self._closed:
            assert self._process.stdout is not None  # noqa: S101 # it is a pipe
            for line in self._process.stdout:
                self._take(json.loads(line))
            self._process.wait()
            if self._closed:
                return
            _log.error("the process that follows %s has ended; another starts", self.leader)
            time.sleep(_AGAIN_SECONDS)
            if not self._closed:
                self._process = self._started()

    def _take(self, report: dict[str, Any]) -> None:
        """Take a report of the process into account."""
        self._tell(report["reason"], report["fault"])
        with self._heard:
            number = report["number"] or 0
            if self._switching is None:
                self._number = number
            elif number > self._number:
                self._switch(number)
            is_level = report["fault"] is None and self._number == report["newest"]
            self.state = LeaderState(
                report["newest"] or self.state.newest,
                report["heard"] or self.state.heard,
                report["heard"] if is_level else self.state.level,
                _SHOWN if report["reason"] == "storage" else report["fault"],
            )
            self._hopeless = report["fault"] if report["reason"] in _HOPELESS else None
            self._heard.notify_all()

    def _switch(self, number: int) -> None:
        """Answer over the revision from now on; where that fails it is tried again with the next
        report."""
        assert self._switching is not None  # noqa: S101 # the caller has seen to it
        pool, history, most_in_memory = self._switching
        numbers = range(self._number + 1, number + 1)
        try:
            switch(self._path, pool, history, numbers, most_in_memory)
        except (SpacepolicyError, OSError):
            _log.exception("revision %d was taken, and cannot be served", number)
            return
        self._number = number

    def _tell(self, reason: str | None, fault: str | None) -> None:
        """Count a failure, and log a change: that the leader is no longer followed, or is again."""
        if reason is not None:
            self.faults[reason] += 1
        if fault != self._fault:
            message = f"not followed: {fault}" if fault else f"{self.leader} is followed again"
            _log.warning("%s", message)
        self._fault = fault
