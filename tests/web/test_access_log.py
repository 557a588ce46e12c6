"""One line of the log tells each request, and nothing that is secret."""

import logging
import re
import time

import httpx
import pytest

QUERY = "SELECT ?o { :s1 ?p ?o } # logged"
PATIENCE_SECONDS = 10
TOKEN = "not-for-the-log"  # noqa: S105


def logged(caplog: pytest.LogCaptureFixture, part: str) -> str:
    """The line with the part, which is written once the client has its answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for line in caplog.messages:
            if part in line:
                return line
        time.sleep(0.01)
    raise AssertionError(caplog.text)


def test_a_query_is_one_line_without_its_text(
    site: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "spacepolicy.requests")
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "text/csv"}
    answer = site.get("/sparql", params={"query": QUERY}, headers=headers)
    assert answer.status_code == 200
    line = logged(caplog, "GET /sparql 200 solutions text/csv rows=10 ")
    assert re.search(r" [\d.]+ms revision=7 query=[0-9a-f]{12}$", line)
    assert TOKEN not in caplog.text
    assert "SELECT" not in caplog.text


@pytest.mark.parametrize("format", ["json", "xml", "csv", "tsv"])
@pytest.mark.parametrize("rows", [0, 1, 10])
def test_solutions_are_counted(
    site: httpx.Client, caplog: pytest.LogCaptureFixture, format: str, rows: int
) -> None:
    caplog.set_level(logging.INFO, "spacepolicy.requests")
    text = f"SELECT ?o {{ :s2 ?p ?o }} LIMIT {rows} #{format}"
    assert site.get("/sparql", params={"query": text, "format": format}).is_success
    assert logged(caplog, f"rows={rows} ")


def test_a_problem_is_named_and_a_path_is_not_repeated(
    site: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "spacepolicy.requests")
    site.get("/sparql", params={"query": "no query"})
    assert "GET /sparql 400 syntax-error application/problem+json" in logged(caplog, "syntax-error")
    site.get("/problems/time-limit")
    assert logged(caplog, "GET /problems/{kind} 200")
    site.get("/nowhere/forged%0AINFO")
    assert "forged" not in logged(caplog, "404 not-found")


def test_the_text_is_told_at_debug(site: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "spacepolicy.requests")
    site.get("/sparql", params={"query": "ASK { 'at debug' ?p ?o }"})
    assert logged(caplog, "at debug")
