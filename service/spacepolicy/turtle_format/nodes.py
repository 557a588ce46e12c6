"""Which blank nodes are nested where they are used, which are collections, which need a label.

Spec: https://www.w3.org/TR/turtle/#unlabeled-bnodes, https://www.w3.org/TR/turtle/#collections
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import final

from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, NamedNode, Quad

from spacepolicy.namespaces import OWL, RDF
from spacepolicy.turtle_format.order import GraphName, Term, natural_key

NIL = NamedNode(RDF + "nil")
FIRST = NamedNode(RDF + "first")
REST = NamedNode(RDF + "rest")

SETS = frozenset(
    NamedNode(OWL + name)
    for name in (
        "disjointUnionOf",
        "distinctMembers",
        "hasKey",
        "intersectionOf",
        "members",
        "oneOf",
        "unionOf",
    )
)
"""The properties whose lists OWL reads as sets: the order of their members means nothing.

Spec: https://www.w3.org/TR/owl2-syntax/#Structural_Equivalence
"""

_MEMBER = NamedNode("urn:x-layout:member")

_Cells = Mapping[Term, tuple[Term, Term]]


@final
@dataclass(frozen=True, slots=True)
class BlankNodes:
    """The way in which each blank node of a document is written.

    `nested` are used once, and not by themselves; `collections` are the members of the lists that
    begin at some of them; those that are used otherwise have `labels`. The others are never used
    and stand as subjects without a name.
    """

    nested: Set[Term]
    collections: Mapping[Term, tuple[Term, ...]]
    labels: Mapping[Term, str]


def blank_nodes(quads: Collection[Quad]) -> BlankNodes:
    """How each blank node is written; `quads` have canonical labels, whose order is kept."""
    local = _local(quads)
    uses = Counter(quad.object for quad in quads)
    users = {
        quad.object: quad.subject
        for quad in quads
        if quad.object in local and uses[quad.object] == 1
    }
    nested = users.keys() - _on_cycles(users)
    unused = {node for node in local if uses[node] == 0}
    collections = _collections(_cells(quads, nested))
    return BlankNodes(nested, collections, _labels(quads, nested | unused))


def as_sets(quads: Collection[Quad]) -> frozenset[Quad]:
    """The quads with the lists that OWL reads as sets in no order.

    Blank nodes get canonical labels (RDFC-1.0).
    """
    blank = blank_nodes(quads)
    heads = {quad.object for quad in quads if quad.predicate in SETS} & blank.collections.keys()
    dropped = {cell for head in heads for cell in _cells_from(head, quads)}
    graphs = {quad.object: quad.graph_name for quad in quads if quad.object in heads}
    dataset = Dataset(quad for quad in quads if quad.subject not in dropped)
    for head in heads:
        for member in blank.collections[head]:
            dataset.add(Quad(head, _MEMBER, member, graphs[head]))  # type: ignore[arg-type]
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return frozenset(dataset)


def _cells_from(head: Term, quads: Iterable[Quad]) -> Iterator[Term]:
    """The cells of the list that begins with this one."""
    rest: dict[Term, Term] = {quad.subject: quad.object for quad in quads if quad.predicate == REST}
    while head in rest:
        yield head
        head = rest[head]


def _local(quads: Collection[Quad]) -> set[Term]:
    """The blank nodes that occur in one graph only and name none."""
    graphs: defaultdict[Term, set[GraphName]] = defaultdict(set)
    for quad in quads:
        for term in (quad.subject, quad.object):
            if isinstance(term, BlankNode):
                graphs[term].add(quad.graph_name)
    names = {quad.graph_name for quad in quads}
    return {node for node, within in graphs.items() if len(within) == 1 and node not in names}


def _on_cycles(users: Mapping[Term, Term]) -> set[Term]:
    """The nodes that use themselves, directly or through others that are used once."""
    on_cycles: set[Term] = set()
    settled: set[Term] = set()
    for start in users:
        node, path = start, []
        while node in users and node not in settled:
            settled.add(node)
            path.append(node)
            node = users[node]
        if node in path:
            on_cycles.update(path[path.index(node) :])
    return on_cycles


def _cells(quads: Iterable[Quad], nested: Set[Term]) -> _Cells:
    """The first and the rest of the nested nodes that have only these two statements."""
    said: defaultdict[Term, list[tuple[NamedNode, Term]]] = defaultdict(list)
    for quad in quads:
        if quad.subject in nested:
            said[quad.subject].append((quad.predicate, quad.object))
    return {
        node: (dict(pairs)[FIRST], dict(pairs)[REST])
        for node, pairs in said.items()
        if len(pairs) == 2 and dict(pairs).keys() == {FIRST, REST}
    }


def _collections(cells: _Cells) -> dict[Term, tuple[Term, ...]]:
    """The members of every chain of cells that ends in nil, by its first cell."""
    heads = cells.keys() - {rest for _, rest in cells.values()}
    chains = {head: _chain(head, cells) for head in heads}
    return {head: members for head, (members, end) in chains.items() if end == NIL}


def _chain(node: Term, cells: _Cells) -> tuple[tuple[Term, ...], Term]:
    members = []
    while node in cells:
        first, node = cells[node]
        members.append(first)
    return tuple(members), node


def _labels(quads: Iterable[Quad], nameless: Set[Term]) -> dict[Term, str]:
    terms = {term for quad in quads for term in (quad.subject, quad.object, quad.graph_name)}
    labelled = [node for node in terms - nameless if isinstance(node, BlankNode)]
    labelled.sort(key=lambda node: natural_key(node.value))
    return {node: f"_:b{number}" for number, node in enumerate(labelled, start=1)}
