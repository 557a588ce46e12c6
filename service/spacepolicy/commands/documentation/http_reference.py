"""The reference page of HTTP paths, generated from the application's OpenAPI description.

Spec: https://spec.openapis.org/oas/v3.1.0, https://asgi.readthedocs.io/en/latest/specs/www.html
"""

import asyncio
import json
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final, final

from spacepolicy.commands.documentation.markdown import code, table
from spacepolicy.engine.remote import Remote
from spacepolicy.errors import StoppingError
from spacepolicy.store.history import History
from spacepolicy.store.revision import Counts, Revision
from spacepolicy.store.write_requests import WriteRequest, Written
from spacepolicy.web.app import create_app
from spacepolicy.web.service import Service

_NOWHERE: Final = "http://127.0.0.1:9/"
"""An endpoint that is never queried: the application only describes itself. Port 9 discards."""
_UNKNOWN: Final = Revision(
    number=0,
    time="1970-01-01T00:00:00+00:00",
    author="",
    message="",
    counts=Counts(),
    record_sha256="",
    content_sha256="",
    base=None,
    prefixes={},
    directory=Path(),
)


@final
class _NoWriter:
    """A writer that refuses, so that the application describes its writes too."""

    def write(self, request: WriteRequest) -> Written:  # noqa: ARG002 # none is carried out
        """Raises: StoppingError."""
        raise StoppingError("This application only describes itself.")

    def close(self) -> None:
        """Do nothing: nothing is open."""


def described() -> Mapping[str, Any]:
    """Return the OpenAPI description of the application, without saved queries."""
    engine = Remote(_NOWHERE, timeout_seconds=1)
    service = Service(engine, History([_UNKNOWN]), (), timeout_seconds=1, writer=_NoWriter())
    try:
        document: Mapping[str, Any] = json.loads(asyncio.run(_asked(service, "/openapi.json")))
    finally:
        engine.close()
    return document


async def _asked(service: Service, path: str) -> bytes:
    """Return the body of the application's response to a GET, without a server."""
    body = bytearray()

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        body.extend(message.get("body", b""))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    await create_app(service)(scope, receive, send)
    return bytes(body)


def http_page(document: Mapping[str, Any]) -> str:
    """Return the paths of an OpenAPI description by their tags, each with its methods, parameters
    and media types."""
    by_tag: dict[str, list[tuple[str, str, str, str]]] = {}
    for path, operations in sorted(document["paths"].items()):
        for method, operation in operations.items():
            tag = operation.get("tags", ["other"])[0]
            by_tag.setdefault(tag, []).append(_row(path, method, operation))
    heading = ("path", "what it does", "parameters", "answers in")
    sections = [
        f"## {tag[:1].upper()}{tag[1:]}\n\n{table(heading, rows)}\n"
        for tag, rows in sorted(by_tag.items())
    ]
    lead = (
        "# HTTP paths\n\n"
        "A running service describes the same at `/openapi.json`, with an operation for each "
        "saved query, and shows it at `/api`. `/` is the first page; `/queries/<name>` answers a "
        "saved query; HEAD goes wherever GET goes. [Formats](formats.md) lists the media types, "
        "[Problems](problems.md) the errors.\n"
    )
    return "\n".join([lead, *sections])


def _row(path: str, method: str, operation: Mapping[str, Any]) -> tuple[str, str, str, str]:
    description = operation.get("description") or operation.get("summary", "")
    named = [each["name"] for each in operation.get("parameters", ())]
    return (
        code(f"{method.upper()} {path}"),
        description.partition("\n\n")[0],
        ", ".join(map(code, named)),
        ", ".join(map(code, sorted(_media_types(operation)))),
    )


def _media_types(operation: Mapping[str, Any]) -> Iterator[str]:
    for status, response in operation.get("responses", {}).items():
        if status.startswith("2"):
            yield from response.get("content", ())
