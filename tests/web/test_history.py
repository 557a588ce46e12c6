"""The history over HTTP: as JSON, Atom, pages, and events as they come."""

import json
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
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
from spacepolicy.store.write_requests import Update, WriteRequest
from spacepolicy.web.service import Service

from .conftest import Site, serve
from .test_running import until
from .writers import Engines, MemoryWriter

ATOM = "{http://www.w3.org/2005/Atom}"
EVENTS = {"Accept": "text/event-stream"}


@dataclass
class Told:
    """A site with a history, and the writer that makes it."""

    client: httpx.Client
    writer: MemoryWriter
    service: Service

    def change(self) -> int:
        """The number of a new revision."""
        number = self.writer.history.current.number + 1
        text = f'INSERT DATA {{ GRAPH <urn:g> {{ <urn:a> <urn:b> "{number}" }} }}'
        self.writer.write(WriteRequest(Update(text), "someone <&>", f"to {number} <&>"))
        return number


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    writer, engines = MemoryWriter(tmp_path_factory.mktemp("told")), Engines()
    service = Service(engines, writer.history, (), timeout_seconds=5, mode="stored")
    with serve(service) as site:
        made = Told(site.client, writer, service)
        for _ in range(4):
            made.change()
        yield made
    engines.close()


def test_revisions_are_listed_the_newest_first_and_in_parts(told: Told) -> None:
    newest = told.writer.history.current.number
    first = told.client.get("/revisions?limit=2").json()
    assert [each["number"] for each in first["revisions"]] == [newest, newest - 1]
    assert first["current"] == newest
    numbers, following = [], "/revisions?limit=2"
    while following:
        answer = told.client.get(following)
        numbers += [each["number"] for each in answer.json()["revisions"]]
        following = answer.json()["next"]
        assert ('rel="next"' in ", ".join(answer.headers.get_list("link"))) == bool(following)
    assert numbers == list(range(newest, 0, -1))


def test_a_revision_is_told_with_who_when_why_and_how_much(told: Told) -> None:
    number = told.change()
    members = told.client.get(f"/revisions/{number}").json()
    revision = told.writer.history.get(number)
    assert members["number"] == number
    assert (members["time"], members["author"]) == (revision.time, "someone <&>")
    assert members["message"] == f"to {number} <&>"
    assert members["counts"]["record"] == revision.counts.record
    assert members["record_sha256"] == revision.record_sha256
    assert members["kept"] is True
    assert members["href"].endswith(f"/revisions/{number}")
    assert members["changes"].endswith(f"/revisions/{number - 1}..{number}")


def test_the_feed_is_atom(told: Told) -> None:
    answer = told.client.get("/revisions", headers={"Accept": "application/atom+xml"})
    assert answer.headers["content-type"] == "application/atom+xml"
    feed = ET.fromstring(answer.text)  # noqa: S314 # our own feed
    assert feed.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated"):
        assert feed.findtext(ATOM + name)
    newest = told.writer.history.current
    entry = feed.find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}updated") == newest.time
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "someone <&>"
    assert entry.findtext(f"{ATOM}title") == newest.message


@pytest.mark.parametrize(("language", "words"), [("en", "History"), ("zh", "历史")])
def test_people_read_it_in_their_language(language: str, words: str, told: Told) -> None:
    headers = {"Accept": "text/html", "Accept-Language": language}
    for path in ("/revisions", "/revisions/2"):
        page = told.client.get(path, headers=headers)
        assert page.headers["content-language"] == language
        assert words in page.text
        assert "someone &lt;&amp;&gt;" in page.text


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/revisions/999", 404),
        ("/revisions/0", 404),
        ("/revisions/one", 404),
        ("/revisions/1..", 404),
        ("/revisions/99999999999999999999", 404),
        ("/revisions?limit=0", 400),
        ("/revisions?before=x", 400),
        ("/revisions?limit=1&limit=2", 400),
        ("/revisions?format=csv", 406),
    ],
)
def test_what_is_no_revision_is_told(target: str, status: int, told: Told) -> None:
    assert told.client.get(target).status_code == status


def test_the_list_is_tagged_and_changes_with_a_revision(told: Told) -> None:
    etag = told.client.get("/revisions").headers["etag"]
    assert told.client.get("/revisions", headers={"If-None-Match": etag}).status_code == 304
    told.change()
    assert told.client.get("/revisions", headers={"If-None-Match": etag}).status_code == 200


def lines(answer: httpx.Response) -> list[str]:
    """The lines of a patch but its header, which is checked."""
    assert answer.status_code == 200, answer.text
    first, second, *rest = answer.text.splitlines()
    assert (first.split()[:2], second.split()[:2]) == (["H", "id"], ["H", "prev"])
    assert (rest[0], rest[-1]) == ("TX .", "TC .")
    return rest[1:-1]


def test_what_changed_between_any_two_revisions_is_a_patch(told: Told) -> None:
    one, two = told.change(), told.change()
    answer = told.client.get(f"/revisions/{one - 1}..{two}")
    assert answer.headers["content-type"] == "application/rdf-patch"
    assert f"/revisions/{two}> .\nH prev <" in answer.text
    added = [f'A <urn:a> <urn:b> "{number}" <urn:g> .' for number in (one, two)]
    assert sorted(lines(answer)) == sorted(added)
    assert lines(told.client.get(f"/revisions/{one}..{two}")) == added[1:]
    back = lines(told.client.get(f"/revisions/{two}..{one - 1}"))
    assert sorted(back) == sorted(line.replace("A", "D", 1) for line in added)
    assert lines(told.client.get(f"/revisions/{one}..{one}")) == []


