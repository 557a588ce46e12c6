"""Names of things, and where a text mentions them: the longest name at each place.

Names of several words are found in singular and plural; one that begins with a capital only where
the text has one too. Names in Chinese stand without blanks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import Literal, NamedNode

from spacepolicy.annotation.inflection import is_cjk, singular, words_in
from spacepolicy.annotation.proposals import Proposal
from spacepolicy.knowledge.loading.record import FileRecord
from spacepolicy.namespaces import DCTERMS, RDF, RDFS, SKOS

_NAMING: Final = frozenset(
    {f"{RDFS}label", f"{SKOS}prefLabel", f"{SKOS}altLabel", f"{SKOS}hiddenLabel", f"{DCTERMS}title"}
)
_SHORTEST_CJK: Final = 2
"""A single Chinese character is part of too many words."""
_SURE: Final = 0.9
_UNSURE_CASE: Final = 0.6
"""A name of one common word (“Guidelines”) is often just that word."""


@final
@dataclass(frozen=True, slots=True)
class Name:
    """A name of a thing, and the thing's classes."""

    text: str
    iri: str
    classes: frozenset[str] = frozenset()


@final
@dataclass(frozen=True, slots=True)
class Mention:
    """A place where things are named; several things where they share the name."""

    start: int
    end: int
    names: tuple[Name, ...]


_Key = tuple[str, ...]


@final
class Names:
    """Names to be found in texts."""

    def __init__(self, names: Iterable[Name]) -> None:
        self._by_words: dict[_Key, list[Name]] = {}
        for name in sorted(set(names), key=lambda each: (each.text, each.iri)):
            key = _key(name.text)
            if key and not (is_cjk(name.text) and len(key) < _SHORTEST_CJK):
                self._by_words.setdefault(key, []).append(name)
        self._lengths: dict[str, list[int]] = {}
        for key in self._by_words:
            lengths = self._lengths.setdefault(key[0], [])
            if len(key) not in lengths:
                lengths.append(len(key))
        for lengths in self._lengths.values():
            lengths.sort(reverse=True)

    def mentions(self, text: str) -> Iterator[Mention]:
        """Where things are named, in the order of the text; none overlaps another."""
        spans = words_in(text)
        words = [singular(text[start:end]) for start, end in spans]
        at = 0
        while at < len(words):
            found = self._longest(text, spans, words, at)
            if found is None:
                at += 1
            else:
                length, names = found
                yield Mention(spans[at][0], spans[at + length - 1][1], names)
                at += length

    def _longest(
        self, text: str, spans: Sequence[tuple[int, int]], words: Sequence[str], at: int
    ) -> tuple[int, tuple[Name, ...]] | None:
        for length in self._lengths.get(words[at], ()):
            names = self._by_words.get(tuple(words[at : at + length]), [])
            if names and at + length <= len(spans):
                written = text[spans[at][0] : spans[at + length - 1][1]]
                fitting = _one_each(each for each in names if _fits(each.text, written))
                if fitting:
                    return length, fitting
        return None


def _one_each(names: Iterable[Name]) -> tuple[Name, ...]:
    """The names, one for each thing."""
    return tuple({each.iri: each for each in names}.values())


def _key(name: str) -> _Key:
    return tuple(singular(name[start:end]) for start, end in words_in(name))


def _fits(name: str, written: str) -> bool:
    """Whether the text has the capitals of the name, and no sentence ends within it."""
    if any(sign in written for sign in "。；;\n"):
        return False
    return not name[:1].isupper() or written[:1].isupper()


def read_names(record: FileRecord) -> Iterator[Name]:
    """The names of things that the files hold: individuals, and concepts that are also instances of
    a class of the ontology; parts of policies have descriptions, not names."""
    things = f"{record.base.iri}id/"
    parts = f"{things}policy/"
    classes = _classes(record)
    for quad in record.quads():
        if quad.predicate.value in _NAMING and isinstance(quad.object, Literal):
            iri = quad.subject.value if isinstance(quad.subject, NamedNode) else ""
            of_part = iri.startswith(parts) and "/" in iri.removeprefix(parts)
            is_thing = iri.startswith(things) and not of_part
            if is_thing or (not iri.startswith(things) and classes.get(iri)):
                yield Name(quad.object.value, iri, classes.get(iri, frozenset()))


def _classes(record: FileRecord) -> Mapping[str, frozenset[str]]:
    """The classes of the ontology of each thing, wider ones included."""
    terms = f"{record.base.iri}def/"
    classes_by_iri: dict[str, set[str]] = {}
    wider: dict[str, set[str]] = {}
    for quad in record.quads():
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode):
            if quad.predicate.value == f"{RDF}type" and quad.object.value.startswith(terms):
                classes_by_iri.setdefault(quad.subject.value, set()).add(quad.object.value)
            elif quad.predicate.value == f"{RDFS}subClassOf":
                wider.setdefault(quad.subject.value, set()).add(quad.object.value)
    return {iri: frozenset(_with_wider(each, wider)) for iri, each in classes_by_iri.items()}


def _with_wider(classes: Iterable[str], wider: Mapping[str, Iterable[str]]) -> set[str]:
    found, waiting = set[str](), [*classes]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += wider.get(each, ())
    return found


def propose_mentions(text: str, mentions: Iterable[Mention]) -> Iterator[Proposal]:
    """A proposal for each thing that a mention may be of; the score is shared among them."""
    for mention in mentions:
        words = text[mention.start : mention.end]
        common = " " not in words and words[:1].isupper() and not is_cjk(words)
        sure = _UNSURE_CASE if common else _SURE
        for name in mention.names:
            yield Proposal(
                "mention",
                mention.start,
                mention.end,
                words,
                "known-name",
                round(sure / len(mention.names), 2),
                object=name.iri,
                label=name.text,
            )
