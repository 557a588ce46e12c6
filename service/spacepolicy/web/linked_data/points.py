"""Points on the earth that the data give: a pair of WGS84 numbers, or a point of well-known text.

Spec: https://www.w3.org/2003/01/geo/, https://docs.ogc.org/is/22-047r1/22-047r1.html section 8.5.1
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import Literal, NamedNode

WGS84: Final = "http://www.w3.org/2003/01/geo/wgs84_pos#"
LATITUDE: Final = NamedNode(f"{WGS84}lat")
LONGITUDE: Final = NamedNode(f"{WGS84}long")
WKT: Final = NamedNode("http://www.opengis.net/ont/geosparql#asWKT")
_NUMBER: Final = re.compile(r"[-+]?(\d{1,3})(?:\.(\d{1,15}))?", re.ASCII)
_WKT_POINT: Final = re.compile(
    r"\s*(?:<http://www\.opengis\.net/def/crs/OGC/1\.3/CRS84>)?\s*POINT\s*"
    r"\(\s*([-+.\d]+)\s+([-+.\d]+)\s*\)\s*",
    re.ASCII | re.IGNORECASE,
)
"""Longitude comes first in CRS84, which is meant where no reference system is named; a point in
another one is not read."""
_POLE: Final = 90
_ANTIMERIDIAN: Final = 180
"""The latitude of the north pole, and the longitude where east meets west, in degrees."""


@final
@dataclass(frozen=True, slots=True)
class Point:
    """Latitude and longitude in degrees, north and east above zero; `decimals` is how many decimals
    the data have, at most."""

    latitude: float
    longitude: float
    decimals: int

    def words(self, t: Mapping[str, str]) -> str:
        """Return the point in the words of the interface.

        >>> t = {"south": "{} S", "east": "{} E", "point": "{latitude}, {longitude}"}
        >>> Point(-31.2, 121.5, 1).words(t)
        '31.2 S, 121.5 E'
        """
        north_south = t["south" if self.latitude < 0 else "north"]
        east_west = t["west" if self.longitude < 0 else "east"]
        return t["point"].format(
            latitude=north_south.format(_degrees(self.latitude)),
            longitude=east_west.format(_degrees(self.longitude)),
        )


def _degrees(value: float) -> str:
    return f"{abs(value):.6f}".rstrip("0").rstrip(".")


def point(values: Iterable[tuple[NamedNode, Literal]]) -> Point | None:
    """Return the point that the values of a thing's properties give; None where they give none on
    the earth, or more than one: then the data do not say where it is."""
    latitudes, longitudes, found = set[str](), set[str](), set[Point | None]()
    for predicate, literal in values:
        if predicate == LATITUDE:
            latitudes.add(literal.value)
        elif predicate == LONGITUDE:
            longitudes.add(literal.value)
        elif predicate == WKT and (pair := _WKT_POINT.fullmatch(literal.value)):
            found.add(_point(pair[2], pair[1]))
    found |= {_point(latitude, longitude) for latitude in latitudes for longitude in longitudes}
    return found.pop() if len(found) == 1 else None


def _point(latitude: str, longitude: str) -> Point | None:
    north, east = _NUMBER.fullmatch(latitude.strip()), _NUMBER.fullmatch(longitude.strip())
    if north is None or east is None:
        return None
    read = Point(float(north[0]), float(east[0]), max(len(each[2] or "") for each in (north, east)))
    on_earth = abs(read.latitude) <= _POLE and abs(read.longitude) <= _ANTIMERIDIAN
    return read if on_earth else None
