"""Copies the leader's revisions into the store here, in their order, and puts them in force.

The first time all revisions are copied, and the dataset of the newest; then those that came since.
The numbers, times and digests are the leader's: a replica's files are copies, byte for byte.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import final

from spacepolicy import checksums
from spacepolicy.errors import StoreError
from spacepolicy.replication import copying
from spacepolicy.replication.leader import FollowingError, Leader, Newest
from spacepolicy.replication.record_check import RecordCheck
from spacepolicy.store import current_revision, durable_files, revision_folders, snapshot_making
from spacepolicy.store.revision import Revision


@final
@dataclass(frozen=True, slots=True)
class _Description:
    """The leader's description of its revision in force: the mode of the store, and the number of
    the revision whose folder has the generation that it has or rests on."""

    mode: str
    ground: int


@final
class Follower:
    """Keeps the store at the path like the leader's. `keep` is the least number of revisions whose
    data are kept, 0 for all."""

    def __init__(self, path: Path, leader: Leader, keep: int) -> None:
        self._path = path
        self._leader = leader
        self._keep = keep
        self._check = RecordCheck(path)
        self._etag: str | None = None
        self.newest: int | None = None
        """The number of the leader's revision in force, when it last answered."""

    def follow(self) -> int:
        """Copy what the leader has published since; return the number of the revision in force
        here.

        Raises: FollowingError, StoreError; the revision in force stays.
        """
        now = revision_folders.current(self._path)
        newest = self._leader.newest(self._etag)
        if newest is not None:
            self.newest = newest.number
            if now is not None:
                self._see_same_history(now, newest)
            if now is None or newest.number > now.number:
                self._take(now, newest.number)
            self._etag = newest.etag  # from now on it is asked whether there is another
        return newest.number if newest else now.number if now else 0

    def _see_same_history(self, now: Revision, newest: Newest) -> None:
        """Raises: FollowingError where the leader does not have the revision that is in force here,
        or not under this number."""
        if newest.number < now.number:
            what = f"is at revision {newest.number}, and this replica at {now.number}"
            raise self._other_history(what)
        theirs = self._leader.content(now.number, revision_folders.DESCRIPTION)
        if theirs != checksums.content(now.directory / revision_folders.DESCRIPTION):
            raise self._other_history(f"has another revision {now.number} than this replica")

    def _other_history(self, what: str) -> FollowingError:
        return FollowingError(
            "history",
            f"{self._leader.url} {what}: it has another history, and nothing of it is taken. A "
            "replica with an empty store takes it whole.",
        )

    def _take(self, now: Revision | None, last: int) -> None:
        """Copy the revisions up to the last, check that they lead to the record that each
        describes, and put the last in force."""
        described = self._described(last)
        revision_folders.open_store(self._path, described.mode)  # type: ignore[arg-type] # it was read as one
        known = copying.tables(self._path, now) if now else {}
        taken: list[Revision] = []
        for number in range(now.number + 1 if now else 1, last + 1):
            wanted = number == described.ground
            found = copying.copy(self._leader, self._path, number, known, with_generation=wanted)
            taken.append(found)
        self._see_records(now, taken)
        self._put_in_force(taken[-1])
        if any(each.number == described.ground for each in taken):
            snapshot_making.drop_old_of_replica(self._path, taken[-1], self._keep)

    def _described(self, number: int) -> _Description:
        """Raises: FollowingError where the description of the leader's revision is not valid."""
        content = self._leader.content(number, revision_folders.DESCRIPTION)
        try:
            table = json.loads(content)
            mode, generation = table["mode"], table["generation"]
            if mode not in ("merged", "stored") or not isinstance(generation, int):
                raise ValueError(mode)
        except (ValueError, KeyError, TypeError) as error:
            message = f"{self._leader.url} describes revision {number} as no revision of a store."
            raise FollowingError("damaged", message) from error
        return _Description(mode, generation or number)

    def _see_records(self, now: Revision | None, taken: list[Revision]) -> None:
        """Check that the records are those the revisions describe; of a first copy, only the
        newest."""
        if now is None:
            self._check.see_dataset(taken[-1])
            return
        for before, revision in zip((now, *taken), taken, strict=False):
            self._check.see_change(before, revision)
        if not taken[-1].is_kept:
            raise FollowingError("damaged", "The leader's revision rests on data that are gone.")

    def _put_in_force(self, revision: Revision) -> None:
        """Put the revision in force, with those before it.

        Raises: StoreError where that cannot be written.
        """
        try:
            durable_files.sync_directory(self._path / current_revision.REVISIONS)
            current_revision.point_to(self._path, revision.number)
            current_revision.unmark(self._path, revision.number)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written: {error}") from error
        self._check.keep()
