"""Older revisions over HTTP: by number, by time, and what answers say of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import httpx
import pytest

from spacepolicy.saved_queries import read_catalogue
from spacepolicy.store.history import History
from spacepolicy.store.write_requests import GraphWrite, Update, WriteRequest
from spacepolicy.web.service import Service

from .conftest import serve
from .writers import Engines, MemoryWriter

VALUE = "SELECT ?o { GRAPH <urn:g> { <urn:a> <urn:b> ?o } }"
ASK = {"query": VALUE, "format": "csv"}
GRAPH = "/graphs?graph=urn:g"
SAVED = f"""#+ title: {{en: "Which value is it?", zh: "是哪个值？"}}
{VALUE}
"""


@dataclass
class Kept:
    """A site with four revisions: nothing, "1", "2", and "3" in the graph urn:g; the data of the
    second are gone. The times are seconds apart."""

    client: httpx.Client
    writer: MemoryWriter

    @property
    def history(self) -> History:
        return self.writer.history


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    writer, engines = MemoryWriter(tmp_path_factory.mktemp("kept")), Engines()
    for number in (1, 2, 3):
        text = (
            "DELETE WHERE { GRAPH <urn:g> { ?s ?p ?o } } ; "
            f'INSERT DATA {{ GRAPH <urn:g> {{ <urn:a> <urn:b> "{number}" }} '
            f"GRAPH <urn:{number}> {{ <urn:a> a <urn:C> }} }}"
        )
        writer.write(WriteRequest(Update(text), "someone", f"to {number}"))
    writer.history.get(2).dataset.unlink()
    folder = tmp_path_factory.mktemp("saved")
    (folder / "value.rq").write_text(SAVED, encoding="utf-8")
    saved = read_catalogue(folder)
    service = Service(engines, writer.history, saved, timeout_seconds=5, mode="stored")
    with serve(service) as site:
        yield Kept(site.client, writer)
    engines.close()


def value(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return answer.text.split()[-1]


def links(answer: httpx.Response) -> dict[str, str]:
    """The targets of the answer's links, by each of their relations."""
    found = re.findall(r'<([^>]*)>; rel="([^"]*)"', ", ".join(answer.headers.get_list("link")))
    return {relation: target for target, relations in found for relation in relations.split()}


def test_an_answer_is_had_again_at_its_revision(kept: Kept) -> None:
    for number, said in ((3, "2"), (4, "3")):
        answer = kept.client.get("/sparql", params={**ASK, "revision": number})
        assert value(answer) == said
        assert answer.headers["x-dataset-revision"] == str(number)
        graph = kept.client.get(f"{GRAPH}&format=nt&revision={number}")
        assert graph.text == f'<urn:a> <urn:b> "{said}" .\n'
    assert value(kept.client.get("/sparql", params=ASK)) == "3"
    posted = kept.client.post("/sparql?revision=3", data=ASK)
    assert value(posted) == "2"


def test_a_saved_query_is_answered_at_its_revision_in_data_and_on_its_page(kept: Kept) -> None:
    for number, said in ((3, "2"), (4, "3")):
        target = f"/queries/value?revision={number}"
        assert value(kept.client.get(target, headers={"Accept": "text/csv"})) == said
        assert f">{said}</td>" in kept.client.get(target, headers={"Accept": "text/html"}).text


def test_what_is_kept_of_the_newest_is_not_told_of_an_older_one(kept: Kept) -> None:
    for _ in range(2):
        for number, said in ((4, "3"), (3, "2")):
            assert value(kept.client.get("/sparql", params={**ASK, "revision": number})) == said
            time = kept.history.get(number).time
            assert value(kept.client.get("/sparql", params=ASK, headers=at(time[17:19]))) == said
            assert kept.client.get(f"{GRAPH}&format=nt", headers=at(time[17:19])).text.endswith(
                f'"{said}" .\n'
            )


def test_each_revision_has_a_tag_of_its_own(kept: Kept) -> None:
    new = kept.client.get("/sparql", params=ASK).headers["etag"]
    old = kept.client.get("/sparql", params=ASK, headers=at("03")).headers["etag"]
    assert new != old
    for tag, second, status in ((new, "04", 304), (old, "03", 304), (new, "03", 200)):
        headers = at(second) | {"If-None-Match": tag}
        assert kept.client.get("/sparql", params=ASK, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("revision=2", 410),
        ("revision=9", 404),
        ("revision=0", 404),
        ("revision=one", 400),
        ("revision=-1", 400),
        ("revision=", 400),
        ("revision=3&revision=4", 400),
        ("revision=99999999999999999999", 400),
    ],
)
@pytest.mark.parametrize("path", ["/sparql?query=ASK{}", GRAPH, "/queries?x", "/dump.nq?x"])
def test_a_revision_that_cannot_be_answered_is_told(
    path: str, query: str, status: int, kept: Kept
) -> None:
    answer = kept.client.get(f"{path}&{query}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_revision_in_a_form_is_told_and_not_passed_over(kept: Kept) -> None:
    assert kept.client.post("/sparql", data={**ASK, "revision": "3"}).status_code == 400


def at(second: str) -> dict[str, str]:
    return {"Accept-Datetime": f"Fri, 02 Jan 2026 03:04:{second} GMT"}


@pytest.mark.parametrize(
    ("time", "number"),
    [
        ("Fri, 02 Jan 2026 03:04:04 GMT", 4),
        ("Fri, 02 Jan 2026 03:04:03 GMT", 3),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 1),
        ("Tue, 02 Jan 2099 00:00:00 GMT", 4),
        ("Fri, 02 Jan 2026 11:04:03 +0800", 3),
    ],
)
def test_a_time_is_answered_as_of_then(time: str, number: int, kept: Kept) -> None:
    for path in (GRAPH, "/sparql?query=ASK{}", "/dump.nq"):
        answer = kept.client.get(path, headers={"Accept-Datetime": time})
        assert answer.headers["x-dataset-revision"] == str(number)
        if answer.status_code == 404:
            continue
        assert answer.headers["memento-datetime"] == f"Fri, 02 Jan 2026 03:04:0{number} GMT"
        assert "accept-datetime" in answer.headers["vary"].lower()
        memento = answer.headers["content-location"]
        again = kept.client.get(memento)
        assert again.content == answer.content
        assert links(answer)["memento"] == links(again)["memento"] == memento
        assert links(answer)["original"] == links(again)["timegate"]


