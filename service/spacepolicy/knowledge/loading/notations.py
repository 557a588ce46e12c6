"""Data files in the project's own notations, read as the TriG that they stand for.

`data/<name>.quotes` quotes from the source of that name, `data/background/<name>.csv` is a table
of things.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from spacepolicy.errors import Finding, FindingsError
from spacepolicy.knowledge.loading.graph_files import Note, compiled_path, readable
from spacepolicy.knowledge.loading.ontology import declared_prefixes
from spacepolicy.knowledge.loading.quotes import SUFFIX as QUOTES
from spacepolicy.knowledge.loading.quotes import read_quotes
from spacepolicy.knowledge.loading.record import FileRecord, GraphFile
from spacepolicy.knowledge.loading.sources import FOLDER, SourceDocument
from spacepolicy.knowledge.loading.tables import SUFFIX as TABLE
from spacepolicy.knowledge.loading.tables import read_table_file
from spacepolicy.namespaces import Base

NOTATIONS: Final = frozenset({QUOTES, TABLE})
"""The extensions of these files."""


@final
@dataclass(frozen=True, slots=True)
class NotationContext:
    """The context for reading files in a notation: the base, the project's prefixes, the
    sources."""

    base: Base
    prefixes: Mapping[str, str]
    sources: Mapping[str, SourceDocument]


def context_of(record: FileRecord, sources: Iterable[SourceDocument]) -> NotationContext:
    """The context from the ontology and the sources."""
    known = {source.name: source for source in sources}
    return NotationContext(record.base, declared_prefixes(record), known)


def read_notations(
    content: Path, record: FileRecord, context: NotationContext, note: Note
) -> Iterator[GraphFile]:
    """Read the files of the content in these notations, by name; files that cannot be read are
    noted.

    The record has the other files. A file whose source is compiled is skipped.
    """
    names = {file.name for file in record.files}
    for path in sorted((content / "data").rglob("*")):
        name = path.relative_to(content).as_posix()
        if path.suffix not in NOTATIONS or not path.is_file():
            continue
        twin = path.with_suffix(".trig").relative_to(content).as_posix()
        if twin in names:
            note(_twice(name, twin))
        elif not _is_compiled(content, path, context.sources):
            data = readable(path, name, note)
            if data is not None:
                yield from _noted(path, name, data, context, note)


def _noted(
    path: Path, name: str, data: bytes, context: NotationContext, note: Note
) -> Iterator[GraphFile]:
    try:
        yield parse_notation(path, name, data, context)
    except FindingsError as error:
        for finding in error.findings:
            note(finding)


def parse_notation(path: Path, name: str, data: bytes, context: NotationContext) -> GraphFile:
    """Parse a file with these bytes, which are UTF-8.

    Raises: FindingsError where it is not valid.
    """
    text = data.decode().replace("\r\n", "\n").replace("\r", "\n")
    if path.suffix == TABLE:
        return read_table_file(path, name, text, base=context.base, prefixes=context.prefixes)
    return read_quotes(
        path,
        name,
        text,
        source=context.sources.get(path.stem),
        base=context.base,
        prefixes=context.prefixes,
    )


def _is_compiled(content: Path, path: Path, sources: Mapping[str, SourceDocument]) -> bool:
    source = sources.get(path.stem)
    compiled = compiled_path(content / FOLDER, path.stem)
    return source is not None and source.text is None and compiled.is_file()


def _twice(name: str, twin: str) -> Finding:
    message = f"the same is written in {twin} too, in another notation."
    return Finding(name, None, "format", message, "Keep one of the two files.")
