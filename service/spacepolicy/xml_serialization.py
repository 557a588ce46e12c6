"""Answers as XML: what XML cannot carry is a problem, never broken bytes.

RDF/XML writes predicates as names of elements and labels of blank nodes as names; XML 1.0 has no
way to write most control characters, and reads a carriage return that is not escaped as a newline.

Spec: https://www.w3.org/TR/xml/#charsets, https://www.w3.org/TR/xml/#sec-line-ends,
https://www.w3.org/TR/rdf-syntax-grammar/#section-Namespace
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Protocol, final
from xml.parsers import expat

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, serialize

from spacepolicy import formats
from spacepolicy.errors import NotAcceptableError
from spacepolicy.formats import Format

_UNSAYABLE: Final = bytes(set(range(32)) - {9, 10, 13})
_NONCHARACTERS: Final = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")
"""U+FFFE and U+FFFF, which XML cannot carry either."""
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME: Final = re.compile(r"[^\W\d]")
"""How the label of a blank node begins that is an XML name as it stands."""
_PREFIX: Final = re.compile(r"(?:[A-Za-z_][\w.-]*)?", re.ASCII)
_RENAMED: Final = "x-"


def sayable(text: str) -> str:
    """The text with U+FFFD in the place of characters that XML cannot carry, for text people
    read."""
    return _NO_XML.sub("\ufffd", text)


def cannot_say(format: Format, reason: str) -> NotAcceptableError:
    """The problem of an answer that the format cannot carry, with the formats that can."""
    offered = formats.offered(format.kind)
    available = [each.media_type for each in offered if each is not format]
    return NotAcceptableError(
        f"{format.label} cannot carry this answer: {reason}. Ask for {', '.join(available)}.",
        extras={"available": available},
    )


class _Output(Protocol):
    """Receives bytes."""

    def write(self, data: bytes, /) -> int:
        """Take the bytes."""
        ...

    def flush(self) -> None:
        """Called when no more bytes follow."""
        ...


@final
class XmlOutput:
    """Passes XML on with carriage returns escaped. `problem` is why it was refused."""

    def __init__(self, output: _Output, format: Format) -> None:
        self.problem: NotAcceptableError | None = None
        self._output = output
        self._format = format
        self._last = b""

    def write(self, data: bytes) -> int:
        """Take the bytes.

        Raises: NotAcceptableError where XML cannot carry them.
        """
        seen = self._last + data
        if data.translate(None, _UNSAYABLE) != data or any(map(seen.__contains__, _NONCHARACTERS)):
            reason = "it has a control character that XML cannot write"
            self.problem = cannot_say(self._format, reason)
            raise self.problem
        self._last = seen[-2:]
        self._output.write(data.replace(b"\r", b"&#13;") if b"\r" in data else data)
        return len(data)

    def flush(self) -> None:
        """Called when no more bytes follow."""
        self._output.flush()


def rdfxml_prefixes(prefixes: Mapping[str, str]) -> dict[str, str]:
    """The prefixes that can be declared in XML."""
    return {
        prefix: iri
        for prefix, iri in prefixes.items()
        if _PREFIX.fullmatch(prefix) and not prefix.lower().startswith("xml")
    }


def rdfxml_triples(
    statements: Iterable[Triple | Quad], format: Format, prefixes: Mapping[str, str]
) -> Iterator[Triple]:
    """The triples, changed to what RDF/XML can write.

    Raises: NotAcceptableError where a predicate cannot be an element.
    """
    known: set[NamedNode] = set()
    for each in statements:
        triple = each.triple if isinstance(each, Quad) else each
        for predicate in _predicates(triple):
            if predicate not in known:
                if not _is_element(predicate, prefixes):
                    reason = f"<{predicate.value}> does not end in an XML name for an element"
                    raise cannot_say(format, reason)
                known.add(predicate)
        yield _named(triple)


def _predicates(triple: Triple) -> Iterator[NamedNode]:
    yield triple.predicate
    if isinstance(triple.object, Triple):
        yield from _predicates(triple.object)


def _is_element(predicate: NamedNode, prefixes: Mapping[str, str]) -> bool:
    """Whether the engine writes the predicate as an element that an XML parser accepts."""
    triple = Triple(NamedNode("urn:s"), predicate, Literal(""))
    try:
        written = serialize([triple], format=RdfFormat.RDF_XML, prefixes=dict(prefixes))
    except OSError:
        return False  # a name of RDF/XML's own syntax, such as rdf:li
    read: list[str] = []
    parser = expat.ParserCreate(namespace_separator="\f")
    parser.StartElementHandler = lambda name, _: read.append(name)
    try:
        parser.Parse(written or b"", True)
    except expat.ExpatError:
        return False
    return read[-1].replace("\f", "") == predicate.value


def _named(triple: Triple) -> Triple:
    """The triple with labels of blank nodes that are XML names."""
    subject, object_ = triple.subject, triple.object
    if isinstance(subject, BlankNode):
        subject = _renamed(subject)
    if isinstance(object_, BlankNode):
        object_ = _renamed(object_)
    elif isinstance(object_, Triple):
        object_ = _named(object_)
    return Triple(subject, triple.predicate, object_)


def _renamed(node: BlankNode) -> BlankNode:
    kept = _NAME.match(node.value) and not node.value.startswith(_RENAMED)
    return node if kept else BlankNode(_RENAMED + node.value)
