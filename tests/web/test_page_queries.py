"""The queries that pages are made of: the linter finds no join by what may be unbound in them."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

import pytest
from bench.documents import lay_out, overlays
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery

from spacepolicy.engine.requests import Query
from spacepolicy.knowledge.checks.bindings import unbound_joins
from spacepolicy.saved_queries import SavedQuery
from spacepolicy.web.answering import internal_queries
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.service import Service

from .conftest import assembled, serve

POLICY: Final = "id/policy/shanghai-2022-spatial-information"
PAGES: Final = (
    "/",
    "/queries",
    "/queries/when",
    "/status",
    "/catalog",
    "/sparql",
    f"/doc/{POLICY}",
    f"/doc/{POLICY}?lang=zh",
    f"/doc/{POLICY}/task/2",
    f"/doc/{POLICY}/task/2/measure/1",
    f"/doc/{POLICY}/goal/development",
    "/doc/id/technology/reusable-rocket",
    "/doc/id/technology/reusable-rocket.ttl",
    "/doc/id/region/shanghai",
    "/doc/id/period/2021-2025",
    "/doc/def/Measure",
    "/doc/def/develops",
    "/doc/concept/task-theme",
    "/doc/concept/technology-domain/satellite",
    "/source/shanghai-2022-opinions",
    "/graph/background/technologies",
    "/ontology",
    "/ontology?view=whole",
    "/ontology/policy",
    f"/compare?a={quote(f'https://w3id.org/spacepolicy/{POLICY}')}"
    f"&b={quote('https://w3id.org/spacepolicy/id/policy/marevia-2027-remote-sensing')}",
    "/search?q=rocket",
    "/suggest?q=rock",
    "/doc/id/nothing-of-the-kind",
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts of what the service asks of the engine."""
    texts: list[str] = []
    body = internal_queries.body

    async def noted(app_state: AppState, query: Query) -> bytes:
        texts.append(query.text)
        return await body(app_state, query)

    monkeypatch.setattr(internal_queries, "body", noted)
    return texts


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service over several policies."""
    folder = tmp_path_factory.mktemp("several") / "content"
    folder.mkdir()
    lay_out(folder, overlays())
    made = assembled(folder, tmp_path_factory.mktemp("served"))
    yield made
    made.engine.close()


def joins(text: str, prefixes: dict[str, str]) -> list[str]:
    """The variables that may be unbound when a later pattern of the query is joined by them."""
    prologue = " ".join(f"PREFIX {name}: <{iri}>" for name, iri in prefixes.items())
    algebra = translateQuery(parseQuery(f"{prologue} {text}")).algebra
    return [join.variable for join in unbound_joins(algebra)]


def test_no_page_asks_for_a_join_by_what_may_be_unbound(service: Service, asked: list[str]) -> None:
    with serve(service) as site:
        for page in PAGES:
            answer = site.client.get(page, headers={"Accept": "text/html"})
            assert answer.status_code in (200, 303, 404, 406), page
    prefixes = dict(service.revision.prefixes)
    distinct = dict.fromkeys(asked)
    assert len(distinct) > 2 * len(PAGES)
    assert {text: found for text in distinct if (found := joins(text, prefixes))} == {}


def test_no_saved_query_offers_choices_by_such_a_join(service: Service) -> None:
    catalogue: tuple[SavedQuery, ...] = tuple(service.catalogue)
    prefixes = dict(service.revision.prefixes)
    options = {
        each.options for query in catalogue for each in query.parameters if each.options is not None
    }
    assert options
    assert {text: found for text in options if (found := joins(text, prefixes))} == {}
