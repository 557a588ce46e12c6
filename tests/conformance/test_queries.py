"""The W3C suites of query evaluation and result formats, over HTTP."""

import httpx
import pytest
from pyoxigraph import QueryResultsFormat, QuerySolutions

from .conftest import Instance
from .exceptions import ENGINE_DIFFERS
from .manifests import SPARQL_10, SPARQL_11, SPARQL_12, SUITES, Case, cases, path, store
from .results import Result, expected, of_body, of_csv, of_engine, same

ACCEPTED = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".srx": "application/sparql-results+xml, application/n-triples;q=0.5",
}
EVALUATED = ("QueryEvaluationTest", "CSVResultFormatTest")


def evaluated() -> list[Case]:
    """The cases, those of one dataset together."""
    found = cases(*SPARQL_10, *SPARQL_11, *SPARQL_12) if SUITES.is_dir() else ()
    return sorted(
        (case for case in found if case.kind in EVALUATED), key=lambda case: str(case.data)
    )


def by_itself(case: Case) -> Result | None:
    """What the engine gives without this service; None where it fails."""
    try:
        answer = store(case.data).query(case.text, base_iri=case.query)
        if case.kind == "CSVResultFormatTest" and isinstance(answer, QuerySolutions):
            return of_csv((answer.serialize(format=QueryResultsFormat.CSV) or b"").decode())
        return of_engine(answer)
    except (SyntaxError, ValueError, OSError):
        return None


def over_http(case: Case, client: httpx.Client) -> Result | None:
    """What the service answers; None where that is a problem."""
    accept = ACCEPTED.get(path(case.result).suffix, "application/sparql-results+json, text/turtle")
    answer = client.post(
        "/sparql",
        content=f"BASE <{case.query}>\n{case.text}",
        headers={"Content-Type": "application/sparql-query", "Accept": accept},
    )
    if answer.status_code != 200:
        assert answer.status_code < 500, answer.text
        return None
    return of_body(answer.headers["content-type"].partition(";")[0], answer.content)


@pytest.mark.parametrize("case", evaluated(), ids=str)
def test_a_query_gives_what_the_recommendation_says(case: Case, instance: Instance) -> None:
    wanted = expected(case.result)
    given = over_http(case, instance.reading(case.data))
    passes = given is not None and same(wanted, given, lax=case.lax)
    if passes:
        assert case.iri not in ENGINE_DIFFERS, "mended: take it out of the table"
        return
    itself = by_itself(case)
    assert itself is None or not same(wanted, itself, lax=case.lax), f"{wanted}\n{given}"
    assert case.iri in ENGINE_DIFFERS, f"wanted {wanted}\ngiven {given}"
