"""Every IRI answers: redirects, documents in each format, and the links between them."""

import html
import itertools
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urldefrag, urljoin

import httpx
import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from spacepolicy.formats import Format, offered
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.web.linked_data.jsonld import language_tag
from spacepolicy.web.service import Service

from .conftest import MakeService, serve

BASE = "https://w3id.org/spacepolicy/"
TASK = "id/policy/shanghai-2022-spatial-information/task/2"
SOURCE = "source/shanghai-2022-opinions"
TURTLE = {"Accept": "text/turtle"}
PAGE = {"Accept": "text/html"}
GRAPHS = offered("graph")
MAX_PAGES = 60
each_format = pytest.mark.parametrize("row", GRAPHS, ids=lambda row: row.name)


def triples(answer: httpx.Response) -> set[Triple]:
    """The statements of a graph, JSON-LD aside."""
    assert answer.status_code == 200, answer.text
    return {quad.triple for quad in quads(answer)}


def quads(answer: httpx.Response) -> list[Quad]:
    media_type = answer.headers["content-type"].partition(";")[0]
    format = RdfFormat.from_media_type(media_type)
    assert format is not None
    return list(parse(answer.content, format=format))


def links(answer: httpx.Response) -> list[tuple[str, str]]:
    """Relation and target of each Link field."""
    fields = answer.headers.get_list("link")
    return [(rel, to) for f in fields for to, rel in re.findall(r'<([^>]*)>; rel="([^"]*)"', f)]


@pytest.mark.parametrize("path", ["def/Task", "concept/task-theme/talent", TASK])
def test_a_thing_leads_on_to_the_document_about_it(shipped: httpx.Client, path: str) -> None:
    answer = shipped.get(f"/{path}")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{shipped.base_url}/doc/{path}"
    assert ("describedby", answer.headers["location"]) in links(answer)


@pytest.mark.parametrize("path", ["def/Task", "concept/task-theme", TASK])
@each_format
def test_a_document_comes_in_every_format(shipped: httpx.Client, path: str, row: Format) -> None:
    by_accept = shipped.get(f"/doc/{path}", headers={"Accept": row.media_type})
    by_suffix = shipped.get(f"/doc/{path}.{row.extension}", headers=PAGE)
    by_name = shipped.get(f"/doc/{path}", params={"format": row.name}, headers=PAGE)
    assert by_accept.headers["content-type"].partition(";")[0] == row.media_type
    assert by_accept.content == by_suffix.content == by_name.content
    if row.name != "jsonld":
        assert triples(by_accept) == triples(shipped.get(f"/doc/{path}.nt"))


def test_a_document_tells_its_thing_its_links_and_their_names(shipped: httpx.Client) -> None:
    found = triples(shipped.get(f"/doc/{TASK}", headers=TURTLE))
    task, technology = NamedNode(BASE + TASK), NamedNode(f"{BASE}id/technology/reusable-rocket")
    label = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
    develops = NamedNode(f"{BASE}def/develops")
    assert Triple(task, develops, technology) in found
    assert Triple(technology, label, Literal("reusable rocket", language="en")) in found
    assert Triple(develops, label, Literal("develops", language="en")) in found
    measure = NamedNode(f"{BASE}{TASK}/measure/1")
    assert Triple(measure, NamedNode(f"{BASE}def/isMeasureOf"), task) in found


def test_a_document_quotes_the_passages_that_speak_of_its_thing(shipped: httpx.Client) -> None:
    found = triples(shipped.get("/doc/id/technology/reusable-rocket", headers=TURTLE))
    passage = NamedNode(f"{BASE}{SOURCE}#char=1510,1534")
    words = Literal("develop reusable rockets", language="en")
    assert Triple(passage, NamedNode(f"{BASE}def/exactText"), words) in found
    itself = NamedNode(f"{shipped.base_url}/doc/id/technology/reusable-rocket")
    assert Triple(itself, NamedNode("http://purl.org/dc/terms/source"), passage) in found
    page = shipped.get("/doc/id/technology/reusable-rocket", headers=PAGE).text
    assert "develop reusable rockets" in page
    assert f"/{SOURCE}#char=1510,1534" in page


