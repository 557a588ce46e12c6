"""An engine that counts the queries it is asked, however many come over one connection."""

import os
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from spacepolicy.engine.port import Engine

LENGTHS = struct.Struct("!II")


class Counted(socket.socket):
    """A connection that tells of each request that is sent over it in one piece or several."""

    tell: Callable[[], None]

    def send(self, data: bytes, flags: int = 0, /) -> int:  # type: ignore[override]
        place, whole = 0, data
        while place < len(whole):
            table, text = LENGTHS.unpack_from(whole, place)
            place += LENGTHS.size + table + text
            self.tell()
        return super().send(data, flags)


@dataclass
class Counting:
    """An engine, and how often it was asked; `loads` counts how often its order became another."""

    engine: Engine
    asked: int = 0
    loads: int = 0
    inner: dict[socket.socket, socket.socket] = field(default_factory=dict)

    @property
    def abreast(self) -> int:
        return self.engine.abreast

    def memory(self) -> None:
        return None

    def counts(self) -> None:
        return None

    @property
    def loading(self) -> bool:
        return False

    def processor_seconds(self, connection: socket.socket) -> float | None:
        return self.engine.processor_seconds(self.inner[connection])

    def connect(self, dataset: Path | None = None, *, slow: bool = False) -> socket.socket:
        connection = self.engine.connect(dataset, slow=slow)
        counted = Counted(fileno=os.dup(connection.fileno()))
        counted.tell = self.count
        self.inner[counted] = connection
        return counted

    def count(self) -> None:
        self.asked += 1

    def order(self, dataset: Path | None = None) -> str:
        return self.engine.order(dataset) + " again" * self.loads

    def release(self, connection: socket.socket, *, reusable: bool, slow: bool = False) -> None:
        self.engine.release(self.inner.pop(connection), reusable=reusable, slow=slow)
        connection.close()

    def close(self) -> None:
        self.engine.close()
