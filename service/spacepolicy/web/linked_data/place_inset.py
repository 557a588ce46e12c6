"""A small map that says where on the earth a place is: coasts, a net of degrees, and marks.

The window lies around the place's own point, else around the places in it. It is 30 degrees high
where the point is given to a part of a degree, and 60 where it is given to whole degrees, as that
of a wide country is; and as high as the places in it need. Degrees of longitude are as wide as they
are in its middle. Coordinates are computed here; the template renders them as SVG.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, cos, floor, radians
from typing import Final, Literal, final

from spacepolicy.assets.coasts import Ring
from spacepolicy.web.linked_data.labels import Link
from spacepolicy.web.linked_data.points import Point

WIDTH: Final = 270
HEIGHT: Final = 180
"""In pixels: what fits into the margin of a page, and on a phone."""
_NARROW: Final = 30.0
_WIDE: Final = 60.0
"""Heights of a window in degrees. In less than 30, coasts at 1:110 million are no more to be known;
in 60, a continent is seen around a country."""
_ROOM: Final = 1.25
"""The height of a window over that of the places in it."""
_TURN: Final = 360.0
_HALF: Final = 180.0
_EDGE: Final = 2
"""Pixels by which land is cut beyond the edge of the drawing, so that its cut is not seen."""
_MAX_LINES: Final = 5
"""How many parallels are drawn at most."""
_STEPS: Final = (5, 10, 20, 30, 45)
"""Degrees between lines of the net."""

Role = Literal["own", "inside", "around"]
ROLES: Final[tuple[Role, ...]] = ("own", "inside", "around")
Plane = tuple[float, float]


@final
@dataclass(frozen=True, slots=True)
class Marked:
    """A place with its point: the thing itself, a place inside it, or one around it."""

    link: Link
    point: Point
    role: Role


@final
@dataclass(frozen=True, slots=True)
class InsetMark:
    """A place at pixels of the drawing."""

    link: Link
    role: Role
    x: int
    y: int


@final
@dataclass(frozen=True, slots=True)
class InsetDrawing:
    """The land as the path of an SVG, the lines of the net as another, and the marks, that of the
    thing itself last."""

    width: int
    height: int
    land: str
    net: str
    marks: tuple[InsetMark, ...]

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles of the marks that are drawn, that of the thing itself first."""
        return tuple(role for role in ROLES if any(mark.role == role for mark in self.marks))


@final
@dataclass(frozen=True, slots=True)
class PlaceInset:
    """The thing's own point, the points of the places inside and around it by IRI, and the drawing;
    it is None where coasts are not built."""

    own: Point | None
    points: Mapping[str, Point]
    drawing: InsetDrawing | None


@final
@dataclass(frozen=True, slots=True)
class Window:
    """A part of the earth: its middle, its height in degrees, and the pixels of a degree of
    longitude and of latitude."""

    latitude: float
    longitude: float
    height: float
    across: float
    up: float

    def place(self, longitude: float, latitude: float) -> Plane:
        """Return the pixels of the place; `longitude` is not brought into a turn."""
        return (
            WIDTH / 2 + (longitude - self.longitude) * self.across,
            HEIGHT / 2 - (latitude - self.latitude) * self.up,
        )

    def nearest(self, point: Point) -> Plane:
        """Return the pixels of the point on the side of the earth that is nearer to the middle."""
        return self.place(self.longitude + _apart(point, self.longitude), point.latitude)


def inset(marked: Sequence[Marked], rings: Sequence[Ring]) -> PlaceInset | None:
    """Return the map of a place; None where neither it nor a place inside it has a point."""
    own = next((each.point for each in marked if each.role == "own"), None)
    if own is None and not any(each.role == "inside" for each in marked):
        return None
    points = {each.link.iri: each.point for each in marked}
    return PlaceInset(own, points, _drawing(window(own, marked), marked, rings) if rings else None)


def window(own: Point | None, marked: Iterable[Marked]) -> Window:
    """Return the part of the earth that is drawn."""
    inside = [each.point for each in marked if each.role == "inside"]
    every = [own, *inside] if own else inside
    start = every[0].longitude
    easts = [_apart(each, start) for each in every]
    norths = [each.latitude for each in every]
    latitude, east = (own.latitude, 0.0) if own else (_middle(norths), _middle(easts))
    height = _WIDE if min(each.decimals for each in every) == 0 else _NARROW
    shrink = cos(radians(latitude))
    height = max(
        height,
        _ROOM * 2 * max(abs(each - latitude) for each in norths),
        _ROOM * 2 * max(abs(each - east) for each in easts) * shrink * HEIGHT / WIDTH,
    )
    height = min(height, _HALF)
    latitude = max(min(latitude, (_HALF - height) / 2), (height - _HALF) / 2)
    up = HEIGHT / height
    # Where degrees of longitude shrink towards a pole, the drawing is one turn wide at most.
    across = max(up * cos(radians(latitude)), WIDTH / _TURN)
    return Window(latitude, start + east, height, across, up)


