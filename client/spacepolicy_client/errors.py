"""The errors of this client, in one family.

    ClientError
    ├── ServiceError            the service answered with an error: status, kind, detail
    │   ├── QuerySyntaxError    with the line and the column, which the message shows
    │   └── BusyError           it was busy, and stayed so
    ├── BrokenTransferError     the answer did not come whole
    └── MissingLibraryError     a library that is needed is not installed

Spec: https://www.rfc-editor.org/rfc/rfc9457
"""

import json
from collections.abc import Mapping
from typing import Any


class ClientError(Exception):
    """Any error between this client and a service."""


class BrokenTransferError(ClientError):
    """The answer is incomplete: a limit was reached while it was sent, or the connection broke."""


class MissingLibraryError(ClientError, ImportError):
    """An optional library is needed here, and is not installed."""


class ServiceError(ClientError):
    """The service answered with an error. `problem` is its problem document, where it sent one."""

    def __init__(self, status: int, detail: str, problem: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail
        self.problem = dict(problem or {})

    @property
    def kind(self) -> str:
        """The problem's kind, the last part of its type; empty where it has none."""
        return str(self.problem.get("type", "")).rpartition("/")[2]


class BusyError(ServiceError):
    """The service was busy (429, 503) each time it was asked."""


class QuerySyntaxError(ServiceError):
    """The text is not SPARQL; `line` and `column` count from 1."""

    def __init__(self, status: int, detail: str, problem: Mapping[str, Any]) -> None:
        super().__init__(status, detail, problem)
        self.line = int(problem["line"])
        self.column = int(problem["column"])
        self.text = str(problem.get("text", ""))

    def __str__(self) -> str:
        place = " " * (self.column - 1) + "^"
        return f"line {self.line}, column {self.column}: {self.detail}\n  {self.text}\n  {place}"


def service_error(status: int, body: bytes, content_type: str) -> ServiceError:
    """The error that the response describes."""
    problem: dict[str, Any] = {}
    if "json" in content_type:
        try:
            said = json.loads(body)
        except ValueError:
            said = None
        problem = said if isinstance(said, dict) else {}
    detail = str(problem.get("detail") or body[:500].decode(errors="replace").strip() or "no words")
    if status == 400 and {"line", "column"} <= problem.keys():
        return QuerySyntaxError(status, detail, problem)
    return (BusyError if status in (429, 503) else ServiceError)(status, detail, problem)
