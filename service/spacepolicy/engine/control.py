"""What the front and the process that forks workers tell each other, message by message over a
control socket."""

import json
from dataclasses import asdict, dataclass
from typing import Final, Literal, final

READY: Final = b"ready"
"""What the server says once its dataset is loaded; behind it, by which road."""
MESSAGE_BYTES: Final = 1 << 14
"""More than any message has."""
Ending = Literal["finished", "stopped", "memory", "failed", "crashed"]
"""How a worker has ended: without a query, since it was not needed or had grown too large; stopped
at its query, whose connection was closed; stopped for the memory of all; by a failure; by a signal
of somebody else's."""
IN_MEMORY: Final = "memory"
ON_DISK: Final = "disk"


@final
@dataclass(frozen=True, slots=True)
class Wanted:
    """The worker of that number that is wanted: over the generation in the folder `dataset`, None
    for the newest; `scratch` is where it may have a copy of its own, which it writes, or which has
    no generation; None where it needs none."""

    number: int
    dataset: str | None = None
    scratch: str | None = None

    def to_bytes(self) -> bytes:
        """Return the message that asks for the worker; its connection comes with it."""
        return b"w" + json.dumps(asdict(self)).encode()


@final
@dataclass(frozen=True, slots=True)
class Publication:
    """A new generation: its folder, which stands in that of its revision, and whether it is served
    from memory. `new_log`: workers that were forked before do not follow it; the log of changes
    begins anew behind it."""

    dataset: str
    in_memory: bool
    new_log: bool = True

    def to_bytes(self) -> bytes:
        """Return the message as bytes."""
        return b"p" + json.dumps(asdict(self)).encode()


@final
@dataclass(frozen=True, slots=True)
class Forked:
    """What the server says of the worker of that number: its process id."""

    number: int
    process: int

    def to_bytes(self) -> bytes:
        """Return the message as bytes."""
        return json.dumps(asdict(self)).encode()


@final
@dataclass(frozen=True, slots=True)
class Ended:
    """What the server says of the worker of that number: how it has ended."""

    number: int
    ending: Ending

    def to_bytes(self) -> bytes:
        """Return the message as bytes."""
        return json.dumps(asdict(self)).encode()


def read_report(message: bytes) -> Forked | Ended:
    """Return what the server says of a worker.

    >>> read_report(Ended(7, "stopped").to_bytes())
    Ended(number=7, ending='stopped')
    """
    table = json.loads(message)
    return Ended(**table) if "ending" in table else Forked(**table)
