"""Responses that tell a problem where no application is at hand to do it.

Spec: https://www.rfc-editor.org/rfc/rfc9457
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from spacepolicy.errors import ProblemError

_PROBLEM: Final = "application/problem+json"


def problem_response(problem: ProblemError, root: str, date: bytes) -> bytes:
    """Return the response, after which the connection is closed; problems are explained under
    `root`."""
    members = {
        "type": f"{root}/problems/{problem.kind}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        **problem.extras,
    }
    return last_response(problem.status, _PROBLEM, members, date, problem.headers)


def last_response(
    status: int,
    media_type: str,
    members: Mapping[str, object],
    date: bytes,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Return the last response of a connection: the members as JSON."""
    body = json.dumps(members).encode()
    fields = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = (
        f"content-type: {media_type}\r\naccess-control-allow-origin: *\r\n"
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
    """Return the origin of the address that a connection was made to.

    >>> origin("http", ("::1", 8000))
    'http://[::1]:8000'
    """
    host, port = server or ("localhost", None)
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{port}"
