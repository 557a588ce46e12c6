"""References: passages that are named by the document's own numbering, where its text is not
shipped.

A passage is named `<source>#loc=LOCATOR`, the parts of the locator from the widest to the narrowest
with dots between them; the graph of that name has the statements of the passage, the graph
`<source>` describes it. The shapes define what its description must have.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import NamedNode

from spacepolicy.knowledge.checks.evidence import (
    LOCATION,
    Description,
    Graphs,
    describe,
    is_reference,
)
from spacepolicy.knowledge.loading.record import StatementFault, StatementPlace
from spacepolicy.knowledge.loading.sources import SourceDocument
from spacepolicy.namespaces import Base

_LOCATOR: Final = re.compile(r"[^\s.#/?%]+(?:\.[^\s.#/?%]+)*")


@final
@dataclass(frozen=True, slots=True)
class PassageReference:
    """A passage by reference; `within` are the passages that it is stated to lie in."""

    iri: str
    locator: str
    within: tuple[str, ...] = ()


def read_references(
    base: Base, source: SourceDocument, graphs: Graphs
) -> tuple[PassageReference, ...]:
    """The passages of the source that are described with one locator."""
    found = (_reference(each) for each in describe(base, source, graphs))
    return tuple(each for each in found if each is not None)


def _reference(description: Description) -> PassageReference | None:
    iri, locators = description.iri.value, description.texts("locator")
    if not is_reference(iri) or len(locators) != 1:
        return None
    return PassageReference(iri, locators[0], description.iris("isWithin"))


def reference_leaves(references: Iterable[PassageReference]) -> tuple[PassageReference, ...]:
    """The passages that contain no others."""
    found = tuple(references)
    containers = {iri for each in found for iri in each.within}
    return tuple(each for each in found if each.iri not in containers)


def reference_faults(
    base: Base, source: SourceDocument, graphs: Graphs
) -> Iterator[StatementFault]:
    """Everything that keeps the source's passages by reference from being evidence."""
    references = {each.iri: each for each in read_references(base, source, graphs)}
    described = {each.iri.value for each in describe(base, source, graphs)}
    for graph in sorted(graphs):
        if graph.startswith(f"{source.iri}{LOCATION}") and graph not in described:
            yield _fault(source, graph, "says something, but is not described.", "passage")
    for each in sorted(described):
        if is_reference(each) and each not in references:
            yield _fault(source, each, "is named by a locator, but none is stated.", "passage")
    for reference in references.values():
        yield from _name_faults(source, reference)
        yield from _container_faults(source, reference, references)


def _name_faults(source: SourceDocument, reference: PassageReference) -> Iterator[StatementFault]:
    if reference.iri != f"{source.iri}{LOCATION}{reference.locator}":
        message = f"has the locator “{reference.locator}”, but another name."
        yield _fault(source, reference.iri, message, "locator")
    elif _LOCATOR.fullmatch(reference.locator) is None:
        message = f"has the locator “{reference.locator}”, which is no numbering with dots."
        yield _fault(source, reference.iri, message, "locator")


def _container_faults(
    source: SourceDocument, reference: PassageReference, references: Mapping[str, PassageReference]
) -> Iterator[StatementFault]:
    """Containers that are stated but do not fit the locator, and the other way round."""
    for iri in reference.within:
        outer = references.get(iri)
        if outer is None or not reference.locator.startswith(f"{outer.locator}."):
            message = f"does not lie within <{iri}>, by its locator."
            yield _fault(source, reference.iri, message, "locator")
    for outer in references.values():
        holds = reference.locator.startswith(f"{outer.locator}.")
        if holds and outer.iri not in _all_within(reference, references):
            message = f"lies within <{outer.iri}>, by its locator, but that is not said."
            yield _fault(source, reference.iri, message, "locator")


def _all_within(
    reference: PassageReference, references: Mapping[str, PassageReference]
) -> set[str]:
    """The passages that it is stated to lie in, at any depth."""
    found, waiting = set[str](), [*reference.within]
    while waiting:
        iri = waiting.pop()
        if iri not in found:
            found.add(iri)
            waiting += references[iri].within if iri in references else ()
    return found


def _fault(source: SourceDocument, iri: str, message: str, rule: str) -> StatementFault:
    passage, graph = NamedNode(iri), NamedNode(source.iri)
    places = (StatementPlace(passage, graph=graph), StatementPlace(graph=passage))
    remedy = f"Describe it in the graph <{source.iri}>, by its locator."
    return StatementFault(rule, f"the passage <{iri}> {message}", places, remedy)
