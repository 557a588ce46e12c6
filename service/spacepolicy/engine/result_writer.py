"""Sends an answer over a connection, as frames and within its limits."""

import socket
from dataclasses import replace
from functools import lru_cache
from typing import Final, final

from spacepolicy import formats
from spacepolicy.engine.answer_frames import (
    Header,
    end_frame,
    frame_head,
    header_frame,
    problem_frame,
)
from spacepolicy.engine.hints import Hint
from spacepolicy.engine.requests import CHUNK_BYTES, Query
from spacepolicy.errors import NotAcceptableError, ProblemError, ResultLimitError
from spacepolicy.formats import Format
from spacepolicy.serialization import Form


def wanted_format(query: Query, form: Form) -> Format:
    """The format that the client accepts for an answer of this form.

    Raises: NotAcceptableError where it accepts none.
    """
    name = query.graph_format if form == "graph" else query.solutions_format
    format = _named(name) if name else None
    if format is None or (format.kind == "columns" and form != "solutions"):
        raise _not_acceptable(form)
    return format


_named: Final = lru_cache(maxsize=64)(formats.named)
"""Cached: few names are requested, and each with every query."""


def _not_acceptable(form: Form) -> NotAcceptableError:
    kinds = formats.KINDS[form]
    available = [format.media_type for format in formats.offered(*kinds, "page")]
    return NotAcceptableError(
        f"This query gives {formats.GIVEN[form]}; there are {', '.join(available)}.",
        extras={"available": available},
    )


_BEYOND_MARKS: Final = {"json": 1, "xml": 0, "csv": -1, "tsv": -1}
"""How many more solutions there are than row marks; JSON has none in an empty answer."""


@final
class ResultWriter:
    """A file whose writes go out as frames: small answers in one message, large ones in pieces."""

    def __init__(self, connection: socket.socket, query: Query) -> None:
        self.problem: ResultLimitError | None = None
        self._connection = connection
        self._query = query
        self._header_frame = b""
        self._header: Header | None = None
        self._row_mark: bytes | None = None
        self._beyond_marks: int | None = None
        self._empty = False
        self._piece: list[bytes] = []
        self._piece_bytes = self._bytes = self._rows = 0
        self._counted: int | None = None

    def begin(self, header: Header, format: Format) -> None:
        """Send the header before the first piece."""
        self._header = header
        self._header_frame = header_frame(header)
        self._row_mark = format.row_mark
        if header.form == "solutions":
            self._beyond_marks = _BEYOND_MARKS.get(format.name)

    @property
    def begins(self) -> bool:
        """Whether nothing is sent yet: the whole answer is known once it is written."""
        return bool(self._header_frame)

    def hint(self, hints: tuple[Hint, ...]) -> None:
        """Add hints to the header before it is sent."""
        if hints and self._header is not None:
            self._header_frame = header_frame(replace(self._header, hints=hints))

    def write(self, data: bytes) -> int:
        """Take the bytes, and send a piece when it is full.

        Raises: ResultLimitError, which is also kept: the engine may raise another in its place.
        """
        if self._piece_bytes + len(data) > CHUNK_BYTES:
            self.check()
            self._connection.sendall(self._taken(b""))
        self._piece.append(data)
        self._piece_bytes += len(data)
        return len(data)

    def _taken(self, end: bytes) -> bytes:
        """The header where it was not sent yet, the current piece and the end, as frames."""
        head = frame_head(b"D", self._piece_bytes) if self._piece else b""
        taken = b"".join((self._header_frame, head, *self._piece, end))
        self._header_frame = b""
        self._piece.clear()
        self._piece_bytes = 0
        return taken

    def count(self, rows: int) -> None:
        """Count rows that follow, of an answer whose bytes do not show them.

        Raises: ResultLimitError, as `write` does.
        """
        self._counted = (self._counted or 0) + rows
        self._keep_limit("rows", self._counted, self._query.max_rows)

    def flush(self) -> None:
        """Do nothing: small pieces are sent at the end."""

    def check(self) -> None:
        """Check that the answer, with the current piece, keeps to its limits.

        Raises: ResultLimitError.
        """
        self._bytes += self._piece_bytes
        if self._row_mark is not None and self._piece:
            piece = b"".join(self._piece)
            self._piece = [piece]
            self._rows += piece.count(self._row_mark)
            self._empty = self._rows == 0 and piece.endswith(b"[]}}")
        for what, seen, limit in (
            ("bytes", self._bytes, self._query.max_bytes),
            ("rows", self._rows - 1, self._query.max_rows),  # a format may mark its first line
        ):
            self._keep_limit(what, seen, limit)

    def _keep_limit(self, what: str, seen: int, limit: int | None) -> None:
        """Raises: ResultLimitError where `seen` is over the limit."""
        if limit is not None and seen > limit:
            self.problem = ResultLimitError(
                f"The answer is larger than the {limit} {what} that one may have.",
                extras={f"limit_{what}": limit},
            )
            raise self.problem

    @property
    def solutions(self) -> int | None:
        """How many solutions were written; None where the answer has another form."""
        if self._beyond_marks is None or self._row_mark is None:
            return self._counted
        return self._rows + (0 if self._empty else self._beyond_marks)

    def finish(
        self,
        problem: ProblemError | None,
        *,
        last: bool,
        slow: bool = False,
        seconds: float = 0.0,
    ) -> None:
        """Send the remaining bytes, and the answer's end with its costs, or the problem."""
        if problem is not None:
            self._connection.sendall(problem_frame(problem, last=last, slow=slow))
        else:
            end = end_frame(last=last, rows=self.solutions, seconds=seconds, slow=slow)
            self._connection.sendall(self._taken(end))
