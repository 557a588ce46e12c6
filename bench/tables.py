"""The tables that are printed: Markdown, one row a figure, with what it is held to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, final

from bench.measuring import Comparison

_OF: Final = 1_000_000
_OTHER_SIZES: Final = 0.8
"""Ratios at other sizes are held to this share of those at a million statements."""
_HELD_CLIENTS: Final = 8
FORKS: Final = 1.0
"""The most new processes a second in steady load."""
HEADINGS: Final = (
    "query", "c", "ours/s", "peer/s", "ratio", "floor", "p50 ms", "peer", "p99 ms", "peer",
    "p99 ratio", "CPU ms", "front", "peer", "faults", "peer", "forks/s", "in process/s", "held",
)  # fmt: skip


@final
@dataclass(frozen=True, slots=True)
class Figure:
    """A measure beside the least or the most that it is held to; None: to nothing."""

    name: str
    value: float
    unit: str
    bound: float | None = None
    kind: Literal["at most", "at least"] = "at most"
    note: str = ""
    failed: bool = False
    """Whether what was to be measured did not come about; the note says why."""

    @property
    def held(self) -> bool:
        """Whether it keeps what it is held to."""
        if self.failed:
            return False
        if self.bound is None:
            return True
        return self.value <= self.bound if self.kind == "at most" else self.value >= self.bound


def floor(comparison: Comparison, size: int) -> float:
    """The least ratio of rates at this size; 0: none.

    What is asked again is held to nothing on less data, where the peer is quick too.
    """
    if comparison.clients != _HELD_CLIENTS or (comparison.workload.again and size < _OF):
        return 0.0
    share = 1.0 if size == _OF or comparison.workload.again else _OTHER_SIZES
    return comparison.workload.floor * share


def faults(comparison: Comparison, size: int) -> list[str]:
    """In what the comparison misses what it is held to."""
    least, most = floor(comparison, size), comparison.workload.p99
    found = []
    if comparison.ours.errors:
        found.append(f"errors: {comparison.ours.errors}")
    if not comparison.ours.requests:
        found.append("no answer in the time")
    if comparison.ratio < least:
        found.append("rate")
    if most and comparison.clients == _HELD_CLIENTS and comparison.p99 > most:
        found.append("p99")
    if comparison.ours.forks >= FORKS:
        found.append("forks")
    return found


def header(headings: Sequence[str] = HEADINGS) -> str:
    """The first two lines of a table; of that of queries where no headings are given."""
    return f"{row(headings)}\n{row('---' for _ in headings)}"


def comparison_row(comparison: Comparison, size: int, in_process: float | None) -> str:
    """The row of a kind of query at a number of clients."""
    ours, peer, least = comparison.ours, comparison.peer, floor(comparison, size)
    cells = (
        comparison.workload.name, comparison.clients, number(ours.rate), number(peer.rate),
        f"{comparison.ratio:.2f}", f"{least:.2f}" if least else "",
        number(ours.p50_ms), number(peer.p50_ms), number(ours.p99_ms), number(peer.p99_ms),
        f"{comparison.p99:.1f}", number(ours.cpu_ms), number(ours.root_ms), number(peer.cpu_ms),
        number(ours.faults), number(peer.faults), f"{ours.forks:.1f}",
        "" if in_process is None else number(in_process),
        ", ".join(faults(comparison, size)) or "yes",
    )  # fmt: skip
    return row(cells)


def figures_header(title: str) -> str:
    """The title and the first lines of a table of other figures."""
    return f"\n{title}\n\n{header(('measure', 'value', 'held to', 'held'))}"


def figure_row(figure: Figure) -> str:
    """The row of a figure."""
    bound = f"{figure.kind} {number(figure.bound)} {figure.unit}" if figure.bound else ""
    note = f" ({figure.note})" if figure.note else ""
    value = f"{number(figure.value)} {figure.unit}{note}"
    return row((figure.name, value, bound, "yes" if figure.held else "NO"))


def row(cells: Iterable[object]) -> str:
    """A line of a Markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


def number(value: float) -> str:
    """Three digits that count, without exponents.

    >>> number(12345.6), number(12.345), number(0.01234)
    ('12,346', '12.3', '0.0123')
    """
    if value >= 100 or value == 0:
        return f"{value:,.0f}"
    digits = 1 if value >= 10 else 2 if value >= 1 else 3 if value >= 0.1 else 4
    return f"{value:.{digits}f}"
