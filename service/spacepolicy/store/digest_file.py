"""The record's digest in a file of the store, so that the writer process is ready at once after a
start: reading a million statements for it takes some ten seconds.

The file may be missing, old or damaged: its content is used only where it leads to the digest of
the revision in force. It is a line of JSON, the first lines and digests of blocks, the packed
blocks, and the packed statements with blank nodes.
"""

import json
import logging
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from pyoxigraph import Quad

from spacepolicy import checksums
from spacepolicy.engine.nquads import Graph, quads
from spacepolicy.errors import SpacepolicyError
from spacepolicy.store import durable_files, revision_folders
from spacepolicy.store.digest import RecordDigest
from spacepolicy.store.revision import Revision
from spacepolicy.store.sorted_lines import LineBlock, SortedLines

NAME: Final = "digest.cache"
LEAST_BYTES: Final = 1 << 23
"""Records with fewer bytes of lines, some 50,000, are read from the dataset in half a second."""
MOST_PATCH_BYTES: Final = 1 << 25
"""Later changes are applied where their patches are no larger: 200,000 statements, in two
seconds."""
_VERSION: Final = 1
"""The version of the file's layout; a file of another version is made anew."""
_DIGEST_BYTES: Final = 32
"""The length of a SHA-256."""
_log: Final = logging.getLogger(__name__)


def save(path: Path, digest: RecordDigest, number: int) -> None:
    """Save the digest of the revision with that number in the store at the path, where it is large;
    where that fails, the next start takes longer."""
    if digest.lines.size < LEAST_BYTES:
        return
    blocks = digest.lines.blocks
    packed = [block.packed() for block in blocks]
    statements = zlib.compress(digest.statements(), 1)
    table = {
        "version": _VERSION,
        "revision": number,
        "statements": len(statements),
        "blocks": [
            (len(block.first), block.size, len(each))
            for block, each in zip(blocks, packed, strict=True)
        ],
    }
    heads = (part for block in blocks for part in (block.first, block.digest))
    content = b"".join((json.dumps(table).encode(), b"\n", *heads, *packed, statements))
    try:
        durable_files.write(path / NAME, content)
    except OSError as error:
        _log.warning("%s cannot be kept: %s", NAME, error)


def load(path: Path, revision: Revision, derived: Collection[Graph]) -> RecordDigest | None:
    """The digest of the revision; None where the file does not have it. `derived` are the graphs
    that are not part of the record."""
    try:
        number, digest = _read((path / NAME).read_bytes())
        if not _take_in(path, digest, range(number + 1, revision.number + 1), derived):
            return None
        found = digest.hexdigest(), digest.algorithm
    except (OSError, ValueError, KeyError, TypeError, SpacepolicyError, zlib.error):
        return None
    return digest if found == (revision.record_sha256, revision.digest) else None


def _read(content: bytes) -> tuple[int, RecordDigest]:
    """Read the number of a revision, and its digest.

    Raises: ValueError, KeyError, TypeError, zlib.error where the content is not valid.
    """
    head, _, rest = content.partition(b"\n")
    table = json.loads(head)
    if table["version"] != _VERSION:
        raise ValueError(table["version"])
    heads, blocks = 0, list[LineBlock]()
    place = sum(first + _DIGEST_BYTES for first, _, _ in table["blocks"])
    for first, size, packed in table["blocks"]:
        middle, end = heads + first, heads + first + _DIGEST_BYTES
        each = LineBlock.read(
            rest[heads:middle], size, rest[middle:end], rest[place : place + packed]
        )
        blocks.append(each)
        heads, place = end, place + packed
    statements = zlib.decompress(rest[place:])
    return table["revision"], RecordDigest.read(SortedLines(blocks), statements)


def _take_in(path: Path, digest: RecordDigest, numbers: range, derived: Collection[Graph]) -> bool:
    """Apply the changes of revisions to the digest; return whether that could be done: the file is
    not newer and the patches are not too large.

    Raises: OSError, StoreError where a change cannot be read.
    """
    files = [revision_folders.read(path, number).changes for number in numbers]
    if numbers.start > numbers.stop or sum(f.stat().st_size for f in files) > MOST_PATCH_BYTES:
        return False
    for file in files:
        take_in(digest, file, derived)
    return True


def take_in(digest: RecordDigest, file: Path, derived: Collection[Graph]) -> None:
    """Apply the RDF Patch in the file to the digest.

    Raises: OSError, DamagedError, SyntaxError.
    """
    lines = checksums.content(file).splitlines(keepends=True)
    digest.change(_of_record(lines, b"A ", derived), _of_record(lines, b"D ", derived))


def _of_record(lines: list[bytes], mark: bytes, derived: Collection[Graph]) -> Iterator[Quad]:
    marked = b"".join(line[2:] for line in lines if line.startswith(mark))
    return (quad for quad in quads(marked) if quad.graph_name not in derived)
