"""Hints on answers: in the head, on the page, and where answers are kept."""

from urllib.parse import quote, unquote

import httpx
import pytest

SLIP = "SELECT ?s { ?s :p11 ?o }"
TOLD = "nothing is said of :p11 here; :p1 was perhaps meant"


def hints(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [unquote(each) for each in answer.headers.get_list("x-query-hint")]


@pytest.mark.parametrize("format", ["json", "xml", "csv", "tsv"])
def test_a_misspelt_term_is_told_with_the_near_one(site: httpx.Client, format: str) -> None:
    answer = site.get("/sparql", params={"query": SLIP, "format": format})
    assert hints(answer) == [TOLD]


def test_an_answer_that_is_kept_keeps_its_hints(site: httpx.Client) -> None:
    query = "SELECT ?s { ?s :p22 ?o }"
    first, again = (site.get("/sparql", params={"query": query}) for _ in range(2))
    posted = site.post("/sparql", data={"query": query})
    assert hints(first) == hints(again) == hints(posted) != []


def test_a_query_like_one_that_was_answered_has_hints_of_its_own(site: httpx.Client) -> None:
    for name in ("s1", "s2", "s3"):
        query = f"SELECT ?o {{ :{name} :p1 ?o }}"
        assert hints(site.get("/sparql", params={"query": query})) == []
    query = "SELECT ?o { :s1111 :p1 ?o }"
    assert hints(site.get("/sparql", params={"query": query}))[0].startswith("nothing is said of")


@pytest.mark.parametrize(
    "query",
    [
        'ASK { ?s ?p "<b>1</b> 1" }',
        "CONSTRUCT { ?s a :made } { ?s :p11 ?o }",
        "SELECT (COUNT(*) AS ?n) { ?s :p11 ?o }",
        "SELECT ?x { ?s :p1 ?o }",
        "SELECT * { ?s :p1 ?o OPTIONAL { ?s :p11 ?n } } LIMIT 3",
    ],
)
def test_an_answer_that_says_little_is_told_why(site: httpx.Client, query: str) -> None:
    assert hints(site.get("/sparql", params={"query": query}))


@pytest.mark.parametrize("query", ["SELECT * { ?s :p1 ?o } LIMIT 3", "ASK {}", "DESCRIBE :s1"])
def test_an_answer_that_says_something_has_none(site: httpx.Client, query: str) -> None:
    assert hints(site.get("/sparql", params={"query": query})) == []


def test_a_hint_is_printable_ascii(site: httpx.Client) -> None:
    answer = site.get("/sparql", params={"query": "SELECT ?s { ?s :火箭 ?o }"})
    field = answer.headers["x-query-hint"]
    assert field.isascii()
    assert field.isprintable()
    assert quote(":火箭", safe=":") in field


def test_hints_can_be_read_by_scripts_of_other_origins(site: httpx.Client) -> None:
    answer = site.get("/sparql", params={"query": SLIP})
    assert "X-Query-Hint" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    ("language", "told"), [("en", TOLD), ("zh", "此处没有关于 :p11 的陈述；也许是指 :p1")]
)
def test_the_page_shows_the_same(site: httpx.Client, language: str, told: str) -> None:
    params = {"query": SLIP, "lang": language}
    page = site.get("/sparql", params=params, headers={"Accept": "text/html"})
    assert f"<li>{told}</li>" in page.text


FUNCTION = "<urn:function>"


def test_calling_an_unknown_function_is_an_error_of_its_expression(site: httpx.Client) -> None:
    query = f"SELECT (COALESCE({FUNCTION}(?o), 5) AS ?n) {{ :s1 :p1 ?o }}"
    answer = site.get("/sparql", params={"query": query})
    values = [row["n"]["value"] for row in answer.json()["results"]["bindings"]]
    assert values == ["5"]
    assert any("no function <urn:function>" in each for each in hints(answer))


@pytest.mark.parametrize(
    ("pattern", "rows"),
    [
        (f":s1 :p1 ?o FILTER({FUNCTION}(?o))", 0),
        (f":s1 :p1 ?o FILTER({FUNCTION}(?o) || true)", 1),
        (f":s1 :p1 ?o BIND({FUNCTION}(?o) AS ?x) FILTER(!bound(?x))", 1),
        (f":s1 :p1 ?o BIND({FUNCTION}(?o) AS ?x) BIND(<urn:other>(?x) AS ?y)", 1),
    ],
)
def test_an_unknown_function_leaves_the_rest_of_the_pattern(
    site: httpx.Client, pattern: str, rows: int
) -> None:
    answer = site.get("/sparql", params={"query": f"SELECT ?o {{ {pattern} }}"})
    assert len(answer.json()["results"]["bindings"]) == rows


def test_too_many_unknown_functions_are_refused(site: httpx.Client) -> None:
    calls = " ".join(f"BIND(<urn:f{n}>(1) AS ?x{n})" for n in range(40))
    answer = site.get("/sparql", params={"query": f"SELECT * {{ {calls} }}"})
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/problems/bad-parameter")
