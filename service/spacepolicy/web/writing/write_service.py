"""Writes on their way to the writer: how many at once, and what is noted of who asks.

A write is carried to its end whatever its client does: it is whole or nothing, and only its answer
can be lost.
"""

import asyncio
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, final

from starlette.datastructures import QueryParams
from starlette.types import Scope

from spacepolicy.errors import BadParameterError, MethodNotAllowedError, OverloadedError
from spacepolicy.store.write_requests import Writer, WriteRequest, Written
from spacepolicy.web.request_context import context_of
from spacepolicy.web.service import Service

_RETRY_SECONDS: Final = 1
MAX_MESSAGE: Final = 1000
"""How many characters a write may say of itself."""


@final
class WriteService:
    """Carries writes to the writer, up to `max_writing` at once: it takes them in their order."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._threads = ThreadPoolExecutor(service.max_writing, thread_name_prefix="write")
        self._admitted = 0

    @contextmanager
    def admitted(self) -> Generator[Writer]:
        """The writer, for one write and what it takes to receive it.

        Raises: MethodNotAllowedError where nothing is written here, OverloadedError where too many
        write already.
        """
        writer = self._service.writer
        if writer is None:
            raise MethodNotAllowedError(
                self._service.read_only, headers={"Allow": "GET, HEAD, OPTIONS"}
            )
        if self._admitted >= self._service.max_writing:
            raise OverloadedError(
                f"{self._admitted} writes are on their way; no more are taken now.",
                headers={"Retry-After": str(_RETRY_SECONDS)},
            )
        self._admitted += 1
        try:
            yield writer
        finally:
            self._admitted -= 1

    async def write(self, scope: Scope, writer: Writer, request: WriteRequest) -> Written:
        """Carry out the write of a request, whose answer is then of the revision that it made.

        Raises: ProblemError, and then nothing is written.
        """
        loop = asyncio.get_running_loop()
        written = await loop.run_in_executor(self._threads, writer.write, request)
        context_of(scope).revision = written.revision
        return written


def is_dry_run(scope: Scope) -> bool:
    """Whether the write is only to be tried: `?dry-run`, also with `=true`.

    Raises: BadParameterError where it says neither yes nor no.
    """
    given = QueryParams(scope["query_string"]).getlist("dry-run")
    match given:
        case []:
            return False
        case ["" | "true" | "1"]:
            return True
        case ["false" | "0"]:
            return False
        case _:
            raise BadParameterError("dry-run is true or false, and comes once.")


def message(scope: Scope) -> str:
    """What the request says of the change, for its revision.

    Raises: BadParameterError where it says it twice or at length.
    """
    given = QueryParams(scope["query_string"]).getlist("message")
    if len(given) > 1 or any(len(each) > MAX_MESSAGE for each in given):
        raise BadParameterError(f"message comes once and has up to {MAX_MESSAGE} characters.")
    return given[0] if given else ""
