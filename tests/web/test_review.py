"""The review of proposals in a browser: for one person, on loopback, without script."""

import re
import shutil
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode, urlsplit

import pytest

from spacepolicy.annotation.annotating import annotate, read_background
from spacepolicy.annotation.review.server import ReviewServer
from spacepolicy.annotation.review.session import ReviewSession

ROOT = Path(__file__).parents[2]
TEXT = "First, build ground terminals <b>by</b> 2030. Second, develop reusable rockets.\n"


class Person:
    """Who has opened the review, and whose requests say so."""

    def __init__(self, server: ReviewServer) -> None:
        self.server = server
        self.cookie = ""

    def ask(
        self, path: str, form: dict[str, str] | None = None, **fields: str
    ) -> tuple[HTTPResponse, str]:
        """The answer and its text; `form` is posted from a page of the review."""
        origin = self.server.origin
        given = {"Cookie": self.cookie, "Origin": origin if form is not None else ""}
        headers = {k: v for k, v in {**given, **fields}.items() if v}
        connection = HTTPConnection("127.0.0.1", self.server.server_port, timeout=10)
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = None if form is None else urlencode(form)
        connection.request("GET" if form is None else "POST", path, body, headers)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response, text


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ReviewServer]:
    shutil.copytree(ROOT / "ontology", tmp_path / "ontology")
    shutil.copytree(ROOT / "data" / "background", tmp_path / "data" / "background")
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "a-plan.txt").write_text(TEXT, encoding="utf-8")
    background = read_background(tmp_path, packaged=False)
    session = ReviewSession(tmp_path, "a-plan", annotate(TEXT, "a-plan", background), background)
    with ReviewServer(session) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def person(server: ReviewServer) -> Person:
    found = Person(server)
    opened, _ = found.ask(f"/?{urlsplit(server.address).query}")
    found.cookie = (opened.getheader("Set-Cookie") or "").partition(";")[0]
    return found


def number_of(server: ReviewServer, kind: str) -> str:
    return str(next(n for n, each in enumerate(server.session.proposals) if each.kind == kind))


def test_the_address_opens_the_review_once(server: ReviewServer) -> None:
    address = urlsplit(server.address)
    first, _ = Person(server).ask(f"/?{address.query}")
    assert (first.status, first.getheader("Location")) == (303, "/")
    assert "HttpOnly; SameSite=Strict" in (first.getheader("Set-Cookie") or "")
    assert Person(server).ask(f"/?{address.query}")[0].status == 403
    assert Person(server).ask("/")[0].status == 403
    assert Person(server).ask("/?token=")[0].status == 403
    assert server.server_address[0] == "127.0.0.1"


def test_the_page_has_the_proposals_beside_the_text_and_no_script(person: Person) -> None:
    response, page = person.ask("/")
    assert response.status == 200
    assert "&lt;b&gt;by&lt;/b&gt;" in page
    assert "<script" not in page
    assert "develops id/technology/reusable-rocket" in page
    assert "default-src 'none'" in (response.getheader("Content-Security-Policy") or "")
    assert response.getheader("Access-Control-Allow-Origin") is None
    assert response.getheader("Cache-Control") == "no-store"


def test_the_page_is_in_chinese_where_that_is_asked_for(person: Person) -> None:
    assert '<html lang="zh">' in person.ask("/?lang=zh")[1]
    assert '<html lang="zh">' in person.ask("/", None, **{"Accept-Language": "zh-CN,zh;q=0.9"})[1]
    assert "确认" in person.ask("/?lang=zh")[1]


@pytest.mark.parametrize(
    "fields",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Host": "elsewhere.example"},
        {"Cookie": "review-1=forged"},
    ],
)
def test_forms_of_other_origins_change_nothing(
    server: ReviewServer, person: Person, fields: dict[str, str]
) -> None:
    form = {"number": "0", "decision": "confirm"}
    assert person.ask("/decide", form, **fields)[0].status == 403
    assert server.session.decision(0) == "undecided"


def test_a_request_for_another_host_is_not_answered(person: Person) -> None:
    assert person.ask("/", Host="elsewhere.example")[0].status == 421


def test_decisions_are_taken_and_lead_back_to_their_place(
    server: ReviewServer, person: Person
) -> None:
    number = number_of(server, "act")
    response, _ = person.ask("/decide", {"number": number, "decision": "confirm", "lang": "zh"})
    assert response.getheader("Location") == f"/?lang=zh#p-{number}"
    assert server.session.decision(int(number)) == "confirm"
    person.ask("/decide", {"number": number, "decision": "refuse"})
    assert server.session.counts()["refuse"] == 1


def test_what_does_not_work_is_said_with_the_way_back(server: ReviewServer, person: Person) -> None:
    form = {"number": number_of(server, "act"), "property": "develops", "object": "no-thing"}
    response, page = person.ask("/change", form)
    assert response.status == 400
    assert "Nothing is known of “no-thing”" in page
    assert 'href="/?lang=en"' in page
    for wrong in ({"number": "x", "decision": "confirm"}, {"number": "0", "decision": "maybe"}, {}):
        assert person.ask("/decide", wrong)[0].status == 400
    assert person.ask("/nowhere", {})[0].status == 404


def test_a_form_that_is_too_large_is_not_read(person: Person) -> None:
    assert person.ask("/decide", {"number": "1" * 2_000_000})[0].status == 413


def test_what_is_confirmed_is_written_and_the_review_ends(
    server: ReviewServer, person: Person
) -> None:
    person.ask("/decide", {"number": number_of(server, "act"), "decision": "confirm"})
    response, _ = person.ask("/write", {"undecided": "no"})
    location = response.getheader("Location") or ""
    assert "Written: data/a-plan.quotes" in person.ask(location)[1]
    written = (server.session.folder / "data" / "a-plan.quotes").read_text(encoding="utf-8")
    assert re.search(r"^> (?:First, )?build ground terminals", written, re.MULTILINE)
    assert "has ended" in person.ask("/finish", {})[1]
