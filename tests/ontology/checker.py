"""A checker of proofs that knows the rules from OWL 2 RL's tables and nothing of the reasoner.

It reads a proof as `explain --format json` prints it, and judges each step from the axiom's own
statements in the record.

Spec: https://www.w3.org/TR/owl2-profiles/#Reasoning_in_OWL_2_RL_and_RDF_Graphs_using_Rules
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store, Triple

Term = NamedNode | BlankNode | Literal | Triple
Statement = tuple[Term, Term, Term]
OWL = "http://www.w3.org/2002/07/owl#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
CONSTRUCT = NamedNode("http://www.w3.org/ns/shacl#construct")
A = NamedNode(f"{RDF}type")
SAME = NamedNode(f"{OWL}sameAs")
SUBCLASS = NamedNode(f"{RDFS}subClassOf")
SUBPROPERTY = NamedNode(f"{RDFS}subPropertyOf")


class WrongProofError(Exception):
    """What the proof gets wrong, and in which step."""


class Checker:
    """Judges proofs against a record, and against the texts of its sources by their IRI.

    What a rule beyond OWL says must not be there is looked for in the whole dataset.
    """

    def __init__(
        self,
        record: Iterable[Quad],
        texts: Mapping[str, str],
        whole: Store,
        prefixes: Mapping[str, str],
    ) -> None:
        self.texts = texts
        self.whole = whole
        self.prefixes = prefixes
        self.conclusions: dict[str, set[Statement]] = {}
        """What each rule's query makes of the whole dataset."""
        self.graphs: dict[Statement, set[str]] = {}
        self.values: dict[tuple[Term, str], list[Term]] = {}
        for quad in record:
            statement = (quad.subject, quad.predicate, quad.object)
            self.graphs.setdefault(statement, set()).add(str(quad.graph_name)[1:-1])
            self.values.setdefault((quad.subject, quad.predicate.value), []).append(quad.object)

    def check(self, proof: Mapping[str, Any]) -> None:
        """Raises WrongProofError where the proof does not prove its statement."""
        proved: dict[int, Statement] = {}
        for step in proof["steps"]:
            conclusion = read(step["statement"])
            if "rule" not in step:
                self.stated(conclusion, step)
            else:
                missing = [number for number in step["premises"] if number not in proved]
                if missing:
                    raise WrongProofError(f"step {step['step']} rests on {missing}, not proved yet")
                premises = [proved[number] for number in step["premises"]]
                if not self.follows(step, premises, conclusion):
                    raise WrongProofError(f"step {step['step']} does not follow: {step['text']}")
            proved[step["step"]] = conclusion
        if not proof["steps"] or conclusion != read(proof["statement"]):
            raise WrongProofError("the last step is not of what is to be proved")

    def stated(self, statement: Statement, said: Mapping[str, Any]) -> None:
        """Some graphs are said to state it, each does, and quotations stand in the texts."""
        if not said["stated"]:
            raise WrongProofError(f"nothing states {statement}")
        for origin in said["stated"]:
            if origin["graph"] not in self.graphs.get(statement, ()):
                raise WrongProofError(f"<{origin['graph']}> does not state {statement}")
            source, is_passage, _ = origin["graph"].partition("#char=")
            if is_passage:
                slice_ = self.texts[source][origin["start"] : origin["end"]]
                if slice_ != origin["exact"]:
                    raise WrongProofError(f"the source does not say {origin['exact']!r}")
                if origin["graph"] != f"{source}#char={origin['start']},{origin['end']}":
                    raise WrongProofError(f"<{origin['graph']}> is another passage")

    def follows(
        self, step: Mapping[str, Any], premises: list[Statement], conclusion: Statement
    ) -> bool:
        if "axiom" not in step:
            rule = GENERAL.get(step["rule"])
            return rule is not None and rule(premises, conclusion)
        axiom = read(step["axiom"]["statement"])
        self.stated(axiom, step["axiom"])
        if axiom[1] == CONSTRUCT:
            named = Literal(step["rule"], language="en")
            return named in self.values[axiom[0], f"{RDFS}label"] and self.constructed(
                axiom[2], premises, conclusion
            )
        return Step(self, premises, conclusion).by(step["rule"], axiom)

    def constructed(self, query: Term, premises: list[Statement], conclusion: Statement) -> bool:
        """The query makes the conclusion of the premises alone, and of all that holds: what it
        says must not be there is not."""
        alone = Store()
        for premise in premises:
            for graph in (DefaultGraph(), NamedNode("urn:x-premises")):
                alone.add(Quad(*premise, graph))  # type: ignore[arg-type]
        assert isinstance(query, Literal)
        if query.value not in self.conclusions:
            self.conclusions[query.value] = self.construct(query.value, self.whole)
        return conclusion in self.conclusions[query.value] and conclusion in self.construct(
            query.value, alone
        )

    def construct(self, query: str, store: Store) -> set[Statement]:
        prologue = "".join(f"PREFIX {name}: <{iri}>" for name, iri in self.prefixes.items())
        return {tuple(each) for each in store.query(prologue + query)}  # type: ignore[union-attr]

    def one(self, subject: Term, name: str) -> Term | None:
        return next(iter(self.values.get((subject, f"{OWL}{name}"), ())), None)

    def items(self, head: Term) -> list[Term]:
        found = []
        while head != NamedNode(f"{RDF}nil"):
            found += self.values[head, f"{RDF}first"]
            (head,) = self.values[head, f"{RDF}rest"]
        return found


