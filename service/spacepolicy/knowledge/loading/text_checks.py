"""The text files of a content folder: whether each can be read, and ends its lines as it should."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from spacepolicy.errors import Finding
from spacepolicy.knowledge.loading.fill_ins import fill_in_findings
from spacepolicy.knowledge.loading.graph_files import CHECKS
from spacepolicy.knowledge.loading.sources import FOLDER as SEEDS
from spacepolicy.text_files import byte_order_mark, strange_line_ends, unreadable

_KINDS: Final = {
    "ontology": (".ttl", ".rq", ".trig", ".txt", ".xml"),
    "data": (".trig", ".quotes", ".yaml", ".csv"),
    "queries": (".rq", ".toml", ".yaml"),
    SEEDS: (".toml",),
}
"""The files of each folder by how their names end; texts that are quoted are judged as sources."""


_JUDGES: Final = (unreadable, byte_order_mark, strange_line_ends)
"""What is looked for in the bytes of a file; the first that is found is told."""
_QUERIES: Final = {"queries": (".rq", ".toml", ".yaml", ".md"), CHECKS: (".rq", ".md")}
"""The files of folders in which whatever ends otherwise would be passed over in silence."""


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
    """Return what is wrong with the bytes of the files, one finding for each file at fault; and
    what scaffolds left to be filled in."""
    for folder, suffixes in _KINDS.items():
        for path in sorted((content / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                name, data = path.relative_to(content).as_posix(), path.read_bytes()
                found = next(filter(None, (judge(name, data) for judge in _JUDGES)), None)
                yield from fill_in_findings(name, data.decode()) if found is None else (found,)