def test_a_page_names_things_and_shows_no_iri_that_has_a_name(shipped: httpx.Client) -> None:
    page = shipped.get(f"/doc/{TASK}", headers=PAGE).text
    assert "<h1" in page
    assert "任务二" in page
    assert not re.findall(rf">{re.escape(BASE)}[^<]*</a>", page)


def test_blank_nodes_are_iris_of_the_document(shipped: httpx.Client) -> None:
    found = triples(shipped.get("/doc/def/concerns", headers=TURTLE))
    assert not [t for t in found if isinstance(t.subject, BlankNode)]
    chain = NamedNode("http://www.w3.org/2002/07/owl#propertyChainAxiom")
    heads = {t.object for t in found if t.predicate == chain}
    assert len(heads) > 1
    for head in heads:
        assert isinstance(head, NamedNode)
        assert head.value.startswith(f"{shipped.base_url}/doc/def/concerns#genid-")
        assert {t for t in found if t.subject == head}


def test_links_tell_the_other_formats_the_thing_and_its_types(shipped: httpx.Client) -> None:
    found = links(shipped.get(f"/doc/{TASK}.ttl"))
    here = f"{shipped.base_url}/doc/{TASK}"
    assert ("canonical", here) in found
    assert ("describes", BASE + TASK) in found
    assert ("type", f"{BASE}def/Task") in found
    others = {target for relation, target in found if relation == "alternate"}
    assert others == {f"{here}.{row.extension}" for row in offered("graph", "page")} - {
        f"{here}.ttl"
    }


