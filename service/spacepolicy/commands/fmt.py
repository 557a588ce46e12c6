"""`spacepolicy fmt`: Turtle and TriG files in the one layout."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from spacepolicy import settings
from spacepolicy.dataset.gates.material import Material
from spacepolicy.dataset.layout.document import format_text
from spacepolicy.errors import FindingsError, UsageError
from spacepolicy.settings import Settings
from spacepolicy.text_files import read_text


def fmt(chosen: Settings, files: Sequence[Path], *, check: bool) -> int:
    """Print each file anew where its layout differs, or only name it; 1 where a check differs.

    Raises: FindingsError where a file cannot be printed without losing something.
    """
    differing = 0
    prefixes = project_prefixes(chosen)
    for path in files or _all_files(chosen):
        after = format_text(read_text(path), path=str(path), prefixes=prefixes)
        if after.encode() != path.read_bytes():
            differing += 1
            print(f"{path}: {'differs from the one layout' if check else 'printed anew'}")
            if not check:
                path.write_bytes(after.encode())
    return 1 if check and differing else 0


def _all_files(chosen: Settings) -> list[Path]:
    content = settings.content_directory(chosen, Path.cwd())
    if content is None:
        raise UsageError("There is no content to print; name files.")
    folders = (content.path / "ontology", content.path / "data")
    return sorted(
        path for folder in folders for path in folder.rglob("*") if path.suffix in (".ttl", ".trig")
    )


def project_prefixes(chosen: Settings) -> Mapping[str, str]:
    """Return the prefixes that the core ontology declares; none where no ontology is at hand."""
    content = settings.content_directory(chosen, Path.cwd())
    if content is None:
        return {}
    try:
        return Material(content.path, packaged=content.packaged).prefixes
    except FindingsError:
        # A file that cannot be read is found when it is printed, or by `check`.
        return {}
