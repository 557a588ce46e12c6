"""Validation of those nodes that do not certainly conform, over all that is entailed.

Spec: https://www.w3.org/TR/shacl/#validation
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, final

from pyoxigraph import BlankNode, DefaultGraph, Literal, Store, Triple
from rdflib import RDF, RDFS, SH, Graph
from rdflib.store import Store as GraphStore
from rdflib.term import Node

from spacepolicy.knowledge.loading.record import StatementFault, quads_in
from spacepolicy.knowledge.reasoning.entailments import Entailments
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner
from spacepolicy.knowledge.validation.prefilter import Prefilter
from spacepolicy.knowledge.validation.targets import DECLARED, ShapeTargets, is_shape
from spacepolicy.knowledge.validation.terms import Term, node_of, term_of
from spacepolicy.knowledge.validation.validator import PreparedGraph, faults_in, graph_of

_TARGETS: Final = tuple(SH[kind] for kind in DECLARED)


def shape_faults(
    data: Iterable[Triple],
    shapes: Iterable[Triple],
    prefixes: Mapping[str, str],
    dataset: Store | None = None,
) -> Iterator[StatementFault]:
    """The violations of the shapes in the data, which has its inferences; `dataset` is a store that
    has the same statements in its default graph, where there is one.

    Raises: ValidationError where the validator stops at something in the shapes.
    """
    reasoner, constraints = Reasoner(data, ()), graph_of(shapes)
    entailed = Entailments(reasoner)
    if dataset is None:
        dataset = Store()
        dataset.extend(quads_in(DefaultGraph(), reasoner.asserted()))
    aims = ShapeTargets(entailed, constraints).every()
    suspects = tuple(Prefilter(entailed, constraints, dataset).suspects(aims))
    return suspect_faults(entailed, constraints, suspects, prefixes)


def suspect_faults(
    entailed: Entailments,
    shapes: Graph,
    suspects: Iterable[tuple[Node, Term]],
    prefixes: Mapping[str, str],
) -> Iterator[StatementFault]:
    """The violations of the shapes by the nodes, each given with its shape.

    Raises: as `shape_faults`.
    """
    if chosen := tuple(suspects):
        yield from faults_in(graph_of_entailments(entailed), shapes_for(shapes, chosen), prefixes)


def graph_of_entailments(entailed: Entailments) -> Graph:
    """All that is entailed, as a graph for the validator."""
    return PreparedGraph(store=_EntailedStore(entailed))


def shapes_for(shapes: Graph, suspects: Iterable[tuple[Node, Term]]) -> Graph:
    """Return the shapes with these nodes as targets, and the shapes that they refer to: the
    validator reads all of the graph each time."""
    found, seen, aims = Graph(), set[Node](), tuple(suspects)
    waiting = [shape for shape, _ in aims]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        for predicate, value in shapes.predicate_objects(node):
            is_class = (predicate, value) == (RDF.type, RDFS.Class) and is_shape(shapes, node)
            if predicate not in _TARGETS and not is_class:
                found.add((node, predicate, value))
                waiting.append(value)
    for shape, term in aims:
        found.add((shape, SH.targetNode, node_of(term)))
    return found


@final
class _EntailedStore(GraphStore):
    """All that is entailed as an rdflib store; the validator needs a store of graphs."""

    context_aware = True
    graph_aware = True

    def __init__(self, entailed: Entailments) -> None:
        super().__init__()
        self._entailed = entailed

    def triples(self, pattern: Any, context: Any = None) -> Iterator[Any]:  # noqa: ANN401, ARG002
        """The statements that match, as the library asks for them."""
        subject, predicate, value = (None if part is None else term_of(part) for part in pattern)
        if isinstance(subject, Literal) or isinstance(predicate, BlankNode | Literal):
            return
        for triple in self._entailed.matching(subject, predicate, value):
            yield tuple(node_of(part) for part in triple), iter(())

    def __len__(self, context: Any = None) -> int:  # noqa: ANN401
        """Return 1: callers only test whether there are statements."""
        return 1