@pytest.mark.parametrize("path", [f"doc/{TASK}", SOURCE, "ontology", "graph/inferred"])
def test_what_the_client_has_is_not_sent_again(shipped: httpx.Client, path: str) -> None:
    first = shipped.get(f"/{path}", headers=TURTLE)
    again = shipped.get(f"/{path}", headers={**TURTLE, "If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "accept" in first.headers["vary"].lower()
    assert first.headers["x-dataset-revision"] == "7"
    other = shipped.get(f"/{path}", headers={"Accept": "application/n-triples"})
    assert other.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize("path", [TASK, f"doc/{TASK}", f"doc/{TASK}.html", SOURCE, "id/no/thing"])
def test_head_gives_the_headers_of_get(shipped: httpx.Client, path: str) -> None:
    got, headed = shipped.get(f"/{path}"), shipped.head(f"/{path}")
    assert (headed.status_code, headed.content) == (got.status_code, b"")
    for name in ("content-type", "content-length", "etag", "location", "link"):
        assert headed.headers.get(name) == got.headers.get(name)


@pytest.mark.parametrize(
    "path", ["id/nothing", "def/Nothing", "doc/id/nothing", "doc/def/Nothing.ttl",
             "graph/nothing", "source/nothing", "ontology/nothing", "ontology/9.9.9",
             "ontology/actors/9.9.9", "doc/ontology/nothing", "id/%3Cx%3E", "id/%00", "id/a%20b"],
)  # fmt: skip
def test_what_is_not_known_is_not_found(shipped: httpx.Client, path: str) -> None:
    answer = shipped.get(f"/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_unacceptable_format_is_told_those_there_are(shipped: httpx.Client) -> None:
    for answer in (
        shipped.get(f"/doc/{TASK}", headers={"Accept": "image/png"}),
        shipped.get(f"/{SOURCE}", params={"format": "csv"}),
    ):
        assert answer.status_code == 406
        assert "text/turtle" in answer.json()["available"]


def test_a_source_lists_its_passages(shipped: httpx.Client) -> None:
    found = triples(shipped.get(f"/{SOURCE}", headers=TURTLE))
    passages = {t.subject for t in found if t.predicate == NamedNode(f"{BASE}def/exactText")}
    of_sources = CheckContext(Path(__file__).parents[2], packaged=False).passages
    assert len(passages) == len(of_sources["shanghai-2022-opinions"]) > 80
    page = shipped.get(f"/{SOURCE}", headers=PAGE).text
    assert 'id="char=1510,1534"' in page
    assert page.index("char=1444,1681") < page.index("char=1510,1534")
    assert "reusable rocket" in page


def test_an_ontology_keeps_its_blank_nodes_and_answers_by_its_version(
    shipped: httpx.Client,
) -> None:
    current = shipped.get("/ontology", headers=TURTLE)
    assert any(isinstance(t.subject, BlankNode) for t in triples(current))
    version = shipped.get("/ontology/0.2.0", headers=TURTLE)
    assert version.content == current.content
    assert ("latest-version", f"{BASE}ontology/0.2.0") in links(version)
    module = triples(shipped.get("/ontology/actors/0.2.0", headers=TURTLE))
    assert module == triples(shipped.get("/doc/ontology/actors.ttl"))


def test_an_earlier_version_of_an_ontology_answers_with_what_it_stated(
    shipped: httpx.Client,
) -> None:
    earlier = shipped.get("/ontology/actors/0.1.0", headers=TURTLE)
    stated = triples(earlier)
    version = (
        NamedNode(f"{BASE}ontology/actors"),
        NamedNode("http://www.w3.org/2002/07/owl#versionIRI"),
        NamedNode(f"{BASE}ontology/actors/0.1.0"),
    )
    assert version in {tuple(each) for each in stated}
    assert ("latest-version", f"{BASE}ontology/actors/0.2.0") in links(earlier)
    assert stated != triples(shipped.get("/ontology/actors", headers=TURTLE))
    assert any(
        isinstance(t.subject, BlankNode)
        for t in triples(shipped.get("/ontology/0.1.0", headers=TURTLE))
    )
    assert shipped.get("/ontology/actors/0.0.9", headers=TURTLE).status_code == 404
    page = shipped.get("/ontology/actors/0.1.0", headers=PAGE)
    assert page.status_code == 200
    named = f"<{BASE}ontology/actors/0.1.0>"
    for graph, holds in ((named, True), (f"?g FILTER (?g = {named})", False)):
        name, _, condition = graph.partition(" ")
        words = {"query": f"ASK {{ GRAPH {name} {{ ?s ?p ?o }} {condition} }}"}
        assert shipped.get("/sparql", params=words).json()["boolean"] is holds


def test_the_namespace_of_the_terms_leads_on_to_the_ontology(shipped: httpx.Client) -> None:
    for path in ("/def", "/def/"):
        assert shipped.get(path).headers["location"] == f"{shipped.base_url}/ontology"


def test_language_tags_have_their_case() -> None:
    tags = ["en", "EN-us", "zh-hant-tw", "en-x-us", "sl-rozaj-1994"]
    assert list(map(language_tag, tags)) == [
        "en",
        "en-US",
        "zh-Hant-TW",
        "en-x-us",
        "sl-rozaj-1994",
    ]


@pytest.fixture(scope="module")
def proxied(shipped_service: Service) -> Iterator[httpx.Client]:
    """The site as one behind a proxy that strips `/data` knows the outside."""
    with serve(replace(shipped_service, public_url="https://example.net/data/")) as site:
        yield site.client


def test_links_lead_to_the_public_address(proxied: httpx.Client) -> None:
    outside = "https://example.net/data"
    assert proxied.get(f"/{TASK}").headers["location"] == f"{outside}/doc/{TASK}"
    answer = proxied.get(f"/doc/{TASK}.jsonld")
    assert answer.json()["@context"] == f"{outside}/context.jsonld"
    assert all(to.startswith((outside, BASE)) for _, to in links(answer))
    page = proxied.get(f"/doc/{TASK}", headers=PAGE).text
    targets = re.findall(r'(?:href|action)="([^"]*)"', page)
    assert len(targets) > 50
    assert all(to.startswith(("/data/", "http", "#", "?", "data:,")) for to in targets)
    for name in ("context.jsonld", f"doc/{TASK}.nt"):
        assert str(proxied.base_url) not in proxied.get(f"/{name}").text


SMALL = f"""
<{BASE}id/old> <http://www.w3.org/2002/07/owl#deprecated> true ;
  <http://purl.org/dc/terms/isReplacedBy> <{BASE}id/new> .
<{BASE}id/new> <http://www.w3.org/2000/01/rdf-schema#label> "the new one"@en, "新"@zh-hans .
<{BASE}id/火> <http://www.w3.org/2000/01/rdf-schema#label> "fire"@en .
<{BASE}id/only-used> <{BASE}def/undeclared> <{BASE}id/object> .
"""


@pytest.fixture(scope="module")
def small(make_service: MakeService) -> Iterator[httpx.Client]:
    many = "".join(f"<{BASE}id/s{n:04}> <{BASE}def/to> <{BASE}id/new> .\n" for n in range(600))
    with serve(make_service(SMALL + many)) as site:
        yield site.client


def test_what_is_deprecated_tells_what_replaces_it(small: httpx.Client) -> None:
    page = small.get("/doc/id/old", headers=PAGE)
    assert page.status_code == 200
    assert "Deprecated" in page.text
    assert re.search(r'Use instead:\s*<a href="/id/new"[^>]*>the new one</a>', page.text)
    assert ("successor-version", f"{BASE}id/new") in links(page)


def test_a_document_says_when_it_does_not_list_all_that_leads_to_its_thing(
    small: httpx.Client,
) -> None:
    answer = small.get("/doc/id/new", headers=TURTLE)
    assert len([t for t in triples(answer) if t.object == NamedNode(f"{BASE}id/new")]) == 501
    assert "there are more" in answer.text
    assert "there are more" not in small.get("/doc/id/old", headers=TURTLE).text


def test_all_that_leads_to_a_thing_is_counted_and_turned_over_page_by_page(
    small: httpx.Client,
) -> None:
    page = small.get("/doc/id/new", headers=PAGE)
    assert '<span class="soft">600</span>' in page.text
    (address,) = re.findall(r'href="(/links[^"]*)">all 600</a>', page.text)
    found: list[str] = []
    after: str | None = html.unescape(address)
    pages = 0
    while after is not None:
        page, pages = small.get(after, headers=PAGE), pages + 1
        listed = page.text[page.text.index('<ul class="plain columns">') :]
        found += re.findall(r'<a href="/id/(s\d+)"', listed)
        following = re.search(r'<link rel="next" href="([^"]*)"', page.text)
        after = html.unescape(following[1]) if following else None
    assert pages == 6
    assert found == [f"s{n:04}" for n in range(600)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_leads_to_a_thing_stands_with_the_whole_that_it_is_a_part_of(
    shipped: httpx.Client, language: str
) -> None:
    """Parts of one whole stand together, and those of two are told apart."""
    page = shipped.get(f"/doc/concept/chain-segment/launch?lang={language}", headers=PAGE)
    opening, closing = ("（", "）") if language == "zh" else ("(", ")")
    part = r'href="[^"]*/id/policy/([^/"]+)/[^"]*"[^>]*>[^<]*</a>'
    whole = r'<a href="[^"]*/id/policy/([^/"?]+)[^"]*"[^>]*>[^<]*</a>'
    bracketed = rf"{re.escape(opening)}{whole}{re.escape(closing)}"
    found = re.findall(rf'<dd><a {part} <span class="said">{bracketed}</span></dd>', page.text)
    assert len({policy for policy, _ in found}) > 1
    assert all(policy == named for policy, named in found)
    policies = [policy for policy, _ in found]
    assert [*dict.fromkeys(policies)] == [each for each, _ in itertools.groupby(policies)]
    (address,) = re.findall(r'href="(/links[^"]*touchesChainSegment[^"]*)"', page.text)
    everything = shipped.get(html.unescape(address), headers=PAGE).text
    listed = re.findall(rf'<li><a {part} <span class="said">{bracketed}</span></li>', everything)
    assert len(listed) > len(found)
    assert all(policy == named for policy, named in listed)
    own = shipped.get("/doc/id/policy/shanghai-2022-spatial-information", headers=PAGE).text
    assert '<span class="said">(' not in own[own.index('id="referenced"') :]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_those_that_refer_to_a_topic_are_compared_in_one_step(
    shipped: httpx.Client, language: str
) -> None:
    page = shipped.get(f"/doc/concept/chain-segment/launch?lang={language}", headers=PAGE).text
    (address,) = re.findall(r'href="(/compare\?a=[^"]*)"', page)
    (listed,) = re.findall(r'href="(/links[^"]*touchesChainSegment[^"]*)"', page)
    everything = shipped.get(html.unescape(listed), headers=PAGE).text
    referring = re.findall(r'href="[^"]*/id/policy/([^/"?]+)', everything)
    there = shipped.get(html.unescape(address), headers=PAGE)
    fields = httpx.QueryParams(html.unescape(address).partition("?")[2])
    assert fields.get("lang") == language
    compared = [iri.rpartition("/")[2] for name, iri in fields.multi_items() if name != "lang"]
    assert len(compared) == min(6, len({*referring}))
    assert {*compared} <= {*referring}
    for policy in compared:
        assert f'{policy}" selected' in there.text or f'{policy}" checked' in there.text
    alone = shipped.get(
        f"/doc/id/region/countries-along-the-belt-and-road?lang={language}", headers=PAGE
    )
    assert alone.status_code == 200
    assert "/compare?a=" not in alone.text, "one policy alone refers to it"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("to=no+iri&by=x:y", 400),
        ("to=urn:a", 400),
        (f"to={BASE}id/new&by={BASE}def/to&page=7", 404),
        (f"to={BASE}id/new&by={BASE}def/to&page=0", 400),
        (f"to={BASE}id/new&by={BASE}def/none", 200),
        ("to=javascript:alert(1)&by=urn:%3Cimg%3E", 400),
    ],
)
def test_what_is_asked_of_links_is_looked_at(small: httpx.Client, asked: str, status: int) -> None:
    answer = small.get(f"/links?{asked}", headers=PAGE)
    assert answer.status_code == status
    assert "<img" not in answer.text


def test_an_iri_of_any_script_answers(small: httpx.Client) -> None:
    answer = small.get(f"/id/{quote('火')}", follow_redirects=True, headers=TURTLE)
    assert answer.url.path == "/doc/id/火"
    assert any(t.subject == NamedNode(f"{BASE}id/火") for t in triples(answer))


@pytest.mark.parametrize("path", ["def/undeclared", "id/object", "id/only-used"])
def test_what_is_used_and_not_described_answers(small: httpx.Client, path: str) -> None:
    answer = small.get(f"/{path}", follow_redirects=True, headers=TURTLE)
    used = NamedNode(BASE + path)
    assert any(used in (t.subject, t.predicate, t.object) for t in triples(answer))
    assert small.get(f"/{path}", follow_redirects=True, headers=PAGE).status_code == 200


@pytest.fixture(scope="module")
def iris(shipped: httpx.Client) -> list[str]:
    """Every document and thing under the base that the dataset names anywhere."""
    everything = "CONSTRUCT {{ ?s ?p ?o }} {{ {} }}"
    texts = [everything.format(g) for g in ("?s ?p ?o", "GRAPH ?g { ?s ?p ?o }")]
    texts.append("CONSTRUCT { ?g a ?g } { GRAPH ?g { } }")
    found = {f"{BASE}ontology"}
    for text in texts:
        answer = shipped.get("/sparql", params={"query": text, "format": "nt"})
        terms = {term for t in triples(answer) for term in (t.subject, t.predicate, t.object)}
        found |= {t.value for t in terms if isinstance(t, NamedNode) and t.value.startswith(BASE)}
    return sorted({iri.partition("#")[0] for iri in found})


@pytest.mark.parametrize("row", offered("graph", "page"), ids=lambda row: row.name)
def test_every_iri_of_the_dataset_answers(
    shipped: httpx.Client, iris: list[str], row: Format
) -> None:
    """One in two in Turtle, in four as a page, in eight in each other format; every fifth of
    them by its own path."""
    assert len(iris) > 450
    step = {"turtle": 2, "html": 4}.get(row.name, 8)
    for number, iri in enumerate(iris[::step]):
        path, accept = iri.removeprefix(BASE), {"Accept": row.media_type}
        document_path = f"/doc/{path}" if number % 5 else f"/{path}"
        answer = shipped.get(document_path, headers=accept, follow_redirects=True)
        assert answer.status_code == 200, (iri, row.name, answer.text)
        assert answer.headers["content-type"].partition(";")[0] == row.media_type
        if row.rdf is None or row.name == "jsonld":
            assert path in answer.text, iri
        else:
            terms = {x for t in triples(answer) for x in (t.subject, t.predicate, t.object)}
            assert NamedNode(iri) in terms, (iri, row.name)


def test_links_from_the_first_page_answer(shipped: httpx.Client) -> None:
    """As many pages as a reader may open, each link on them once."""
    waiting, seen, pages = deque(["/"]), {"/"}, 0
    while waiting and pages < MAX_PAGES:
        path = waiting.popleft()
        answer = shipped.get(path, headers=PAGE, follow_redirects=True)
        assert answer.status_code == 200, (path, answer.text)
        pages += 1
        for target in re.findall(r'href="([^"]*)"', answer.text):
            absolute = urldefrag(urljoin(str(answer.url), target.replace("&amp;", "&"))).url
            local = absolute.removeprefix(str(shipped.base_url))
            if local.startswith("/") and local not in seen and not local.startswith("/sparql?"):
                seen.add(local)
                waiting.append(local)
    assert len(seen) > MAX_PAGES


SPOKEN_OF = """
@base <https://w3id.org/spacepolicy/> .
<id/a> <urn:p> <source/mentioned>, <graph/mentioned>, <ontology/mentioned/0.1.0> .
[] <urn:p> <id/of-no-name> . <urn:s> <id/relation> "x" .
"""


@pytest.mark.parametrize(
    "path",
    [
        "source/mentioned",
        "graph/mentioned",
        "ontology/mentioned/0.1.0",
        "id/of-no-name",
        "id/relation",
        "id/graph",
    ],
)
@pytest.mark.parametrize("accept", ["text/html", "text/turtle", "application/ld+json"])
def test_whatever_the_dataset_speaks_of_answers(
    spoken_of: httpx.Client, path: str, accept: str
) -> None:
    answer = spoken_of.get(f"/{path}", headers={"Accept": accept}, follow_redirects=True)
    assert answer.status_code == 200
    assert BASE + path in answer.text or path.rpartition("/")[2] in answer.text
    unknown = spoken_of.get(f"/{path}x", headers={"Accept": accept}, follow_redirects=True)
    assert unknown.status_code == 404


@pytest.fixture(scope="module")
def spoken_of(make_service: MakeService) -> Iterator[httpx.Client]:
    with serve(make_service(SPOKEN_OF, graph="id/graph")) as site:
        yield site.client
