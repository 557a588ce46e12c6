"""The documents that the tests bring along, each an overlay of the content folder."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
OVERLAYS: Final = ROOT / "tests" / "documents"
CONTENT: Final = ("ontology", "data", "queries", "seeds")
"""The folders that content is made of."""
FEW: Final = ("luxembourg-2022-space-strategy", "shanghai-2022-opinions", "us-eo-14369")
"""A document of each kind: of facts with their pages, with its text, and by reference."""


def overlays() -> tuple[str, ...]:
    """The names of the documents that the tests bring along."""
    return tuple(sorted(path.name for path in OVERLAYS.iterdir() if path.is_dir()))


def lay_out(folder: Path, names: Iterable[str]) -> None:
    """Copy the content of the checkout to the folder, and the files of the documents named."""
    for name in CONTENT:
        shutil.copytree(ROOT / name, folder / name)
    for name in names:
        shutil.copytree(OVERLAYS / name, folder, dirs_exist_ok=True)


def remove_references(folder: Path) -> None:
    """Remove the documents whose text is not shipped from a copy of the content."""
    for table in sorted((folder / "seeds").glob("*.toml")):
        if not table.with_suffix(".txt").is_file():
            _remove(folder, table.stem)


def keep_few(folder: Path) -> None:
    """Remove from a copy of the content what a test has no need of that breaks and judges one file:
    the shipped documents but for a few, so that it takes two thirds of the time or less."""
    for table in sorted((folder / "seeds").glob("*.toml")):
        if table.stem not in {*FEW, *overlays()}:
            _remove(folder, table.stem)


def _remove(folder: Path, name: str) -> None:
    for part in ("seeds", "data", "data/background"):
        for path in (folder / part).glob(f"{name}.*"):
            path.unlink()
