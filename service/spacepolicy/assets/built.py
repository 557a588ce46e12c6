"""The assets that have been built, or the reason why there are none.

`built/` is beside this file. Where it holds `manifest.json`, the build succeeded: `source` is the
digest of the sources of the files, and `files` are their names. Where it holds `missing.txt`, that
is the reason why there are none. Neither is part of the repository. `coasts.json` is read by the
server itself, and is none of the files of pages.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

FOLDER: Final = Path(__file__).with_name("built")
MANIFEST: Final = "manifest.json"
MISSING: Final = "missing.txt"
WORKBENCH: Final = (
    "workbench.js",
    "workbench.css",
    "chart-library.js",
    "graph-library.js",
    "map-library.js",
)
"""The files that the workbench needs; it loads a library when a view first needs it."""
NOTICES: Final = "notices.txt"
_NEVER_BUILT: Final = "they were not built when this was installed"


@final
@dataclass(frozen=True, slots=True)
class BuiltAssets:
    """The files by name with the digest of their sources; `missing` is the reason why there are
    none."""

    source: str | None
    files: tuple[str, ...]
    missing: str | None = None

    @property
    def has_workbench(self) -> bool:
        """Whether all files of the workbench are there: an installation that was updated without
        being installed again may have the files of another version."""
        return {*WORKBENCH, NOTICES} <= set(self.files)


def built_assets(folder: Path = FOLDER) -> BuiltAssets:
    """Read the folder of built assets."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return BuiltAssets(None, (), _reason(folder))
    return BuiltAssets(manifest["source"], tuple(manifest["files"]))


def _reason(folder: Path) -> str:
    try:
        return (folder / MISSING).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return _NEVER_BUILT
