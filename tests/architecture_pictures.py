"""The pictures of `docs/architecture/`, drawn from the table of flows:
`python -m tests.architecture_pictures`.

Spec: https://www.w3.org/TR/SVG2/
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[1] / "docs" / "architecture"
TABLE: Final = FOLDER / "flows.toml"
_LANE: Final = 290
"""The width of a lane, for 44 characters of the smaller text."""
_BOX_WIDTH: Final = 270
_LINE: Final = 13
"""The height of a line of the smaller text; each module has one."""
_GAP: Final = 24
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

    @property
    def box_height(self) -> int:
        """The height of every box: that of the one with the most modules."""
        return 32 + _LINE * max(len(step.modules) for step in self.steps)

    def corner(self, number: int) -> tuple[int, int]:
        """The upper left corner of a step's box."""
        left = _MARGIN + _LANE * self.steps[number].lane + (_LANE - _BOX_WIDTH) // 2
        return left, _HEAD + (self.box_height + _GAP) * number


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
    height = flow.corner(len(flow.steps) - 1)[1] + flow.box_height + _GAP + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-labelledby="title">',
        f'<title id="title">{escape(flow.title)}</title>',
        f"<style>{_STYLE}</style>",
        '<marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto"><path d="M0 0L8 4L0 8z" fill="#57606a"/></marker>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *_lanes(flow, height),
        *(_arrow(flow, before, number) for number, before in _pairs(flow)),
        *(line for number in range(len(flow.steps)) for line in _box(flow, number)),
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


def _box(flow: Flow, number: int) -> Iterator[str]:
    (left, top), step = flow.corner(number), flow.steps[number]
    yield (
        f'<rect class="box" x="{left}" y="{top}" width="{_BOX_WIDTH}" '
        f'height="{flow.box_height}" rx="5"/>'
    )
    yield f'<text x="{left + 8}" y="{top + 20}">{escape(step.does)}</text>'
    for line, module in enumerate(step.modules, 1):
        y = top + 22 + _LINE * line
        yield f'<text class="module" x="{left + 8}" y="{y}">{escape(module)}</text>'


def _arrow(flow: Flow, before: int, number: int) -> str:
    """A line from below a box to above another; at its side, where others stand between them:
    at the other side for each second one, so that two lines do not meet."""
    lane, to = flow.steps[before].lane, flow.steps[number].lane
    (x1, y1), (x2, y2) = flow.corner(before), flow.corner(number)
    middle = flow.box_height // 2
    below = [step for step in flow.steps[before + 1 : number] if step.lane == lane]
    if lane == to and number - before > 1:
        edge, out = (x1 + _BOX_WIDTH, 6) if before % 2 == 0 else (x1, -6)
        path = f"M{edge} {y1 + middle}H{edge + out}V{y2 + middle}H{edge}"
    elif below and to < lane:
        side = x1 - (_LANE - _BOX_WIDTH) // 2
        path = f"M{x1} {y1 + middle}H{side}V{y2 + middle}H{x2 + _BOX_WIDTH}"
    elif lane == to:
        path = f"M{x1 + _BOX_WIDTH // 2} {y1 + flow.box_height}V{y2}"
    else:
        path = (
            f"M{x1 + _BOX_WIDTH // 2} {y1 + flow.box_height}"
            f"V{y2 - _GAP // 2}H{x2 + _BOX_WIDTH // 2}V{y2}"
        )
    return f'<path class="arrow" marker-end="url(#end)" d="{path}"/>'


if __name__ == "__main__":
    for each in flows():
        (FOLDER / f"{each.name}.svg").write_text(drawn(each), encoding="utf-8")
