"""Responses with a problem that are sent without the application.

Spec: https://www.rfc-editor.org/rfc/rfc9457
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, final

from spacepolicy.errors import ProblemError

_PROBLEM: Final = "application/problem+json"
_EXPOSED: Final = "Retry-After, X-Request-Id"
"""Fields that scripts of other origins may read in addition to the CORS-safelisted ones."""
_log: Final = logging.getLogger("spacepolicy.requests")


@final
@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """The log line of a request that did not reach the application."""

    problem: ProblemError
    identifier: bytes

    def __str__(self) -> str:
        return f"? - {self.problem.status} {self.problem.kind}"

    def fields(self) -> Mapping[str, object]:
        """The values of the log line, by name."""
        return {
            "request_id": self.identifier.decode(),
            "status": self.problem.status,
            "kind": self.problem.kind,
        }


def log_refusal(problem: ProblemError, identifier: bytes) -> None:
    """Log the request of that identifier, which is refused with the problem."""
    _log.info(RefusedRequest(problem, identifier))


def problem_response(problem: ProblemError, root: str, date: bytes, identifier: bytes) -> bytes:
    """Return the response, after which the connection is closed. `root` is the base URL of the
    pages that explain problems; `identifier` is the request's."""
    members = {
        "type": f"{root}/problems/{problem.kind}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        **problem.extras,
    }
    return last_response(
        problem.status, _PROBLEM, members, date=date, identifier=identifier, headers=problem.headers
    )


def last_response(
    status: int,
    media_type: str,
    members: Mapping[str, object],
    *,
    date: bytes,
    identifier: bytes,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Return the last response of a connection: `members` as a JSON object."""
    body = json.dumps(members).encode()
    fields = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = (
        f"content-type: {media_type}\r\naccess-control-allow-origin: *\r\n"
        f"access-control-expose-headers: {_EXPOSED}\r\nx-request-id: {identifier.decode()}\r\n"
        f"cache-control: no-store\r\nconnection: close\r\n{fields}content-length: {len(body)}\r\n"
    )
    return b"HTTP/1.1 %d %b\r\ndate: %b\r\n%b\r\n%b" % (
        status,
        HTTPStatus(status).phrase.encode(),
        date,
        head.encode(),
        body,
    )


def origin(scheme: str, server: tuple[str, int | None] | None) -> str:
    """Return the origin of the local address of a connection.

    >>> origin("http", ("::1", 8000))
    'http://[::1]:8000'
    """
    host, port = server or ("localhost", None)
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{port}"
