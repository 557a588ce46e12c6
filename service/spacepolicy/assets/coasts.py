"""The coasts of the earth, which the server draws small maps with.

Built from `land-110m.json` of the package world-atlas, which is Natural Earth at 1:110 million:
coasts alone, since which borders hold is disputed. `coasts.json` is a list of rings, each a flat
list of longitude and latitude in tenths of a degree.

Spec: https://github.com/topojson/topojson-specification
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import Any, Final

from spacepolicy.assets.built import FOLDER

COASTS: Final = "coasts.json"
"""The file in the folder of built assets. Pages do not load it, so that the manifest lacks it."""
TOPOLOGY: Final = "node_modules/world-atlas/land-110m.json"
_TENTHS: Final = 10
_FEWEST: Final = 4
"""A ring that encloses an area has three points, and the first one again."""
_TURN: Final = 3600
_POLE: Final = 900
"""A turn around the earth, and the latitude of a pole, in tenths of a degree."""

Ring = tuple[tuple[float, float], ...]
"""Longitude and latitude in degrees. Neighbours are never half a turn apart, so that longitudes may
lie beyond 180 degrees."""


def written(topology: Mapping[str, Any]) -> str:
    """Return the text of `coasts.json` for a topology with the object `land`."""
    rings = (_unwrapped(ring) for ring in _rings(topology, topology["objects"]["land"]))
    flat = [list(chain.from_iterable(ring)) for ring in rings if len(ring) >= _FEWEST]
    return json.dumps(flat, separators=(",", ":"))


@cache
def coasts(folder: Path = FOLDER) -> tuple[Ring, ...]:
    """Return the rings of the land, inner ones too; empty where they were not built."""
    try:
        flat = json.loads((folder / COASTS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    return tuple(
        tuple((x / _TENTHS, y / _TENTHS) for x, y in zip(ring[::2], ring[1::2], strict=True))
        for ring in flat
    )


def _rings(
    topology: Mapping[str, Any], geometry: Mapping[str, Any]
) -> Iterator[list[tuple[int, int]]]:
    """The rings of a geometry, in tenths of a degree."""
    for each in geometry.get("geometries", ()):
        yield from _rings(topology, each)
    arcs = geometry.get("arcs", ())
    for polygon in (arcs,) if geometry["type"] == "Polygon" else arcs:
        for ring in polygon:
            yield _distinct([point for arc in ring for point in _arc(topology, arc)])


def _arc(topology: Mapping[str, Any], index: int) -> list[tuple[int, int]]:
    """The points of an arc, whose steps are summed; `~index` is the arc backwards."""
    (kx, ky), (x0, y0) = topology["transform"]["scale"], topology["transform"]["translate"]
    steps: Sequence[tuple[int, int]] = topology["arcs"][index if index >= 0 else ~index]
    places = accumulate(steps, lambda at, step: (at[0] + step[0], at[1] + step[1]))
    points = [(round((x * kx + x0) * _TENTHS), round((y * ky + y0) * _TENTHS)) for x, y in places]
    return points if index >= 0 else points[::-1]


def _distinct(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The points without those that repeat the one before."""
    return points[:1] + [point for last, point in pairwise(points) if point != last]


def _unwrapped(ring: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The ring without a jump where it crosses the 180th meridian; one around a pole ends a turn
    away from its beginning, and is closed along the pole."""
    found = ring[:1]
    for x, y in ring[1:]:
        turns = round((found[-1][0] - x) / _TURN)
        found.append((x + turns * _TURN, y))
    (first, _), (last, _) = found[0], found[-1]
    if first != last:
        pole = -_POLE if sum(y for _, y in found) < 0 else _POLE
        found += [(last, pole), (first, pole), found[0]]
    return found
