"""Descriptions of sources and of their passages, derived from names, texts and metadata.

A passage is named `<source>#char=START,END`: its words, and those before and after it, are taken
from the text; its container is the shortest other passage that contains it. The description of a
source is in its table of metadata. A statement that a file itself has is kept: the gate of evidence
checks whether it is true. Files only have to state which passages exist: by their graphs or, for a
passage that has no statements and only contains others, as `<#char=START,END> a :Passage`.

A passage by reference is named `<source>#loc=LOCATOR`, by the document's own numbering, whose parts
nest; where, when and in which copy it was read is the same for the whole source.

Spec: https://www.rfc-editor.org/rfc/rfc5147, https://www.w3.org/TR/annotation-model/#selectors
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad

from spacepolicy.knowledge.loading.record import GraphFile, graph_iri
from spacepolicy.knowledge.loading.sources import SourceDocument, reading_of
from spacepolicy.namespaces import RDF, XSD, Base

_TYPE: Final = NamedNode(f"{RDF}type")
_INTEGER: Final = NamedNode(f"{XSD}integer")
_FRAGMENT: Final = re.compile(r"char=(0|[1-9][0-9]*),(0|[1-9][0-9]*)")
CONTEXT: Final = 32
"""Characters before and after a passage: enough to find it again, as the ontology's notes say."""

Span = tuple[int, int]
_Statement = tuple[NamedNode, NamedNode, NamedNode | Literal]


def span_of(passage: str) -> Span | None:
    """The start and end in the name of a passage; None where it has another form.

    >>> span_of("https://example.org/source/plan#char=18,29")
    (18, 29)
    """
    found = _FRAGMENT.fullmatch(passage.partition("#")[2])
    return (int(found[1]), int(found[2])) if found else None


def locator_of(passage: str) -> str | None:
    """The document's own locator in the name of a passage; None where it has another form.

    >>> locator_of("https://example.org/source/order#loc=sec.3.b.ii")
    'sec.3.b.ii'
    """
    fragment = passage.partition("#")[2]
    return fragment.removeprefix("loc=") if fragment.startswith("loc=") else None


def with_descriptions(
    files: Iterable[GraphFile], base: Base, sources: Iterable[SourceDocument]
) -> tuple[GraphFile, ...]:
    """The files with the descriptions of the passages that each of them is the first to name."""
    described = {source.iri: source for source in sources}
    files = tuple(files)
    naming_files = _naming_files(files, base, described)
    written = _written(files, described)
    added: defaultdict[str, list[Quad]] = defaultdict(list)
    for source in described.values():
        own = [passage for passage in naming_files if passage.startswith(f"{source.iri}#")]
        for subject, predicate, value in _statements(base, source, own):
            if (subject, predicate) not in written[source.iri]:
                quad = Quad(subject, predicate, value, NamedNode(source.iri))
                added[naming_files[subject.value]].append(quad)
    return tuple(_with(file, added[file.name]) for file in files)


def _statements(
    base: Base, source: SourceDocument, passages: Iterable[str]
) -> Iterator[_Statement]:
    """The description of the passages of a source, by their words or by the document's locators."""
    passages = tuple(passages)
    spans = {passage: span for passage in passages if (span := span_of(passage))}
    containers = _containers(spans)
    for passage, span in spans.items():
        yield from passage_statements(base, source, passage, span, containers[passage])
    locators = {passage: locator for passage in passages if (locator := locator_of(passage))}
    for passage, locator in locators.items():
        outer = _outer(locator, locators)
        yield from _reference_statements(base, source, NamedNode(passage), locator, outer)


def _outer(locator: str, locators: Mapping[str, str]) -> str | None:
    """The passage with the longest locator of which this one is a part: sec.3 of sec.3.b.ii."""
    holding = [each for each, outer in locators.items() if locator.startswith(f"{outer}.")]
    return max(holding, key=lambda each: len(locators[each]), default=None)


def _reference_statements(
    base: Base, source: SourceDocument, passage: NamedNode, locator: str, outer: str | None
) -> Iterator[_Statement]:
    """The description of a passage by reference: its locator, and how the source was read."""
    yield passage, _TYPE, base.term("Passage")
    yield passage, base.term("source"), NamedNode(source.iri)
    yield passage, base.term("locator"), Literal(locator)
    if outer is not None:
        yield passage, base.term("isWithin"), NamedNode(outer)
    for name, value in reading_of(source).items():
        yield passage, base.term(name), value


