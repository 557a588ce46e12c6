"""The data and how they stand, as a page and as JSON."""

import re
from dataclasses import replace

import httpx

from spacepolicy.store.history import History

from .conftest import MakeService, serve

PAGE = {"Accept": "text/html"}


EARLIER = re.compile(r"/\d+\.\d+\.\d+$")
"""How the names of the graphs of earlier versions of an ontology end."""


def test_the_graphs_and_their_counts_are_those_of_the_dataset(shipped: httpx.Client) -> None:
    told = shipped.get("/status", params={"format": "json"}).json()
    query = "SELECT (COUNT(DISTINCT ?g) AS ?graphs) (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    answer = shipped.get("/sparql", params={"query": query, "format": "csv"}).text.split()[1]
    inferred = "https://w3id.org/spacepolicy/graph/inferred"
    graphs = [each for each in told["graphs"] if each["iri"] != inferred]
    assert len(graphs) == len(told["graphs"]) - 1
    asked = [each for each in graphs if not EARLIER.search(each["iri"])]  # as `GRAPH ?g` finds
    own = sum(each["statements"] > 0 for each in asked)
    passages = sum(each["passages"] for each in asked)
    statements = sum(each["statements"] + each["in_passages"] for each in asked)
    assert f"{own + passages},{statements}" == answer
    assert passages > 50
    earlier = sum(each["statements"] for each in graphs if each not in asked)
    assert told["statements"]["record"] == statements + earlier


def test_the_page_leads_to_the_graphs_the_dumps_and_the_descriptions(
    shipped: httpx.Client,
) -> None:
    page = shipped.get("/status", headers=PAGE).text
    links = set(re.findall(r'href="([^"]*)"', page))
    wanted = {"/source/shanghai-2022-opinions", "/graph/background/actors", "/dump.nq", "/catalog"}
    assert wanted <= links
    for link in sorted(link for link in links if link.startswith("/") and "/dump" not in link):
        accept = {"Accept": "text/html, */*;q=0.5"}
        assert shipped.get(link, headers=accept, follow_redirects=True).status_code == 200, link


def test_every_graph_is_called_by_its_name(shipped: httpx.Client) -> None:
    page = shipped.get("/status", headers=PAGE).text
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    names = re.findall(r"<td[^>]*><a [^>]*>([^<]*)</a>", table)
    assert len(names) > 30
    assert [name for name in names if "/" in name and not EARLIER.search(name)] == []
    assert {"what only follows", "spacepolicy: alignments"} <= set(names)


def test_only_checks_that_are_known_to_be_passed_are_told(make_service: MakeService) -> None:
    service = make_service("<urn:a> <urn:b> 1 .")
    built = replace(service.revision, number=8, built=8, checks={"rules": "525 <rules>"})
    written = replace(service.revision, number=9, built=8)
    for revisions, known in (
        ([service.revision], None),
        ([service.revision, built], 8),
        ([service.revision, built, written], 8),
    ):
        with serve(replace(service, history=History(revisions))) as site:
            told = site.client.get("/status", params={"format": "json"}).json()["checks"]
            page = site.client.get("/status", headers=PAGE).text
        if known is None:
            assert told is None
            assert "It is not known which checks" in page
        else:
            assert told == {"revision": known, "passed": {"rules": "525 <rules>"}}
            assert "525 &lt;rules&gt;" in page


def test_files_that_are_not_served_are_told(make_service: MakeService) -> None:
    stale = replace(make_service("<urn:a> <urn:b> 1 ."), stale="data/<a>.trig:3: a finding")
    with serve(stale) as site:
        page = site.client.get("/status", headers=PAGE).text
    assert "what they say is not served: data/&lt;a&gt;.trig:3: a finding" in page
