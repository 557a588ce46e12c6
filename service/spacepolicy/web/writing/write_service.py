"""Passes writes to the writer, a limited number at once, and reads their parameters.

A write is carried out whatever its client does: it is atomic, and only its response can be lost.
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
"""The most characters of the message of a write."""


@final
class WriteService:
    """Passes writes to the writer, up to `max_writing` at once; it processes them in order."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._threads = ThreadPoolExecutor(service.max_writing, thread_name_prefix="write")
        self._admitted = 0

    @contextmanager
    def admitted(self) -> Generator[Writer]:
        """Admit one write, including the reception of its upload, and yield the writer.

        Raises: MethodNotAllowedError where the service takes no writes, OverloadedError where too
        many are being carried out.
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
        """Carry out the write, and set the request's revision to the one that it made.

        Raises: ProblemError; nothing is written then.
        """
        loop = asyncio.get_running_loop()
        written = await loop.run_in_executor(self._threads, writer.write, request)
        context_of(scope).revision = written.revision
        return written


def is_dry_run(scope: Scope) -> bool:
    """Whether the write is a dry run: `?dry-run`, also with `=true`.

    Raises: BadParameterError where the value is neither true nor false.
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
    """Return the message of the revision, from the parameter `message`.

    Raises: BadParameterError where it is repeated or too long.
    """
    given = QueryParams(scope["query_string"]).getlist("message")
    if len(given) > 1 or any(len(each) > MAX_MESSAGE for each in given):
        raise BadParameterError(f"message comes once and has up to {MAX_MESSAGE} characters.")
    return given[0] if given else ""
