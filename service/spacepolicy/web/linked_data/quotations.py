"""The quotations about a thing, grouped by source: a thing may occur in several."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import final

from pyoxigraph import NamedNode

from spacepolicy.web.linked_data.documents import StatementOrigin, ThingDocument
from spacepolicy.web.linked_data.labels import Labels, Link
from spacepolicy.web.linked_data.part_tree import PartNode, PartTree, Quotation


@final
@dataclass(frozen=True, slots=True)
class QuotedText:
    """A source, and its quotations about the thing, in the order of the text."""

    text: Link
    quotations: tuple[Quotation, ...]


def quoted_texts(
    names: Labels, found: ThingDocument, tree: PartTree | None, part_of: NamedNode
) -> tuple[QuotedText, ...]:
    """Return the quotations about the thing, by source.

    Where its parts are shown with their own quotations, only those about the thing itself: without
    statements about its parts, and without passages that contain other passages. A thing that is
    no part itself (such as a document) then has none.
    """
    origins = [each for each in found.origins if each.is_passage]
    if tree is not None:
        is_part = any(each.predicate == part_of for each in found.statements)
        origins = [*_innermost(_own(origins, found.thing, tree))] if is_part else []
    by_text = groupby(origins, key=lambda each: each.source)
    return tuple(
        QuotedText(names.link(NamedNode(source)), _quotations(names, each))
        for source, each in by_text
    )


def _own(
    origins: Iterable[StatementOrigin], thing: NamedNode, tree: PartTree
) -> Iterator[StatementOrigin]:
    parts = {part.link.iri for part in _every(tree.parts)}
    for origin in origins:
        value = origin.statement.object
        inside = isinstance(value, NamedNode) and value.value in parts
        if origin.statement.subject == thing and not inside:
            yield origin


def _every(parts: Iterable[PartNode]) -> Iterator[PartNode]:
    for part in parts:
        yield part
        yield from _every(part.parts)


def _innermost(origins: Iterable[StatementOrigin]) -> Iterator[StatementOrigin]:
    """The origins whose passage contains no other."""
    listed = tuple(origins)
    for outer in listed:
        if not any(_holds(outer, inner) for inner in listed if inner.source == outer.source):
            yield outer


def _holds(outer: StatementOrigin, inner: StatementOrigin) -> bool:
    if outer.locator is not None and inner.locator is not None:
        return inner.locator.value.startswith(f"{outer.locator.value}.")
    (start, end), (inner_start, inner_end) = _offsets(outer), _offsets(inner)
    return outer.graph != inner.graph and start <= inner_start and inner_end <= end


def _offsets(origin: StatementOrigin) -> tuple[int, int]:
    start, end = origin.start, origin.end
    return (int(start.value), int(end.value)) if start and end else (0, 0)


def _quotations(names: Labels, origins: Iterable[StatementOrigin]) -> tuple[Quotation, ...]:
    """The quotation of each passage, without duplicates."""
    found = {each.graph: each for each in origins}
    return tuple(
        _quotation(each, names.link(NamedNode(graph)).href) for graph, each in found.items()
    )


def _quotation(origin: StatementOrigin, href: str | None) -> Quotation:
    if origin.words is not None:
        return Quotation(origin.words.value, origin.words.language, href)
    locator, address = (each and each.value for each in (origin.locator, origin.address))
    return Quotation(origin.copy_words, None, href, locator, address)