def test_replaying_the_events_from_the_first_gives_the_dump(told: Told) -> None:
    newest = told.change()
    quads: set[str] = set()
    with listening(told.client, Last_Event_ID="0") as events:
        for _ in range(newest):
            for line in lines(told.client.get(json.loads(next(events)["data"])["changes"])):
                (quads.add if line[0] == "A" else quads.remove)(line[2:])
    assert quads == set(told.client.get("/dump.nq").text.splitlines())
    assert {line[2:] for line in lines(told.client.get(f"/revisions/0..{newest}"))} == quads


def test_a_patch_is_tagged_and_heads_have_no_body(told: Told) -> None:
    path = f"/revisions/1..{told.change()}"
    etag = told.client.get(path).headers["etag"]
    assert told.client.get(path, headers={"If-None-Match": etag}).status_code == 304
    assert told.client.head(path).headers["etag"] == etag
    assert told.client.get(path, headers={"Accept": "text/plain"}).headers["content-type"] == (
        "text/plain; charset=utf-8"
    )


@pytest.mark.parametrize(
    ("between", "status"), [("1..999", 404), ("999..1", 404), ("1..x", 404), ("..1", 404)]
)
def test_a_patch_between_no_revisions_is_told(between: str, status: int, told: Told) -> None:
    assert told.client.get(f"/revisions/{between}").status_code == status


def test_a_patch_whose_parts_are_lost_or_too_large_is_told(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, newest = told.change(), told.change()
    file = told.writer.history.get(lost).changes
    kept = file.read_bytes()
    file.unlink()
    try:
        answer = told.client.get(f"/revisions/1..{newest}")
        assert (answer.status_code, answer.json()["title"][:8]) == (410, "The data")
        assert told.client.get(f"/revisions/{lost}..{newest}").status_code == 200
    finally:
        file.write_bytes(kept)
    monkeypatch.setattr(type(told.writer.history).changes, "__defaults__", (10,))
    answer = told.client.get(f"/revisions/1..{newest}")
    assert answer.json()["type"].endswith("/problems/result-limit")
    assert told.client.get(f"/revisions/{lost}..{newest}").status_code == 200


@contextmanager
def listening(client: httpx.Client, **headers: str) -> Iterator[Iterator[dict[str, str]]]:
    """The events that come, each with its fields by name."""
    fields = EVENTS | {name.replace("_", "-"): value for name, value in headers.items()}
    with client.stream("GET", "/revisions", headers=fields) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        yield _events(answer.iter_lines())


def _events(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    event: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            event[name] = value
        elif "data" in event:
            yield event
            event = {}
        else:
            event = {}


def test_each_revision_is_an_event_to_those_who_listen(told: Told) -> None:
    with listening(told.client) as events, listening(told.client) as others:
        now = told.writer.history.current.number
        assert next(events)["id"] == next(others)["id"] == str(now)
        for _ in range(3):
            number = told.change()
            for each in (events, others):
                event = next(each)
                assert (event["id"], event["event"]) == (str(number), "revision")
                assert json.loads(event["data"])["number"] == number


def test_who_was_away_hears_all_that_it_missed(told: Told) -> None:
    newest = told.change()
    for last in (0, newest - 2):
        with listening(told.client, Last_Event_ID=str(last)) as events:
            heard = [int(next(events)["id"]) for _ in range(newest - last)]
            assert heard == list(range(last + 1, newest + 1))
            assert next_after(told, events) == newest + 1
            newest += 1


def next_after(told: Told, events: Iterator[dict[str, str]]) -> int:
    told.change()
    return int(next(events)["id"])


def test_a_wrong_event_id_is_told(told: Told) -> None:
    answer = told.client.get("/revisions", headers=EVENTS | {"Last-Event-ID": "x"})
    assert answer.status_code == 400


def test_who_leaves_makes_room_for_the_next(told: Told) -> None:
    with serve(replace(told.service, max_listening=1)) as site:
        with listening(site.client) as events:
            next(events)
            refused = site.client.get("/revisions", headers=EVENTS)
            assert refused.status_code == 503
            assert "retry-after" in refused.headers
        until(lambda: _may_listen(site))


def _may_listen(site: Site) -> bool:
    with site.client.stream("GET", "/revisions", headers=EVENTS) as answer:
        return answer.status_code == 200


def test_a_revoked_token_hears_no_more(told: Told, tmp_path: Path) -> None:
    file = tokens_file(tmp_path)
    token = add_token(file, "read")
    service = replace(told.service, tokens=AccessTokens(file), require_token=True)
    with serve(service) as site:
        assert site.client.get("/revisions", headers=EVENTS).status_code == 401
        with listening(site.client, Authorization=f"Bearer {token}") as events:
            next(events)
            revoke_token(file, list_tokens(file)[0].identifier)
            for _ in range(3):
                told.change()
            # What was on its way when the token was revoked may still come, and then the end.
            assert len(list(islice(events, 2))) <= 1


def test_many_listen_at_once_and_each_hears_all_in_order(told: Told) -> None:
    start = told.writer.history.current.number
    heard: list[list[int]] = []

    def listen() -> None:
        with (
            httpx.Client(base_url=told.client.base_url, timeout=30) as client,
            listening(client, Last_Event_ID=str(start)) as events,
        ):
            heard.append([int(next(events)["id"]) for _ in range(5)])

    threads = [threading.Thread(target=listen) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        told.change()
    for thread in threads:
        thread.join()
    assert heard == [list(range(start + 1, start + 6))] * 4
