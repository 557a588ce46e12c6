"""Quads as lines of N-Quads, and back; blank nodes keep their names.

Spec: https://www.w3.org/TR/n-quads/
"""

from collections.abc import Iterable, Iterator

from pyoxigraph import Quad, RdfFormat, parse, serialize


def lines(quads: Iterable[Quad]) -> list[bytes]:
    """A line for each quad, in their order, its end included.

    >>> from pyoxigraph import Literal, NamedNode
    >>> lines([Quad(NamedNode("urn:s"), NamedNode("urn:p"), Literal("two\\nlines"))])
    [b'<urn:s> <urn:p> "two\\\\nlines" .\\n']
    """
    return (serialize(quads, format=RdfFormat.N_QUADS) or b"").splitlines(keepends=True)


def quads(text: bytes) -> Iterator[Quad]:
    """The quads of the lines.

    Raises: SyntaxError where one is none.
    """
    return parse(text, RdfFormat.N_QUADS, rename_blank_nodes=False)
