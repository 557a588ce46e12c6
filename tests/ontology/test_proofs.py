"""Proofs of what the assembly files let infer, judged by a checker that knows only the tables."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from pyoxigraph import DefaultGraph, Store, Triple

from spacepolicy.knowledge.assembly import Assembly
from spacepolicy.knowledge.reasoning.proof_view import Explainer

from .checker import Checker, WrongProofError
from .conftest import ROOT

Table = dict[str, Any]


@pytest.fixture(scope="module")
def checker(assembly: Assembly) -> Checker:
    derived = (DefaultGraph(), assembly.base.inferred)
    record = [quad for quad in assembly.store if quad.graph_name not in derived]
    texts = {
        f"{assembly.base.sources}{path.stem}": path.read_text(encoding="utf-8")
        for path in (ROOT / "seeds").glob("*.txt")
    }
    whole = Store()
    whole.extend(quad for quad in assembly.store if quad.graph_name != assembly.base.inferred)
    return Checker(record, texts, whole, assembly.prefixes)


@pytest.fixture(scope="module")
def explainer(assembly: Assembly) -> Explainer:
    return Explainer(assembly.store, assembly.base, assembly.prefixes)


@pytest.fixture(scope="module")
def proofs(assembly: Assembly, explainer: Explainer) -> list[Table]:
    """The proof of every inferred statement, in a stable order."""
    inferred = assembly.store.quads_for_pattern(None, None, None, assembly.base.inferred)
    statements = sorted((quad.triple for quad in inferred), key=str)
    return [table(explainer, statement) for statement in statements]


def table(explainer: Explainer, statement: Triple) -> Table:
    proof = explainer.prove(statement)
    assert proof is not None, f"no proof of {statement}"
    return explainer.table(proof)


def test_every_inferred_statement_has_a_proof_that_the_checker_accepts(
    proofs: list[Table], checker: Checker, assembly: Assembly
) -> None:
    for proof in proofs:
        checker.check(proof)
    assert len(proofs) == assembly.inferred_count


def test_no_proof_uses_a_step_that_nothing_rests_on(proofs: list[Table]) -> None:
    for proof in proofs:
        used = {number for step in proof["steps"] for number in step.get("premises", ())}
        assert used == {step["step"] for step in proof["steps"][:-1]}


def doctor_conclusion(proof: Table) -> None:
    proof["steps"][-1]["statement"]["object"] = proof["steps"][-1]["statement"]["subject"]
    proof["statement"] = proof["steps"][-1]["statement"]


def doctor_target(proof: Table) -> None:
    proof["statement"] = {**proof["statement"], "object": proof["statement"]["subject"]}


def doctor_order(proof: Table) -> None:
    proof["steps"].reverse()


def doctor_premises(proof: Table) -> None:
    proof["steps"][-1]["premises"].pop()


def doctor_circle(proof: Table) -> None:
    proof["steps"][-1]["premises"] = [proof["steps"][-1]["step"]]


def doctor_axiom(proof: Table) -> None:
    axiom = proof["steps"][-1]["axiom"]["statement"]
    axiom["object"], axiom["subject"] = axiom["subject"], axiom["object"]


def doctor_rule(proof: Table) -> None:
    rule = proof["steps"][-1]["rule"]
    proof["steps"][-1]["rule"] = "prp-dom" if rule != "prp-dom" else "prp-rng"


def doctor_ground(proof: Table) -> None:
    ground = next(step for step in proof["steps"] if "rule" not in step)
    ground["statement"]["object"] = ground["statement"]["subject"]


def doctor_nothing_stated(proof: Table) -> None:
    next(step for step in proof["steps"] if "rule" not in step)["stated"] = []


def doctor_graph(proof: Table) -> None:
    for step in proof["steps"]:
        for origin in step.get("stated", ()):
            origin["graph"] = "https://example.org/elsewhere"


DOCTORS: list[Callable[[Table], None]] = [
    doctor_conclusion,
    doctor_target,
    doctor_order,
    doctor_premises,
    doctor_circle,
    doctor_axiom,
    doctor_rule,
    doctor_ground,
    doctor_nothing_stated,
    doctor_graph,
]


@pytest.mark.parametrize("doctor", DOCTORS, ids=lambda doctor: doctor.__name__)
def test_no_doctored_proof_is_accepted(
    doctor: Callable[[Table], None], proofs: list[Table], checker: Checker
) -> None:
    for proof in proofs[::23]:
        if "axiom" in proof["steps"][-1]:
            doctored = copy.deepcopy(proof)
            doctor(doctored)
            with pytest.raises(WrongProofError):
                checker.check(doctored)


def test_a_quotation_that_is_changed_is_not_accepted(proofs: list[Table], checker: Checker) -> None:
    quoting = [
        proof
        for proof in proofs
        if any("exact" in origin for step in proof["steps"] for origin in step.get("stated", ()))
    ]
    for proof in quoting[::23]:
        for name, value in (("exact", "other words"), ("start", 0), ("end", 1)):
            doctored = copy.deepcopy(proof)
            for step in doctored["steps"]:
                for origin in step.get("stated", ()):
                    if "exact" in origin:
                        origin[name] = value
            if doctored == proof:  # a passage that begins the text
                continue
            with pytest.raises(WrongProofError):
                checker.check(doctored)


def test_what_does_not_hold_has_no_proof(assembly: Assembly, explainer: Explainer) -> None:
    quad = next(assembly.store.quads_for_pattern(None, None, None, assembly.base.inferred))
    assert (
        explainer.prove(Triple(quad.subject, assembly.base.term("unheardOf"), quad.object)) is None
    )


def test_the_text_of_a_proof_shows_labels_rules_axioms_and_quoted_words(
    assembly: Assembly, explainer: Explainer
) -> None:
    inferred = assembly.store.quads_for_pattern(None, None, None, assembly.base.inferred)
    texts = [
        explainer.text(proof)
        for quad in sorted(inferred, key=str)[::40]
        if (proof := explainer.prove(quad.triple)) is not None
    ]
    assert any("“" in text for text in texts)
    for text in texts:
        assert "_:" not in text
        assert text.count("follows by") >= 1
        assert text.count("stated in") >= 1
