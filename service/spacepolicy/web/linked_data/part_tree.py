"""The parts of a thing as a tree, in the order of the text: each below its nearest whole, with the
words that state it, and further statements about it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Final, final

from pyoxigraph import NamedNode, Triple

from spacepolicy.namespaces import RDF
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.linked_data.documents import names_of
from spacepolicy.web.linked_data.labels import Labels, Link
from spacepolicy.web.linked_data.part_statements import (
    PartStatements,
    TextSpan,
    natural,
    part_statements,
)

_TYPE: Final = f"{RDF}type"
_SEVERAL: Final = 2
_UNPLACED: Final = (1 << 30, 0, 0)
"""The place of parts without a passage: after all others."""
Place = tuple[int, int, int]
"""A sort key: the rank of the source, and the start and end offsets in it."""


@final
@dataclass(frozen=True, slots=True)
class Quotation:
    """The words of a passage and its address; a passage by reference has a locator, the address of
    its source, and the words in a copy."""

    words: str | None
    language: str | None
    href: str | None
    locator: str | None = None
    address: str | None = None


@final
@dataclass(frozen=True, slots=True)
class PartNode:
    """A part: its number where it has one, the passages that state it, its links to things that are
    no parts of the tree, its own parts, and its stated class."""

    link: Link
    ordinal: str | None
    quotations: tuple[Quotation, ...]
    said: tuple[tuple[Link, tuple[Link, ...]], ...]
    parts: "tuple[PartNode, ...]"
    kind: Link | None = None

    @property
    def count(self) -> int:
        """The number of parts below it, at any depth."""
        return sum(1 + each.count for each in self.parts)


@final
@dataclass(frozen=True, slots=True)
class PartTree:
    """The parts of a thing. `cut`: there are more parts or statements than were read."""

    parts: tuple[PartNode, ...]
    cut: bool = False

    @property
    def runs(self) -> list[tuple[Link | None, list[PartNode]]]:
        """The parts in their order, grouped into runs of the same class."""
        return [(kind, list(run)) for kind, run in groupby(self.parts, key=lambda each: each.kind)]


async def part_tree(app_state: AppState, thing: NamedNode) -> PartTree | None:
    """Return the parts of the thing as a tree; None where it has none."""
    found = await part_statements(app_state, thing)
    if found is None:
        return None
    names = Labels(app_state.service, await names_of(app_state, _mentioned(found)))
    return PartTree(_Tree(found, names).parts(), found.cut)


def _mentioned(found: PartStatements) -> Iterator[Triple]:
    """Statements with all things that the tree names."""
    for part in found.wholes:
        node = NamedNode(part)
        yield Triple(node, NamedNode(_TYPE), NamedNode(found.kinds.get(part, part)))
        for each in found.said.get(part, ()):
            yield Triple(node, NamedNode(each.property), each.value)


def nearest_wholes(wholes: Mapping[str, frozenset[str]], part: str, thing: str) -> frozenset[str]:
    """Return the direct wholes of the part, those without another whole in between; the thing where
    there is none. Parts that contain each other in a cycle are siblings.

    >>> wholes = {"a": frozenset({"x"}), "b": frozenset({"a", "x"})}
    >>> nearest_wholes(wholes, "b", "x")
    frozenset({'a'})
    """

    def above(one: str) -> frozenset[str]:
        return frozenset() if one == thing else wholes[one]

    outer = {each for each in wholes[part] if part not in above(each)}
    nearest = {
        each
        for each in outer
        if not any(each in above(between) and between not in above(each) for between in outer)
    }
    return frozenset(nearest or {thing})


@final
class _Tree:
    """Builds the tree of parts."""

    def __init__(self, found: PartStatements, names: Labels) -> None:
        self._found = found
        self._names = names
        self._wholes = {
            part: nearest_wholes(found.wholes, part, found.thing) for part in found.wholes
        }
        self._below: dict[str, list[str]] = {}
        for part, wholes in self._wholes.items():
            for whole in wholes:
                self._below.setdefault(whole, []).append(part)
        self._parts_stated = Counter(
            (whole, passage)
            for part, wholes in self._wholes.items()
            for whole in wholes
            for passage in set(found.stating.get((whole, part), ()))
        )
        self._places: dict[str, Place] = {}
        self._shown: Counter[str] = Counter()

    def parts(self, whole: str | None = None) -> tuple[PartNode, ...]:
        """Return the direct parts of the whole; of the thing itself where it is None."""
        above = whole or self._found.thing
        below = sorted(self._below.get(above, ()), key=lambda part: self._order(part, above))
        return tuple(self._part(part, above) for part in below)

    def _part(self, part: str, whole: str) -> PartNode:
        self._shown[part] += 1
        return PartNode(
            self._names.link(NamedNode(part)),
            self._found.ordinals.get(part),
            tuple(map(self._quotation, self._passages(part, whole))),
            self._said(part),
            self.parts(part) if self._is_opened(part) else (),
            None if (kind := self._found.kinds.get(part)) is None else self._link(kind),
        )

    def _link(self, iri: str) -> Link:
        return self._names.link(NamedNode(iri))

    def _is_opened(self, part: str) -> bool:
        """Whether the part shows its own parts: only as often as it has wholes, so that the tree
        does not grow exponentially."""
        return self._shown[part] <= len(self._wholes[part])

    def _order(self, part: str, whole: str) -> tuple[object, ...]:
        """The sort key: the place in the text, then the number, the places of its own passages, and
        the IRI."""
        ordinal = self._found.ordinals.get(part, "")
        own = tuple(map(self._place_of, self._passages(part, whole)[1:]))
        return self._place(part, whole), natural(ordinal), own, natural(part)

    def _quotation(self, passage: TextSpan) -> Quotation:
        href = self._names.link(NamedNode(passage.iri)).href
        return Quotation(passage.words, passage.language, href, passage.locator, passage.address)

    def _passages(self, part: str, whole: str) -> list[TextSpan]:
        """The passage that states the part; where it states other parts of the whole too, also the
        first passage after it with a statement about this part."""
        first = self._passage(part, whole)
        if first is None:
            return []
        if self._parts_stated[whole, first] < _SEVERAL:
            return [first]
        others = {each.passage for each in self._found.said.get(part, ()) if each.passage != first}
        later = sorted(others, key=lambda each: (each.start < first.end, self._place_of(each)))
        return [first, *later[:1]]

    def _place(self, part: str, whole: str) -> Place:
        """The place of the part's passage; without one, that of its first own part."""
        passage = self._passage(part, whole)
        if passage is not None:
            return self._place_of(passage)
        if part not in self._places:
            self._places[part] = _UNPLACED
            below = (self._place(each, part) for each in self._below.get(part, ()))
            self._places[part] = min(below, default=_UNPLACED)
        return self._places[part]

    def _place_of(self, passage: TextSpan) -> Place:
        return self._sources[passage.source], passage.start, passage.end

    def _passage(self, part: str, whole: str) -> TextSpan | None:
        """The first passage that states the part of this whole; else of any whole; else the first
        with a statement about it."""
        stating = self._found.stating
        for wholes in ((whole,), self._found.wholes[part]):
            found = [each for one in wholes for each in stating.get((one, part), ())]
            if found:
                return min(found, key=self._place_of)
        about = [each.passage for each in self._found.said.get(part, ())]
        return min(about, key=self._place_of, default=None)

    @cached_property
    def _sources(self) -> Mapping[str, int]:
        """The rank of each source, those that state most parts first: offsets in two texts cannot
        be compared."""
        stating = [each for passages in self._found.stating.values() for each in passages]
        about = [each.passage for statements in self._found.said.values() for each in statements]
        counted = Counter(each.source for each in stating)
        every = sorted({each.source for each in (*stating, *about)})
        return {source: n for n, source in enumerate(sorted(every, key=lambda s: -counted[s]))}

    def _said(self, part: str) -> tuple[tuple[Link, tuple[Link, ...]], ...]:
        """The links of the part that the tree does not show, without its class."""
        gathered: dict[str, dict[NamedNode, None]] = {}
        for each in self._found.said.get(part, ()):
            if isinstance(each.value, NamedNode) and not self._is_shown(each.property, each.value):
                gathered.setdefault(each.property, {}).setdefault(each.value)
        links = [
            (self._names.link(NamedNode(name)), tuple(map(self._names.link, values)))
            for name, values in gathered.items()
        ]
        return tuple(sorted(links, key=lambda pair: pair[0].text))

    def _is_shown(self, name: str, value: NamedNode) -> bool:
        inside = value.value in self._found.wholes or value.value == self._found.thing
        return name == _TYPE or inside