def _with(file: GraphFile, added: Iterable[Quad]) -> GraphFile:
    stated = frozenset(file.quads)
    derived = tuple(dict.fromkeys(quad for quad in added if quad not in stated))
    return replace(file, quads=(*file.quads, *derived), derived=frozenset(derived))


def _naming_files(
    files: Iterable[GraphFile], base: Base, described: Mapping[str, SourceDocument]
) -> Mapping[str, str]:
    """The file of each passage: the first that has its graph or states that it is a passage."""
    naming_files: dict[str, str] = {}
    kind = base.term("Passage")
    for file in files:
        for quad in file.quads:
            graph = graph_iri(quad)
            named = graph
            if graph in described and (quad.predicate, quad.object) == (_TYPE, kind):
                named = quad.subject.value if isinstance(quad.subject, NamedNode) else ""
            source, hash_sign, _ = named.partition("#")
            if hash_sign and source in described:
                naming_files.setdefault(named, file.name)
    return naming_files


def _written(
    files: Iterable[GraphFile], described: Mapping[str, SourceDocument]
) -> Mapping[str, set[tuple[object, NamedNode]]]:
    """Subject and predicate of the statements that files have in the graph of each source, without
    rdf:type: another type of a passage does not replace its class."""
    written: defaultdict[str, set[tuple[object, NamedNode]]] = defaultdict(set)
    for file in files:
        for quad in file.quads:
            if graph_iri(quad) in described and quad.predicate != _TYPE:
                written[graph_iri(quad)].add((quad.subject, quad.predicate))
    return written


def _containers(spans: Mapping[str, Span]) -> Mapping[str, str | None]:
    """The shortest passage that contains each passage and is not the same stretch."""
    containers: dict[str, str | None] = {}
    opened: list[str] = []
    for passage in sorted(spans, key=lambda each: (spans[each][0], -spans[each][1])):
        start, end = spans[passage]
        holding = [each for each in opened if spans[each][0] <= start and end <= spans[each][1]]
        shortest = min(holding, key=lambda each: spans[each][1] - spans[each][0], default=None)
        containers[passage] = shortest
        opened = [each for each in opened if spans[each][1] > start]
        opened.append(passage)
    return containers


def passage_statements(
    base: Base, source: SourceDocument, passage: str, span: Span, container: str | None
) -> Iterator[_Statement]:
    """The description of the passage; without the text, all but its words and their context."""
    iri, (start, end) = NamedNode(passage), span
    yield iri, _TYPE, base.term("Passage")
    yield iri, base.term("source"), NamedNode(source.iri)
    yield iri, base.term("start"), Literal(str(start), datatype=_INTEGER)
    yield iri, base.term("end"), Literal(str(end), datatype=_INTEGER)
    if container is not None:
        yield iri, base.term("isWithin"), NamedNode(container)
    if source.text is None:
        return
    words = {
        "exactText": source.text[start:end],
        "prefixText": source.text[max(start - CONTEXT, 0) : start],
        "suffixText": source.text[end : end + CONTEXT],
    }
    for name, value in words.items():
        if value:
            yield iri, base.term(name), source.literal(value)


def without_derivable(file: GraphFile, base: Base, source: SourceDocument) -> tuple[Quad, ...]:
    """The quads that a file of the source has to contain: derivable ones are left out."""
    stated = {graph_iri(quad) for quad in file.written}
    kind = base.term("Passage")
    bare = tuple(
        quad
        for quad in file.written
        if graph_iri(quad) != source.iri or (quad.predicate, quad.object) == (_TYPE, kind)
    )
    (described,) = with_descriptions([replace(file, quads=bare)], base, [source])
    named = {
        Quad(NamedNode(graph), _TYPE, kind, NamedNode(source.iri))
        for graph in stated
        if graph.startswith(f"{source.iri}#") and (span_of(graph) or locator_of(graph))
    }
    return tuple(quad for quad in file.written if quad not in described.derived | named)
