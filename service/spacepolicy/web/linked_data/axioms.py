"""The axioms of the ontologies as trees, which pages put into words in the reader's language.

Spec: https://www.w3.org/TR/owl2-mapping-to-rdf/
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from spacepolicy.namespaces import OWL, RDF, RDFS
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import graph
from spacepolicy.web.solution_rows import Term

_BETWEEN: Final = {
    f"{RDFS}subClassOf": "subclass",
    f"{RDFS}subPropertyOf": "subproperty",
    f"{RDFS}domain": "domain",
    f"{RDFS}range": "range",
    f"{OWL}equivalentClass": "same_class",
    f"{OWL}equivalentProperty": "same_property",
    f"{OWL}inverseOf": "inverse",
    f"{OWL}disjointWith": "disjoint",
    f"{OWL}propertyDisjointWith": "disjoint_properties",
}
_OVER_LISTS: Final = {f"{OWL}propertyChainAxiom": "chain", f"{OWL}hasKey": "key"}
_CHARACTERISTICS: Final = {
    f"{OWL}FunctionalProperty": "functional",
    f"{OWL}InverseFunctionalProperty": "inverse_functional",
    f"{OWL}TransitiveProperty": "transitive",
    f"{OWL}SymmetricProperty": "symmetric",
    f"{OWL}AsymmetricProperty": "asymmetric",
    f"{OWL}ReflexiveProperty": "reflexive",
    f"{OWL}IrreflexiveProperty": "irreflexive",
}
_OF_MEMBERS: Final = {
    f"{OWL}AllDisjointClasses": "all_disjoint",
    f"{OWL}AllDisjointProperties": "all_disjoint_properties",
}
_COMBINED: Final = {f"{OWL}intersectionOf": "all", f"{OWL}unionOf": "any", f"{OWL}oneOf": "one"}
_QUANTIFIED: Final = {
    "someValuesFrom": "some",
    "allValuesFrom": "only",
    "hasValue": "has",
    "minCardinality": "min",
    "minQualifiedCardinality": "min",
    "maxCardinality": "max",
    "maxQualifiedCardinality": "max",
    "cardinality": "exactly",
    "qualifiedCardinality": "exactly",
}
_DEPTH: Final = 12
"""How deep expressions are followed; deeper or cyclic ones become `unknown`."""
_STATED: Final = (
    f"CONSTRUCT {{ ?s ?p ?o }} {{ ?g a <{OWL}Ontology> . GRAPH ?g {{ ?s ?p ?o }} "
    "FILTER (!isLiteral(?o) || isBlank(?s)) }"
)
"""The statements of those ontologies that the default graph lists."""


@final
@dataclass(frozen=True, slots=True)
class Expression:
    """A class, property or value: `kind` is `term` for an IRI, `value` for a literal; `all`, `any`,
    `one` and `not` combine their parts; `inverse` has a property; all others restrict the first
    part, a property, by the second part or the cardinality `number`."""

    kind: str
    term: NamedNode | None = None
    text: str = ""
    number: str = ""
    parts: "tuple[Expression, ...]" = ()

    def terms(self) -> Iterator[NamedNode]:
        """Yield every IRI in it."""
        if self.term is not None:
            yield self.term
        for part in self.parts:
            yield from part.terms()


@final
@dataclass(frozen=True, slots=True)
class Axiom:
    """An axiom of a kind over its parts; it is about the first part."""

    kind: str
    parts: tuple[Expression, ...]

    def terms(self) -> set[NamedNode]:
        """Return every IRI in it."""
        return {term for part in self.parts for term in part.terms()}


@final
@dataclass(frozen=True, slots=True)
class TermAxioms:
    """The axioms about each term, and those about other terms that mention it. Disjointness of
    several is an axiom about each member, so it is not among the mentions."""

    about: Mapping[NamedNode, tuple[Axiom, ...]]
    mentioning: Mapping[NamedNode, tuple[Axiom, ...]]


async def read_axioms(app_state: AppState) -> TermAxioms:
    """Read the axioms of the served revision."""
    about: dict[NamedNode, dict[Axiom, None]] = {}
    mentioning: dict[NamedNode, dict[Axiom, None]] = {}
    for axiom in sorted(set(_Reader(await graph(app_state, _STATED)).axioms()), key=_order):
        first = axiom.parts[0].term
        for term in axiom.terms():
            if term == first:
                about.setdefault(term, {}).setdefault(axiom)
            elif axiom.kind not in _OF_MEMBERS.values():
                mentioning.setdefault(term, {}).setdefault(axiom)
    return TermAxioms(
        {term: tuple(found) for term, found in about.items()},
        {term: tuple(found) for term, found in mentioning.items()},
    )


def _order(axiom: Axiom) -> tuple[int, str]:
    kinds = (*_BETWEEN.values(), *_OVER_LISTS.values(), *_CHARACTERISTICS.values())
    place = kinds.index(axiom.kind) if axiom.kind in kinds else len(kinds)
    return place, str(axiom.parts)


@final
class _Reader:
    """Reads axioms out of statements."""

    def __init__(self, statements: Iterable[Triple]) -> None:
        self._stated: dict[object, dict[str, list[Term]]] = {}
        for triple in statements:
            if isinstance(triple.object, Term):
                of = self._stated.setdefault(triple.subject, {})
                of.setdefault(triple.predicate.value, []).append(triple.object)

    def axioms(self) -> Iterator[Axiom]:
        """Yield every axiom, possibly more than once."""
        for subject, properties in self._stated.items():
            if isinstance(subject, BlankNode | NamedNode):
                for predicate, values in properties.items():
                    for value in values:
                        yield from self._axiom(subject, predicate, value)

    def _axiom(self, subject: Term, predicate: str, value: Term) -> Iterator[Axiom]:
        itself = isinstance(subject, NamedNode)
        if predicate in _BETWEEN and (itself or predicate == f"{RDFS}subClassOf"):
            yield Axiom(_BETWEEN[predicate], (self.expression(subject), self.expression(value)))
        elif predicate in _OVER_LISTS:
            yield Axiom(_OVER_LISTS[predicate], (self.expression(subject), *self._listed(value)))
        elif predicate in _COMBINED and itself:
            combined = Expression(_COMBINED[predicate], parts=tuple(self._listed(value)))
            yield Axiom("same_class", (self.expression(subject), combined))
        elif predicate == f"{RDF}type" and value.value in _CHARACTERISTICS:
            yield Axiom(_CHARACTERISTICS[value.value], (self.expression(subject),))
        elif predicate == f"{RDF}type" and value.value in _OF_MEMBERS:
            members = self._one(subject, f"{OWL}members")
            if members is not None:
                yield from self._sharing_nothing(_OF_MEMBERS[value.value], members)

    def _sharing_nothing(self, kind: str, head: Term) -> Iterator[Axiom]:
        """The disjointness of the list's members, as an axiom about each member."""
        members = tuple(self._listed(head))
        for member in members:
            yield Axiom(kind, (member, *(each for each in members if each != member)))

    def _one(self, subject: Term, predicate: str) -> Term | None:
        return next(iter(self._stated.get(subject, {}).get(predicate, ())), None)

    def _listed(self, head: Term, depth: int = 0) -> Iterator[Expression]:
        """The members of the list."""
        seen: set[Term] = set()
        at: Term | None = head
        while at is not None and at not in seen:
            seen.add(at)
            first = self._one(at, f"{RDF}first")
            if first is not None:
                yield self.expression(first, depth + 1)
            at = self._one(at, f"{RDF}rest")

    def expression(self, term: Term, depth: int = 0) -> Expression:
        """Return the expression of a class, property or value."""
        if isinstance(term, NamedNode):
            return Expression("term", term)
        if isinstance(term, Literal):
            return Expression("value", text=term.value)
        if depth < _DEPTH:
            for predicate, kind in _COMBINED.items():
                if (head := self._one(term, predicate)) is not None:
                    return Expression(kind, parts=tuple(self._listed(head, depth + 1)))
            for predicate, kind in ((f"{OWL}complementOf", "not"), (f"{OWL}inverseOf", "inverse")):
                if (of := self._one(term, predicate)) is not None:
                    return Expression(kind, parts=(self.expression(of, depth + 1),))
            if (role := self._one(term, f"{OWL}onProperty")) is not None:
                return self._restriction(term, self.expression(role, depth + 1), depth)
        return Expression("unknown")

    def _restriction(self, term: Term, role: Expression, depth: int) -> Expression:
        for name, kind in _QUANTIFIED.items():
            value = self._one(term, OWL + name)
            if value is not None and "ardinality" not in name:
                return Expression(kind, parts=(role, self.expression(value, depth + 1)))
            if value is not None:
                counted = self._one(term, f"{OWL}onClass")
                of = () if counted is None else (self.expression(counted, depth + 1),)
                return Expression(kind, number=value.value, parts=(role, *of))
        return Expression("unknown")
