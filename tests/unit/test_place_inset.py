"""The map of a place: which point the data give, which window is drawn, and what lands where."""

import re
from itertools import product

import pytest
from pyoxigraph import Literal

from spacepolicy.assets.coasts import coasts
from spacepolicy.web.i18n import WORDS
from spacepolicy.web.linked_data.labels import Link
from spacepolicy.web.linked_data.place_inset import (
    HEIGHT,
    WIDTH,
    InsetDrawing,
    Marked,
    Role,
    inset,
    window,
)
from spacepolicy.web.linked_data.points import LATITUDE, LONGITUDE, WKT, Point, point

SQUARE = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0), (0.0, 0.0))
EARTH = ((-180.0, -90.0), (180.0, -90.0), (180.0, 90.0), (-180.0, 90.0), (-180.0, -90.0))


def marked(*places: tuple[float, float, int, Role]) -> list[Marked]:
    return [
        Marked(Link(f"place {n}", f"/{n}", f"urn:{n}"), Point(north, east, decimals), role)
        for n, (north, east, decimals, role) in enumerate(places)
    ]


def drawing(*places: tuple[float, float, int, Role], land: object = SQUARE) -> InsetDrawing:
    found = inset(marked(*places), (land,))  # type: ignore[arg-type] # rings of the tests
    assert found is not None
    assert found.drawing is not None
    return found.drawing