class Step:
    """One application of a rule of an axiom."""

    def __init__(self, checker: Checker, premises: list[Statement], conclusion: Statement) -> None:
        self.checker = checker
        self.premises = premises
        self.conclusion = conclusion

    def by(self, rule: str, axiom: Statement) -> bool:
        subject, predicate, value = axiom
        needed = PREDICATES.get(rule)
        kind = KINDS.get(rule)
        if (needed is None or predicate != needed) and (kind is None or (A, kind) != axiom[1:]):
            return False
        checks: dict[str, Callable[[], bool]] = {
            "cax-sco": lambda: self.subsumes(subject, value),
            "cax-eqc1": lambda: self.subsumes(subject, value),
            "cax-eqc2": lambda: self.subsumes(value, subject),
            "prp-dom": lambda: any(self.implies(x, value) for x, _ in self.pairs(subject)),
            "prp-rng": lambda: any(self.implies(y, value) for _, y in self.pairs(subject)),
            "prp-spo1": lambda: self.links(self.pairs(subject), value),
            "prp-eqp1": lambda: self.links(self.pairs(subject), value),
            "prp-eqp2": lambda: self.links(self.pairs(value), subject),
            "prp-inv1": lambda: self.links(turned(self.pairs(subject)), value),
            "prp-inv2": lambda: self.links(turned(self.pairs(value)), subject),
            "prp-symp": lambda: self.links(turned(self.pairs(subject)), subject),
            "prp-trp": lambda: self.links(self.chained([subject, subject]), subject),
            "prp-spo2": lambda: self.links(self.chained(self.checker.items(value)), subject),
            "prp-fp": lambda: self.same(
                (y, z) for x, y in self.pairs(subject) for w, z in self.pairs(subject) if x == w
            ),
            "prp-ifp": lambda: self.same(
                (x, w) for x, y in self.pairs(subject) for w, z in self.pairs(subject) if y == z
            ),
            "prp-key": lambda: self.agrees(subject, self.checker.items(value)),
            "cls-oo": lambda: any(
                self.conclusion == (x, A, subject) for x in self.checker.items(value)
            ),
        }
        return checks[rule]()

    def pairs(self, role: Term) -> list[tuple[Term, Term]]:
        """What the premises link by the property, or by the inverse that it is."""
        inverse = self.checker.one(role, "inverseOf") if isinstance(role, BlankNode) else None
        found = [(s, o) for s, p, o in self.premises if p == (inverse or role)]
        return found if inverse is None else list(turned(found))

    def links(self, pairs: Iterable[tuple[Term, Term]], role: Term) -> bool:
        subject, predicate, value = self.conclusion
        return predicate == role and (subject, value) in set(pairs)

    def chained(self, roles: list[Term]) -> set[tuple[Term, Term]]:
        reached = set(self.pairs(roles[0]))
        for role in roles[1:]:
            reached = {(x, z) for x, y in reached for w, z in self.pairs(role) if y == w}
        return reached

    def same(self, pairs: Iterable[tuple[Term, Term]]) -> bool:
        return self.conclusion in {(x, SAME, y) for x, y in pairs}

    def agrees(self, kind: Term, roles: list[Term]) -> bool:
        one, predicate, other = self.conclusion
        return (
            predicate == SAME
            and all(self.is_of(each, kind) for each in (one, other))
            and all(
                {y for x, y in self.pairs(role) if x == one}
                & {y for x, y in self.pairs(role) if x == other}
                for role in roles
            )
        )

    def subsumes(self, condition: Term, consequence: Term) -> bool:
        things = {term for s, _, o in self.premises for term in (s, o)}
        return any(self.is_of(x, condition) and self.implies(x, consequence) for x in things)

    def is_of(self, thing: Term, kind: Term) -> bool:
        """Whether the premises show the thing to be of the class."""
        if isinstance(kind, NamedNode):
            return kind == NamedNode(f"{OWL}Thing") or (thing, A, kind) in self.premises
        one, items = self.checker.one, self.checker.items
        if (parts := one(kind, "intersectionOf")) is not None:
            return all(self.is_of(thing, part) for part in items(parts))
        if (parts := one(kind, "unionOf")) is not None:
            return any(self.is_of(thing, part) for part in items(parts))
        role = one(kind, "onProperty")
        values = [y for x, y in self.pairs(role) if x == thing] if role is not None else []
        if (value := one(kind, "hasValue")) is not None:
            return value in values
        if (filler := one(kind, "someValuesFrom")) is not None:
            return any(self.is_of(value, filler) for value in values)
        return False

    def implies(self, thing: Term, kind: Term) -> bool:
        """Whether the conclusion follows from the thing's being of the class."""
        if isinstance(kind, NamedNode):
            return self.conclusion == (thing, A, kind)
        one, items = self.checker.one, self.checker.items
        if (parts := one(kind, "intersectionOf")) is not None:
            return any(self.implies(thing, part) for part in items(parts))
        role = one(kind, "onProperty")
        return role is not None and self.restricts(thing, kind, role)

    def restricts(self, thing: Term, kind: Term, role: Term) -> bool:
        one = self.checker.one
        values = [y for x, y in self.pairs(role) if x == thing]
        if (value := one(kind, "hasValue")) is not None:
            return self.conclusion == (thing, role, value)
        if (filler := one(kind, "allValuesFrom")) is not None:
            return any(self.implies(value, filler) for value in values)
        counted = one(kind, "onClass")
        most = one(kind, "maxQualifiedCardinality" if counted else "maxCardinality")
        if isinstance(most, Literal) and most.value == "1":
            met = [y for y in values if counted is None or self.is_of(y, counted)]
            return self.same(itertools.permutations(met, 2))
        return False


