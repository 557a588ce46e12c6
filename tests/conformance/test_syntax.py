"""The W3C suites of query syntax, over HTTP."""

import pytest

from spacepolicy.engine.lexer import scan

from .conftest import Instance
from .exceptions import ENGINE_DIFFERS
from .manifests import SPARQL_10, SPARQL_11, SPARQL_12, SUITES, Case, Data, cases, store

FEDERATED = "sparql11/syntax-fed/manifest.ttl"
POSITIVE = ("PositiveSyntaxTest", "PositiveSyntaxTest11")
NEGATIVE = ("NegativeSyntaxTest", "NegativeSyntaxTest11")


def of_kind(*kinds: str) -> list[Case]:
    """The cases of queries of these kinds."""
    found = cases(*SPARQL_10, *SPARQL_11, *SPARQL_12, FEDERATED) if SUITES.is_dir() else ()
    return [case for case in found if case.kind in kinds]


def reads(case: Case) -> bool:
    """Whether the engine itself reads the query."""
    try:
        store(Data()).query(case.text, base_iri=case.query)
    except SyntaxError:
        return False
    return True


@pytest.mark.parametrize("case", of_kind(*POSITIVE), ids=str)
def test_a_query_is_read(case: Case, instance: Instance) -> None:
    answer = instance.reading(Data()).post("/sparql", data={"query": case.text})
    if scan(case.text).service:
        assert (answer.status_code, answer.json()["title"]) == (
            403,
            "The query would reach out to another machine",
        )
    elif case.iri in ENGINE_DIFFERS:
        assert answer.status_code == 400, "mended: take it out of the table"
        assert not reads(case)
    else:
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("case", of_kind(*NEGATIVE), ids=str)
def test_what_is_no_query_is_a_syntax_error(case: Case, instance: Instance) -> None:
    answer = instance.reading(Data()).post("/sparql", data={"query": case.text})
    if case.iri in ENGINE_DIFFERS:
        assert answer.status_code == 200, "mended: take it out of the table"
        assert reads(case)
    else:
        assert answer.status_code == 400, answer.text
        assert answer.json()["type"].endswith("/problems/syntax-error")


def test_every_exception_is_a_case() -> None:
    known = {case.iri for case in cases(*SPARQL_10, *SPARQL_11, *SPARQL_12)}
    assert ENGINE_DIFFERS.keys() <= known
