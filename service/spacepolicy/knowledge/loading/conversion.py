"""Converts data files from one notation to another: the statements stay the same.

Statements that are derived from the text or the metadata of the source are left out.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from pyoxigraph import (
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    parse,
    serialize,
)

from spacepolicy.errors import Finding, FindingsError, UsageError
from spacepolicy.knowledge.loading.descriptions import locator_of, span_of, without_derivable
from spacepolicy.knowledge.loading.notations import NotationContext, context_of
from spacepolicy.knowledge.loading.quotations import SearchedText
from spacepolicy.knowledge.loading.quotes import MisquotedError, find, read_quotes
from spacepolicy.knowledge.loading.record import FileRecord, GraphFile, graph_iri
from spacepolicy.knowledge.loading.source_descriptions import source_files
from spacepolicy.knowledge.loading.sources import SourceDocument
from spacepolicy.knowledge.loading.table_conversion import table_to_trig, to_table
from spacepolicy.knowledge.loading.tables import SUFFIX as TABLE
from spacepolicy.namespaces import RDF, Base
from spacepolicy.turtle_format.document import TurtleDocument, changed_data, format_text
from spacepolicy.turtle_format.order import natural_key
from spacepolicy.turtle_format.quotes import OMITTED, Mark, Sign, read_sections
from spacepolicy.turtle_format.quotes_layout import declared_in, format_quotes, print_quotes

_TYPE: Final = NamedNode(f"{RDF}type")
_SHORT: Final = 60
"""The longest part, in characters, that its heading quotes in full: half a line."""
_ENDS: Final = (4, 6, 9, 14)
"""Numbers of words that a heading has of each end of its part, tried in this order until they are
unambiguous."""


def to_quotes(
    file: GraphFile,
    source: SourceDocument,
    context: NotationContext,
    declared: Mapping[str, str] | None = None,
) -> str:
    """Convert a TriG file about the passages of a source to the notation of quotations.

    `declared` are its prefixes where it is not written yet.

    Raises: FindingsError where it has graphs of other documents, or ones that the notation cannot
    name.
    """
    base = context.base
    quads = _needed(file, source, base)
    strange = sorted({graph_iri(quad) for quad in quads if not _is_of(source, graph_iri(quad))})
    if strange:
        message = f"<{strange[0]}> is no passage of <{source.iri}>, which alone the notation names."
        remedy = "Move the graph into another file."
        raise FindingsError([Finding(file.name, None, "conversion", message, remedy)])
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    try:
        marks = dict(_marks(dataset, source, base))
    except MisquotedError as error:
        message = f"{error.message}."
        finding = Finding(file.name, None, "conversion", message, error.remedy)
        raise FindingsError([finding]) from error
    by_graph: dict[str, list[Quad]] = {iri: [] for iri in (source.iri, *marks)}
    said = frozenset(_said_by_marks(marks, source, base))
    for quad in dataset:
        if quad not in said:
            by_graph[graph_iri(quad)].append(quad)
    kept = frozenset(quad for each in by_graph.values() for quad in each)
    document = TurtleDocument(kept, source.iri, _declared(file) if declared is None else declared)
    first = print_quotes([*marks.values()], [*by_graph.values()], document, context.prefixes)
    # The labels of blank nodes are in the order that names of sections give, not those of passages.
    printed = format_quotes(first, path=file.name, prefixes=context.prefixes)
    again = read_quotes(
        file.path, file.name, printed, source=source, base=base, prefixes=context.prefixes
    )
    if _canonical({*again.written, *said}) != _canonical({*quads, *said}):
        raise FindingsError([changed_data(file.name)])
    return printed


def to_trig(file: GraphFile, source: SourceDocument, context: NotationContext) -> str:
    """Convert a file of quotations to TriG in the canonical layout."""
    declared = {"": f"{context.base.iri}def/", **_declared(file)}
    head = f"@base <{source.iri}> .\n" + "".join(
        f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in declared.items()
    )
    body = serialize(_needed(file, source, context.base), format=RdfFormat.TRIG) or b""
    return format_text(head + body.decode(), path=f"{source.name}.trig", prefixes=context.prefixes)


def _needed(file: GraphFile, source: SourceDocument, base: Base) -> tuple[Quad, ...]:
    """The quads that the file has to contain."""
    tables = source_files(file.path.parents[1], base, [source], [], lambda _: None)
    derived = {quad for table in tables for quad in table.quads}
    needed = without_derivable(file, base, source)
    return tuple(quad for quad in needed if quad not in derived)


def _canonical(quads: Iterable[Quad]) -> frozenset[Quad]:
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return frozenset(dataset)


def _declared(file: GraphFile) -> Mapping[str, str]:
    if file.trig is not None:
        return declared_in(read_sections(file.path.read_text(encoding="utf-8"))[0])
    parser = parse(file.text, RdfFormat.TRIG)
    for _ in parser:
        pass
    return parser.prefixes


def _is_of(source: SourceDocument, graph: str) -> bool:
    own = graph.startswith(f"{source.iri}#") and (span_of(graph) or locator_of(graph))
    return graph == source.iri or bool(own)


def _marks(quads: Iterable[Quad], source: SourceDocument, base: Base) -> Iterator[tuple[str, Mark]]:
    """The line of each passage, in the order of the text; then those by reference."""
    passages = {name for quad in quads for name in _passages_in(quad, source, base)}
    spans = {each: span for each in passages if (span := span_of(each))}
    searched = None if source.text is None else SearchedText(source.text)
    after = 0
    for iri in sorted(spans, key=lambda each: (spans[each][0], -spans[each][1])):
        start, end = spans[iri]
        holds = any(start <= a and b <= end for each, (a, b) in spans.items() if each != iri)
        mark = _quoting("#" if holds else ">", (start, end), searched, after)
        after = find(mark, searched, after).next
        yield iri, mark
    fingerprints = _fingerprints(quads, base)
    for iri in sorted(passages - spans.keys(), key=natural_key):
        yield (
            iri,
            Mark("@", 0, locator=locator_of(iri) or "", fingerprint=fingerprints.get(iri, "")),
        )


def _passages_in(quad: Quad, source: SourceDocument, base: Base) -> Iterator[str]:
    """The passages that the statement shows to be such: by its graph, or by its content."""
    graph, subject = graph_iri(quad), quad.subject
    if graph != source.iri:
        yield graph
    elif (quad.predicate, quad.object) == (_TYPE, base.term("Passage")):
        iri = subject.value if isinstance(subject, NamedNode) else ""
        yield from [iri] if iri != source.iri and _is_of(source, iri) else []


def _fingerprints(quads: Iterable[Quad], base: Base) -> Mapping[str, str]:
    return {
        quad.subject.value: quad.object.value
        for quad in quads
        if quad.predicate == base.term("fingerprint")
        and isinstance(quad.subject, NamedNode)
        and isinstance(quad.object, Literal)
    }


def _said_by_marks(marks: Mapping[str, Mark], source: SourceDocument, base: Base) -> Iterator[Quad]:
    """The statements about passages that their lines imply."""
    graph = NamedNode(source.iri)
    for iri, mark in marks.items():
        passage = NamedNode(iri)
        yield Quad(passage, _TYPE, base.term("Passage"), graph)
        if mark.locator:
            yield Quad(passage, base.term("locator"), Literal(mark.locator), graph)
        if mark.fingerprint:
            yield Quad(passage, base.term("fingerprint"), Literal(mark.fingerprint), graph)


def _quoting(sign: Sign, span: tuple[int, int], searched: SearchedText | None, after: int) -> Mark:
    """The shortest line that determines the passage, after the earlier quotations."""
    start, end = span
    if searched is not None:
        quoted = [*_quotable(sign, searched.text[start:end])]
        for at in (None, start):
            for words in quoted:
                mark = Mark(sign, 0, words, at)
                if _leads_to(mark, span, searched, after):
                    return mark
    return Mark(sign, 0, "", start, end)


def _leads_to(mark: Mark, span: tuple[int, int], searched: SearchedText, after: int) -> bool:
    try:
        found = find(mark, searched, after)
    except MisquotedError:
        return False
    return (found.start, found.end) == span


def _quotable(sign: Sign, text: str) -> Iterator[str]:
    """The words of a passage: in full, or for a long part those at its ends."""
    words = text.split()
    whole = " ".join(words)
    if not whole:
        return
    if sign == ">" or len(whole) <= _SHORT:
        yield whole
        return
    for number in _ENDS:
        if 2 * number < len(words):
            yield OMITTED.join((" ".join(words[:number]), " ".join(words[-number:])))
    yield whole


def converted(record: FileRecord, sources: Iterable[SourceDocument], path: Path, to: str) -> str:
    """Convert the file at the path to another notation: `quotes`, `csv` or `trig`.

    Raises: UsageError where it is not a file of the record, or belongs to no source.
    """
    context = context_of(record, sources)
    file = next((each for each in record.files if each.path.resolve() == path.resolve()), None)
    if file is None:
        raise UsageError(f"{path} is no file of these data.")
    if to == "csv":
        return to_table(file, context)
    if path.suffix == TABLE:
        return table_to_trig(file, context)
    source = context.sources.get(path.stem)
    if source is None:
        raise UsageError(
            f"{path} bears the name of no source in seeds/, from which it would quote."
        )
    return to_quotes(file, source, context) if to == "quotes" else to_trig(file, source, context)
