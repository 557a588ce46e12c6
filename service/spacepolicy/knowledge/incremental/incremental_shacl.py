"""The guard: validates that a write conforms to the shapes and to the meaning of the terms.

Only those targets of the shapes are checked whose conformance the change may affect
(`affected_targets`); those that do not certainly conform (`prefilter`) are validated by pyshacl,
over all that is entailed.

Spec: https://www.w3.org/TR/shacl/
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import Store, Triple
from rdflib import BNode, Graph, URIRef
from rdflib import Literal as LiteralNode
from rdflib.namespace import RDF, SH, XSD
from rdflib.term import Node

from spacepolicy.knowledge.incremental.materialisation import DerivedChange
from spacepolicy.knowledge.loading.record import shown
from spacepolicy.knowledge.reasoning.entailments import Entailments
from spacepolicy.knowledge.reasoning.facts import Nodes
from spacepolicy.knowledge.reasoning.fixpoint import Clash
from spacepolicy.knowledge.reasoning.wording import Wording
from spacepolicy.knowledge.validation.affected_targets import AffectedTargets
from spacepolicy.knowledge.validation.prefilter import Prefilter
from spacepolicy.knowledge.validation.suspects import graph_of_entailments, shapes_for
from spacepolicy.knowledge.validation.terms import Term, node_of
from spacepolicy.knowledge.validation.validator import graph_of, report_on

_RULES: Final = URIRef(
    "https://www.w3.org/TR/owl2-profiles/#Reasoning_in_OWL_2_RL_and_RDF_Graphs_using_Rules"
)
_FALSE: Final = LiteralNode("false", datatype=XSD.boolean)
_PORTION: Final = 500
"""How many nodes the validator gets at once: seconds, where it finds much."""
_ENOUGH: Final = 100
"""After so many violations no more are searched: the validator takes milliseconds for each."""


@final
@dataclass(frozen=True, slots=True)
class ValidationResult:
    """The results, as JSON members, and the SHACL report as N-Triples; `refuses` where one of them
    is a violation."""

    violations: tuple[dict[str, str], ...]
    report: bytes
    refuses: bool
    whole: bool = True
    """Whether everything was validated; else there may be more violations."""


@final
class Guard:
    """Validates changes of all that is entailed with shapes."""

    def __init__(self, entailed: Entailments, shapes: Iterable[Triple], dataset: Store) -> None:
        self._entailed = entailed
        self._shapes = graph_of(shapes)
        self._reach = AffectedTargets(entailed, self._shapes)
        self._screen = Prefilter(entailed, self._shapes, dataset)

    def judge(
        self,
        derived: DerivedChange,
        wording: Wording,
        prefixes: Mapping[str, str],
        applied: Callable[[], None] = lambda: None,
    ) -> ValidationResult:
        """Validate the statements that were added and removed; the dataset is read once `applied`
        returns."""
        aims = self._reach.aims(derived.appeared, derived.gone)
        report, whole = self._validated(aims, applied)
        for clash in derived.clashes:
            _add_clash(report, clash, wording, prefixes)
        violations = tuple(_json_members(report))
        refuses = any(each["severity"] == "Violation" for each in violations)
        lines = report.serialize(format="nt", encoding="utf-8") if violations else b""
        return ValidationResult(violations, lines, refuses, whole)

    def _validated(
        self, aims: Mapping[Node, Nodes], applied: Callable[[], None]
    ) -> tuple[Graph, bool]:
        """The report on those targets of the shapes that do not certainly conform, and whether it
        covers all of them: after many violations, the rest is skipped."""
        suspects = tuple(self._screen.suspects(aims, applied))
        report, violations = Graph(), 0
        for first in range(0, len(suspects), _PORTION):
            if violations >= _ENOUGH:
                return report, False
            found = self._reported(suspects[first : first + _PORTION])
            violations += len(set(found.subjects(SH.resultSeverity, SH.Violation)))
            _add_report(report, found)
        return report, True

    def _reported(self, suspects: Sequence[tuple[Node, Term]]) -> Graph:
        """The validator's report on the nodes, each with its shape."""
        return report_on(graph_of_entailments(self._entailed), shapes_for(self._shapes, suspects))


def _add_report(report: Graph, found: Graph) -> None:
    """Add the results of one report to another."""
    holder = report.value(None, RDF.type, SH.ValidationReport)
    own = found.value(None, RDF.type, SH.ValidationReport)
    for statement in found:
        if holder is None or statement[0] != own:
            report.add(statement)
        elif statement[1] == SH.result:
            report.add((holder, SH.result, statement[2]))
        elif statement[1:] == (SH.conforms, _FALSE):
            report.set((holder, SH.conforms, _FALSE))


def _add_clash(report: Graph, clash: Clash, wording: Wording, prefixes: Mapping[str, str]) -> None:
    meeting = " and ".join(dict.fromkeys(shown(each, prefixes) for each in clash.statements))
    axiom = clash.rule.axiom
    by = f" by the axiom {wording.axiom(axiom)}" if axiom is not None else ""
    message = f"{meeting} cannot hold{by} ({clash.rule.name})."
    result, holder = BNode(), report.value(None, RDF.type, SH.ValidationReport) or BNode()
    report.add((holder, RDF.type, SH.ValidationReport))
    report.set((holder, SH.conforms, _FALSE))
    report.add((holder, SH.result, result))
    for predicate, value in (
        (RDF.type, SH.ValidationResult),
        (SH.focusNode, node_of(clash.statements[0].subject)),
        (SH.resultPath, node_of(clash.statements[0].predicate)),
        (SH.value, node_of(clash.statements[0].object)),
        (SH.resultSeverity, SH.Violation),
        (SH.sourceConstraintComponent, _RULES),
        (SH.resultMessage, LiteralNode(message, lang="en")),
    ):
        report.add((result, predicate, value))


def _json_members(report: Graph) -> Iterator[dict[str, str]]:
    """Each result as JSON members, violations first."""
    names = {
        "severity": SH.resultSeverity,
        "focus": SH.focusNode,
        "path": SH.resultPath,
        "value": SH.value,
        "constraint": SH.sourceConstraintComponent,
        "shape": SH.sourceShape,
    }
    results = []
    for result in report.objects(None, SH.result):
        members = {
            name: str(found)
            for name, predicate in names.items()
            if (found := report.value(result, predicate)) is not None
            and not isinstance(found, BNode)
        }
        members["severity"] = members.get("severity", str(SH.Violation)).rpartition("#")[2]
        messages = sorted(report.objects(result, SH.resultMessage), key=_by_language)
        members["message"] = str(messages[0]) if messages else ""
        results.append(members)
    order = ("Violation", "Warning", "Info")
    return iter(
        sorted(
            results,
            key=lambda each: (
                order.index(each["severity"]) if each["severity"] in order else 0,
                each.get("focus", ""),
                each["message"],
            ),
        )
    )


def _by_language(node: Node) -> tuple[bool, str]:
    language = node.language if isinstance(node, LiteralNode) else None
    return language not in (None, "en"), str(node)
