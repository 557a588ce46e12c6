"""Pages, operations and problems outside the endpoint."""

import html

import httpx
import pytest

from spacepolicy.errors import problems


def test_the_first_page_answers_its_questions_live(site: httpx.Client) -> None:
    page = site.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "How many things are there?" in page.text
    assert "<td>1000</td>" in page.text
    assert "有多少事物？" in page.text


def test_no_page_loads_from_elsewhere(site: httpx.Client) -> None:
    for path in ("/", "/sparql", "/problems/syntax-error"):
        page = site.get(path, headers={"Accept": "text/html"}).text
        assert "src=" not in page
        assert "@import" not in page
        assert "<link" not in page.replace('<link rel="icon" href="data:,">', "")


def test_the_service_tells_that_it_lives_and_is_ready(site: httpx.Client) -> None:
    assert site.get("/livez").json() == {"status": "alive"}
    ready = site.get("/readyz")
    assert ready.status_code == 200
    assert (ready.json()["status"], ready.json()["revision"]) == ("ready", 7)


@pytest.mark.parametrize("kind", problems())
def test_every_kind_of_problem_is_explained(site: httpx.Client, kind: str) -> None:
    for accept in ("application/json", "text/html"):
        answer = site.get(f"/problems/{kind}", headers={"Accept": accept})
        assert answer.status_code == 200
        assert problems()[kind].title in html.unescape(answer.text)


def test_an_unknown_path_is_a_problem(site: httpx.Client) -> None:
    answer = site.get("/no/such/thing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith("/problems/not-found")
    assert site.get("/problems/no-such-kind").status_code == 404


def test_an_unknown_method_is_told_those_there_are(site: httpx.Client) -> None:
    answer = site.post("/livez")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert answer.json()["type"].endswith("/problems/method-not-allowed")


def test_the_description_of_the_interface_is_here(site: httpx.Client) -> None:
    paths = site.get("/openapi.json").json()["paths"]
    assert {"/livez", "/readyz", "/problems/{kind}"} <= paths.keys()


@pytest.mark.parametrize("path", ["/", "/livez", "/problems/not-found", "/no/such/thing"])
def test_head_gives_the_headers_of_get(site: httpx.Client, path: str) -> None:
    got, headed = site.get(path), site.head(path)
    assert headed.content == b""
    assert headed.status_code == got.status_code
    assert headed.headers["content-length"] == got.headers["content-length"]