PREDICATES = {
    "cax-sco": SUBCLASS,
    "cax-eqc1": NamedNode(f"{OWL}equivalentClass"),
    "cax-eqc2": NamedNode(f"{OWL}equivalentClass"),
    "prp-dom": NamedNode(f"{RDFS}domain"),
    "prp-rng": NamedNode(f"{RDFS}range"),
    "prp-spo1": SUBPROPERTY,
    "prp-eqp1": NamedNode(f"{OWL}equivalentProperty"),
    "prp-eqp2": NamedNode(f"{OWL}equivalentProperty"),
    "prp-inv1": NamedNode(f"{OWL}inverseOf"),
    "prp-inv2": NamedNode(f"{OWL}inverseOf"),
    "prp-spo2": NamedNode(f"{OWL}propertyChainAxiom"),
    "prp-key": NamedNode(f"{OWL}hasKey"),
    "cls-oo": NamedNode(f"{OWL}oneOf"),
}
KINDS = {
    "prp-symp": NamedNode(f"{OWL}SymmetricProperty"),
    "prp-trp": NamedNode(f"{OWL}TransitiveProperty"),
    "prp-fp": NamedNode(f"{OWL}FunctionalProperty"),
    "prp-ifp": NamedNode(f"{OWL}InverseFunctionalProperty"),
}


def turned(pairs: Iterable[tuple[Term, Term]]) -> Iterator[tuple[Term, Term]]:
    return ((y, x) for x, y in pairs)


def transitive(predicate: Term) -> Callable[[list[Statement], Statement], bool]:
    def follows(premises: list[Statement], conclusion: Statement) -> bool:
        pairs = [(s, o) for s, p, o in premises if p == predicate]
        reached = {(x, z) for x, y in pairs for w, z in pairs if y == w}
        return conclusion[1] == predicate and (conclusion[0], conclusion[2]) in reached

    return follows


def symmetric(one: Term, other: Term) -> Callable[[list[Statement], Statement], bool]:
    """Whatever the one links, in either direction, the other does."""

    def follows(premises: list[Statement], conclusion: Statement) -> bool:
        s, p, o = conclusion
        return p == other and bool({(s, one, o), (o, one, s)} & set(premises))

    return follows


def replaced(place: int) -> Callable[[list[Statement], Statement], bool]:
    def follows(premises: list[Statement], conclusion: Statement) -> bool:
        for one, predicate, other in premises:
            before = list(conclusion)
            before[place] = one
            if predicate == SAME and conclusion[place] == other and tuple(before) in premises:
                return True
        return False

    return follows


GENERAL = {
    "scm-sco": transitive(SUBCLASS),
    "scm-spo": transitive(SUBPROPERTY),
    "scm-eqc1": symmetric(NamedNode(f"{OWL}equivalentClass"), SUBCLASS),
    "scm-eqp1": symmetric(NamedNode(f"{OWL}equivalentProperty"), SUBPROPERTY),
    "eq-trans": transitive(SAME),
    "eq-sym": lambda premises, conclusion: (
        tuple(reversed(conclusion)) in premises and conclusion[1] == SAME
    ),
    "eq-rep-s": replaced(0),
    "eq-rep-o": replaced(2),
}


def read(statement: Mapping[str, Any]) -> Statement:
    return (term(statement["subject"]), term(statement["predicate"]), term(statement["object"]))


def term(table: Mapping[str, Any]) -> Term:
    if table["type"] == "uri":
        return NamedNode(table["value"])
    if table["type"] == "bnode":
        return BlankNode(table["value"])
    if "xml:lang" in table:
        return Literal(table["value"], language=table["xml:lang"])
    return Literal(table["value"], datatype=NamedNode(table["datatype"]))
