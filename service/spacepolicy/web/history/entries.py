"""The entries of revisions in lists, for programs and pages."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from spacepolicy.store.history import History
from spacepolicy.store.revision import Revision

PATH: Final = "/revisions"


def entry(revision: Revision, origin: str) -> dict[str, Any]:
    """Return the revision's members for JSON; `origin` is the base of its addresses."""
    return {
        "number": revision.number,
        "time": revision.time,
        "author": revision.author,
        "message": revision.message,
        "counts": asdict(revision.counts),
        "added": revision.added,
        "removed": revision.removed,
        "disk_bytes": revision.disk_bytes,
        "record_sha256": revision.record_sha256,
        "digest": revision.digest,
        "kept": revision.is_kept,
        "href": f"{origin}{PATH}/{revision.number}",
        "changes": f"{origin}{PATH}/{revision.number - 1}..{revision.number}",
    }


def older_than(history: History, before: int | None, limit: int) -> Sequence[Revision]:
    """Return up to `limit` revisions, newest first, with numbers below `before` (None: any)."""
    found = [each for each in history.revisions if before is None or each.number < before]
    return found[: -limit - 1 : -1]


def newer_than(history: History, number: int) -> Sequence[Revision]:
    """Return the revisions after that number, oldest first."""
    return [each for each in history.revisions if each.number > number]
