"""Results of queries, compared as the suites ask: solutions as bags, in order where they are
ordered, blank nodes up to isomorphism, computed numbers by value.

Blank nodes are compared by canonical labels (RDFC-1.0) of a graph that states the rows.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
    parse,
    parse_query_results,
)

from .manifests import RDF, path, triples

RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
XSD = "http://www.w3.org/2001/XMLSchema#"
Term = NamedNode | BlankNode | Literal | Triple
Row = Mapping[str, Term]


@dataclass(frozen=True)
class Solutions:
    """Rows; `ordered` where their order counts."""

    variables: tuple[str, ...]
    rows: tuple[Row, ...]
    ordered: bool = False


@dataclass(frozen=True)
class Statements:
    """A graph."""

    triples: frozenset[Triple]


Result = Solutions | Statements | bool


def of_engine(answer: QuerySolutions | QueryBoolean | QueryTriples) -> Result:
    """What the engine itself gives."""
    match answer:
        case QueryBoolean():
            return bool(answer)
        case QueryTriples():
            return Statements(frozenset(answer))
        case _:
            names = tuple(variable.value for variable in answer.variables)
            rows = tuple(
                {name: term for name in names if (term := solution[name]) is not None}
                for solution in answer
            )
            return Solutions(names, rows)


def of_body(media_type: str, body: bytes) -> Result:
    """What came over HTTP."""
    if media_type == "text/csv":
        return of_csv(body.decode())
    results = QueryResultsFormat.from_media_type(media_type)
    if results is not None:
        return of_engine(parse_query_results(body, format=results))
    rdf = RdfFormat.from_media_type(media_type)
    assert rdf is not None, media_type
    return Statements(frozenset(quad.triple for quad in parse(body, format=rdf)))


def of_csv(text: str) -> Solutions:
    """The values of a CSV as strings, beside blank nodes."""
    header, *lines = csv.reader(io.StringIO(text, newline=""))
    rows = tuple(
        {name: _of_csv(value) for name, value in zip(header, line, strict=True)} for line in lines
    )
    return Solutions(tuple(header), rows)


def _of_csv(value: str) -> Term:
    return BlankNode(value[2:]) if value.startswith("_:") else Literal(value)


def expected(iri: str) -> Result:
    """What the file at the IRI says is the result."""
    match path(iri).suffix:
        case ".csv":
            return of_csv(path(iri).read_text(encoding="utf-8"))
        case ".srx" | ".srj" | ".tsv" as suffix:
            format = QueryResultsFormat.from_extension(suffix.removeprefix("."))
            assert format is not None
            return of_engine(parse_query_results(path=path(iri), format=format))
        case _:
            return _of_graph(iri)


def _of_graph(iri: str) -> Result:
    graph = Store()
    graph.extend(triples(iri))
    sets = list(graph.quads_for_pattern(None, _rdf("type"), _rs("ResultSet")))
    if not sets:
        return Statements(frozenset(quad.triple for quad in graph))
    boolean = next(iter(graph.quads_for_pattern(None, _rs("boolean"), None)), None)
    if boolean is not None:
        return str(getattr(boolean.object, "value", "")) in ("true", "1")
    names = [
        str(getattr(quad.object, "value", ""))
        for quad in graph.quads_for_pattern(None, _rs("resultVariable"), None)
    ]
    solutions = [quad.object for quad in graph.quads_for_pattern(None, _rs("solution"), None)]
    rows = [_row(graph, solution) for solution in solutions]
    places = [row.pop("", None) for row in rows]
    if None in places:
        return Solutions(tuple(names), tuple(rows))
    ordered = sorted(range(len(rows)), key=lambda index: int(str(getattr(places[index], "value"))))  # noqa: B009 # a literal's
    return Solutions(tuple(names), tuple(rows[index] for index in ordered), ordered=True)


def _row(graph: Store, solution: Term) -> dict[str, Term]:
    """The bindings; the row's place is under the empty name."""
    assert isinstance(solution, BlankNode | NamedNode)
    row: dict[str, Term] = {}
    for quad in graph.quads_for_pattern(solution, _rs("binding"), None):
        assert isinstance(quad.object, BlankNode | NamedNode)
        name = next(graph.quads_for_pattern(quad.object, _rs("variable"), None)).object
        value = next(graph.quads_for_pattern(quad.object, _rs("value"), None)).object
        assert isinstance(name, Literal)
        row[name.value] = value
    for quad in graph.quads_for_pattern(solution, _rs("index"), None):
        row[""] = quad.object
    return row


def _rs(name: str) -> NamedNode:
    return NamedNode(RS + name)


def _rdf(name: str) -> NamedNode:
    return NamedNode(RDF + name)


def same(wanted: Result, given: Result, *, lax: bool) -> bool:
    """Whether the given result is the wanted one."""
    match wanted, given:
        case Statements(), Statements():
            return _canonical(map(_normal_triple, wanted.triples)) == _canonical(
                map(_normal_triple, given.triples)
            )
        case Solutions(), Solutions() if lax:
            return _distinct(wanted) == _distinct(given) and len(given.rows) <= len(wanted.rows)
        case Solutions(), Solutions():
            return set(wanted.variables) == set(given.variables) and _canonical(
                _stated(wanted, ordered=wanted.ordered)
            ) == _canonical(_stated(given, ordered=wanted.ordered))
        case _:
            return type(wanted) is type(given) and wanted == given


def _distinct(solutions: Solutions) -> set[frozenset[tuple[str, Term]]]:
    return {frozenset(row.items()) for row in solutions.rows}


def _stated(solutions: Solutions, *, ordered: bool) -> Iterable[Triple]:
    """A graph that says what the rows are, and how often or in which place each comes."""
    rows = [
        frozenset((name, _normal(term)) for name, term in row.items()) for row in solutions.rows
    ]
    told = enumerate(rows) if ordered else [(n, row) for row, n in Counter(rows).items()]
    for identity, (number, row) in enumerate(told):
        node = BlankNode(f"row{identity}")
        yield Triple(node, NamedNode("urn:x:number"), Literal(number))
        for name, term in row:
            yield Triple(node, NamedNode(f"urn:x:name:{name}"), term)


def _canonical(stated: Iterable[Triple]) -> set[str]:
    dataset = Dataset(Quad(each.subject, each.predicate, each.object) for each in stated)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


def _normal_triple(triple: Triple) -> Triple:
    return Triple(triple.subject, triple.predicate, _normal(triple.object))


def _normal(term: Term) -> Term:
    """The term with a number in one spelling and its language tag in lower case."""
    if isinstance(term, Triple):
        return _normal_triple(term)
    if not isinstance(term, Literal):
        return term
    if term.language is not None:
        return Literal(term.value, language=term.language.lower(), direction=term.direction)
    try:
        return Literal(_number(term), datatype=term.datatype)
    except (ValueError, ArithmeticError):
        return term


def _number(literal: Literal) -> str:
    match literal.datatype.value.removeprefix(XSD):
        case "integer":
            return str(int(literal.value))
        case "decimal":
            return f"{Decimal(literal.value).normalize():f}"
        case "double" | "float":
            return repr(float(literal.value))
        case _:
            return literal.value
