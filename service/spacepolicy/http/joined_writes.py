"""A transport that joins the head of an answer to its body, and leaves closing to its owner."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, final

_HEAD: Final = b"HTTP/1."


@final
class JoinedWrites:
    """A transport that holds the head of an answer back until what follows it, or until the event
    loop comes round, so that both go out together: one system call, and one waking of the client.

    `closing` is called when the connection is to be closed once all is written, and calls `finish`
    for that. `written` counts bytes.
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

    def write(self, data: bytes) -> None:
        """Write the bytes, after what was held back."""
        if self._head:
            head, self._head = self._head, b""
            self.write_whole(head + data)
        elif data.startswith(_HEAD):
            self._head = data
            asyncio.get_running_loop().call_soon(self.flush)
        else:
            self.write_whole(data)

    def write_whole(self, data: bytes) -> None:
        """Write the bytes of a whole answer."""
        self.written += len(data)
        self._transport.write(data)

    def flush(self) -> None:
        """Write what is held back."""
        if self._head:
            head, self._head = self._head, b""
            self.write_whole(head)

    def close(self) -> None:
        """Close the connection once all is written."""
        self.flush()
        self._closing()

    def finish(self) -> None:
        """Close the connection, once all is written."""
        self._transport.close()
