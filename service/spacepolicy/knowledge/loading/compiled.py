"""Compiled sources: the statements about a source and its passages, where its text is not shipped.

A package has `seeds/<name>.trig` instead of the text: all statements of `data/<name>.…` and
`seeds/<name>.toml`, with those derived from the text.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pyoxigraph import Quad, RdfFormat, serialize

from spacepolicy.errors import FindingsError
from spacepolicy.knowledge.loading.content import read_content
from spacepolicy.knowledge.loading.graph_files import compiled_path
from spacepolicy.knowledge.loading.record import FileRecord
from spacepolicy.knowledge.loading.sources import SourceDocument


def write_compiled(content: Path, folder: Path) -> Iterator[Path]:
    """Write the compiled form of each source whose text is present; yield the files.

    Raises: FindingsError where a file of the content cannot be read.
    """
    found = read_content(content, packaged=True)
    if found.unread:
        raise FindingsError([*found.unread])
    for source in found.sources:
        if source.text is not None:
            folder.mkdir(parents=True, exist_ok=True)
            path = compiled_path(folder, source.name)
            serialize(_quads(found.record, source), output=path, format=RdfFormat.TRIG)
            yield path


def _quads(record: FileRecord, source: SourceDocument) -> Sequence[Quad]:
    own = {f"data/{source.name}", f"seeds/{source.name}"}
    files = (file for file in record.files if file.name.rpartition(".")[0] in own)
    return [quad for file in files for quad in file.quads]
