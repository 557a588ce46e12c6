"""A clash in words: the least set of statements and axioms that cannot hold together, each as a
sentence with the file and line where it stands.
"""

from collections.abc import Iterable, Iterator
from typing import Final, final

from pyoxigraph import BlankNode, NamedNode, Triple

from spacepolicy.knowledge.loading.record import FileRecord, place_of, stated_at
from spacepolicy.knowledge.reasoning.expressions import TYPE, AxiomIndex, Term
from spacepolicy.knowledge.reasoning.fixpoint import Clash, Reasoner
from spacepolicy.knowledge.reasoning.plain_words import Language, PlainWords, TermLabels
from spacepolicy.knowledge.reasoning.proof import Prover
from spacepolicy.knowledge.reasoning.rule import is_axiomatic

_MEMBERS: Final = ("members", "distinctMembers")
_WORDS: Final = {"en": ("In words: {}.", "; "), "zh": ("用文字说：{}。", "；")}


@final
class ClashWords:
    """Explains clashes in the statements, in a language."""

    def __init__(
        self, record: FileRecord, statements: Iterable[Triple], language: Language
    ) -> None:
        known = tuple(statements)
        self._record = record
        self._language = language
        self._axioms = [each for each in known if _is_of_axioms(each)]
        self._parts: dict[object, list[Triple]] = {}
        for each in self._axioms:
            if isinstance(each.subject, BlankNode):
                self._parts.setdefault(each.subject, []).append(each)
        self._words = PlainWords(self._axioms, TermLabels(known), language)
        self._index = AxiomIndex(self._axioms)

    def explained(self, prover: Prover, clash: Clash) -> str:
        """The sentences of the minimal set, data first, each with its place."""
        form, joint = _WORDS[self._language]
        sentences = [
            f"{self._sentence(each)}{self._at(each)}" for each in self.least(prover, clash)
        ]
        return form.format(joint.join(dict.fromkeys(sentences)))

    def least(self, prover: Prover, clash: Clash) -> list[Triple]:
        """A minimal set of statements and axioms that clash: those that the proofs of the clash
        rest on, without any that the clash does not need."""
        kept = [*dict.fromkeys(_rests_on(prover, clash))]
        for each in [*kept]:
            fewer = [other for other in kept if other != each]
            if Reasoner(self._whole(fewer)).clashes():
                kept = fewer
        return kept

    def _whole(self, statements: Iterable[Triple]) -> list[Triple]:
        """The statements with the class expressions and lists in them."""
        found = dict.fromkeys(statements)
        waiting = [*found]
        while waiting:
            each = waiting.pop()
            for node in (each.subject, each.object):
                more = [part for part in self._parts.get(node, ()) if part not in found]
                found.update(dict.fromkeys(more))
                waiting += more
        return [*found]

    def _sentence(self, statement: Triple) -> str:
        if is_axiomatic(statement):
            return self._words.axiom(statement)
        return self._words.statement(statement)

    def _at(self, statement: Triple) -> str:
        home = self._home(statement)
        return "" if home is None else f" ({home[0]}:{home[1]})"

    def _home(self, statement: Triple) -> tuple[str, int] | None:
        if isinstance(statement.subject, NamedNode):
            return stated_at(self._record, place_of(statement))
        members = self._members(self._index, statement.subject)
        for file in self._record.files if members else ():
            lines = file.lines()
            local = AxiomIndex(quad.triple for quad in lines)
            for quad, line in lines.items():
                is_like = quad.predicate == TYPE and quad.object == statement.object
                if is_like and self._members(local, quad.subject) == members:
                    return file.name, line
        return None

    def _members(self, index: AxiomIndex, node: Term) -> frozenset[Term]:
        heads = (index.one(node, name) for name in _MEMBERS)
        return frozenset(m for head in heads if head is not None for m in index.members(head))


def _is_of_axioms(triple: Triple) -> bool:
    return is_axiomatic(triple) or isinstance(triple.subject, BlankNode)


def _rests_on(prover: Prover, clash: Clash) -> Iterator[Triple]:
    """The asserted statements that the proofs begin with, then the axioms of their rules."""
    proofs = [*filter(None, map(prover.prove, clash.statements))]
    for proof in proofs:
        yield from proof.grounds
    for proof in proofs:
        for step in proof.steps:
            if step.rule is not None and step.rule.axiom is not None:
                yield step.rule.axiom
    if clash.rule.axiom is not None:
        yield clash.rule.axiom
