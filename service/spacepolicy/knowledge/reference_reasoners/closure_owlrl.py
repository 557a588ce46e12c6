"""The child process of `closure`: owlrl over standard input, N-Triples out."""

import sys
from collections.abc import Iterable

import rdflib
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse, serialize

from spacepolicy.knowledge.reference_reasoners.child_process import missing

try:
    import owlrl
except ImportError as error:
    raise missing(error) from error


def main() -> None:
    """Read, infer, print."""
    triples = (quad.triple for quad in parse(sys.stdin.buffer.read(), RdfFormat.N_TRIPLES))
    sys.stdout.buffer.write(serialize(expanded(triples), format=RdfFormat.N_TRIPLES) or b"")


def expanded(triples: Iterable[Triple]) -> frozenset[Triple]:
    """The statements and owlrl's inferences, without those about literals.

    Literals keep their lexical forms: rdflib would write "01" as 1.
    """
    graph = rdflib.Graph()
    for triple in triples:
        graph.add(tuple(map(_for_rdflib, triple)))  # type: ignore[arg-type]
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    statements = (each for each in graph if not isinstance(each[0], rdflib.Literal))
    return frozenset(
        Triple(*map(_of_rdflib, each))  # type: ignore[arg-type]
        for each in statements
    )


def _for_rdflib(term: object) -> rdflib.term.Identifier:
    if isinstance(term, NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, BlankNode):
        return rdflib.BNode(term.value)
    if not isinstance(term, Literal):
        raise TypeError(term)
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    is_plain = term.datatype.value.endswith("#string")
    datatype = None if is_plain else rdflib.URIRef(term.datatype.value)
    return rdflib.Literal(term.value, datatype=datatype, normalize=False)


def _of_rdflib(term: object) -> NamedNode | BlankNode | Literal:
    if isinstance(term, rdflib.URIRef):
        return NamedNode(term)
    if isinstance(term, rdflib.BNode):
        return BlankNode(term)
    if not isinstance(term, rdflib.Literal):
        raise TypeError(term)
    if term.language:
        return Literal(str(term), language=term.language)
    return Literal(str(term), datatype=NamedNode(term.datatype) if term.datatype else None)


if __name__ == "__main__":
    main()
