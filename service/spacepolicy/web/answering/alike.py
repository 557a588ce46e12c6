"""Queries like one that was planned, which differ from it in constants alone."""

from dataclasses import replace
from pathlib import Path
from typing import final

from spacepolicy.engine.likeness import likeness
from spacepolicy.engine.port import query_bytes
from spacepolicy.errors import EngineError
from spacepolicy.web.answering.begun import Begun
from spacepolicy.web.answering.codings import IDENTITY
from spacepolicy.web.answering.conversation import Conversation
from spacepolicy.web.answering.desk import Desk
from spacepolicy.web.answering.plan import Plan, tag_of
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

    def begin(self, text: str) -> Begun | None:
        """As the port says.

        Raises: EngineError where the engine takes no queries.
        """
        running = self._desk.running
        if not running.take_seat():
            return None
        try:
            if not self._beside_text:
                self._beside_text = self._planned.query.beside_text()
            request = query_bytes(text, self._beside_text)
            conversation = Conversation(self._desk.service.engine, request, self._dataset)
        except EngineError:
            running.leave_seat()
            raise
        begun = Begun(conversation, running)
        try:
            conversation.send()
        except EngineError:
            begun.drop()
            raise
        return begun

    def fields(self, text: str, size: int) -> bytes | None:
        """As the port says."""
        shape = self._planned.shape
        if shape.wish.of(size) != IDENTITY:
            return None
        length = b"content-length: %d\r\n" % size
        if self._planned.body is None:
            return length
        body = replace(self._planned.body, text=text)
        marks = self._mark, self._desk.service.engine.order(self._dataset)
        tag = etag(tag_of(marks, self._planned.choice.content_type, body), IDENTITY)
        return b"%betag: %b\r\n" % (length, tag.encode())