def _apart(point: Point, longitude: float) -> float:
    """How many degrees the point is east of the longitude, from -180 to 180."""
    return (point.longitude - longitude + _HALF) % _TURN - _HALF


def _middle(values: Sequence[float]) -> float:
    return (min(values) + max(values)) / 2


def _drawing(view: Window, marked: Iterable[Marked], rings: Iterable[Ring]) -> InsetDrawing:
    marks = [
        InsetMark(each.link, each.role, round(x), round(y))
        for each in marked
        for x, y in [view.nearest(each.point)]
        if 0 <= x <= WIDTH and 0 <= y <= HEIGHT
    ]
    marks.sort(key=lambda mark: -ROLES.index(mark.role))
    land = "".join(path for ring in rings for path in _paths(view, ring))
    return InsetDrawing(WIDTH, HEIGHT, land, _net(view), tuple(marks))


def _net(view: Window) -> str:
    """The parallels and meridians of the window, from edge to edge."""
    step = next((each for each in _STEPS if view.height / each <= _MAX_LINES), _STEPS[-1])
    half = WIDTH / 2 / view.across
    parallels = _multiples(view.latitude - view.height / 2, view.latitude + view.height / 2, step)
    meridians = _multiples(view.longitude - half, view.longitude + half, step)
    lines = [f"M0 {round(view.place(0, each)[1])}h{WIDTH}" for each in parallels]
    lines += [f"M{round(view.place(each, 0)[0])} 0v{HEIGHT}" for each in meridians]
    return "".join(lines)


def _multiples(first: float, last: float, step: int) -> Iterator[int]:
    return (n * step for n in range(ceil(first / step), floor(last / step) + 1))


def _paths(view: Window, ring: Ring) -> Iterator[str]:
    """The parts of the ring that lie in the window, which may be a turn or two from it."""
    half = WIDTH / 2 / view.across
    west, east = min(x for x, _ in ring), max(x for x, _ in ring)
    first = ceil((view.longitude - half - east) / _TURN)
    last = floor((view.longitude + half - west) / _TURN)
    for turns in range(first, last + 1):
        placed = [view.place(x + turns * _TURN, y) for x, y in ring]
        yield _path(_clipped(placed))


def _clipped(ring: Sequence[Plane]) -> list[Plane]:
    """The part of the ring within the drawing and a small edge around it.

    Spec: https://doi.org/10.1145/360767.360802 (Sutherland and Hodgman)
    """
    found = list(ring)
    for axis, edge, side in (
        (0, -_EDGE, 1),
        (0, WIDTH + _EDGE, -1),
        (1, -_EDGE, 1),
        (1, HEIGHT + _EDGE, -1),
    ):
        kept: list[Plane] = []
        for last, here in pairwise([*found[-1:], *found]):
            was_in, is_in = ((each[axis] - edge) * side >= 0 for each in (last, here))
            if was_in != is_in:
                kept.append(_crossing(last, here, axis, edge))
            if is_in:
                kept.append(here)
        found = kept
    return found


def _crossing(last: Plane, here: Plane, axis: int, edge: int) -> Plane:
    """Where the line between the two crosses the edge."""
    part = (edge - last[axis]) / (here[axis] - last[axis])
    across, up = (a + (b - a) * part for a, b in zip(last, here, strict=True))
    return (edge, up) if axis == 0 else (across, edge)


def _path(ring: Sequence[Plane]) -> str:
    """The ring as a path of whole pixels, without steps of one; empty where nothing is left."""
    pixels: list[tuple[int, int]] = []
    for x, y in ((round(x), round(y)) for x, y in ring):
        if not pixels or abs(x - pixels[-1][0]) + abs(y - pixels[-1][1]) > 1:
            pixels.append((x, y))
    steps = [(x - last_x, y - last_y) for (last_x, last_y), (x, y) in pairwise(pixels)]
    if len(steps) < 2:  # a triangle has two sides and the one that closes it
        return ""
    return f"M{pixels[0][0]} {pixels[0][1]}l{_pairs(steps)}z"


def _pairs(steps: Iterable[tuple[int, int]]) -> str:
    """The numbers of a path; a minus parts them as a blank does.

    >>> _pairs([(1, -2), (-3, 4)])
    '1-2-3 4'
    """
    return " ".join(str(number) for step in steps for number in step).replace(" -", "-")
