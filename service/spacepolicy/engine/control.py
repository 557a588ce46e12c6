"""The messages between the front and the process that forks workers, over a control socket."""

import json
from dataclasses import asdict, dataclass
from typing import Final, Literal, final

READY: Final = b"ready"
"""The server's message once its dataset is loaded; behind it, how it was loaded."""
MESSAGE_BYTES: Final = 1 << 14
"""Larger than any message."""
Ending = Literal["finished", "stopped", "memory", "failed", "crashed"]
"""How a worker has ended: without a query, since it was not needed or had grown too large; stopped
at its query, whose connection was closed; stopped for the memory of all; by a failure; by a signal
that the server did not send."""
IN_MEMORY: Final = "memory"
ON_DISK: Final = "disk"


@final
@dataclass(frozen=True, slots=True)
class Wanted:
    """The request for the worker with that number: over the generation in the folder `dataset`,
    None for the newest; `scratch` is the folder for a copy of its own, which it writes, or which
    has no generation; None where it needs none."""

    number: int
    dataset: str | None = None
    scratch: str | None = None

    def to_bytes(self) -> bytes:
        """The message as bytes; the worker's connection is sent with it."""
        return b"w" + json.dumps(asdict(self)).encode()


@final
@dataclass(frozen=True, slots=True)
class Publication:
    """A new generation: its folder, which is in that of its revision, and whether it is served from
    memory. `new_log`: workers that were forked before do not follow it; the log of changes begins
    anew after it."""

    dataset: str
    in_memory: bool
    new_log: bool = True

    def to_bytes(self) -> bytes:
        """Return the message as bytes."""
        return b"p" + json.dumps(asdict(self)).encode()


@final
@dataclass(frozen=True, slots=True)
class Forked:
    """The server's report of the process id of the worker with that number."""

    number: int
    process: int

    def to_bytes(self) -> bytes:
        """Return the message as bytes."""
        return json.dumps(asdict(self)).encode()


@final
@dataclass(frozen=True, slots=True)
class Ended:
    """The server's report of how the worker with that number has ended."""

    number: int
    ending: Ending

    def to_bytes(self) -> bytes:
        """Return the message as bytes."""
        return json.dumps(asdict(self)).encode()


def read_report(message: bytes) -> Forked | Ended:
    """Parse the server's report of a worker.

    >>> read_report(Ended(7, "stopped").to_bytes())
    Ended(number=7, ending='stopped')
    """
    table = json.loads(message)
    return Ended(**table) if "ending" in table else Forked(**table)