def test_a_time_to_the_second_names_what_was_in_force_at_its_end(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    revisions = tuple(
        replace(each, time=each.time.replace("+00:00", ".594+00:00"))
        for each in kept.history.revisions
    )
    monkeypatch.setattr(type(kept.history), "revisions", revisions)
    for number in (3, 4):
        answer = kept.client.get("/sparql?query=ASK{}", headers=at(f"0{number}"))
        assert answer.headers["x-dataset-revision"] == str(number)
        assert answer.headers["memento-datetime"] == at(f"0{number}")["Accept-Datetime"]


def test_a_time_whose_data_are_gone_is_answered_by_the_nearest(kept: Kept) -> None:
    answer = kept.client.get("/sparql?query=ASK{}", headers=at("02"))
    assert answer.headers["x-dataset-revision"] in ("1", "3")


@pytest.mark.parametrize("time", ["yesterday", "2026-01-02", "", "Fri, 99 Jan 2026 03:04:04 GMT"])
def test_a_time_that_is_none_is_told(time: str, kept: Kept) -> None:
    answer = kept.client.get(GRAPH, headers={"Accept-Datetime": time})
    assert answer.status_code == 400
    assert "Accept-Datetime" in answer.json()["detail"]


@pytest.mark.parametrize("path", [GRAPH, "/sparql?query=ASK{}", "/dump.nq"])
def test_two_times_are_refused(path: str, kept: Kept) -> None:
    headers = [*at("03").items(), *at("04").items()]
    answer = kept.client.get(path, headers=headers)
    assert answer.status_code == 400
    assert "2 Accept-Datetime fields" in answer.json()["detail"]


def test_a_resource_leads_to_its_timegate_and_timemap(kept: Kept) -> None:
    answer = kept.client.get(f"{GRAPH}&revision=3&format=nt")
    found = links(answer)
    original = str(kept.client.base_url.join(f"{GRAPH}&format=nt"))
    assert found["original"] == found["timegate"] == original
    assert links(kept.client.get(original))["original"] == original
    timemap = kept.client.get(found["timemap"])
    assert timemap.headers["content-type"] == "application/link-format"
    mementos = re.findall(r'<([^>]*)>; rel="([^"]*memento)"; datetime="([^"]*)"', timemap.text)
    assert [relations for _, relations, _ in mementos] == [
        "first memento",
        "memento",
        "last memento",
    ]
    for target, _, time in mementos[1:]:
        memento = kept.client.get(target)
        assert (memento.status_code, memento.headers["memento-datetime"]) == (200, time)
    assert f'<{original}>; rel="original timegate"' in timemap.text
    assert f'<{found["timemap"]}>; rel="self"' in timemap.text


def test_what_runs_the_service_is_of_no_revision(kept: Kept) -> None:
    for path in ("/livez", "/readyz", "/running"):
        answer = kept.client.get(f"{path}?revision=2", headers=at("02"))
        assert answer.status_code == 200
        assert "memento-datetime" not in answer.headers


def test_pages_of_an_older_revision_say_so_and_lead_on_within_it(kept: Kept) -> None:
    for path in ("/", "/queries", "/sparql"):
        old = kept.client.get(f"{path}?revision=3", headers={"Accept": "text/html"}).text
        new = kept.client.get(path, headers={"Accept": "text/html"}).text
        assert "an older revision" in old
        assert "an older revision" not in new
        assert 'href="/queries?revision=3"' in old
        assert "revision=" not in new
    chinese = kept.client.get("/?revision=3&lang=zh", headers={"Accept": "text/html"}).text
    assert 'href="/queries?revision=3&amp;lang=zh"' in chinese
    assert 'href="?lang=zh"' in chinese


def test_a_thing_leads_to_its_document_at_the_same_revision(kept: Kept) -> None:
    answer = kept.client.get("/def?revision=3")
    assert (answer.status_code, answer.headers["location"][-11:]) == (303, "?revision=3")
    assert "memento-datetime" not in answer.headers


def test_a_write_names_no_revision(kept: Kept) -> None:
    before = kept.history.current.number
    kept.writer.write(WriteRequest(GraphWrite("delete", "urn:1"), "someone"))
    assert kept.client.get("/graphs?graph=urn:1").status_code == 404
    assert kept.client.get(f"/graphs?graph=urn:1&revision={before}").status_code == 200


def test_an_address_cannot_write_into_the_links(kept: Kept) -> None:
    answer = kept.client.get("/graphs?graph=urn:g&x=%22>;rel=%22next")
    assert '"next' not in ", ".join(answer.headers.get_list("link"))
