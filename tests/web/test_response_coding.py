"""Whole answers are coded where the client takes it, whichever handler makes them."""

import gzip

import httpx
import pytest

PAGES = ("/", "/sparql", "/api", "/queries", "/problems/not-found", "/nowhere", "/explain?s=x")
DOCUMENTS = ("/openapi.json", "/llms.txt", "/catalog")


def answered(
    site: httpx.Client, method: str, path: str, coding: str, accept: str
) -> tuple[str, str, bytes]:
    fields = {"Accept": accept, "Accept-Encoding": coding}
    with site.stream(method, path, headers=fields) as answer:
        body = b"".join(answer.iter_raw())
        told = answer.headers.get("content-encoding", "identity")
        assert "accept-encoding" in answer.headers["vary"].lower()
        assert answer.headers["vary"].lower().count("accept-encoding") == 1
        return told, answer.headers["content-length"], body


@pytest.mark.parametrize(
    ("path", "accept"),
    [*((path, "text/html") for path in PAGES), *((path, "*/*") for path in DOCUMENTS)],
)
def test_a_whole_answer_is_coded_where_the_client_takes_it(
    site: httpx.Client, path: str, accept: str
) -> None:
    _, _, plain = answered(site, "GET", path, "identity", accept)
    told, length, coded = answered(site, "GET", path, "gzip", accept)
    assert (told, length) == ("gzip", str(len(coded)))
    assert len(coded) < len(plain)
    alike = gzip.decompress(coded)
    assert len(alike) == len(plain)
    assert answered(site, "HEAD", path, "gzip", accept) == ("gzip", length, b"")


def test_a_coding_that_is_refused_is_not_used(site: httpx.Client) -> None:
    told, _, body = answered(site, "GET", "/api", "gzip;q=0, zstd;q=0, deflate;q=0", "text/html")
    assert told == "identity"
    assert body.startswith(b"<!doctype html>")


def test_a_short_answer_stays_plain(site: httpx.Client) -> None:
    assert answered(site, "GET", "/livez", "gzip", "*/*")[0] == "identity"
