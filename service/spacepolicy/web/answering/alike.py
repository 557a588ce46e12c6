"""Queries like one that was planned, which differ from it in constants alone."""

from pathlib import Path
from typing import final

from spacepolicy.engine.likeness import likeness
from spacepolicy.engine.port import Header, query_bytes
from spacepolicy.errors import EngineError, EngineFailedError
from spacepolicy.web.answering.begun import Alike, Begun, Hearer, Sent
from spacepolicy.web.answering.codings import IDENTITY
from spacepolicy.web.answering.conversation import Conversation, Heard
from spacepolicy.web.answering.desk import Desk
from spacepolicy.web.answering.lines import Expectation
from spacepolicy.web.answering.plan import Plan, tags_of
from spacepolicy.web.answering.running import Running, Seat
from spacepolicy.web.answering.validators import etag, mark


def alike(desk: Desk, planned: Plan) -> "PlannedAlike | None":
    """How to ask others like the query of the request at hand; None where they have to be read.

    What they have in common is told of the revision in force alone: an older one is asked about
    by its number or time, and each time anew.
    """
    common = likeness(planned.query.text)
    service = desk.service
    plain = planned.choice.format.kind != "page" and not planned.blocks
    if common is None or not plain or service.revision is not service.history.current:
        return None
    return PlannedAlike(desk, planned, common)


@final
class PlannedAlike:
    """Asks over the revision of the request at hand, whenever it is asked."""

    def __init__(self, desk: Desk, planned: Plan, common: str) -> None:
        self.likeness = common
        self._desk = desk
        self._planned = planned
        self._beside_text = b""
        self._mark = mark(desk.service.revision)
        self._dataset: Path = desk.service.revision.dataset
        self.expected = Expectation()
        self._order: str | None = None

    def expect_as(self, other: Alike) -> None:
        """As the port says."""
        if isinstance(other, PlannedAlike):
            self.expected = other.expected

    def begin(self, text: str, hearer: Hearer) -> Sent | None:
        """As the port says."""
        if not self._beside_text:
            self._beside_text = self._planned.query.beside_text()
        request = query_bytes(text, self._beside_text)
        errand = _Errand(self.expected, self._desk.running, hearer)
        try:
            return errand if self._sent(request, errand) else None
        except (EngineError, EngineFailedError):
            return None

    def _sent(self, request: bytes, errand: "_Errand") -> bool:
        """Whether the request was sent; it needs a seat where it does not wait in line.

        Raises: EngineError where the engine takes no queries.
        """
        lines = self._desk.lines
        line = lines.join(self._dataset, errand.expected_seconds)
        if line is not None:
            return line.send(request, errand)
        if not errand.sit_down():
            self.expected.fade()  # nothing is learned of those that are read
            return False
        sent = False
        try:
            sent = lines.open(self._dataset).send(request, errand)
        finally:
            if not sent:
                errand.stand_up()
        return sent

    def fields(self, text: str, size: int) -> bytes | None:
        """As the port says."""
        shape = self._planned.shape
        if shape.wish.of(size) != IDENTITY:
            return None
        length = b"content-length: %d\r\n" % size
        if self._planned.body is None:
            return length
        order = self._desk.service.engine.order(self._dataset)
        if order != self._order:
            marks = self._mark, order
            self._order = order
            self._tags = tags_of(marks, self._planned.choice.content_type, self._planned.body)
        return b"%betag: %b\r\n" % (length, etag(self._tags(text), IDENTITY).encode())


@final
class _Errand:
    """A query that waits in a line, and who hears of it; nobody, once it is dropped. Of those in a
    line only the first runs; where it goes on by itself, it needs a seat."""

    __slots__ = ("_expected", "_hearer", "_running", "_seat", "expected_seconds")

    def __init__(self, expected: Expectation, running: Running, hearer: Hearer) -> None:
        self.expected_seconds = expected.seconds
        self._expected = expected
        self._running = running
        self._hearer: Hearer | None = hearer
        self._seat: Seat | None = None

    def sit_down(self) -> bool:
        """Whether it has a seat, or gets one."""
        if self._seat is None and self._running.take_seat():
            self._seat = Seat(self._running)
        return self._seat is not None

    def stand_up(self) -> None:
        """Leave the seat, if it has one."""
        if self._seat is not None:
            self._seat.leave()
            self._seat = None

    def drop(self) -> None:
        """As the port says."""
        self._hearer = None

    def answered(self, header: Header, body: bytes, rows: int | None, seconds: float) -> None:
        """Send the answer; where that takes more, have the request read."""
        self._expected.took(seconds)
        self.stand_up()
        hearer = self._hearer
        answer = None if hearer is None else hearer.answer(header, body)
        if hearer is None:
            return
        if answer is None:
            hearer.unanswered(Begun(Heard(header, body, rows), None))
        else:
            hearer.answered(answer, rows)

    def unanswered(self, conversation: Conversation | None) -> None:
        """Have the request read; it goes on with the conversation, where there is a seat."""
        begun = None
        if conversation is not None:
            self._expected.took_long()
            if self._hearer is not None and self.sit_down():
                begun = Begun(conversation, self._seat)
                self._seat = None
            else:
                conversation.end()
        self.stand_up()
        if self._hearer is not None:
            self._hearer.unanswered(begun)
