"""A transport that sends head and body of a response together, and lets its owner close it."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, final

_HEAD: Final = b"HTTP/1."


@final
class JoinedWrites:
    """A transport that holds back the head of a response until the first bytes of its body, or
    until the next iteration of the event loop: one system call, and the client wakes up once.

    `closing` is called by `close`, and calls `finish` when the connection can be closed. `written`
    counts bytes.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        closing: Callable[[], None],
    ) -> None:
        self._transport = transport
        self._closing = closing
        self._head = b""
        self.written = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 # whatever a transport has
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Whether the transport is being closed; asked at each request, and so written out."""
        return self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Write the bytes after those held back; a head alone is held back."""
        if self._head:
            head, self._head = self._head, b""
            self.write_whole(head + data)
        elif data.startswith(_HEAD):
            self._head = data
            asyncio.get_running_loop().call_soon(self.flush)
        else:
            self.write_whole(data)

    def write_whole(self, data: bytes) -> None:
        """Write the bytes at once."""
        self.written += len(data)
        self._transport.write(data)

    def flush(self) -> None:
        """Write what is held back."""
        if self._head:
            head, self._head = self._head, b""
            self.write_whole(head)

    def close(self) -> None:
        """Ask the owner to close the connection."""
        self.flush()
        self._closing()

    def finish(self) -> None:
        """Close the connection, once all is written."""
        self._transport.close()
