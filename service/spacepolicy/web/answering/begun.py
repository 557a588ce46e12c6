"""Queries that are on their way before their requests are read.

A request that equals an earlier one in all but the constants of its query needs no second reading:
the query may begin at once, as the earlier one was asked. Where its answer is not soon there whole,
the request is read after all, and goes on with what has begun.
"""

from typing import Final, Protocol, final

from starlette.types import Scope

from spacepolicy.engine.port import Header
from spacepolicy.web.answering.conversation import Talk
from spacepolicy.web.answering.running import Seat

BEGUN: Final = "spacepolicy.begun"
"""The key of a scope under which its query stands where it has begun."""


@final
class Begun:
    """A query on its way, until whoever reads its request takes it or it is dropped; it has a seat
    where it goes on by itself."""

    def __init__(self, conversation: Talk, seat: Seat | None) -> None:
        self._conversation = conversation
        self._seat = seat
        self._gone = False

    def take(self) -> tuple[Talk, Seat | None] | None:
        """The conversation and its seat, whose end is from now on the taker's to see to; None where
        it is gone."""
        if self._gone:
            return None
        self._gone = True
        return self._conversation, self._seat

    def drop(self) -> None:
        """End the query and free its seat, unless it was taken."""
        if not self._gone:
            self._gone = True
            self._conversation.end()
            if self._seat is not None:
                self._seat.leave()


class Hearer(Protocol):
    """Whoever has sent a query on its way, and hears what becomes of it."""

    def answer(self, header: Header, body: bytes) -> bytes | None:
        """The whole answer as it goes out; None where the request has to be read first."""
        ...

    def answered(self, answer: bytes, rows: int | None) -> None:
        """That answer may go out."""
        ...

    def unanswered(self, begun: Begun | None) -> None:
        """The request has to be read, and goes on with what has begun, where anything has."""
        ...


class Sent(Protocol):
    """A query on its way."""

    def drop(self) -> None:
        """Hear of it no more."""
        ...


class Alike(Protocol):
    """How to ask queries like one that was planned: of other constants, and nothing else."""

    @property
    def likeness(self) -> str:
        """What they have in common."""
        ...

    def expect_as(self, other: "Alike") -> None:
        """Expect to take as long as those do that were asked about an older revision."""
        ...

    def begin(self, text: str, hearer: Hearer) -> Sent | None:
        """The query on its way, of which the hearer hears later; None where it has to be read like
        any other."""
        ...

    def fields(self, text: str, size: int) -> bytes | None:
        """The fields of a whole answer of this size that differ from one text to another, as HTTP
        writes them; None where it would go out in a content coding.
        """
        ...


def begun_of(scope: Scope) -> Begun | None:
    """The query of the request, where it has begun."""
    begun = scope.get(BEGUN)
    assert begun is None or isinstance(begun, Begun)  # noqa: S101 # nobody else uses the key
    return begun
