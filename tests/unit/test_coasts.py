"""The coasts are read from the package's topology, and written as rings of degrees."""

from pathlib import Path
from typing import Any

from spacepolicy.assets.coasts import COASTS, coasts, written

SQUARE = [[0, 0], [100, 0], [0, 50]]
REST = [[100, 50], [-100, 0], [0, -50]]


def topology(*arcs: list[list[int]], rings: list[list[list[int]]]) -> dict[str, Any]:
    land = {"type": "GeometryCollection", "geometries": [{"type": "MultiPolygon", "arcs": rings}]}
    transform = {"scale": [0.1, 0.1], "translate": [0, 0]}
    return {"type": "Topology", "objects": {"land": land}, "arcs": arcs, "transform": transform}


def read(folder: Path, made: dict[str, Any]) -> list[tuple[tuple[float, float], ...]]:
    (folder / COASTS).write_text(written(made), encoding="utf-8")
    return list(coasts(folder))


def test_arcs_are_joined_to_rings(tmp_path: Path) -> None:
    (ring,) = read(tmp_path, topology(SQUARE, REST, rings=[[[0, 1]]]))
    assert ring == ((0, 0), (10, 0), (10, 5), (0, 5), (0, 0))


def test_an_arc_is_read_backwards_too_and_specks_are_left_out(tmp_path: Path) -> None:
    speck = [[0, 0], [0, 1], [0, -1]]
    (ring,) = read(tmp_path, topology(SQUARE, REST, speck, rings=[[[~1, ~0]], [[2]]]))
    assert ring == ((0, 0), (0, 5), (10, 5), (10, 0), (0, 0))


def test_a_ring_over_the_180th_meridian_does_not_jump(tmp_path: Path) -> None:
    across = [[1750, 0], [-3500, 0], [0, 50], [3500, 0], [0, -50]]
    (ring,) = read(tmp_path, topology(across, rings=[[[0]]]))
    assert ring == ((175, 0), (185, 0), (185, 5), (175, 5), (175, 0))


def test_a_ring_around_a_pole_is_closed_along_it(tmp_path: Path) -> None:
    around = [[-1800, -700], [1200, 0], [1200, -50], [1200, 50]]
    (ring,) = read(tmp_path, topology(around, rings=[[[0]]]))
    assert ring[:4] == ((-180, -70), (-60, -70), (60, -75), (180, -70))
    assert ring[4:] == ((180, -90), (-180, -90), (-180, -70))


def test_without_the_file_there_are_none(tmp_path: Path) -> None:
    assert coasts(tmp_path) == ()
