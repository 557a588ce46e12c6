"""The terms that were added, removed, changed in meaning or in wording.

Meaning is compared after inference: an axiom that the other state has too, or that follows there,
is no difference. Class expressions are compared by their structure, so that labels of blank nodes
do not matter.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from textwrap import shorten
from typing import Final, Literal, final

from pyoxigraph import BlankNode, NamedNode, Triple
from pyoxigraph import Literal as LiteralTerm

from spacepolicy.knowledge.reasoning.expressions import (
    DOMAIN,
    RANGE,
    SUBCLASS,
    SUBPROPERTY,
    TYPE,
    AxiomIndex,
    owl,
)
from spacepolicy.knowledge.reasoning.plain_words import with_articles
from spacepolicy.knowledge.reasoning.rule import is_axiomatic
from spacepolicy.knowledge.version_differences.compared_state import KINDS, Side
from spacepolicy.namespaces import DCTERMS, RDFS, SKOS

Step = Literal["none", "patch", "minor", "major"]
STEPS: Final[tuple[Step, ...]] = ("none", "patch", "minor", "major")
"""The steps of a version, the smallest first."""
Section = Literal["new", "retired", "changed meaning", "changed words"]
_BROADER: Final = NamedNode(f"{SKOS}broader")
_REPLACED: Final = NamedNode(f"{DCTERMS}isReplacedBy")
_DISJOINT: Final = owl("disjointWith")
_HIERARCHIES: Final = (SUBCLASS, SUBPROPERTY, _BROADER)
_WORDS: Final[Mapping[NamedNode, str]] = {
    NamedNode(f"{RDFS}label"): "label",
    NamedNode(f"{SKOS}prefLabel"): "preferred label",
    NamedNode(f"{SKOS}altLabel"): "other name",
    NamedNode(f"{SKOS}definition"): "definition",
    NamedNode(f"{SKOS}scopeNote"): "note",
    NamedNode(f"{SKOS}example"): "example",
    NamedNode(f"{SKOS}editorialNote"): "editorial note",
    NamedNode(f"{RDFS}comment"): "comment",
}
_AROUND: Final = 20
"""Characters that are shown around a change of a text: enough to find it."""
_MOST: Final = 120
"""Characters of a text that are shown: a line of a terminal."""
_NAMING: Final = ("label", "preferred label", "definition")
"""Texts that introduce a term in a language."""
Entailed = frozenset[tuple[NamedNode, NamedNode, NamedNode]]


@final
@dataclass(frozen=True, slots=True)
class TermChange:
    """A difference in a term: what it is, its effect on users, and the version step it requires."""

    section: Section
    term: str
    label: str
    what: str
    effect: str
    step: Step


def term_changes(old: Side, new: Side) -> tuple[TermChange, ...]:
    """The differences, by section and label."""
    found = (*_came(old, new), *_went(old, new), *_meant(old, new), *_worded(old, new))
    order = ("new", "retired", "changed meaning", "changed words")
    return tuple(sorted(found, key=lambda each: (order.index(each.section), each.label, each.what)))


def _label(side: Side, term: NamedNode) -> str:
    return side.words.named(term).strip("“”")


def _came(old: Side, new: Side) -> Iterator[TermChange]:
    for term in new.kinds.keys() - old.kinds.keys():
        kind = new.kinds[term]
        yield TermChange(
            "new",
            term.value,
            _label(new, term),
            f"a {kind} that there was not",
            "can be used from now on; nothing that there was changes by it",
            "minor",
        )


def _went(old: Side, new: Side) -> Iterator[TermChange]:
    for term in old.kinds.keys() - new.kinds.keys():
        renamed = _renamed(old, new, term)
        what = f"the {old.kinds[term]} is gone"
        if renamed:
            what += f"; <{renamed.value}> has its label, and may be its new name"
        effect = (
            "data and queries that use it say nothing any more, and its address does not answer: "
            "keep it, with owl:deprecated true"
        )
        yield TermChange("retired", term.value, _label(old, term), what, effect, "major")
    for term in (new.deprecated - old.deprecated) & old.kinds.keys():
        others = [
            _label(new, each) for each in new.values(term, _REPLACED) if isinstance(each, NamedNode)
        ]
        instead = f"; replaced by “{'”, “'.join(others)}”" if others else ""
        effect = "what uses it is still read; use the replacement in what is written from now on"
        what = f"the {old.kinds[term]} is deprecated{instead}"
        yield TermChange("retired", term.value, _label(new, term), what, effect, "minor")


def _renamed(old: Side, new: Side, term: NamedNode) -> NamedNode | None:
    """The new term with the same kind and label that replaces a removed one."""
    for each in sorted(new.kinds.keys() - old.kinds.keys(), key=str):
        if new.kinds[each] == old.kinds[term] and _label(new, each) == _label(old, term):
            return each
    return None


@final
class Meaning:
    """The axioms of a state and their consequences between named terms."""

    def __init__(self, side: Side) -> None:
        self._side = side

    @cached_property
    def entailed(self) -> Entailed:
        """The inferred hierarchies, domains, ranges and disjointness."""
        stated = self._side.statements
        above = {each: _closed(each, stated) for each in _HIERARCHIES}
        found = {(one, each, two) for each in _HIERARCHIES for one, two in above[each]}
        for predicate in (DOMAIN, RANGE):
            found |= {(p, predicate, c) for p, c in self._ends(predicate, above)}
        found |= {(one, _DISJOINT, two) for one, two in self._disjoint(above[SUBCLASS])}
        return frozenset(found)

    def _ends(
        self, predicate: NamedNode, above: Mapping[NamedNode, set[tuple[NamedNode, NamedNode]]]
    ) -> set[tuple[NamedNode, NamedNode]]:
        direct = set(_pairs(predicate, self._side.statements))
        opposite = RANGE if predicate == DOMAIN else DOMAIN
        inverses = set(_pairs(owl("inverseOf"), self._side.statements))
        inverses |= {(two, one) for one, two in inverses}
        other = set(_pairs(opposite, self._side.statements))
        direct |= {(p, c) for p, q in inverses for r, c in other if r == q}
        direct |= {(p, c) for p, q in above[SUBPROPERTY] for r, c in direct if r == q}
        return direct | {(p, d) for p, c in direct for e, d in above[SUBCLASS] if e == c}

    def _disjoint(
        self, above: set[tuple[NamedNode, NamedNode]]
    ) -> set[tuple[NamedNode, NamedNode]]:
        stated = self._side.statements
        index = AxiomIndex(stated)
        pairs = set(_pairs(_DISJOINT, stated))
        for each in index.statements(TYPE):
            if each.object == owl("AllDisjointClasses"):
                head = index.one(each.subject, "members")
                members = index.members(head) if head is not None else ()
                named = [m for m in members if isinstance(m, NamedNode)]
                pairs |= set(combinations(named, 2))
        pairs |= {(two, one) for one, two in pairs}
        below: dict[NamedNode, set[NamedNode]] = {}
        for one, two in above:
            below.setdefault(two, {two}).add(one)
        return {
            (a, b)
            for one, two in pairs
            for a in below.get(one, {one})
            for b in below.get(two, {two})
        }

    @cached_property
    def axioms(self) -> Mapping[tuple[NamedNode, str], Triple]:
        """The stated axioms, by the term that each is about and its text."""
        found = {}
        for triple in self._side.statements:
            is_meant = is_axiomatic(triple) or triple.predicate == _BROADER
            if is_meant and isinstance(triple.subject, NamedNode) and not _declares(triple):
                found[triple.subject, self._side.words.axiom(triple)] = triple
        return found


def _declares(triple: Triple) -> bool:
    return triple.predicate == TYPE and triple.object in KINDS


def _pairs(
    predicate: NamedNode, statements: Iterable[Triple]
) -> Iterator[tuple[NamedNode, NamedNode]]:
    for each in statements:
        if (
            each.predicate == predicate
            and isinstance(each.subject, NamedNode)
            and isinstance(each.object, NamedNode)
        ):
            yield each.subject, each.object


def _closed(predicate: NamedNode, statements: Iterable[Triple]) -> set[tuple[NamedNode, NamedNode]]:
    """The pairs that the transitive property links."""
    direct: dict[NamedNode, set[NamedNode]] = {}
    for one, two in _pairs(predicate, statements):
        direct.setdefault(one, set()).add(two)
    closed: set[tuple[NamedNode, NamedNode]] = set()
    for start, first in direct.items():
        waiting = [*first]
        while waiting:
            each = waiting.pop()
            if (start, each) not in closed:
                closed.add((start, each))
                waiting += direct.get(each, ())
    return closed


def _meant(old: Side, new: Side) -> Iterator[TermChange]:
    before, after = Meaning(old), Meaning(new)
    kept = old.kinds.keys() & new.kinds.keys()
    for term, words in after.axioms.keys() - before.axioms.keys():
        triple = after.axioms[term, words]
        if term in kept and not _follows(triple, before):
            yield _narrower(old, new, term, words, triple)
    for term, words in before.axioms.keys() - after.axioms.keys():
        triple = before.axioms[term, words]
        if term in kept and not _follows(triple, after):
            yield _wider(new, term, words, triple)
    yield from _disjointness(old, new, before, after)
    for term in kept:
        if old.kinds[term] != new.kinds[term]:
            what = f"was a {old.kinds[term]}, is a {new.kinds[term]}"
            effect = "what was stated with it does not hold any more"
            label = _label(new, term)
            yield TermChange("changed meaning", term.value, label, what, effect, "major")


def _follows(triple: Triple, meaning: Meaning) -> bool:
    subject, predicate, value = triple
    if predicate == _DISJOINT:
        return True  # reported as pairs
    return (
        isinstance(subject, NamedNode)
        and isinstance(value, NamedNode)
        and (subject, predicate, value) in meaning.entailed
    )


def _narrower(old: Side, new: Side, term: NamedNode, words: str, triple: Triple) -> TermChange:
    """A new axiom: narrower for existing data, unless it only leads up to a new term."""
    leads_up = triple.predicate in (SUBCLASS, SUBPROPERTY, _BROADER, owl("inverseOf"))
    value = triple.object
    if leads_up and isinstance(value, NamedNode) and value not in old.kinds:
        effect = "more follows from data that use it; nothing is excluded"
        return TermChange(
            "changed meaning", term.value, _label(new, term), f"now: {words}", effect, "minor"
        )
    effect = "data that do not fit are wrong, or gain types that they did not have"
    return TermChange(
        "changed meaning", term.value, _label(new, term), f"now: {words}", effect, "major"
    )


def _wider(new: Side, term: NamedNode, words: str, triple: Triple) -> TermChange:
    what = f"no longer: {words}"
    if triple.predicate in _HIERARCHIES or isinstance(triple.object, BlankNode):
        effect = "what followed from it does not follow any more; more may be stated with it"
    else:
        effect = "more may be stated with it than before"
    return TermChange("changed meaning", term.value, _label(new, term), what, effect, "minor")


def _disjointness(old: Side, new: Side, before: Meaning, after: Meaning) -> Iterator[TermChange]:
    """Pairs of classes in both states that are disjoint in only one of them."""

    def pairs(of: Entailed) -> set[tuple[NamedNode, NamedNode]]:
        kept = old.kinds.keys() & new.kinds.keys()
        return {
            (a, b)
            for a, p, b in of
            if p == _DISJOINT and a in kept and b in kept and str(a) < str(b)
        }

    then, now = pairs(before.entailed), pairs(after.entailed)
    for excluding, found in ((True, now - then), (False, then - now)):
        for one, two in found:
            a, b = _label(new, one), _label(new, two)
            sentence = with_articles(f"nothing is both a “{a}” and a “{b}”")
            what = f"{'now' if excluding else 'no longer'}: {sentence}"
            effect = (
                "data in which something is both are wrong from now on"
                if excluding
                else "something may be both"
            )
            step: Step = "major" if excluding else "minor"
            yield TermChange("changed meaning", one.value, a, what, effect, step)


def _worded(old: Side, new: Side) -> Iterator[TermChange]:
    for term in old.kinds.keys() & new.kinds.keys():
        for predicate, called in _WORDS.items():
            then, now = _texts(old, term, predicate), _texts(new, term, predicate)
            if then != now:
                yield _wording(new, term, called, then, now)


def _texts(side: Side, term: NamedNode, predicate: NamedNode) -> frozenset[tuple[str, str]]:
    return frozenset(
        (each.language or "", each.value)
        for each in side.values(term, predicate)
        if isinstance(each, LiteralTerm)
    )


def _wording(
    new: Side,
    term: NamedNode,
    called: str,
    then: frozenset[tuple[str, str]],
    now: frozenset[tuple[str, str]],
) -> TermChange:
    gone, come = sorted(then - now), sorted(now - then)
    shown, changed = _shown(gone, come)
    what = f"{called}: {shown} → {changed}"
    translated = not gone and {language for language, _ in come} - {each for each, _ in then}
    if called in ("label", "preferred label") and gone:
        effect = "pages show the new name; who looks for the old one by its label finds nothing"
    elif called == "definition" and gone:
        effect = "read whether the meaning is the same; a narrower one asks for a major step"
    elif translated:
        effect = "it can be read in another language"
    else:
        effect = "pages show it"
    step: Step = "minor" if translated and called in _NAMING else "patch"
    return TermChange("changed words", term.value, _label(new, term), what, effect, step)


def _shown(gone: Sequence[tuple[str, str]], come: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The texts that were removed and added; of a changed one, the difference with a few words
    around it."""
    if len(gone) == len(come) and [each for each, _ in gone] == [each for each, _ in come]:
        pairs = [
            (_quoted(language, before, after), _quoted(language, after, before))
            for (language, before), (_, after) in zip(gone, come, strict=True)
        ]
        return ", ".join(one for one, _ in pairs), ", ".join(two for _, two in pairs)
    return _all(gone), _all(come)


def _all(texts: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"“{shorten(text, _MOST)}”@{language}" for language, text in texts) or "none"


def _quoted(language: str, text: str, other: str) -> str:
    """The part of the text in which it differs from the other.

    >>> _quoted("en", "a long tale of one and of two", "a long tale of one and of three")
    '“… of one and of two”@en'
    """
    same = _common(text, other)
    behind = _common(text[same:][::-1], other[same:][::-1])
    start, end = max(same - _AROUND, 0), len(text) - max(behind - _AROUND, 0)
    words = text[start:end]
    first = f"… {words.partition(' ')[2]}" if start and " " in words else words
    cut = end < len(text) or len(first) > _MOST
    return f"“{first[:_MOST]}{' …' * cut}”@{language}"


def _common(one: str, other: str) -> int:
    """The length of the common beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
