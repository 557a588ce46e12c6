"""Duplicate keys: two of our names with the same key are a mistake.

The inferences from it are nonsense (two labels, two headings, clashes), so that other gates wait.

Spec: https://www.w3.org/TR/owl2-syntax/#Keys
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pyoxigraph import NamedNode, Triple

from spacepolicy.errors import Finding
from spacepolicy.knowledge.loading.record import FileRecord, place_of, short, stated_at
from spacepolicy.knowledge.reasoning.expressions import SAME, TYPE
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner
from spacepolicy.knowledge.reasoning.proof import Prover
from spacepolicy.knowledge.reasoning.rule import is_axiomatic
from spacepolicy.knowledge.reasoning.wording import Wording
from spacepolicy.turtle_format.order import Term

_REMEDY = (
    "Mend the value that is wrong. If both are one thing, use one of the two names, or say so "
    "with owl:sameAs."
)


def merged_findings(
    record: FileRecord, reasoner: Reasoner, axioms: Iterable[Triple], prefixes: Mapping[str, str]
) -> Iterator[Finding]:
    """Return a finding for each two things under the base that agree in a key.

    `axioms` are statements that include those from which the rules were compiled.
    """
    same = [each for each in reasoner.inferences() if _are_ours(each, record.base.iri)]
    if not same:
        return
    base = record.base.iri
    prover = Prover(reasoner, reasoner.rules)
    wording = Wording(filter(is_axiomatic, axioms), lambda term: short(term, prefixes))
    for statement in sorted(same, key=str):
        proof = prover.prove(statement)
        last = None if proof is None else proof.steps[-1]
        if last is None or last.rule is None or last.rule.name != "prp-key" or not last.rule.axiom:
            continue
        values = [each for each in last.premises if each.predicate != TYPE]
        places = [place for each in values if (place := stated_at(record, place_of(each)))]
        message = (
            f"{_inside(statement.subject, base)} and {_inside(statement.object, base)} agree in "
            f"the key `{wording.axiom(last.rule.axiom)}`, which makes them one thing: "
            f"{' and '.join(_agreed(values, record, prefixes))}."
        )
        path, line = max(places, default=("data", None))
        yield Finding(path, line, "key", message, _REMEDY)


def _agreed(
    values: Sequence[Triple], record: FileRecord, prefixes: Mapping[str, str]
) -> Iterator[str]:
    """Each value in which they agree, with the places of the statements."""
    places: dict[tuple[NamedNode, Term], list[str]] = {}
    for each in values:
        place = stated_at(record, place_of(each))
        found = places.setdefault((each.predicate, each.object), [])
        found += [f"{place[0]}:{place[1]}"] if place else []
    for (predicate, value), stated in places.items():
        statement_text = f"`{short(predicate, prefixes)} {short(value, prefixes)}`"
        yield f"{statement_text} ({' and '.join(stated)})" if stated else statement_text


def _inside(term: Term, base: str) -> str:
    """The term's IRI without the base."""
    return str(term).strip("<>").removeprefix(base)


def _are_ours(statement: Triple, base: str) -> bool:
    """Whether it states that two things under the base are the same; one of the two directions."""
    one, other = statement.subject, statement.object
    return (
        statement.predicate == SAME
        and isinstance(one, NamedNode)
        and isinstance(other, NamedNode)
        and one.value.startswith(base)
        and other.value.startswith(base)
        and one.value < other.value
    )
