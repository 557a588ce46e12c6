"""Parameters: what is not known is ignored and said, a repeated format is the last that is known,
and SPARQLWrapper, which repeats it, has its answers in every format."""

import gc
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import httpx
import pytest
import rdflib
from SPARQLWrapper import CSV, JSON, JSONLD, N3, RDF, RDFXML, TSV, TURTLE, XML, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import SPARQLWrapperException

pytestmark = [
    # rdflib and SPARQLWrapper warn of themselves, and leave their sockets to the collector.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ASKED = "SELECT ?s { ?s ?p ?o } LIMIT 1"
QUERIES = {
    "SELECT": ASKED,
    "ASK": "ASK { ?s ?p ?o }",
    "CONSTRUCT": "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 3",
    "DESCRIBE": "DESCRIBE <https://example.org/s1>",
}
SOLUTIONS = {
    JSON: "application/sparql-results+json",
    XML: "application/sparql-results+xml",
    CSV: "text/csv",
    TSV: "text/tab-separated-values",
}
GRAPHS = {
    TURTLE: "text/turtle",
    N3: "text/turtle",
    RDFXML: "application/rdf+xml",
    RDF: "application/rdf+xml",
    XML: "application/rdf+xml",
    JSONLD: "application/ld+json",
    JSON: "application/ld+json",
}
PARSERS = {
    "text/turtle": "turtle",
    "application/rdf+xml": "xml",
    "application/ld+json": "json-ld",
}


@pytest.fixture(scope="module", autouse=True)
def frozen() -> Iterator[None]:
    """The collector leaves out what other tests have made: to look through it takes seconds."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Closes what the library leaves open within the test that it belongs to."""
    yield
    gc.collect()


def asked(site: httpx.Client, form: str, format: str, method: str) -> SPARQLWrapper:
    wrapper = SPARQLWrapper(f"{site.base_url}/sparql")
    wrapper.setQuery(QUERIES[form])
    wrapper.setReturnFormat(format)
    wrapper.setMethod(method)
    return wrapper


@pytest.mark.filterwarnings("ignore:Sending Accept header:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:Format requested was:RuntimeWarning")
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("format", sorted({*SOLUTIONS, *GRAPHS}))
@pytest.mark.parametrize("form", QUERIES)
def test_sparqlwrapper_has_every_form_in_every_format(
    site: httpx.Client, form: str, format: str, method: str
) -> None:
    """A format of the other kind is refused with those there are."""
    wrapper = asked(site, form, format, method)
    there = SOLUTIONS if form in ("SELECT", "ASK") else GRAPHS
    if format not in there:
        with pytest.raises((SPARQLWrapperException, OSError)) as refused:
            wrapper.query()
        assert "406" in str(refused.value) or "available" in str(refused.value)
        return
    answer = wrapper.query()
    content_type = answer.info()["content-type"].partition(";")[0]
    body = answer.response.read()
    assert content_type == there[format]
    if there is GRAPHS:
        found = rdflib.Graph().parse(data=body, format=PARSERS[content_type])
        assert len(found) == (3 if form == "CONSTRUCT" else 10)
    else:
        assert b"https://example.org/s" in body if form == "SELECT" else b"true" in body
    assert "x-query-hint" not in answer.info()


@pytest.mark.parametrize("format", [JSON, XML, CSV, TSV])
def test_sparqlwrapper_converts_solutions(site: httpx.Client, format: str) -> None:
    assert asked(site, "SELECT", format, "GET").queryAndConvert()


@pytest.mark.parametrize("format", [TURTLE, N3, RDFXML, XML, JSONLD])
def test_sparqlwrapper_converts_graphs(site: httpx.Client, format: str) -> None:
    assert asked(site, "CONSTRUCT", format, "GET").queryAndConvert()


@pytest.mark.parametrize(
    ("formats", "media_type"),
    [
        (["json", "json"], "application/sparql-results+json"),
        (["csv", "json"], "application/sparql-results+json"),
        (["json", "csv"], "text/csv"),
        (["csv", "papyrus"], "text/csv"),
        (["csv", ""], "text/csv"),
        (["papyrus", "csv"], "text/csv"),
        (["csv", "turtle"], "text/csv"),
        (["tsv", "text/tab-separated-values"], "text/tab-separated-values"),
    ],
)
def test_a_repeated_format_takes_the_last_that_is_known(
    site: httpx.Client, formats: list[str], media_type: str
) -> None:
    pairs = [("format", each) for each in formats]
    for path in ("/sparql", "/queries/how-many"):
        query = [("query", ASKED)] if path == "/sparql" else []
        address = f"{path}?{urlencode([*query, *pairs])}"
        answer = site.get(address, headers={"Accept": "application/sparql-results+xml"})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].partition(";")[0] == media_type
    form = site.post("/sparql", data={"query": ASKED, "format": formats})
    assert form.headers["content-type"].partition(";")[0] == media_type
    listed = site.get("/queries?format=papyrus&format=json&format=json")
    assert listed.headers["content-type"] == "application/json"


