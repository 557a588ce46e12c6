"""Tokens over HTTP: who may read and write, and what the others are told."""

import logging
import secrets
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from spacepolicy.access_tokens import (
    AccessTokens,
    add_token,
    list_tokens,
    revoke_token,
    tokens_file,
)
from spacepolicy.web.service import Service

from .conftest import Site, serve
from .test_running import RUNAWAY, until

ASK = {"query": "ASK { ?s ?p ?o }"}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tokens_file(tmp_path_factory.mktemp("tokens"))


@pytest.fixture(scope="module")
def open_site(service: Service, file: Path) -> Iterator[Site]:
    """A site that anyone may read."""
    with serve(replace(service, tokens=AccessTokens(file))) as site:
        yield site


@pytest.fixture(scope="module")
def closed_site(service: Service, file: Path) -> Iterator[Site]:
    """A site that is read by those who have a token."""
    with serve(replace(service, tokens=AccessTokens(file), require_token=True)) as site:
        yield site


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_reads_are_open_with_a_token_and_without(open_site: Site, file: Path) -> None:
    client = open_site.client
    for headers in ({}, bearing(add_token(file, "read")), {"Authorization": "Basic YTpi"}):
        assert client.get("/sparql", params=ASK, headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/sparql?query=ASK{}", "/", "/queries", "/dump.nq", "/running"])
@pytest.mark.parametrize("closed", [False, True])
def test_a_token_that_is_none_is_told_of_wherever_it_comes(
    path: str, closed: bool, open_site: Site, closed_site: Site
) -> None:
    client = (closed_site if closed else open_site).client
    answer = client.get(path, headers=bearing("spt_never"))
    assert answer.status_code == 401
    assert answer.json()["type"].endswith("/problems/unauthorized")
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert "Authorization" in answer.headers["vary"]
    assert "spt_never" not in answer.text


@pytest.mark.parametrize("path", ["/sparql?query=ASK{}", "/", "/queries", "/api", "/nothing"])
def test_where_a_token_is_required_nothing_is_read_without(path: str, closed_site: Site) -> None:
    answer = closed_site.client.get(path)
    assert answer.status_code == 401
    assert "error=" not in answer.headers["www-authenticate"]  # RFC 6750 section 3.1


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/problems/unauthorized"])
def test_what_must_answer_anyone_does(path: str, closed_site: Site) -> None:
    assert closed_site.client.get(path).status_code == 200
    assert closed_site.client.options("/sparql").status_code == 204


def test_what_is_kept_is_not_told_to_those_without_a_token(closed_site: Site, file: Path) -> None:
    client, token = closed_site.client, add_token(file, "read")
    for _ in range(2):
        answer = client.get("/sparql", params=ASK, headers=bearing(token))
        assert answer.status_code == 200
        assert "Authorization" in answer.headers["vary"]
    etag = {"If-None-Match": answer.headers["etag"]}
    assert client.get("/sparql", params=ASK, headers=bearing(token) | etag).status_code == 304
    assert client.get("/sparql", params=ASK).status_code == 401
    assert client.get("/sparql", params=ASK, headers=etag).status_code == 401


def test_a_token_that_is_revoked_is_none_from_then_on(closed_site: Site, file: Path) -> None:
    client, token = closed_site.client, add_token(file, "read")
    assert client.get("/sparql", params=ASK, headers=bearing(token)).status_code == 200
    revoke_token(file, list_tokens(file)[-1].identifier)
    assert client.get("/sparql", params=ASK, headers=bearing(token)).status_code == 401


def test_two_tokens_in_one_request_are_none(open_site: Site, file: Path) -> None:
    token = add_token(file, "read")
    fields = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")]
    assert open_site.client.get("/readyz", headers=fields).status_code == 200
    assert open_site.client.get("/", headers=fields).status_code == 401


def test_texts_of_what_runs_are_for_admins_alone(open_site: Site, file: Path) -> None:
    client, identifier = open_site.client, secrets.token_urlsafe(16)

    def ask() -> None:
        httpx.get(f"{client.base_url}/sparql", params={"query": RUNAWAY}, timeout=30,
                  headers={"X-Query-Id": identifier})  # fmt: skip

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        until(lambda: client.get(f"/running/{identifier}").status_code == 200)
        for headers in ({}, bearing(add_token(file, "write"))):
            told = client.get("/running", headers=headers)
            assert len(told.json()["queries"]) == 1
            assert RUNAWAY not in told.text
            assert identifier not in told.text
        (told,) = client.get("/running", headers=bearing(add_token(file, "admin"))).json()[
            "queries"
        ]
        assert (told["query"], told["id"]) == (RUNAWAY, identifier)
    finally:
        client.delete(f"/running/{identifier}")
        thread.join()


def test_no_token_is_logged(open_site: Site, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    token = add_token(file, "read")
    with caplog.at_level(logging.DEBUG):
        for secret in (token, "spt_never"):
            open_site.client.get("/sparql", params=ASK, headers=bearing(secret))
    assert "/sparql" in caplog.text
    assert token not in caplog.text
    assert "spt_never" not in caplog.text


def test_a_file_of_tokens_that_cannot_be_read_lets_nobody_in(
    service: Service, tmp_path: Path
) -> None:
    file = tokens_file(tmp_path)
    token = add_token(file, "read")
    with serve(replace(service, tokens=AccessTokens(file), require_token=True)) as site:
        file.write_text("{", encoding="utf-8")
        answer = site.client.get("/sparql", params=ASK, headers=bearing(token))
        assert answer.status_code == 507
        assert str(tmp_path) not in answer.text
