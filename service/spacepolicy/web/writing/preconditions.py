"""Preconditions of writes: If-Match and If-None-Match as numbers of revisions.

The writer checks them again, where no other write can come between the check and the write.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-13.1
"""

from dataclasses import dataclass
from typing import Final, final

from starlette.datastructures import Headers
from starlette.types import Scope

from spacepolicy.errors import PreconditionFailedError
from spacepolicy.http.etags import any_state
from spacepolicy.store.history import History
from spacepolicy.web.answering.graph_etag import changed_at
from spacepolicy.web.answering.revision_etags import demanded

_WEAK: Final = "W/"


@final
@dataclass(frozen=True, slots=True)
class Conditions:
    """The fields of `WriteRequest` with the same names."""

    expected: frozenset[int] | None = None
    present: bool = False
    absent: bool = False


def conditions_on_dataset(history: History, scope: Scope) -> Conditions:
    """Return the conditions of an update, which concern the whole dataset.

    Raises: PreconditionFailedError where they cannot be met.
    """
    if_match, if_none_match = _fields(scope)
    current = history.current.number
    _refuse_known(if_none_match, history, current, "The dataset")
    if if_match is None or any_state(if_match):
        return Conditions()
    return Conditions(expected=_expected(demanded(if_match, history)))


def conditions_on_graph(history: History, scope: Scope, graph: str | None) -> Conditions:
    """Return the conditions of a write to the graph, None for the default graph.

    The tag of a whole revision stands for the state of the graph at that revision.

    Raises: PreconditionFailedError where they cannot be met.
    """
    if_match, if_none_match = _fields(scope)
    absent = any_state(if_none_match)
    if not absent:
        changed = changed_at(history, graph, history.current.number)
        _refuse_known(if_none_match, history, changed, "The graph")
    if if_match is None:
        return Conditions(absent=absent)
    if any_state(if_match):
        return Conditions(present=True, absent=absent)
    numbers = demanded(if_match, history)
    states = frozenset(changed_at(history, graph, number) for number in numbers)
    return Conditions(expected=_expected(states), absent=absent)


def _fields(scope: Scope) -> tuple[str | None, str | None]:
    headers = Headers(scope=scope)
    found = (headers.getlist(name) for name in ("if-match", "if-none-match"))
    if_match, if_none_match = (", ".join(values) if values else None for values in found)
    return if_match, if_none_match


def _expected(numbers: frozenset[int]) -> frozenset[int]:
    """Return the numbers.

    Raises: PreconditionFailedError where there are none, as for tags of another dataset.
    """
    if not numbers:
        raise PreconditionFailedError("None of the tags in If-Match is one of this dataset.")
    return numbers


def _refuse_known(if_none_match: str | None, history: History, number: int, what: str) -> None:
    """Raises: PreconditionFailedError where If-None-Match lists the current state."""
    if if_none_match is not None:
        listed = demanded(if_none_match.replace(_WEAK, ""), history)
        if number in listed:
            raise PreconditionFailedError(f"{what} is still as If-None-Match names it.")
