"""Clashes as findings: what is contradictory, by which axiom, and where its grounds are stated."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from pyoxigraph import NamedNode, Triple

from spacepolicy.errors import Finding
from spacepolicy.knowledge.loading.record import FileRecord, place_of, short, shown, stated_at
from spacepolicy.knowledge.reasoning.clash_words import ClashWords
from spacepolicy.knowledge.reasoning.fixpoint import Clash, Reasoner
from spacepolicy.knowledge.reasoning.plain_words import Language
from spacepolicy.knowledge.reasoning.proof import Prover
from spacepolicy.knowledge.reasoning.rule import is_axiomatic
from spacepolicy.knowledge.reasoning.wording import Wording

_MOST: Final = 100
"""The most findings: one wrong axiom can make every statement clash, and more help nobody."""


def clash_findings(
    record: FileRecord,
    reasoner: Reasoner,
    axioms: Iterable[Triple],
    prefixes: Mapping[str, str],
    language: Language = "en",
) -> Iterator[Finding]:
    """A finding for all clashes that rest on the same asserted statements.

    `axioms` are statements that include those from which the rules were compiled; `language` is
    that of the explanation.
    """
    if not reasoner.clashes():
        return
    axioms = tuple(axioms)
    words = ClashWords(record, axioms, language)
    wording = Wording(filter(is_axiomatic, axioms), lambda term: short(term, prefixes))
    prover = Prover(reasoner, reasoner.rules)
    seen: set[frozenset[Triple]] = set()
    for clash in reasoner.clashes():
        grounds = grounds_of(prover, clash)
        if frozenset(grounds) not in seen and len(seen) < _MOST:
            seen.add(frozenset(grounds))
            found = _finding(record, clash, grounds, wording, prefixes)
            yield replace(found, message=f"{found.message} {words.explained(prover, clash)}")


def grounds_of(prover: Prover, clash: Clash) -> tuple[Triple, ...]:
    """The asserted statements from which the clashing statements follow."""
    proofs = filter(None, map(prover.prove, clash.statements))
    return tuple(dict.fromkeys(ground for proof in proofs for ground in proof.grounds))


def _finding(
    record: FileRecord,
    clash: Clash,
    grounds: tuple[Triple, ...],
    wording: Wording,
    prefixes: Mapping[str, str],
) -> Finding:
    meeting = " and ".join(dict.fromkeys(f"`{shown(each, prefixes)}`" for each in clash.statements))
    together = " together" if len(set(clash.statements)) > 1 else ""
    stated = " and ".join(f"`{shown(each, prefixes)}`{_at(record, each)}" for each in grounds)
    by = "by the meaning of owl:Nothing, sameAs and differentFrom"
    if clash.rule.axiom is not None:
        axiom = clash.rule.axiom
        by = f"by the axiom `{wording.axiom(axiom)}`{_at(record, axiom)}"
    message = f"{meeting} cannot hold{together}, {by}; grounds: {stated}."
    found = (_home(record, each) for each in grounds)
    path, line = next(filter(None, found), ("data", None))
    return Finding(path, line, clash.rule.name, message, "Withdraw one of these statements.")


def _at(record: FileRecord, statement: Triple) -> str:
    home = _home(record, statement)
    return "" if home is None else f" ({home[0]}:{home[1]})" if home[1] else f" ({home[0]})"


def _home(record: FileRecord, statement: Triple) -> tuple[str, int] | None:
    """The file and line of the statement; None where it has no named part to be found by."""
    if not isinstance(statement.subject, NamedNode):
        return None
    return stated_at(record, place_of(statement))
