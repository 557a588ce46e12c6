"""What a store does otherwise than the recommendation, as far as a publication has to know."""

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
    """An engine: how many statements it takes in a request, as which statement it keeps one, which
    are taken away only by an operation that names no graph but theirs, and the graphs that it has
    of its own, which are left alone."""

    name: str
    max_statements: int = MAX_STATEMENTS
    kept: Callable[[bytes], bytes] = _same
    is_apart: Callable[[bytes], bool] = _never
    own_graphs: frozenset[str] = frozenset()


STANDARD: Final = Dialect("SPARQL 1.1")
