"""Checks whether a copied revision has the record that it describes, by the record's digest.

The digest is updated from revision to revision, so that the check costs what the change touches.
"""

import os
from pathlib import Path
from shutil import rmtree
from typing import Final, final

from pyoxigraph import DefaultGraph, NamedNode

from spacepolicy.engine.nquads import Graph, QuadLines, dataset_lines
from spacepolicy.engine.snapshot import opened, scratch_of
from spacepolicy.errors import StoreError
from spacepolicy.replication.leader import FollowingError
from spacepolicy.store import digest_file
from spacepolicy.store.digest import WHOLE, RecordDigest, is_record
from spacepolicy.store.revision import Revision

_UNKEPT_BYTES: Final = 1 << 24
"""The digest is saved for the next start after so many bytes of patches: reading them takes a
second, and saving the digest of a million statements two."""
_UNREADABLE: Final = (OSError, ValueError, SyntaxError, RuntimeError, StoreError)


@final
class RecordCheck:
    """The digest of the record that was checked last; `path` is the store."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digest: RecordDigest | None = None
        self._seen: Revision | None = None
        self._unkept_bytes = 0

    def see_dataset(self, revision: Revision) -> None:
        """Check that the dataset of the revision, whose files are there, has the record it
        describes.

        Raises: FollowingError.
        """
        self._forget()
        try:
            found = digest_file.load(self._path, revision, _derived(revision))
            digest = found or self._of_dataset(revision)
        except _UNREADABLE as error:
            raise _unlike(revision, f" cannot be read: {error}") from error
        if found is None and digest is not None:
            self._see(revision, digest)
            digest_file.save(self._path, digest, revision.number)
        self._digest, self._seen = digest, revision

    def see_change(self, before: Revision, revision: Revision) -> None:
        """Check the revision behind the one that was checked last: its changes have to lead to the
        record that it describes.

        Raises: FollowingError.
        """
        if self._seen != before or self._digest is None:
            self.see_dataset(before)
        if self._digest is None or _derived(before) != _derived(revision):
            self.see_dataset(revision)
            return
        digest = self._digest
        self._forget()  # until it is checked: a change that does not fit leaves another digest
        try:
            digest_file.take_in(digest, revision.changes, _derived(revision))
        except _UNREADABLE as error:
            raise _unlike(revision, f" cannot be read: {error}") from error
        self._see(revision, digest)
        self._digest, self._seen = digest, revision
        self._unkept_bytes += revision.changes.stat().st_size

    def keep(self) -> None:
        """Save the digest for the next start, where much has changed since; its revision must be in
        force."""
        if self._digest is not None and self._seen and self._unkept_bytes > _UNKEPT_BYTES:
            digest_file.save(self._path, self._digest, self._seen.number)
            self._unkept_bytes = 0

    def _forget(self) -> None:
        self._digest, self._seen = None, None

    def _see(self, revision: Revision, digest: RecordDigest) -> None:
        if (digest.hexdigest(), digest.algorithm) != (revision.record_sha256, revision.digest):
            raise _unlike(revision, " is not the one whose digest it says.")

    def _of_dataset(self, revision: Revision) -> RecordDigest | None:
        """The digest of the dataset; None where the revision has a digest of the former kind, which
        is checked here.

        Raises: FollowingError, or what reading raises.
        """
        lines = self._lines(revision)
        if revision.digest != WHOLE:
            return RecordDigest(lines)
        if is_record(lines, revision.record_sha256, WHOLE) is False:
            raise _unlike(revision, " is not the one whose digest it says.")
        return None

    def _lines(self, revision: Revision) -> QuadLines:
        scratch = scratch_of(revision.dataset, os.getpid())
        try:
            return dataset_lines(opened(revision.dataset, scratch), _derived(revision))
        finally:
            rmtree(scratch, ignore_errors=True)


def _derived(revision: Revision) -> set[Graph]:
    """The graphs that are not part of the record."""
    if revision.mode != "merged":
        return set()
    inferred = revision.unlisted(revision.mode)
    return {DefaultGraph(), *([NamedNode(inferred)] if inferred else [])}


def _unlike(revision: Revision, what: str) -> FollowingError:
    return FollowingError("damaged", f"The record of revision {revision.number}{what}")
