"""The service description of a served revision: negotiated, tagged, true."""

import httpx
import pytest
from pyoxigraph import RdfFormat, Store

from spacepolicy.formats import offered

SD = "http://www.w3.org/ns/sparql-service-description#"


def test_a_program_without_a_query_gets_the_description(site: httpx.Client) -> None:
    answer = site.get("/sparql")
    assert answer.headers["content-type"] == "text/turtle; charset=utf-8"
    assert f"<{site.base_url.join('/sparql')}>" in answer.text
    named = site.get("/sparql", params={"format": "nt"})
    assert named.headers["content-type"] == "application/n-triples"
    headed = site.head("/sparql")
    assert headed.headers["etag"] == answer.headers["etag"]


def test_the_description_is_tagged(site: httpx.Client) -> None:
    for row in offered("graph"):
        first = site.get("/sparql", headers={"Accept": row.media_type})
        known = {"Accept": row.media_type, "If-None-Match": first.headers["etag"]}
        assert site.get("/sparql", headers=known).status_code == 304


def test_the_description_counts_what_is_served(site: httpx.Client) -> None:
    graph = Store()
    graph.load(site.get("/sparql").content, format=RdfFormat.TURTLE)
    prefixes = {"sd": SD, "void": "http://rdfs.org/ns/void#"}
    answer = graph.query(
        "ASK { ?d sd:defaultGraph/void:triples 1000 ; sd:namedGraph ?g . "
        "?g sd:name <https://example.org/graph> ; sd:graph/void:triples 1 }",
        prefixes=prefixes,
    )
    assert bool(answer)


@pytest.mark.parametrize("accept", ["image/png", "application/sparql-results+json"])
def test_there_is_no_description_in_other_formats(site: httpx.Client, accept: str) -> None:
    answer = site.get("/sparql", headers={"Accept": accept})
    assert answer.status_code == 406
    assert "text/turtle" in answer.json()["available"]
