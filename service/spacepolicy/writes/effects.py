"""The effects of writes: an engine's worker finds them, or for a large upload a separate process.

A worker sends the effect quad by quad, over a connection. What is beyond `LARGE_BYTES` goes through
files, as lines (`engine/bulk_difference.py`): a million statements would be read five times
otherwise.
"""

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from spacepolicy.engine.bulk_update import LargeEffect, large_effect
from spacepolicy.engine.port import too_complex
from spacepolicy.engine.snapshot import NEAR_BYTES, SCRATCH
from spacepolicy.engine.update_protocol import DatasetEdit, EditSession, Effect, Kind
from spacepolicy.errors import CrashedError
from spacepolicy.namespaces import Base
from spacepolicy.store.write_requests import (
    DatasetWrite,
    GraphWrite,
    Operation,
    Update,
    Upload,
)

LARGE_BYTES: Final = NEAR_BYTES
"""Uploads of this size, some 40,000 statements, are read by a process of their own, which takes
half a second to start; their effect has a generation of its own in any case."""
_PIECE_BYTES: Final = 1 << 18
_ATTEMPTS: Final = 2
"""A crash may have been caused from outside; two in a row were not."""


_LARGE_TOKENS: Final = 250_000
"""A document with so many tokens may have as many statements as one of `LARGE_BYTES`, however short
they are: a list `(0 0 0 ...)` states two in two bytes, and statements written out have six or
more."""
_SEPARATORS: Final = b" \t\r\n,;[](){}<"


@final
@dataclass(frozen=True, slots=True)
class Evaluated:
    """The effect of an operation, evaluated on the state that the revision with the number
    `changed` brought about; it took so many seconds to find."""

    effect: Effect | LargeEffect
    changed: int
    seconds: float


def is_large(operation: Operation) -> bool:
    """Whether the operation is so large that it is carried out with no other."""
    files = [upload.path for upload in _uploads(operation)]
    size = sum(file.stat().st_size for file in files)
    if not _LARGE_TOKENS <= size < LARGE_BYTES:
        return size >= LARGE_BYTES
    return sum(_separators(file.read_bytes()) for file in files) >= _LARGE_TOKENS


def _separators(document: bytes) -> int:
    """How many characters separate tokens in any of the formats: no document has more
    statements."""
    return len(document) - len(document.translate(None, _SEPARATORS))


def _uploads(operation: Operation) -> tuple[Upload, ...]:
    match operation:
        case Update():
            return ()
        case GraphWrite():
            return operation.uploads
        case DatasetWrite():
            return (operation.upload,)


@final
class Effects:
    """Finds the effects of operations on a store. `memory_bytes` is the memory that a separate
    process may have beyond what it starts with; `merged`: the default graph is derived."""

    def __init__(self, store: Path, memory_bytes: int, *, merged: bool) -> None:
        self._store = store
        self._memory_bytes = memory_bytes
        self._merged = merged
        self._numbers = itertools.count()

    @contextmanager
    def of(
        self,
        operation: Operation,
        editing: EditSession,
        dataset: Path,
        base: str | None,
        timeout_seconds: float,
    ) -> Iterator[Effect | LargeEffect]:
        """The effect of the operation on a dataset and what `editing` keeps, while the block runs;
        `base` is that of the dataset.

        Raises: as `EditSession.evaluate`, QueryTooComplexError where it crashes a process twice.
        """
        edit, uploads = _edit(operation, base, merged=self._merged), _uploads(operation)
        with ExitStack() as stack:
            for attempt in range(_ATTEMPTS):
                try:
                    if is_large(operation):
                        found = self._large(edit, uploads, dataset, timeout_seconds)
                        effect: Effect | LargeEffect = stack.enter_context(found)
                    else:
                        effect = editing.evaluate(edit, map(_pieces, uploads), timeout_seconds)
                    break
                except CrashedError as error:
                    if attempt + 1 == _ATTEMPTS:
                        raise too_complex() from error
            yield effect

    def _large(
        self, edit: DatasetEdit, uploads: Sequence[Upload], dataset: Path, seconds: float
    ) -> AbstractContextManager[LargeEffect]:
        folder = self._store / SCRATCH / f"{os.getpid()}-0{next(self._numbers)}"
        files = [upload.path for upload in uploads]
        return large_effect(
            edit,
            files,
            dataset,
            folder,
            memory_bytes=self._memory_bytes,
            timeout_seconds=seconds,
        )


def _edit(operation: Operation, base: str | None, *, merged: bool) -> DatasetEdit:
    """The operation as the engine takes it; `base` is that of a dataset with derived graphs."""
    uploads = _described(_uploads(operation))
    derived = (Base(base).inferred.value,) if base else ()
    match operation:
        case Update():
            return DatasetEdit(
                "update",
                text=operation.text,
                base=operation.base,
                prefixes=operation.prefixes,
                using_graphs=operation.using_graphs,
                using_named_graphs=operation.using_named_graphs,
                derived=derived,
            )
        case GraphWrite():
            return DatasetEdit(operation.action, graph=operation.graph, uploads=uploads)
        case DatasetWrite():
            kind: Kind = "restore" if operation.whole else "import"
            return DatasetEdit(kind, uploads=uploads, derived=derived, merged=merged)


def _described(uploads: Iterable[Upload]) -> tuple[tuple[str, str, int], ...]:
    return tuple((each.format, each.base, each.path.stat().st_size) for each in uploads)


def _pieces(upload: Upload) -> Iterator[bytes]:
    with upload.path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            yield piece
