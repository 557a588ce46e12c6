"""RDF Patch: what changed from one revision to another, line by line.

Quads only: a named graph that is empty before or after leaves no line.

Spec: https://afs.github.io/rdf-delta/rdf-patch.html
"""

from collections.abc import Iterable, Iterator

from spacepolicy.engine.nquads import lines as quad_lines
from spacepolicy.revisions.revision import Change


def patch(change: Change) -> bytes:
    """The change as a transaction of RDF Patch, sorted."""
    return b"".join(transaction(_marked(change)))


def transaction(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines between the marks of a transaction."""
    yield b"TX .\n"
    yield from lines
    yield b"TC .\n"


def _marked(change: Change) -> Iterator[bytes]:
    for mark, quads in ((b"D ", change.removed), (b"A ", change.added)):
        yield from (mark + line for line in sorted(quad_lines(quads)))


def net(patches: Iterable[bytes]) -> Iterator[bytes]:
    """What patches make of each other, one after the other: the lines of the difference, what goes
    before what comes."""
    found: dict[bytes, bytes] = {}
    for each in patches:
        for line in each.splitlines(keepends=True):
            mark, quad = line[:2], line[2:]
            if mark not in (b"A ", b"D "):
                continue
            if found.get(quad, mark) != mark:
                del found[quad]
            else:
                found[quad] = mark
    for mark in (b"D ", b"A "):
        yield from (mark + quad for quad, seen in sorted(found.items()) if seen == mark)


def inverse(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines that lead back."""
    turned = [(b"A " if line[:2] == b"D " else b"D ") + line[2:] for line in lines]
    yield from sorted(turned, reverse=True, key=lambda line: line[:2])
