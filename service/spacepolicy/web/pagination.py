"""Answers in parts: what leads on from one to the next, and in which order their rows stand.

A cursor continues the revision that its first part was of, whatever is published meanwhile. That
revision may be answered from memory at first and from disk later, which give rows in orders of
their own; so rows stand in an order that their terms alone make.
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
    """The place after the first `offset` rows of an answer on the revision of that number; `mark`
    tells which answer."""

    number: int
    offset: int
    mark: str

    def __str__(self) -> str:
        said = f"{self.number} {self.offset} {self.mark}"
        return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def cursor(text: str, revision: Revision, offset: int) -> Cursor:
    """What leads on to the rows after the first `offset` of the query's answer."""
    whole = f"{revision.record_sha256} {text}"
    return Cursor(revision.number, offset, sha256(whole.encode()).hexdigest()[:12])


def read_cursor(given: str) -> Cursor:
    """The cursor as an answer gave it.

    Raises: BadParameterError where it is none.
    """
    try:
        said = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)).decode("ascii")
        number, offset, mark = said.split(" ")
        found = Cursor(int(number), int(offset), mark)
    except (ValueError, binascii.Error) as error:
        raise BadParameterError(_NO_CURSOR) from error
    if str(found) != given:
        raise BadParameterError(_NO_CURSOR)
    return found


def rows_after(given: str | None, text: str, revision: Revision) -> int:
    """How many rows of the query's answer come before the part that the cursor leads to.

    Raises: BadParameterError where it is no cursor of this answer.
    """
    if given is None:
        return 0
    found = read_cursor(given)
    if found != cursor(text, revision, found.offset) or found.offset <= 0:
        raise BadParameterError("The cursor is of another answer; begin again without `after`.")
    return found.offset


def in_order(text: str, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows of the query's answer, each as SPARQL's JSON has it: as they come where the query
    orders them, else by their terms."""
    every = list(rows)
    return every if is_ordered(text) else sorted(every, key=_terms)


def _terms(row: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    terms = ((name, sorted(term.items())) for name, term in row.items())
    return sorted((name, [(key, str(value)) for key, value in members]) for name, members in terms)