def corners(path: str) -> list[tuple[int, int]]:
    """The corners of the paths, in pixels."""
    found: list[tuple[int, int]] = []
    for x, y, steps in re.findall(r"M(-?\d+) (-?\d+)l([-\d ]+)z", path):
        at = (int(x), int(y))
        found.append(at)
        numbers = [int(each) for each in re.findall(r"-?\d+", steps)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            at = (at[0] + dx, at[1] + dy)
            found.append(at)
    return found


def test_a_place_stands_in_the_middle_and_land_where_it_is() -> None:
    made = drawing((0.0, 0.0, 1, "own"))
    (mark,) = made.marks
    assert (mark.x, mark.y) == (WIDTH // 2, HEIGHT // 2)
    # 30 degrees are 180 pixels high: 10 degrees are 60, north is up and east is right.
    assert set(corners(made.land)) == {(135, 90), (195, 90), (195, 30), (135, 30)}


def test_degrees_of_longitude_shrink_towards_the_poles() -> None:
    made = drawing((60.0, 0.0, 1, "own"), (60.0, 10.0, 1, "inside"))
    (inside, _) = made.marks
    assert (inside.x, inside.y) == (WIDTH // 2 + 30, HEIGHT // 2)


def test_a_point_in_whole_degrees_and_places_inside_make_the_window_wider() -> None:
    heights = [
        window(places[0].point, places).height
        for places in (
            marked((30.0, 0.0, 1, "own")),
            marked((30.0, 0.0, 0, "own")),
            marked((30.0, 0.0, 1, "own"), (60.0, 0.0, 1, "inside")),
            marked((0.0, 0.0, 1, "own"), (0.0, 90.0, 1, "inside")),
            marked((30.0, 0.0, 1, "own"), (80.0, 0.0, 1, "around")),
        )
    ]
    assert heights == [30, 60, 75, 150, 30]


def test_places_around_are_drawn_where_the_window_has_them_and_the_own_comes_last() -> None:
    places = ((30.0, 0.0, 1, "around"), (0.0, 0.0, 1, "own"), (5.0, 0.0, 1, "inside"))
    made = drawing((10.0, 0.0, 1, "around"), *places)  # type: ignore[arg-type] # roles are literal
    assert [mark.role for mark in made.marks] == ["around", "inside", "own"]
    assert made.roles == ("own", "inside", "around")


def test_a_place_without_a_point_is_shown_by_those_inside() -> None:
    made = inset(marked((10.0, 170.0, 1, "inside"), (20.0, -170.0, 1, "inside")), (SQUARE,))
    assert made is not None
    assert made.own is None
    assert made.drawing is not None
    assert sorted(mark.x for mark in made.drawing.marks) == [77, 193]
    assert inset(marked((10.0, 170.0, 1, "around")), (SQUARE,)) is None
    assert inset([], (SQUARE,)) is None


@pytest.mark.parametrize("longitude", [179.0, -179.0, 180.0, -180.0])
def test_land_on_both_sides_of_the_180th_meridian_is_drawn(longitude: float) -> None:
    west = ((170.0, -5.0), (180.0, -5.0), (180.0, 5.0), (170.0, 5.0), (170.0, -5.0))
    east = tuple((x - 350, y) for x, y in west)
    found = inset(marked((0.0, longitude, 1, "own")), (west, east))
    assert found is not None
    assert found.drawing is not None
    across = [x for x, _ in corners(found.drawing.land)]
    assert max(across) - min(across) == pytest.approx(120, abs=1)
    (mark,) = found.drawing.marks
    assert (mark.x, mark.y) == (WIDTH // 2, HEIGHT // 2)


@pytest.mark.parametrize(
    ("latitude", "longitude", "decimals"),
    list(product((-90.0, -89.0, 0.0, 90.0), (-180.0, 0.0, 180.0), (0, 1))),
)
def test_a_window_stays_on_the_earth(latitude: float, longitude: float, decimals: int) -> None:
    """At the poles too: the land of the whole earth fills the drawing, and its edge is outside."""
    made = drawing((latitude, longitude, decimals, "own"), land=EARTH)
    (mark,) = made.marks
    assert 0 <= mark.x <= WIDTH
    assert 0 <= mark.y <= HEIGHT
    xs, ys = zip(*corners(made.land), strict=True)
    assert min(xs) <= 0 < WIDTH <= max(xs)
    assert min(ys) <= 0 < HEIGHT <= max(ys)
    assert all(-2 <= x <= WIDTH + 2 for x in xs)


def test_the_net_has_lines_that_the_window_has_room_for() -> None:
    for height, decimals in ((30, 1), (60, 0)):
        lines = re.findall(r"M0 (\d+)h270", drawing((0.0, 0.0, decimals, "own")).net)
        assert 3 <= len(lines) <= 6, height
        assert str(HEIGHT // 2) in lines


def test_the_shipped_coasts_draw_every_window_in_a_few_kilobytes() -> None:
    rings = coasts()
    sizes = []
    for latitude, longitude in product(range(-90, 91, 15), range(-180, 181, 20)):
        found = inset(marked((latitude, longitude, 0, "own")), rings)
        assert found is not None
        assert found.drawing is not None
        sizes.append(len(found.drawing.land) + len(found.drawing.net))
    assert max(sizes) < 6_000


def test_a_point_is_told_in_both_languages() -> None:
    shanghai, lima = Point(31.2, 121.5, 1), Point(-12.0, -77.0, 0)
    assert shanghai.words(WORDS["en"]) == "31.2° N, 121.5° E"
    assert lima.words(WORDS["en"]) == "12° S, 77° W"
    assert shanghai.words(WORDS["zh"]) == "北纬31.2°，东经121.5°"
    assert lima.words(WORDS["zh"]) == "南纬12°，西经77°"


def test_a_point_is_a_pair_of_numbers_or_well_known_text() -> None:
    both = [(LATITUDE, Literal("+31.20")), (LONGITUDE, Literal("-121.5"))]
    assert point(both) == Point(31.2, -121.5, 2)
    assert point([(WKT, Literal("POINT(121.5 31.2)"))]) == Point(31.2, 121.5, 1)
    system = "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> Point ( 121 31 )"
    assert point([(WKT, Literal(system))]) == Point(31.0, 121.0, 0)


@pytest.mark.parametrize(
    "values",
    [
        (),
        ((LATITUDE, "31.2"),),
        ((LATITUDE, "95"), (LONGITUDE, "0")),
        ((LATITUDE, "0"), (LONGITUDE, "180.1")),
        ((LATITUDE, "NaN"), (LONGITUDE, "0")),
        ((LATITUDE, "1e1"), (LONGITUDE, "0")),
        ((LATITUDE, "north"), (LONGITUDE, "</svg>")),
        ((LATITUDE, "1"), (LATITUDE, "2"), (LONGITUDE, "0")),
        ((WKT, "POINT(200 0)"),),
        ((WKT, "POINT(1.2.3 0)"),),
        ((WKT, "POINT EMPTY"),),
        ((WKT, "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(31 121)"),),
        ((WKT, "POLYGON((0 0, 1 0, 1 1, 0 0))"),),
        ((WKT, "POINT(1 1)"), (WKT, "POINT(2 2)")),
    ],
)
def test_what_is_no_one_point_on_the_earth_is_none(values: tuple[tuple[object, str], ...]) -> None:
    assert point((name, Literal(value)) for name, value in values) is None  # type: ignore[misc]
