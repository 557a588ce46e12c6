"""Pagination: cursors from one part of an answer to the next, and a stable order of rows.

A cursor continues on the revision of the first part, whatever is published meanwhile. Queries on
that revision may be answered from memory at first and from disk later, in different row orders; so
rows are sorted by their terms alone.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, final

from spacepolicy.engine.stable_order import is_ordered
from spacepolicy.errors import BadParameterError
from spacepolicy.store.revision import Revision

AFTER: Final = "after"
"""The parameter that takes a cursor."""
_NO_CURSOR: Final = f"{AFTER} takes the cursor of an earlier part, as its Link field has it."


@final
@dataclass(frozen=True, slots=True)
class Cursor:
    """The position after the first `offset` rows of an answer on the revision of that number;
    `mark` identifies the answer."""

    number: int
    offset: int
    mark: str

    def __str__(self) -> str:
        text = f"{self.number} {self.offset} {self.mark}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def cursor(text: str, revision: Revision, offset: int) -> Cursor:
    """Return the cursor to the rows after the first `offset` of the query's answer."""
    whole = f"{revision.record_sha256} {text}"
    return Cursor(revision.number, offset, sha256(whole.encode()).hexdigest()[:12])


def read_cursor(given: str) -> Cursor:
    """Parse a cursor.

    Raises: BadParameterError where it is malformed.
    """
    try:
        text = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)).decode("ascii")
        number, offset, mark = text.split(" ")
        found = Cursor(int(number), int(offset), mark)
    except (ValueError, binascii.Error) as error:
        raise BadParameterError(_NO_CURSOR) from error
    if str(found) != given:
        raise BadParameterError(_NO_CURSOR)
    return found


def rows_after(given: str | None, text: str, revision: Revision) -> int:
    """Return the offset of the cursor in the query's answer; 0 without a cursor.

    Raises: BadParameterError where it is no cursor of this answer.
    """
    if given is None:
        return 0
    found = read_cursor(given)
    if found != cursor(text, revision, found.offset) or found.offset <= 0:
        raise BadParameterError("The cursor is of another answer; begin again without `after`.")
    return found.offset


def in_order(text: str, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the rows of the query's answer (SPARQL JSON bindings): unchanged if the query has an
    ORDER BY, else sorted by their terms."""
    every = list(rows)
    return every if is_ordered(text) else sorted(every, key=_terms)


def _terms(row: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    terms = ((name, sorted(term.items())) for name, term in row.items())
    return sorted((name, [(key, str(value)) for key, value in members]) for name, members in terms)
