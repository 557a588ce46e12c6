"""A large update, from the side of the caller: a separate process finds its effect."""

import json
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from pyoxigraph import BlankNode, DefaultGraph, NamedNode

from spacepolicy.engine.answer_frames import Data, FrameDecoder, ended
from spacepolicy.engine.bulk_update_process import ADDED, REMOVED
from spacepolicy.engine.nquads import Graph, QuadLines
from spacepolicy.engine.port import answered
from spacepolicy.engine.requests import request_bytes
from spacepolicy.engine.update_protocol import DatasetEdit
from spacepolicy.errors import EngineFailedError
from spacepolicy.settings import environment

_MODULE: Final = "spacepolicy.engine.bulk_update_process"
_ARENAS: Final = {"MALLOC_ARENA_MAX": "2"}
"""The store on disk has threads of its own, each of which would reserve 64 MiB of addresses, used
or not, and the memory limit of a process counts addresses: whether a write failed for want of
memory depended on how many threads happened to allocate at once."""


@final
@dataclass(frozen=True, slots=True)
class LargeEffect:
    """The effect of a large edit: the lines stand in the files of a folder, `counts` says by file
    how many belong to which graph (None is the default graph)."""

    folder: Path
    counts: Mapping[str, Sequence[tuple[str | None, int]]]
    dropped: list[str]
    created: list[str]
    existed: bool
    targets: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing changed."""
        return not (any(self.counts.values()) or self.dropped or self.created)

    @property
    def header(self) -> dict[str, Any]:
        """The members of the message that describes the effect."""
        large = {"folder": str(self.folder), "counts": self.counts}
        return {"dropped": self.dropped, "created": self.created, "large": large}

    @property
    def pieces(self) -> list[bytes]:
        """Empty: the quads stand in files."""
        return []

    def graphs(self) -> set[Graph]:
        """The graphs whose quads change."""
        return {_graph(name) for counts in self.counts.values() for name, _ in counts}


def read_lines(large: Mapping[str, Any]) -> tuple[QuadLines, QuadLines]:
    """The removed and the added quads of a large effect; `large` is that member of its header."""
    removed, added = (
        QuadLines(
            Path(large["folder"], name).read_bytes(),
            {_graph(graph): count for graph, count in large["counts"][name]},
        )
        for name in (REMOVED, ADDED)
    )
    return removed, added


def _graph(name: str | None) -> Graph:
    if name is None:
        return DefaultGraph()
    return BlankNode(name[2:]) if name.startswith("_:") else NamedNode(name)


@contextmanager
def large_effect(
    edit: DatasetEdit,
    files: Sequence[Path],
    dataset: Path,
    folder: Path,
    *,
    memory_bytes: int,
    timeout_seconds: float,
) -> Iterator[LargeEffect]:
    """The effect on a dataset of an edit that brings the files, while the block runs; the folder is
    made for it, and removed.

    Raises: ProblemError where the edit fails or takes too long, TimeLimitError, MemoryLimitError
    and CrashedError among them.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    try:
        table = {
            "edit": edit.table,
            "files": [str(file) for file in files],
            "dataset": str(dataset),
            "folder": str(folder),
            "memory_bytes": memory_bytes,
        }
        yield LargeEffect(folder, **_asked(request_bytes(table), timeout_seconds))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _asked(request: bytes, timeout_seconds: float) -> dict[str, Any]:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = subprocess.Popen(  # noqa: S603 # our own module, no shell
                [sys.executable, "-m", _MODULE],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                process_group=0,
                env={**environment(), **_ARENAS},
            )
        try:
            frames = answered(ours, FrameDecoder(), [request], timeout_seconds)
            body = b"".join(each.payload for each in frames if isinstance(each, Data))
        except EngineFailedError as error:  # the process ended without a message
            raise ended(max(-process.wait(), 0)) from error
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    found: dict[str, Any] = json.loads(body)
    return found
