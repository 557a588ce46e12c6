"""How a store deviates from SPARQL 1.1, as far as it matters to a publication."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

from spacepolicy.publishing.updates import MAX_STATEMENTS


def _same(line: bytes) -> bytes:
    return line


def _never(_: bytes) -> bool:
    return False


@final
@dataclass(frozen=True, slots=True)
class Dialect:
    """An engine's deviations: `max_statements` per request; `kept` maps a statement to the one that
    the engine stores; `is_apart` tells which statements are deleted only by an operation on a
    single graph; `own_graphs` are the engine's, and are left alone."""

    name: str
    max_statements: int = MAX_STATEMENTS
    kept: Callable[[bytes], bytes] = _same
    is_apart: Callable[[bytes], bool] = _never
    own_graphs: frozenset[str] = frozenset()


STANDARD: Final = Dialect("SPARQL 1.1")
