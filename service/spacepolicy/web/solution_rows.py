"""Solutions as rows: the term of each variable that is bound.

Spec: https://www.w3.org/TR/sparql11-results-json/
"""

from collections.abc import Generator, Mapping
from typing import IO

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryResultsFormat,
    QuerySolutions,
    parse_query_results,
)

Term = NamedNode | BlankNode | Literal
Row = Mapping[str, Term]
Rows = Generator[Row]


def rows_of(answer: bytes | IO[bytes]) -> Rows:
    """Yield the rows of the answer to a SELECT, in JSON; an unbound variable is not in its row."""
    solutions = parse_query_results(answer, format=QueryResultsFormat.JSON)
    assert isinstance(solutions, QuerySolutions)  # noqa: S101 # the text is a SELECT
    names = [variable.value for variable in solutions.variables]
    for solution in solutions:
        found = ((name, solution[name]) for name in names)
        yield {name: term for name, term in found if isinstance(term, Term)}
