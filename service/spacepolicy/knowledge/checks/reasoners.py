"""The gates that run reasoners: profiles, consistency, and equal inferences."""

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Final

from pyoxigraph import NamedNode, Triple

from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.duplicate_keys import merged_findings
from spacepolicy.knowledge.checks.result import GateResult, count, located_all
from spacepolicy.knowledge.loading.record import (
    StatementFault,
    StatementPlace,
    place_of,
    short,
    shown,
)
from spacepolicy.knowledge.reasoning.clashes import clash_findings, grounds_of
from spacepolicy.knowledge.reasoning.expressions import TYPE, owl
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner
from spacepolicy.knowledge.reasoning.proof import Prover
from spacepolicy.knowledge.reasoning.rule import is_axiomatic
from spacepolicy.knowledge.reasoning.wording import Wording
from spacepolicy.knowledge.reference_reasoners import consistency as hermit
from spacepolicy.knowledge.reference_reasoners.closure import closure
from spacepolicy.knowledge.reference_reasoners.comparison import (
    between_individuals,
    compared,
    keyless,
    without_annotating_literals,
)
from spacepolicy.knowledge.reference_reasoners.consistency import AxiomText
from spacepolicy.knowledge.reference_reasoners.negatives import (
    Exclusion,
    KeyCase,
    exclusions,
    key_cases,
)

