"""The statements of the files at an earlier time, where some of them have changed since.

The statements derived for a file depend on the text and the metadata of its source: where these
have changed, the file is compared too.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, final

from pyoxigraph import Quad, RdfFormat, parse

from spacepolicy.errors import FindingsError
from spacepolicy.knowledge.loading.descriptions import with_descriptions
from spacepolicy.knowledge.loading.graph_files import name_graphs
from spacepolicy.knowledge.loading.notations import (
    NOTATIONS,
    NotationContext,
    context_of,
    parse_notation,
)
from spacepolicy.knowledge.loading.record import FileRecord, GraphFile
from spacepolicy.knowledge.loading.source_descriptions import source_files
from spacepolicy.knowledge.loading.sources import FOLDER, SourceDocument
from spacepolicy.namespaces import Base

_FORMATS: Final = {".ttl": RdfFormat.TURTLE, ".trig": RdfFormat.TRIG}

Before = Mapping[str, bytes | None]
"""The earlier content of each file that differs, by its name; None where there was none."""


@final
@dataclass(frozen=True, slots=True)
class Earlier:
    """The earlier files. `compared` are the names of those whose statements may have changed,
    `unread` of those that could not be read then."""

    files: Mapping[str, GraphFile]
    compared: frozenset[str]
    unread: frozenset[str]

    def quads(self, name: str) -> Sequence[Quad]:
        """The statements of the file with that name then; empty where there was none."""
        file = self.files.get(name)
        return () if file is None else file.quads


def is_of_graphs(name: str) -> bool:
    """Whether a file with that name has graphs of its own."""
    return Path(name).suffix in _FORMATS.keys() | NOTATIONS


def read_earlier(
    content: Path, record: FileRecord, sources: Iterable[SourceDocument], before: Before
) -> Earlier:
    """The files of the record as they were before; `sources` are the current ones."""
    unread: set[str] = set()
    then = [_earlier_source(source, before) for source in _with_gone(sources, record.base, before)]
    context = context_of(record, then)
    kept = [_written(file) for file in record.files if is_of_graphs(file.name)]
    files = [file for file in kept if file.name not in before]
    for name, data in _with_misplaced(files, before).items():
        if is_of_graphs(name) and data is not None:
            files = [file for file in files if file.name != name]
            try:
                files.append(_parsed(content, name, data, context))
            except (SyntaxError, FindingsError):
                unread.add(name)
    described = with_descriptions(files, record.base, then)
    tables = source_files(content, record.base, then, files, lambda _: None)
    found = {file.name: file for file in (*described, *tables)}
    compared = {name for name in before if is_of_graphs(name)} | _of_sources(record, found, before)
    return Earlier(found, frozenset(compared), frozenset(unread))


def _written(file: GraphFile) -> GraphFile:
    return replace(file, quads=file.written, derived=frozenset())


def _with_misplaced(files: Iterable[GraphFile], before: Before) -> Before:
    """With the files whose passages were elsewhere in an earlier text of their source."""
    texts = {Path(name).stem for name in before if name.endswith(".txt")}
    quoting = (file for file in files if file.path.suffix in NOTATIONS and file.path.stem in texts)
    return {**before, **{file.name: file.path.read_bytes() for file in quoting}}


def _parsed(content: Path, name: str, data: bytes, context: NotationContext) -> GraphFile:
    path = content / name
    if path.suffix in NOTATIONS:
        return parse_notation(path, name, data, context)
    file = GraphFile(path, name, tuple(parse(data, format=_FORMATS[path.suffix])))
    (named,) = name_graphs([file], lambda _: None)
    return named


def _of_sources(record: FileRecord, then: Mapping[str, GraphFile], before: Before) -> set[str]:
    """The tables of sources that have changed, and the files with derived statements whose text or
    table has."""
    changed = {Path(name).stem for name in before if name.startswith(f"{FOLDER}/")}
    now = {file.name: file for file in record.files}
    names = now.keys() | then.keys()
    tables = {name for name in names if Path(name).stem in changed and name.startswith(FOLDER)}
    derived = {file.name for file in (*record.files, *then.values()) if changed and file.derived}
    return tables | derived


def _with_gone(
    sources: Iterable[SourceDocument], base: Base, before: Before
) -> tuple[SourceDocument, ...]:
    """The current sources, and those whose metadata is gone."""
    known = {source.name: source for source in sources}
    for name in before:
        path = Path(name)
        if path.parent.name == FOLDER and path.suffix == ".toml":
            known.setdefault(
                path.stem, SourceDocument(path.stem, base.sources + path.stem, None, {})
            )
    return tuple(known.values())


def _earlier_source(source: SourceDocument, before: Before) -> SourceDocument:
    text, table = f"{FOLDER}/{source.name}.txt", f"{FOLDER}/{source.name}.toml"
    if text in before:
        source = replace(source, text=_decoded(before[text]))
    if table in before:
        source = replace(source, metadata=_metadata(before[table]))
    return source


def _decoded(data: bytes | None) -> str | None:
    return None if data is None else data.decode("utf-8", errors="replace")


def _metadata(data: bytes | None) -> Mapping[str, object]:
    try:
        return tomllib.loads((data or b"").decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}
