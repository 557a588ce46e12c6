"""The words by which texts express properties and concepts of the ontology.

They are annotations of the terms in the ontology; which of them are acts, duties, relations,
comparators and modalities follows from the place of the term there.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, final

from pyoxigraph import Literal, NamedNode

from spacepolicy.annotation.inflection import forms, is_cjk
from spacepolicy.knowledge.loading.record import FileRecord
from spacepolicy.namespaces import RDFS, SKOS

GAP: Final = "…"
_BETWEEN: Final = r"\s+(?:[\w'’&-]+,?\s+){0,6}?"
"""Up to six words, for the sign that stands for words in a wording."""
_BETWEEN_CJK: Final = r"[^，。；、：\n]{0,24}?"
"""About as much in Chinese, within a clause."""
_PARTY: Final = rf"^{GAP}|{GAP}$"


@final
@dataclass(frozen=True, slots=True)
class WordingEntry:
    """Words, and the property that they express; with the concept that is its value, if any.

    `before`, `after`: where the thing that they refer to is named; in Chinese also within.
    """

    words: str
    predicate: str
    value: str = ""
    before: bool = False
    after: bool = False

    @property
    def is_chinese(self) -> bool:
        """Whether the words are Chinese."""
        return is_cjk(self.words)

    @property
    def has_gap(self) -> bool:
        """Whether other words may stand between the first and the last."""
        return GAP in self.words.strip(GAP)

    @property
    def pattern(self) -> str:
        """A regular expression for the words in all their forms."""
        words = re.sub(_PARTY, "", self.words).strip()
        if self.is_chinese:
            return _BETWEEN_CJK.join(re.escape(each) for each in words.split(GAP))
        pieces = [each.strip() for each in words.split(GAP)]
        return rf"\b{_BETWEEN.join(_inflected(each) for each in pieces)}\b"


def _inflected(phrase: str) -> str:
    """The first word in its forms, the others with or without the ending of a plural."""
    first, *others = phrase.split()
    pieces = ["(?:" + "|".join(sorted(map(re.escape, forms(first)), reverse=True)) + ")"]
    pieces += [f"{re.escape(each)}s?" for each in others]
    return r"\s+".join(pieces)


@final
@dataclass(frozen=True, slots=True)
class Worded:
    """Words of a text that match a wording; `gap` is the text in the place of its sign for
    words."""

    start: int
    end: int
    wording: WordingEntry


@final
@dataclass(frozen=True)
class Wordings:
    """Wordings of one group, to be looked up in texts."""

    entries: tuple[WordingEntry, ...]

    @cached_property
    def _patterns(self) -> tuple[tuple[str, tuple[WordingEntry, ...]], ...]:
        """The patterns, those of longer wordings first, each with the entries that have it."""
        found: dict[str, list[WordingEntry]] = {}
        for each in sorted(self.entries, key=lambda each: (-len(each.words), each.words)):
            found.setdefault(each.pattern, []).append(each)
        return tuple((pattern, tuple(entries)) for pattern, entries in found.items())

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        """All patterns in one; the number of the group is that of the pattern."""
        groups = "|".join(f"({pattern})" for pattern, _ in self._patterns)
        return re.compile(groups or r"(?!)", re.IGNORECASE)

    def find(self, text: str, start: int, end: int) -> Iterator[Worded]:
        """Where wordings occur between the offsets, the longest at each place; several where they
        have the same words."""
        for found in self._expression.finditer(text, start, end):
            yield from self._worded(found)

    def at(self, text: str, start: int, end: int) -> Worded | None:
        """The wording that begins at that offset."""
        found = self._expression.match(text, start, end)
        return None if found is None else next(iter(self._worded(found)), None)

    def _worded(self, found: re.Match[str]) -> Iterator[Worded]:
        if found.lastindex and found.end() > found.start():
            for each in self._patterns[found.lastindex - 1][1]:
                yield Worded(found.start(), found.end(), each)


@final
@dataclass(frozen=True, slots=True)
class WordingTable:
    """All wordings of an ontology, by group."""

    acts: Wordings
    duties: Wordings
    relations: Wordings
    comparators: Wordings
    modalities: Wordings


def read_wordings(record: FileRecord) -> WordingTable:
    """Read the wordings in the files."""
    base = record.base
    worded = base.term("isWordedAs")
    groups: dict[str, list[WordingEntry]] = {
        each: [] for each in ("act", "duty", "relation", "comparator", "modality")
    }
    places = _Places.read(record)
    for quad in record.quads():
        if quad.predicate == worded and isinstance(quad.subject, NamedNode):
            group, predicate, value = places.of(quad.subject.value)
            if group and isinstance(quad.object, Literal):
                groups[group].append(_wording(quad.object.value, predicate, value))
    return WordingTable(*(Wordings(tuple(each)) for each in groups.values()))


def _wording(words: str, predicate: str, value: str) -> WordingEntry:
    return WordingEntry(words, predicate, value, words.startswith(GAP), words.endswith(GAP))


@final
@dataclass(frozen=True, slots=True)
class _Places:
    """The places of terms in the ontology: their wider properties, and the schemes of concepts."""

    base: str
    wider: Mapping[str, frozenset[str]]
    schemes: Mapping[str, str]

    @classmethod
    def read(cls, record: FileRecord) -> "_Places":
        wider: dict[str, set[str]] = {}
        schemes: dict[str, str] = {}
        for quad in record.quads():
            if isinstance(quad.object, NamedNode) and isinstance(quad.subject, NamedNode):
                if quad.predicate.value == f"{RDFS}subPropertyOf":
                    wider.setdefault(quad.subject.value, set()).add(quad.object.value)
                elif quad.predicate.value == f"{SKOS}inScheme":
                    schemes[quad.subject.value] = quad.object.value
        frozen = {iri: frozenset(each) for iri, each in wider.items()}
        return cls(record.base.iri, frozen, schemes)

    def of(self, iri: str) -> tuple[str, str, str]:
        """The group of the term's wordings, the property, and its value if any."""
        scheme = self.schemes.get(iri, "").rpartition("/")[2]
        if scheme in _SCHEMES:
            group, name = _SCHEMES[scheme]
            return group, f"{self.base}def/{name}", iri
        for wide, group in _WIDER.items():
            if f"{self.base}def/{wide}" in self._above(iri):
                return group, iri, ""
        return ("relation", iri, "") if iri.startswith(f"{self.base}def/") else ("", "", "")

    def _above(self, iri: str) -> frozenset[str]:
        direct = self.wider.get(iri, frozenset())
        return frozenset({iri}).union(direct, *(self._above(each) for each in direct))


_SCHEMES: Final = {
    "comparator": ("comparator", "hasComparator"),
    "modality": ("modality", "hasModality"),
    "action-kind": ("act", "hasActionKind"),
    "instrument-kind": ("act", "usesInstrument"),
}
"""The group of a scheme's concepts, and the property whose values they are."""
_WIDER: Final = {"concerns": "act", "engages": "act", "hasParty": "duty", "fundedBy": "duty"}
"""The group of the properties below a property."""
