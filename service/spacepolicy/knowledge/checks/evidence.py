"""Evidence: passages of the sources, and whether the quoted words are at their offsets.

A passage is named `<source>#char=START,END` (0-based, end-exclusive code points); the graph of that
name has the statements of the passage, the graph `<source>` describes it.

Spec: https://www.rfc-editor.org/rfc/rfc5147, https://www.w3.org/TR/annotation-model/#selectors
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy.knowledge.loading.record import StatementFault, StatementPlace
from spacepolicy.knowledge.loading.sources import SourceDocument
from spacepolicy.namespaces import RDF, Base
from spacepolicy.turtle_format.order import natural_key

_TYPE: Final = NamedNode(f"{RDF}type")
_FRAGMENT: Final = re.compile(r"char=(\d+),(\d+)")
LOCATION: Final = "#loc="
"""Separates the source and the locator in the name of a passage by reference."""

Graphs = Mapping[str, Sequence[Triple]]
"""The statements of each graph, by its IRI."""


def is_reference(iri: str) -> bool:
    """Whether the passage is named by a locator, and not by offsets."""
    return LOCATION in iri


@final
@dataclass(frozen=True, slots=True)
class DescribedPassage:
    """A stretch of a source as it is described.

    `within` are the passages that it is stated to lie in, `about` the subjects of the statements in
    its own graph.
    """

    iri: str
    start: int
    end: int
    exact: str
    prefix: str | None = None
    suffix: str | None = None
    within: tuple[str, ...] = ()
    about: tuple[str, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class Description:
    """The statements of a source's graph about one of its passages, before they are checked."""

    iri: NamedNode
    values: Mapping[str, tuple[object, ...]]

    def texts(self, name: str) -> tuple[str, ...]:
        """The literal values of the property with that name."""
        values = self.values.get(name, ())
        return tuple(value.value for value in values if isinstance(value, Literal))

    def iris(self, name: str) -> tuple[str, ...]:
        """The IRIs that are values of the property with that name, sorted."""
        values = self.values.get(name, ())
        return tuple(sorted(value.value for value in values if isinstance(value, NamedNode)))


def read_passages(
    base: Base, source: SourceDocument, graphs: Graphs
) -> tuple[DescribedPassage, ...]:
    """The completely described passages of the source, in the order of the text.

    Where the text is missing, their words may be too.
    """
    descriptions = describe(base, source, graphs)
    passages = (_passage(source, description, graphs) for description in descriptions)
    found = [passage for passage in passages if passage is not None]
    return tuple(sorted(found, key=lambda passage: (passage.start, -passage.end)))


def describe(base: Base, source: SourceDocument, graphs: Graphs) -> tuple[Description, ...]:
    """The descriptions of passages of either kind in the source's graph, by IRI."""
    triples = graphs.get(source.iri, ())
    passages = {
        triple.subject
        for triple in triples
        if triple.predicate == _TYPE
        and triple.object == base.term("Passage")
        and isinstance(triple.subject, NamedNode)
    }
    values: dict[NamedNode, dict[str, tuple[object, ...]]] = {iri: {} for iri in passages}
    terms = base.term("").value
    for triple in triples:
        if isinstance(triple.subject, NamedNode) and triple.subject in values:
            name = triple.predicate.value.removeprefix(terms)
            of_passage = values[triple.subject]
            of_passage[name] = (*of_passage.get(name, ()), triple.object)
    return tuple(
        Description(iri, values[iri]) for iri in sorted(passages, key=lambda iri: iri.value)
    )


def _passage(
    source: SourceDocument, description: Description, graphs: Graphs
) -> DescribedPassage | None:
    starts, ends = description.texts("start"), description.texts("end")
    exact = description.texts("exactText") or (("",) if source.text is None else ())
    if not all(len(values) == 1 for values in (starts, ends, exact)):
        return None
    if not (starts[0].isdecimal() and ends[0].isdecimal()):
        return None
    iri = description.iri.value
    subjects = {triple.subject for triple in graphs.get(iri, ())}
    about = (subject.value for subject in subjects if isinstance(subject, NamedNode))
    return DescribedPassage(
        iri,
        int(starts[0]),
        int(ends[0]),
        exact[0],
        next(iter(description.texts("prefixText")), None),
        next(iter(description.texts("suffixText")), None),
        description.iris("isWithin"),
        tuple(sorted(about, key=natural_key)),
    )


def evidence_faults(base: Base, source: SourceDocument, graphs: Graphs) -> Iterator[StatementFault]:
    """Everything that keeps the source's quotations from being evidence.

    Where the source's text is not there, quotations are not compared with it.
    """
    passages = {passage.iri: passage for passage in read_passages(base, source, graphs)}
    for graph in sorted(graphs):
        if graph.startswith(f"{source.iri}#") and graph not in passages and not is_reference(graph):
            yield from _undescribed(base, source, graph, graphs)
    for description in describe(base, source, graphs):
        if is_reference(description.iri.value):
            continue
        at = _places(base, source, description.iri)
        passage = passages.get(description.iri.value)
        if passage is None:
            yield _incomplete(description, at)
        else:
            yield from _source_faults(source, description, at)
            yield from _offset_faults(source, passage, at)
            yield from _container_faults(passage, passages, at)
            if source.is_not_shipped:
                yield _unfounded(passage, at)
            if source.text is not None:
                yield from _quotation_faults(source.text, passage, at)


_At = Callable[[str], tuple[StatementPlace, ...]]
"""The place where a property of the passage is stated; else where the passage is described."""