def test_no_known_format_at_all_is_refused_with_those_there_are(site: httpx.Client) -> None:
    for path in (f"/sparql?query={quote(ASKED)}&", "/queries/how-many?", "/queries?"):
        answer = site.get(f"{path}format=papyrus&format=clay")
        assert answer.status_code == 406
        assert answer.json()["available"]


@pytest.mark.parametrize("media_type", ["text/n3", "text/rdf+n3", "application/n3"])
def test_turtle_is_an_answer_to_who_wants_n3(site: httpx.Client, media_type: str) -> None:
    query = {"query": QUERIES["CONSTRUCT"]}
    answer = site.get("/sparql", params=query, headers={"Accept": media_type})
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert len(rdflib.Graph().parse(data=answer.text, format="n3")) == 3
    named = site.get("/sparql", params={**query, "format": media_type})
    assert named.headers["content-type"].partition(";")[0] == "text/turtle"


def hints(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return answer.headers.get_list("x-query-hint")


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ("limit=10", "write LIMIT in the query"),
        ("offset=10", "write OFFSET in the query"),
        ("Limit=10", "the parameter Limit"),
        ("fromat=csv", "format was perhaps meant"),
        ("time-out=3", "timeout was perhaps meant"),
        ("default-graph-url=urn:g", "default-graph-uri was perhaps meant"),
        ("output=csv", "format was perhaps meant"),
        ("colour=red", "the parameter colour is not known and was ignored"),
        ("%E9%A2%9C=1", "the parameter %E9%A2%9C is not known and was ignored"),
        ("", None),
        ("format=json&output=json&results=json", None),
        ("timeout=3&lang=zh&version=1.1", None),
    ],
)
def test_a_parameter_that_is_not_known_is_ignored_and_said(
    site: httpx.Client, parameter: str, said: str | None
) -> None:
    """In the answer that is evaluated and in the one that is kept, and in no other."""
    query = quote(ASKED)
    for _ in range(3):
        found = hints(site.get(f"/sparql?query={query}&{parameter}"))
        assert len(found) == (said is not None), found
        assert said is None or said in found[0]
        assert hints(site.get(f"/sparql?query={query}")) == []
    form = site.post(
        "/sparql",
        content=f"query={query}&{parameter}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert len(hints(form)) == (said is not None)


def test_many_unknown_parameters_are_said_once_each_and_bounded(site: httpx.Client) -> None:
    twice = "&".join(["a=1", "a=2"])
    assert len(hints(site.get(f"/sparql?query={quote(ASKED)}&{twice}"))) == 1
    many = "&".join(f"unheard{n}=1" for n in range(100))
    assert len(hints(site.get(f"/sparql?query={quote(ASKED)}&{many}"))) == 8


def test_the_page_says_what_was_ignored(site: httpx.Client) -> None:
    page = site.get(
        "/sparql",
        params={"query": ASKED, "limit": "10", "lang": "en"},
        headers={"Accept": "text/html"},
    )
    assert "write LIMIT in the query" in page.text
    chinese = site.get(
        "/sparql",
        params={"query": ASKED, "limit": "10", "lang": "zh"},
        headers={"Accept": "text/html"},
    )
    assert re.search("请在查询中写 LIMIT", chinese.text)


def test_other_paths_say_it_too(site: httpx.Client) -> None:
    for path in (
        "/search?q=a&limt=3&format=json",
        "/graphs?graph=https://example.org/graph&limit=1",
    ):
        assert len(hints(site.get(path))) == 1, path
    for accept in ("text/turtle", "text/html"):
        assert len(hints(site.get("/sparql?limit=10", headers={"Accept": accept}))) == 1
        assert hints(site.get("/sparql", headers={"Accept": accept})) == []
    refused = site.get("/queries/how-many?limti=3&format=json")
    assert refused.status_code == 400
    assert json.loads(refused.text)["detail"]
