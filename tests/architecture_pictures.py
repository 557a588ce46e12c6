"""The pictures of `docs/architecture/`, drawn from the table of flows:
`python -m tests.architecture_pictures`.

Spec: https://www.w3.org/TR/SVG2/
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[1] / "docs" / "architecture"
TABLE: Final = FOLDER / "flows.toml"
_LANE: Final = 290
"""The width of a lane, for 44 characters of the smaller text."""
_ROW: Final = 74
_BOX: Final = (270, 50)
_HEAD: Final = 44
"""The height of the names of the lanes."""
_MARGIN: Final = 10
_STYLE: Final = (
    "text{font-family:system-ui,sans-serif;font-size:13px;fill:#1f2328}"
    ".module{font-family:ui-monospace,monospace;font-size:10px;fill:#57606a}"
    ".lane{font-weight:600}"
    ".band{fill:#f6f8fa}"
    ".box{fill:#ffffff;stroke:#8c959f}"
    ".arrow{fill:none;stroke:#57606a;stroke-width:1.2}"
)


@dataclass(frozen=True)
class Step:
    """A step of a flow: in which lane it is taken, what it does, and the modules that do it.

    `after` are the numbers, from 0, of the steps that lead to it; the one before it where the
    table says nothing.
    """

    lane: int
    does: str
    modules: tuple[str, ...]
    after: tuple[int, ...]


@dataclass(frozen=True)
class Flow:
    """A picture: its lanes from left to right, one a process or a part, and its steps downwards."""

    name: str
    title: str
    lanes: tuple[str, ...]
    steps: tuple[Step, ...]


def flows() -> tuple[Flow, ...]:
    """The flows of the table."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return tuple(_flow(name, each) for name, each in table.items())


def _flow(name: str, each: Mapping[str, Any]) -> Flow:
    lanes = tuple(each["lanes"])
    steps = tuple(
        Step(
            lanes.index(step["lane"]),
            step["does"],
            tuple(step.get("modules", ())),
            tuple(step.get("after", [number - 1] if number else [])),
        )
        for number, step in enumerate(each["steps"])
    )
    return Flow(name, each["title"], lanes, steps)


def drawn(flow: Flow) -> str:
    """The picture of a flow as SVG."""
    width = _LANE * len(flow.lanes) + 2 * _MARGIN
    height = _HEAD + _ROW * len(flow.steps) + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-labelledby="title">',
        f'<title id="title">{escape(flow.title)}</title>',
        f"<style>{_STYLE}</style>",
        '<marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto"><path d="M0 0L8 4L0 8z" fill="#57606a"/></marker>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *_lanes(flow, height),
        *(_arrow(flow.steps, before, number) for number, before in _pairs(flow)),
        *(line for number, step in enumerate(flow.steps) for line in _box(number, step)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _pairs(flow: Flow) -> Iterator[tuple[int, int]]:
    for number, step in enumerate(flow.steps):
        yield from ((number, before) for before in step.after)


def _lanes(flow: Flow, height: int) -> Iterator[str]:
    for number, name in enumerate(flow.lanes):
        left = _MARGIN + _LANE * number
        yield (
            f'<rect class="band" x="{left + 2}" y="{_MARGIN}" width="{_LANE - 4}" '
            f'height="{height - 2 * _MARGIN}" rx="6"/>'
        )
        yield f'<text class="lane" x="{left + 12}" y="{_MARGIN + 22}">{escape(name)}</text>'


def _corner(number: int, step: Step) -> tuple[int, int]:
    return _MARGIN + _LANE * step.lane + (_LANE - _BOX[0]) // 2, _HEAD + _ROW * number


def _box(number: int, step: Step) -> Iterator[str]:
    left, top = _corner(number, step)
    yield (f'<rect class="box" x="{left}" y="{top}" width="{_BOX[0]}" height="{_BOX[1]}" rx="5"/>')
    middle = 20 if step.modules else 30
    yield f'<text x="{left + 8}" y="{top + middle}">{escape(step.does)}</text>'
    if step.modules:
        modules = escape(" · ".join(step.modules))
        yield f'<text class="module" x="{left + 8}" y="{top + 39}">{modules}</text>'


def _arrow(steps: Sequence[Step], before: int, number: int) -> str:
    """A line from below a box to above another; at its side, where others stand between them."""
    (x1, y1), (x2, y2) = _corner(before, steps[before]), _corner(number, steps[number])
    if steps[before].lane == steps[number].lane and number - before > 1:
        side = x1 - 6
        path = f"M{x1} {y1 + 25}H{side}V{y2 + 25}H{x2}"
    elif steps[before].lane == steps[number].lane:
        path = f"M{x1 + _BOX[0] // 2} {y1 + _BOX[1]}V{y2}"
    else:
        half = y2 - (_ROW - _BOX[1]) // 2
        path = f"M{x1 + _BOX[0] // 2} {y1 + _BOX[1]}V{half}H{x2 + _BOX[0] // 2}V{y2}"
    return f'<path class="arrow" marker-end="url(#end)" d="{path}"/>'


if __name__ == "__main__":
    for each in flows():
        (FOLDER / f"{each.name}.svg").write_text(drawn(each), encoding="utf-8")