_MOST: Final = 50
"""The most differences that are reported: they mostly have one reason, and more help nobody."""
_OF_ONTOLOGY: Final = re.compile(r" in OntologyID\(.*?\)(?=\]|$)")
_TERMS: Final = frozenset(
    map(owl, ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty"))
)


def clashes(material: CheckContext) -> GateResult:
    """Contradictions by our own rules; before them, things that a key makes the same."""
    reasoner = material.reasoner
    report = (
        count(len(reasoner.rules), "rule"),
        count(reasoner.rounds, "round"),
        count(len(material.inferred), "inference"),
    )
    of_what = (material.record, reasoner, material.knowledge, material.prefixes)
    merged = tuple(merged_findings(*of_what))
    found = merged or tuple(clash_findings(*of_what, material.language))
    return GateResult(found, report)


def rules(material: CheckContext) -> GateResult:
    """Clashes; where there are none, the inferences in which owlrl or HermiT differ from ours."""
    own = clashes(material)
    if own.findings:
        return GateResult(own.findings, (*own.report, "not compared: nothing follows from clashes"))
    keyed = without_annotating_literals(keyless(material.knowledge))
    without_keys = compared([*keyed, *Reasoner(keyed).inferred()])
    asked, wanted = _for_hermit(material, without_keys)
    with ThreadPoolExecutor() as both:
        theirs, links = both.submit(closure, keyed), both.submit(hermit.entailed, asked)
        of_owlrl, of_hermit = compared(theirs.result()), compared(links.result())
    faults = (
        *_differences(material, "owlrl", without_keys, of_owlrl),
        *_differences(material, "HermiT", wanted, of_hermit),
    )
    report = (
        f"owlrl agrees on {len(without_keys & of_owlrl):,} of {len(of_owlrl):,}",
        f"HermiT on {len(wanted & of_hermit):,} of {len(of_hermit):,}",
    )
    return GateResult(located_all(material, faults), (*own.report, *report))


def _for_hermit(
    material: CheckContext, without_keys: frozenset[Triple]
) -> tuple[Iterable[Triple], frozenset[Triple]]:
    """The input for HermiT, and the inferences it should make: without keys, unless something
    follows from them here."""
    knowledge = material.knowledge
    by_owl = (*knowledge, *material.inferred_by_owl)
    wanted = between_individuals(compared(by_owl), knowledge)
    less = between_individuals(without_keys, knowledge)
    return (knowledge, wanted) if wanted != less else (keyless(knowledge), less)


def _differences(
    material: CheckContext, oracle: str, ours: frozenset[Triple], theirs: frozenset[Triple]
) -> Iterator[StatementFault]:
    remedy = (
        "Write the axiom within OWL 2 RL (`spacepolicy check profiles`); if it is, the rules "
        "in dataset/reasoning are wrong."
    )
    for triple in sorted(theirs - ours, key=str)[:_MOST]:
        message = f"{oracle} infers `{shown(triple, material.prefixes)}`, which the rules do not."
        yield StatementFault(f"as-{oracle.lower()}", message, _near(triple), remedy)
    prover = Prover(material.reasoner, material.reasoner.rules)
    for triple in sorted(ours - theirs, key=str)[:_MOST]:
        proof = prover.prove(triple)
        grounds = () if proof is None else tuple(proof.grounds)
        stated = " and ".join(f"`{shown(each, material.prefixes)}`" for each in grounds)
        message = (
            f"`{shown(triple, material.prefixes)}` follows by the rules from {stated}, "
            f"but not for {oracle}."
        )
        places = tuple(place_of(each) for each in grounds)
        yield StatementFault(f"as-{oracle.lower()}", message, (*places, *_near(triple)), remedy)


def _near(triple: Triple) -> tuple[StatementPlace, ...]:
    """The places with statements about the statement's subject."""
    if not isinstance(triple.subject, NamedNode):
        return ()
    return (StatementPlace(triple.subject, triple.predicate), StatementPlace(triple.subject))


def profiles(material: CheckContext) -> GateResult:
    """The parts of the knowledge that are beyond OWL 2 DL or OWL 2 RL."""
    found = hermit.profiles(material.knowledge)
    only_rl = tuple(axiom for axiom in found.rl if axiom not in found.dl)
    faults = (
        StatementFault(
            f"owl-2-{name}",
            f"{_words(material, axiom)} is beyond OWL 2 {name.upper()}.",
            _named(axiom),
            f"Write the axiom as OWL 2 {name.upper()} allows: {specification}.",
        )
        for name, violations, specification in (
            ("dl", found.dl, "https://www.w3.org/TR/owl2-syntax/#Ontologies"),
            ("rl", only_rl, "https://www.w3.org/TR/owl2-profiles/#OWL_2_RL"),
        )
        for axiom in violations
    )
    statements = count(len(material.knowledge), "statement")
    return GateResult(located_all(material, faults), (statements, "OWL 2 DL", "OWL 2 RL"))


def _words(material: CheckContext, axiom: AxiomText) -> str:
    words = _OF_ONTOLOGY.sub("", axiom.words)
    for iri in sorted(axiom.terms, key=len, reverse=True):
        words = words.replace(f"<{iri}>", short(NamedNode(iri), material.prefixes))
    return words


def _named(axiom: AxiomText) -> tuple[StatementPlace, ...]:
    """Where the terms of the axiom are declared or used; its first term comes first."""
    terms = [NamedNode(iri) for iri in axiom.terms]
    return (
        *(StatementPlace(term) for term in terms),
        *(StatementPlace(object=term) for term in terms),
    )


def _stated(axioms: Iterable[AxiomText]) -> Iterator[StatementPlace]:
    """The statements that relate two terms of one of the axioms."""
    for axiom in axioms:
        for one, other in permutations(map(NamedNode, axiom.terms), 2):
            yield StatementPlace(one, object=other)


def consistency(material: CheckContext) -> GateResult:
    """Whether HermiT finds the knowledge consistent, the classes satisfiable, and the excluded
    cases contradictory."""
    verdict = hermit.judge(material.knowledge)
    axioms = count(verdict.axioms, "axiom")
    if not verdict.is_consistent:
        return GateResult(located_all(material, [_conflict(material)]), (axioms,))
    ontology = [triple for triple in material.knowledge if _is_of_terms(triple)]
    excluded = exclusions(material.reasoner.rules)
    keys = tuple(key_cases(material.reasoner.rules, ontology))
    faults = (
        *_empty_classes(material, ontology, excluded),
        *_keys(material, ontology, keys),
    )
    report = (
        axioms,
        f"{count(len(excluded), 'pair')} of classes excluded",
        count(len(keys), "key"),
    )
    return GateResult(located_all(material, faults), report)


def _is_of_terms(triple: Triple) -> bool:
    """Whether the statement declares a term or may be part of an axiom."""
    return is_axiomatic(triple) or (triple.predicate == TYPE and _is_term(triple))


def _is_term(triple: Triple) -> bool:
    return triple.object in _TERMS or triple.object == owl("Restriction")


def _conflict(material: CheckContext) -> StatementFault:
    """A minimal contradiction; where our rules see a clash, only its grounds are searched, which
    saves minutes."""
    prover = Prover(material.reasoner, material.reasoner.rules)
    grounds = {
        ground for clash in material.reasoner.clashes()[:1] for ground in grounds_of(prover, clash)
    }
    ontology = {triple for triple in material.knowledge if _is_of_terms(triple)}
    found = hermit.conflict(ontology | grounds) if grounds else ()
    found = found or hermit.conflict(material.knowledge)
    words = "; ".join(f"`{axiom.words}`" for axiom in found)
    individual = sorted(found, key=lambda axiom: " Type " not in axiom.words)
    return StatementFault(
        "consistent",
        f"these cannot hold together: {words}.",
        (*_stated(individual), *(place for axiom in individual for place in _named(axiom))),
        "Withdraw one of these statements, or weaken one of these axioms.",
    )


def _empty_classes(
    material: CheckContext, ontology: Iterable[Triple], excluded: tuple[Exclusion, ...]
) -> Iterator[StatementFault]:
    made_up = [triple for each in excluded for triple in each.statements]
    empty = set(hermit.unsatisfiable([*ontology, *made_up]))
    for each in excluded:
        if each.below.value not in empty:
            one, other = (short(kind, material.prefixes) for kind in each.kinds)
            yield StatementFault(
                "excluded",
                f"by `{_axiom(material, each.axiom)}` nothing is both {one} and {other}, but "
                "HermiT finds that something can be.",
                (place_of(each.axiom), StatementPlace(each.kinds[0])),
                "Write the axiom as OWL's mapping to RDF has it.",
            )
    for iri in sorted(empty - {each.below.value for each in excluded}):
        yield StatementFault(
            "satisfiable",
            f"nothing can be of {short(NamedNode(iri), material.prefixes)}.",
            (StatementPlace(NamedNode(iri)),),
            "Look at its superclasses: two of them exclude each other.",
        )


def _keys(
    material: CheckContext, ontology: Iterable[Triple], keys: tuple[KeyCase, ...]
) -> Iterator[StatementFault]:
    cases = [case for key in keys for case in (key.refused, key.possible)]
    contradicted = hermit.contradicted(ontology, cases)
    for key, refused, impossible in zip(keys, contradicted[::2], contradicted[1::2], strict=True):
        axiom, places = _axiom(material, key.axiom), (place_of(key.axiom),)
        if impossible:
            message = f"nothing can have the values of `{axiom}`."
            yield StatementFault(
                "key", message, places, "Look at the domains and ranges of its properties."
            )
        elif not refused:
            message = f"`{axiom}` does not tell two things that agree in it to be one, for HermiT."
            yield StatementFault(
                "key", message, places, "Write the key as a list of declared properties."
            )


def _axiom(material: CheckContext, axiom: Triple) -> str:
    prefixes = material.prefixes
    return Wording(
        filter(is_axiomatic, material.knowledge), lambda term: short(term, prefixes)
    ).axiom(axiom)