def _places(base: Base, source: SourceDocument, iri: NamedNode) -> _At:
    graph = NamedNode(source.iri)
    return lambda name: (
        StatementPlace(iri, base.term(name), graph=graph),
        StatementPlace(iri, graph=graph),
    )


def _undescribed(
    base: Base, source: SourceDocument, graph: str, graphs: Graphs
) -> Iterator[StatementFault]:
    if any(description.iri.value == graph for description in describe(base, source, graphs)):
        return
    yield StatementFault(
        "passage",
        f"the passage <{graph}> says something, but is not described: its name has no offsets.",
        (StatementPlace(graph=NamedNode(graph)),),
        f"Name it <{source.iri}#char=START,END>, as `spacepolicy cite` gives it for its words.",
    )


def _incomplete(description: Description, at: _At) -> StatementFault:
    message = (
        f"the passage <{description.iri.value}> needs one start and one end, which are whole "
        "numbers, and one exactText."
    )
    return StatementFault("passage", message, at("start"))


def _source_faults(
    source: SourceDocument, description: Description, at: _At
) -> Iterator[StatementFault]:
    iri = description.iri.value
    if not iri.startswith(f"{source.iri}#"):
        message = f"<{iri}> is described as a passage of <{source.iri}>, but not named after it."
        yield StatementFault("passage", message, at("source"))
    if description.iris("source") != (source.iri,):
        message = f"the passage <{iri}> is not said to have the source <{source.iri}>, or others."
        yield StatementFault("passage", message, at("source"))


def _offset_faults(
    source: SourceDocument, passage: DescribedPassage, at: _At
) -> Iterator[StatementFault]:
    offsets = f"{passage.start},{passage.end}"
    fragment = _FRAGMENT.fullmatch(passage.iri.partition("#")[2])
    if fragment is None or f"{fragment[1]},{fragment[2]}" != offsets:
        message = f"the passage <{passage.iri}> has start and end {offsets}, but another name."
        yield StatementFault(
            "offsets", message, at("start"), f"Name it <{source.iri}#char={offsets}>."
        )
    if passage.start >= passage.end:
        message = f"the passage <{passage.iri}> ends where it starts or before."
        yield StatementFault("offsets", message, at("end"))
    if source.text is not None and passage.end > len(source.text):
        message = (
            f"the passage <{passage.iri}> ends behind the end of its source, which has "
            f"{len(source.text)} characters."
        )
        yield StatementFault("offsets", message, at("end"))


def _container_faults(
    passage: DescribedPassage, passages: Mapping[str, DescribedPassage], at: _At
) -> Iterator[StatementFault]:
    for iri in passage.within:
        container = passages.get(iri)
        if container is None:
            message = f"<{passage.iri}> lies within <{iri}>, which is not described."
            yield StatementFault("passage", message, at("isWithin"))
        elif passage == container or not _holds(container, passage):
            message = f"<{passage.iri}> does not lie within <{iri}>."
            yield StatementFault("offsets", message, at("isWithin"))


def _holds(outer: DescribedPassage, inner: DescribedPassage) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _unfounded(passage: DescribedPassage, at: _At) -> StatementFault:
    message = f"<{passage.iri}> quotes a source whose text is not shipped: nothing shows its words."
    remedy = "Name the passage by its locator (#loc=…), or ship the text and record its sha256."
    return StatementFault("quotation", message, at("exactText"), remedy)


def _quotation_faults(text: str, passage: DescribedPassage, at: _At) -> Iterator[StatementFault]:
    start, end = passage.start, passage.end
    prefix, suffix = passage.prefix or "", passage.suffix or ""
    yield from _compared("exactText", passage, passage.exact, text[start:end], at)
    before = text[max(start - len(prefix), 0) : start]
    yield from _compared("prefixText", passage, prefix, before, at)
    yield from _compared("suffixText", passage, suffix, text[end : end + len(suffix)], at)


def _compared(
    name: str, passage: DescribedPassage, quoted: str, found: str, at: _At
) -> Iterator[StatementFault]:
    if quoted != found:
        message = f"<{passage.iri}> has {name} “{quoted}”, but the source says “{found}” there."
        remedy = "Find the words and their offsets with `spacepolicy cite`."
        yield StatementFault("quotation", message, at(name), remedy)


@final
@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a text its leaf passages hold; `gaps` are the stretches that none holds."""

    characters: int
    covered: int
    gaps: tuple[tuple[int, int], ...]


def leaves(passages: Iterable[DescribedPassage]) -> tuple[DescribedPassage, ...]:
    """The passages that contain no others, from which statements can be quoted."""
    passages = tuple(passages)
    containers = {iri for passage in passages for iri in passage.within}
    return tuple(passage for passage in passages if passage.iri not in containers)


def coverage(text: str, passages: Iterable[DescribedPassage]) -> Coverage:
    """How much of the text the leaf passages cover.

    >>> clause = DescribedPassage("#char=4,7", 4, 7, "two")
    >>> coverage("one two three", [clause])
    Coverage(characters=13, covered=3, gaps=((0, 4), (7, 13)))
    """
    gaps, reached = [], 0
    for passage in sorted(leaves(passages), key=lambda passage: passage.start):
        if passage.start > reached:
            gaps.append((reached, passage.start))
        reached = max(reached, passage.end)
    if reached < len(text):
        gaps.append((reached, len(text)))
    missing = sum(end - start for start, end in gaps)
    return Coverage(len(text), len(text) - missing, tuple(gaps))
