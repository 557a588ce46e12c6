"""Reads all files of a content folder: their statements and those derived from these.

Every command and gate reads them here, so that all get the same statements.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from spacepolicy.errors import Finding, FindingsError
from spacepolicy.knowledge.loading.descriptions import with_descriptions
from spacepolicy.knowledge.loading.graph_files import (
    Note,
    name_graphs,
    read_compiled,
    read_files,
)
from spacepolicy.knowledge.loading.notations import context_of, read_notations
from spacepolicy.knowledge.loading.ontology import declared_prefixes, find_base
from spacepolicy.knowledge.loading.quotes import NO_TEXT
from spacepolicy.knowledge.loading.quotes import SUFFIX as QUOTES
from spacepolicy.knowledge.loading.record import FileRecord, GraphFile
from spacepolicy.knowledge.loading.source_descriptions import source_files
from spacepolicy.knowledge.loading.sources import SourceDocument, read_sources
from spacepolicy.knowledge.loading.text_checks import text_findings


@final
@dataclass(frozen=True, slots=True)
class ReadContent:
    """The content of a folder.

    `unread` has the reasons why files could not be read, `graph_findings` the faults in the
    distribution of statements over files, `source_findings` those of the files of the sources.
    """

    record: FileRecord
    sources: tuple[SourceDocument, ...]
    unread: tuple[Finding, ...]
    graph_findings: tuple[Finding, ...]
    source_findings: tuple[Finding, ...]


def read_content(folder: Path, *, packaged: bool) -> ReadContent:
    """Read the files of the folder; `packaged`: the texts of the sources may be missing.

    Raises: FindingsError where no base is found, or none can be read.
    """
    unread: list[Finding] = []
    graphs: list[Finding] = []
    of_sources: list[Finding] = []
    read = name_graphs(read_files(folder, unread.append), graphs.append)
    base = find_base(read, graphs.append)
    if base is None:
        raise FindingsError([*unread, *text_findings(folder)] if unread else graphs)
    sources = read_sources(folder, base, packaged=packaged, note=of_sources.append)
    record = FileRecord(base, read)
    context = context_of(record, sources)
    read = (*read, *read_notations(folder, record, context, unread.append))
    read = _with_compiled(folder, read, sources, unread.append)
    tables = source_files(folder, base, sources, read, of_sources.append)
    files = (*with_descriptions(read, base, sources), *tables)
    causes = [*_with_causes(unread, of_sources)]
    return ReadContent(
        FileRecord(base, files), sources, *map(_frozen, (causes, graphs, of_sources))
    )


def _with_causes(unread: Iterable[Finding], of_sources: Iterable[Finding]) -> Iterator[Finding]:
    """The findings of files that could not be read, with those of sources whose quotations could
    not: the latter are the cause, and replace the finding that the text is missing."""
    unread = tuple(unread)
    quoting = {Path(each.path).stem for each in unread if each.path.endswith(QUOTES)}
    causes = tuple(each for each in of_sources if Path(each.path).stem in quoting)
    explained = {Path(each.path).stem for each in causes}
    for each in unread:
        if not (each.rule == NO_TEXT and Path(each.path).stem in explained):
            yield each
    yield from causes


def _with_compiled(
    folder: Path, files: Sequence[GraphFile], sources: Iterable[SourceDocument], note: Note
) -> tuple[GraphFile, ...]:
    """The files, those of a source without its text replaced by its compiled form."""
    absent = (source.name for source in sources if source.text is None)
    found = {name: file for name in absent if (file := read_compiled(folder, name, note))}
    replaced = {f"data/{name}" for name in found}
    kept = (file for file in files if file.name.rpartition(".")[0] not in replaced)
    return (*kept, *found.values())


def _frozen(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(findings)


def ontology_prefixes(folder: Path) -> dict[str, str]:
    """The prefixes that the core ontology declares; empty where it cannot be read."""
    passed_over: list[Finding] = []
    files = name_graphs(read_files(folder, passed_over.append), passed_over.append)
    base = find_base(files, passed_over.append)
    return {} if base is None else declared_prefixes(FileRecord(base, files))
