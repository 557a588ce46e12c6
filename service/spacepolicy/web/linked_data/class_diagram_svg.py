"""Diagrams of the ontology: its classes as a tree from left to right, and which classes its
properties link.

Coordinates are computed here; the template renders them as SVG, and the same as lists.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import NamedNode

from spacepolicy.web.linked_data.axioms import TermAxioms
from spacepolicy.web.linked_data.hierarchy import Term, flat
from spacepolicy.web.linked_data.labels import Labels, Link
from spacepolicy.web.linked_data.neighbourhood_svg import cut

_ROW: Final = 26
_COLUMN: Final = 225
_BOX: Final = 190
_LETTERS: Final = 26
_SIDE: Final = 250
_GAP: Final = 300
"""In pixels, except `_LETTERS`: 26 letters of 13 pixels fit into a box, a row is as high as a
finger is wide, and the longest name of a property fits between two columns."""


@final
@dataclass(frozen=True, slots=True)
class Box:
    """A class and its position: `x` of the left edge, `y` of the middle."""

    x: int
    y: int
    text: str
    count: int


@final
@dataclass(frozen=True, slots=True)
class Edge:
    """A line between two points; `weight` is the number of properties it stands for."""

    x1: int
    y1: int
    x2: int
    y2: int
    weight: int = 1


@final
@dataclass(frozen=True, slots=True)
class Diagram:
    """Boxes of one width, and the edges between them."""

    width: int
    height: int
    box: int
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]


@final
@dataclass(frozen=True, slots=True)
class ClassRelation:
    """The properties with this domain and range."""

    domain: Link
    range: Link
    properties: tuple[Link, ...]


def tree_diagram(terms: Sequence[Term]) -> Diagram | None:
    """Return the diagram of the classes as a tree; None where there are none."""
    boxes: list[Box] = []
    edges: list[Edge] = []
    bottom = 0

    def place(term: Term, depth: int) -> int:
        """Place the term at the middle of its narrower terms; return its `y`."""
        nonlocal bottom
        x = depth * _COLUMN
        heights = [place(each, depth + 1) for each in term.below]
        if heights:
            y = (heights[0] + heights[-1]) // 2
        else:
            y, bottom = bottom + _ROW // 2, bottom + _ROW
        boxes.append(Box(x, y, cut(term.link.text, _LETTERS), term.count))
        edges.extend(Edge(x + _BOX, y, x + _COLUMN, height) for height in heights)
        return y

    for term in terms:
        place(term, 0)
        bottom += _ROW // 2
    if not boxes:
        return None
    width = max(box.x for box in boxes) + _BOX + 2
    return Diagram(width, bottom + 2, _BOX, tuple(boxes), tuple(edges))


def relations(
    axioms: TermAxioms, names: Labels, classes: Sequence[Term]
) -> tuple[ClassRelation, ...]:
    """Return which classes the properties link, sorted by the classes' names."""
    known = {term.link.iri for term in flat(classes)}
    gathered: dict[tuple[NamedNode, NamedNode], list[Link]] = {}
    for term, about in axioms.about.items():
        ends = {axiom.kind: axiom.parts[1].term for axiom in about if len(axiom.parts) > 1}
        start, end = ends.get("domain"), ends.get("range")
        if start and end and start.value in known and end.value in known:
            gathered.setdefault((start, end), []).append(names.link(term))
    found = [
        ClassRelation(names.link(start), names.link(end), tuple(sorted(links, key=_text)))
        for (start, end), links in gathered.items()
    ]
    return tuple(sorted(found, key=lambda each: (each.domain.text, each.range.text)))


def relation_diagram(found: Sequence[ClassRelation]) -> Diagram | None:
    """Return the diagram with the domains of properties on the left, their ranges on the right."""
    if not found:
        return None
    left = list(dict.fromkeys(each.domain.text for each in found))
    right = list(dict.fromkeys(each.range.text for each in found))
    right.sort(key=lambda text: _middle(text, found, left))
    rows = max(len(left), len(right))
    places_left, places_right = _spread(left, rows), _spread(right, rows)
    boxes = [Box(0, places_left[text], cut(text, _LETTERS), _leading(found, text)) for text in left]
    boxes += (
        Box(_SIDE + _GAP, places_right[text], cut(text, _LETTERS), _led(found, text))
        for text in right
    )
    edges = [
        Edge(
            _BOX,
            places_left[each.domain.text],
            _SIDE + _GAP,
            places_right[each.range.text],
            min(len(each.properties), 8),
        )
        for each in found
    ]
    height = rows * _ROW * 2 + 2
    return Diagram(_SIDE + _GAP + _BOX + 2, height, _BOX, tuple(boxes), tuple(edges))


def _middle(text: str, found: Sequence[ClassRelation], left: Sequence[str]) -> float:
    """The mean position of the domains that lead to a range; sorting by it avoids crossings."""
    places = [left.index(each.domain.text) for each in found if each.range.text == text]
    return sum(places) / len(places)


def _spread(texts: Sequence[str], rows: int) -> dict[str, int]:
    step = rows * _ROW * 2 / len(texts)
    return {text: round(step * (n + 0.5)) for n, text in enumerate(texts)}


def _leading(found: Sequence[ClassRelation], text: str) -> int:
    return sum(len(each.properties) for each in found if each.domain.text == text)


def _led(found: Sequence[ClassRelation], text: str) -> int:
    return sum(len(each.properties) for each in found if each.range.text == text)


def _text(link: Link) -> str:
    return link.text
