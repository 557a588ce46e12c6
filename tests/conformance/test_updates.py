"""The W3C suites of SPARQL 1.1 Update, over HTTP: syntax and evaluation."""

from collections import defaultdict
from collections.abc import Mapping

import httpx
import pytest
from pyoxigraph import RdfFormat, Store, Triple, parse

from spacepolicy.engine.lexer import scan

from .conftest import Instance
from .exceptions import ENGINE_DIFFERS
from .manifests import SUITES, Case, Data, cases, store
from .results import Statements, same

MANIFEST = "sparql11/manifest-sparql11-update.ttl"
NAMED = "SELECT ?g { GRAPH ?g { } }"
Graphs = Mapping[str, frozenset[Triple]]


def of_kind(kind: str) -> list[Case]:
    found = cases(MANIFEST) if SUITES.is_dir() else ()
    return [case for case in found if case.kind == kind]


def sent(client: httpx.Client, case: Case, query: str = "") -> httpx.Response:
    """The answer to the update of the case."""
    return client.post(
        f"/sparql{query}",
        content=f"BASE <{case.query}>\n{case.text}",
        headers={"Content-Type": "application/sparql-update"},
    )


def graphs(dataset: Store) -> Graphs:
    """The graphs that say something, by their names; "" is the default graph."""
    found: dict[str, set[Triple]] = defaultdict(set)
    for quad in dataset:
        found[getattr(quad.graph_name, "value", "")].add(quad.triple)
    return {name: frozenset(said) for name, said in found.items()}


def alike(one: Store, other: Store) -> bool:
    wanted, given = graphs(one), graphs(other)
    return wanted.keys() == given.keys() and all(
        same(Statements(wanted[name]), Statements(given[name]), lax=False) for name in wanted
    )


def by_itself(case: Case) -> Store | None:
    """What the engine leaves without this service; None where it fails."""
    dataset = store(case.data)
    try:
        dataset.update(case.text, base_iri=case.query)
    except (SyntaxError, ValueError, OSError):
        return None
    return dataset


@pytest.mark.parametrize("case", of_kind("UpdateEvaluationTest"), ids=str)
def test_an_update_leaves_what_the_recommendation_says(case: Case, instance: Instance) -> None:
    client = instance.holding(case.data)
    answer = sent(client, case)
    if scan(case.text).load:
        assert answer.status_code == 403
        assert answer.json()["type"].endswith("/problems/egress-refused")
    else:
        assert answer.status_code == 204, answer.text
    left = Store()
    left.extend(parse(client.get("/dump.nq").content, RdfFormat.N_QUADS))
    named = client.get("/sparql", params={"query": NAMED, "format": "csv"}).text.split()[1:]
    assert instance.history.current.counts.graphs == len(named)
    passes = alike(store(case.after), left)
    if case.iri in ENGINE_DIFFERS:
        assert not passes, "mended: take it out of the table"
        itself = by_itself(case)
        assert itself is None or not alike(store(case.after), itself)
    else:
        assert passes


@pytest.mark.parametrize("case", of_kind("PositiveUpdateSyntaxTest11"), ids=str)
def test_an_update_is_read(case: Case, instance: Instance) -> None:
    answer = sent(instance.holding(Data()), case, "?dry-run")
    if scan(case.text).load:
        assert answer.json()["type"].endswith("/problems/egress-refused")
    elif case.iri in ENGINE_DIFFERS:
        assert answer.status_code == 400, "mended: take it out of the table"
        assert by_itself(case) is None
    elif answer.status_code != 200:  # it was read; it names a graph that is not there
        assert answer.json()["type"].endswith("/problems/bad-parameter"), answer.text
        assert "There is no graph" in answer.text or "does not exist" in answer.text


@pytest.mark.parametrize(
    "case", of_kind("NegativeUpdateSyntaxTest11") + of_kind("NegativeSyntaxTest11"), ids=str
)
def test_what_is_no_update_is_refused(case: Case, instance: Instance) -> None:
    answer = sent(instance.holding(Data()), case, "?dry-run")
    if case.iri in ENGINE_DIFFERS:
        assert answer.status_code == 200, "mended: take it out of the table"
        assert by_itself(case) is not None
    elif scan(case.text).load:  # what reaches out is refused before it is read
        assert answer.json()["type"].endswith("/problems/egress-refused")
    else:
        assert answer.status_code == 400, answer.text
        assert answer.json()["type"].endswith("/problems/syntax-error")


def test_every_case_is_run() -> None:
    found = cases(MANIFEST) if SUITES.is_dir() else ()
    assert len(found) > 150
    kinds = {case.kind for case in found}
    assert kinds == {
        "UpdateEvaluationTest",
        "PositiveUpdateSyntaxTest11",
        "NegativeUpdateSyntaxTest11",
        "NegativeSyntaxTest11",
    }
