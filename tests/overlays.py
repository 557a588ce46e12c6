"""The documents of the tests: each an overlay of the content folder, as a maintainer adds it."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
DOCUMENTS: Final = ROOT / "tests" / "documents"
NAMES: Final = tuple(sorted(path.name for path in DOCUMENTS.iterdir()))
CONTENT: Final = ("ontology", "data", "queries", "seeds")


def lay_out(folder: Path, names: Iterable[str] = NAMES) -> Path:
    """Copy the shipped content to the folder, and the documents over it in this order."""
    for part in CONTENT:
        shutil.copytree(ROOT / part, folder / part)
    for name in names:
        add(folder, name)
    return folder


def add(folder: Path, name: str) -> tuple[Path, ...]:
    """Copy a document's files to the folder, and return their paths inside it."""
    overlay = DOCUMENTS / name
    shutil.copytree(overlay, folder, dirs_exist_ok=True)
    return tuple(path.relative_to(overlay) for path in sorted(overlay.rglob("*")) if path.is_file())
