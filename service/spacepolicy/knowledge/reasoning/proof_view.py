"""Explanations: the proof of a statement for people and programs, down to the words of the sources.

An asserted statement is explained by the graphs that contain it: a passage with its quotation, or
the graph of an ontology or of background data.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store, Triple

from spacepolicy.knowledge.loading.record import short, shown
from spacepolicy.knowledge.reasoning.construct_rules import stored_rules
from spacepolicy.knowledge.reasoning.expressions import TYPE, Term
from spacepolicy.knowledge.reasoning.proof import Proof, ProofStep, Prover, StoredClosure
from spacepolicy.knowledge.reasoning.rule import AXIOM_KINDS, AXIOM_PREDICATES
from spacepolicy.knowledge.reasoning.rules import compile_rules
from spacepolicy.knowledge.reasoning.stratum import Stratum
from spacepolicy.knowledge.reasoning.wording import Wording
from spacepolicy.namespaces import OWL, RDFS, SKOS, Base

_LABELS: Final = (NamedNode(f"{RDFS}label"), NamedNode(f"{SKOS}prefLabel"))
_VERSION: Final = NamedNode(f"{OWL}versionIRI")
_SAYS: Final = {TYPE: "is a"}
"""The words for properties that no ontology of ours labels."""


@final
@dataclass(frozen=True, slots=True)
class ProofOrigin:
    """A graph that contains a statement; for a passage, its place in the source and its words; for
    one by reference, its locator and the address of the document."""

    graph: str
    start: int | None = None
    end: int | None = None
    exact: str | None = None
    locator: str | None = None
    address: str | None = None

    @property
    def table(self) -> dict[str, object]:
        """The origin as JSON members; the `words` of a reference are known to the holder of a
        copy."""
        if self.locator is not None:
            named = {"locator": self.locator, "address": self.address, "words": None}
            return {"graph": self.graph, **named}
        if self.exact is None:
            return {"graph": self.graph}
        return {"graph": self.graph, "start": self.start, "end": self.end, "exact": self.exact}

    @property
    def text(self) -> str:
        """The origin for people."""
        if self.locator is not None:
            return f"<{self.graph}>: {self.locator} of {self.address}"
        return f"<{self.graph}>{'' if self.exact is None else f': “{self.exact}”'}"


@final
class Explainer:
    """Explains statements of a whole dataset: record, default graph, and inferences."""

    def __init__(self, store: Store, base: Base, prefixes: Mapping[str, str]) -> None:
        self._store = store
        self._base = base
        self._prefixes = prefixes
        closure = StoredClosure(store, base.inferred)
        axioms = tuple(filter(closure.is_asserted, _axioms(store)))
        self._prover = Prover(closure, compile_rules(axioms), _stratum(store, base, prefixes))
        self._wording = Wording(axioms, lambda term: short(term, prefixes))

    def prove(self, statement: Triple) -> Proof | None:
        """The proof of a statement of the default graph; None where it does not hold there."""
        return self._prover.prove(statement)

    def origins(self, statement: Triple) -> tuple[ProofOrigin, ...]:
        """The graphs that contain it, sorted."""
        subject, predicate, value = statement
        quads = self._store.quads_for_pattern(subject, predicate, value, None)
        graphs = {quad.graph_name for quad in quads} - {DefaultGraph(), self._base.inferred}
        named = (each for each in graphs if isinstance(each, NamedNode) and self._is_current(each))
        return tuple(self._origin(graph) for graph in sorted(named, key=lambda each: each.value))

    def _is_current(self, graph: NamedNode) -> bool:
        """Whether the graph is not that of an earlier version of an ontology."""
        return next(self._store.quads_for_pattern(None, _VERSION, graph, graph), None) is None

    def _origin(self, graph: NamedNode) -> ProofOrigin:
        exact = self._value(graph, "exactText")
        start, end = self._value(graph, "start"), self._value(graph, "end")
        if (locator := self._value(graph, "locator")) is not None:
            address = self._value(graph, "officialAddress")
            return ProofOrigin(graph.value, locator=locator, address=address)
        if exact is None or start is None or end is None:
            return ProofOrigin(graph.value)
        return ProofOrigin(graph.value, int(start), int(end), exact)

    def _value(self, subject: NamedNode, name: str) -> str | None:
        quads = self._store.quads_for_pattern(subject, self._base.term(name), None, DefaultGraph())
        literals = (quad.object for quad in quads if isinstance(quad.object, Literal))
        return next((literal.value for literal in literals), None)

    def text(self, proof: Proof, language: str = "en") -> str:
        """The proof as an indented tree; repeated steps are shown once."""
        return "\n".join(self._lines(proof, language))

    def _lines(self, proof: Proof, language: str) -> Iterator[str]:
        steps = {step.statement: step for step in proof.steps}
        printed: set[Triple] = set()
        yield shown(proof.statement, self._prefixes)
        waiting = [(proof.statement, 0)]
        while waiting:
            statement, depth = waiting.pop()
            margin = "  " * depth
            yield f"{margin}- {self.said(statement, language)}"
            step = steps[statement]
            if statement in printed:
                yield f"{margin}  as shown above"
                continue
            printed.add(statement)
            yield from (f"{margin}  {line}" for line in self._reasons(step))
            waiting += ((premise, depth + 1) for premise in reversed(step.premises))

    def _reasons(self, step: ProofStep) -> Iterator[str]:
        if step.rule is None:
            yield from (f"stated in {origin.text}" for origin in self.origins(step.statement))
        elif step.rule.axiom is None:
            yield f"follows by {step.rule.name}, from"
        else:
            axiom = step.rule.axiom
            graphs = ", ".join(f"<{origin.graph}>" for origin in self.origins(axiom))
            yield f"follows by {step.rule.name}: {self._wording.axiom(axiom)} ({graphs}), from"

    def said(self, statement: Triple, language: str = "en") -> str:
        """The statement with labels for its terms."""
        return " · ".join(self._label(term, language) for term in statement)

    def _label(self, term: Term, language: str) -> str:
        if isinstance(term, NamedNode):
            for predicate in _LABELS:
                quads = self._store.quads_for_pattern(term, predicate, None, DefaultGraph())
                for quad in quads:
                    label = quad.object
                    if isinstance(label, Literal) and label.language == language:
                        return label.value
            if term in _SAYS:
                return _SAYS[term]
        if isinstance(term, BlankNode):
            return self._wording.expression(term)
        return short(term, self._prefixes)

    def table(self, proof: Proof) -> dict[str, object]:
        """The proof as JSON members: numbered steps, each after those it rests on.

        Terms are written as in SPARQL 1.1 Query Results JSON.
        """
        numbers = {step.statement: number for number, step in enumerate(proof.steps, 1)}
        return {
            "statement": _statement(proof.statement),
            "steps": [self._step(step, numbers) for step in proof.steps],
        }

    def _step(self, step: ProofStep, numbers: Mapping[Triple, int]) -> dict[str, object]:
        table: dict[str, object] = {
            "step": numbers[step.statement],
            "statement": _statement(step.statement),
            "text": self.said(step.statement),
        }
        if step.rule is None:
            return table | {"stated": self._origins(step.statement)}
        table["rule"] = step.rule.name
        if step.rule.axiom is not None:
            table["axiom"] = {
                "statement": _statement(step.rule.axiom),
                "text": self._wording.axiom(step.rule.axiom),
                "stated": self._origins(step.rule.axiom),
            }
        return table | {"premises": [numbers[premise] for premise in step.premises]}

    def _origins(self, statement: Triple) -> list[dict[str, object]]:
        return [origin.table for origin in self.origins(statement)]


def _stratum(store: Store, base: Base, prefixes: Mapping[str, str]) -> Stratum:
    """The stratum beyond OWL of a published dataset, as far as its rules read it."""
    rules = stored_rules(store, base, prefixes)
    concluded = {rule.predicate for rule in rules}
    asserted: list[Triple] = []
    inferred: list[Triple] = []
    for predicate in concluded.union(*(rule.watched for rule in rules)):
        for quad in store.quads_for_pattern(None, predicate, None, DefaultGraph()):
            triple = quad.triple
            if Quad(quad.subject, predicate, quad.object, base.inferred) not in store:
                asserted.append(triple)
            elif predicate not in concluded:
                inferred.append(triple)
    return Stratum(rules, asserted, inferred)


def _axioms(store: Store) -> Iterator[Triple]:
    """The statements of the default graph that may be part of an axiom."""
    for predicate in AXIOM_PREDICATES:
        for quad in store.quads_for_pattern(None, predicate, None, DefaultGraph()):
            yield quad.triple
    for kind in AXIOM_KINDS:
        for quad in store.quads_for_pattern(None, TYPE, kind, DefaultGraph()):
            yield quad.triple


def _statement(statement: Triple) -> dict[str, object]:
    parts = zip(("subject", "predicate", "object"), statement, strict=True)
    return {name: _term(term) for name, term in parts}


def _term(term: Term) -> dict[str, object]:
    match term:
        case NamedNode():
            return {"type": "uri", "value": term.value}
        case BlankNode():
            return {"type": "bnode", "value": term.value}
        case Literal() if term.language:
            return {"type": "literal", "value": term.value, "xml:lang": term.language}
        case Literal():
            return {"type": "literal", "value": term.value, "datatype": term.datatype.value}
        case _:
            return {"type": "triple", "value": _statement(term)}
