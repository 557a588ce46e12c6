"""Numbers for terms, so that statements can be joined fast: those of literals are negative."""

from collections.abc import Container, Iterable, Iterator
from typing import Final, final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from spacepolicy.knowledge.reasoning.expressions import TYPE, Pattern, PatternTerm, Term
from spacepolicy.knowledge.reasoning.facts import Delta, Facts, Key, Row
from spacepolicy.knowledge.reasoning.joins import Atom, Slot

_RESOURCES: Final = (NamedNode, BlankNode)


@final
class TermNumbers:
    """Terms and their numbers; a term keeps its number."""

    __slots__ = ("_numbers", "_terms", "type")

    def __init__(self) -> None:
        self._numbers: dict[Term, int] = {}
        self._terms: list[Term] = []
        self.type = self.number(TYPE)

    def number(self, term: Term) -> int:
        """The number of the term, assigned now if it has none."""
        found = self._numbers.get(term)
        if found is None:
            count = len(self._terms)
            found = self._numbers[term] = count if isinstance(term, _RESOURCES) else ~count
            self._terms.append(term)
        return found

    def term(self, number: int) -> Term:
        """The term with that number."""
        return self._terms[number if number >= 0 else ~number]

    def delta(self, triples: Iterable[Triple]) -> Delta:
        """The statements as rows of numbers."""
        known, number, typed = self._numbers, self.number, self.type
        delta: Delta = {}
        for triple in triples:
            subject, predicate, value = triple
            one, role, other = known.get(subject), known.get(predicate), known.get(value)
            if one is None:
                one = number(subject)
            if role is None:
                role = number(predicate)
            if other is None:
                other = number(value)
            key, row = (~other, (one,)) if role == typed and other >= 0 else (role, (one, other))
            rows = delta.get(key)
            if rows is None:
                delta[key] = {row}
            else:
                rows.add(row)
        return delta

    def of_predicates(self, delta: Delta, predicates: Container[Term]) -> Delta:
        """Those of the statements that have one of the predicates."""
        return {
            key: rows
            for key, rows in delta.items()
            if self._terms[self.type if key < 0 else key] in predicates
        }

    def triples(self, key: Key, rows: Iterable[Row]) -> Iterator[Triple]:
        """The statements of the key's rows."""
        terms = self._terms
        if key < 0:
            kind = terms[~key]
            return (Triple(terms[row[0]], TYPE, kind) for row in rows)  # type: ignore[arg-type]
        role = terms[key]
        return (
            Triple(terms[one], role, terms[other if other >= 0 else ~other])  # type: ignore[arg-type]
            for one, other in rows
        )

    def matching(
        self, facts: Facts, subject: Term | None, predicate: NamedNode | None, value: Term | None
    ) -> Iterator[Triple]:
        """The statements of the facts that have the given parts."""
        one = None if subject is None else self.number(subject)
        other = None if value is None else self.number(value)
        for key in self._keys(facts, one, predicate, other):
            yield from self.triples(key, facts.matching(key, one, other))

    def _keys(
        self, facts: Facts, one: int | None, predicate: NamedNode | None, other: int | None
    ) -> Iterable[Key]:
        if predicate is None:
            return facts.keys_of(one, other)
        role = self.number(predicate)
        if role != self.type or (other is not None and other < 0):
            return (role,)
        if other is not None:
            return (~other,)
        return [key for key in facts.keys_of(one, other) if key < 0]

    def words(self, key: Key, rows: Iterable[Row], known: dict[int, bytes]) -> Iterator[bytes]:
        """The statements of the key's rows in N-Triples, each without its final dot; `known` caches
        the texts of numbers."""
        if key < 0:
            end = b" %b %b" % (self._word(self.type, known), self._word(~key, known))
            for (one,) in rows:
                yield (known.get(one) or self._word(one, known)) + end
            return
        role = b" %b " % self._word(key, known)
        for one, other in rows:
            subject = known.get(one) or self._word(one, known)
            yield subject + role + (known.get(other) or self._word(other, known))

    def _word(self, number: int, known: dict[int, bytes]) -> bytes:
        term = self.term(number)
        text = f"<<( {term} )>>" if isinstance(term, Triple) else str(term)
        word = known[number] = text.encode()
        return word

    def atom(self, pattern: Pattern) -> Atom:
        """The pattern, whose predicate is not a variable, in numbers."""
        role, kind = pattern.predicate, pattern.object
        if role == TYPE and isinstance(kind, _RESOURCES):
            return Atom(~self.number(kind), (self._slot(pattern.subject),))
        slots = (self._slot(pattern.subject), self._slot(pattern.object))
        return Atom(_number(self._slot(role)), slots)

    def _slot(self, part: PatternTerm) -> Slot:
        if isinstance(part, NamedNode | BlankNode | Literal | Triple):
            return self.number(part)
        return part.value


def _number(slot: Slot) -> int:
    if isinstance(slot, str):
        raise TypeError(f"?{slot} is a predicate")
    return slot
