"""Checks the text files of a content folder: whether each can be read, and its line ends."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from spacepolicy.errors import Finding
from spacepolicy.knowledge.loading.graph_files import CHECKS
from spacepolicy.knowledge.loading.placeholders import fill_in_findings
from spacepolicy.knowledge.loading.sources import FOLDER as SEEDS
from spacepolicy.text_files import byte_order_mark, strange_line_ends, unreadable

_KINDS: Final = {
    "ontology": (".ttl", ".rq", ".trig", ".txt", ".xml"),
    "data": (".trig", ".quotes", ".yaml", ".csv"),
    "queries": (".rq", ".toml", ".yaml"),
    SEEDS: (".toml",),
}
"""The files of each folder by their extensions; quoted texts are checked as sources."""


_JUDGES: Final = (unreadable, byte_order_mark, strange_line_ends)
"""The checks of a file's bytes; the first fault that is found is reported."""
_QUERIES: Final = {"queries": (".rq", ".toml", ".yaml", ".md"), CHECKS: (".rq", ".md")}
"""The extensions in folders whose other files would be ignored without a message."""


def stray_findings(content: Path) -> Iterator[Finding]:
    """Return files among queries and rules that nothing reads."""
    for folder, suffixes in _QUERIES.items():
        for path in sorted((content / folder).glob("*")):
            hidden = path.name.startswith(".") or path.name.endswith("~")
            if path.is_file() and path.suffix not in suffixes and not hidden:
                message = f"nothing reads this file: those of this folder end in {suffixes[0]}."
                name = path.relative_to(content).as_posix()
                yield Finding(name, None, "format", message, "Rename it, or move it elsewhere.")


def text_findings(content: Path) -> Iterator[Finding]:
    """Return the faults of the files' bytes, one finding for each faulty file; and the marks of
    scaffolds that were not filled in."""
    for folder, suffixes in _KINDS.items():
        for path in sorted((content / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                name, data = path.relative_to(content).as_posix(), path.read_bytes()
                found = next(filter(None, (judge(name, data) for judge in _JUDGES)), None)
                yield from fill_in_findings(name, data.decode()) if found is None else (found,)
