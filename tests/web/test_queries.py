"""Saved queries as an API: bound parameters, every format, parts, and its description."""

import base64
import csv
import html
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from spacepolicy import saved_queries
from spacepolicy.formats import Format, offered
from spacepolicy.saved_queries import read_catalogue
from spacepolicy.store.write_requests import Update, WriteRequest
from spacepolicy.web import queries
from spacepolicy.web.service import Service

from .conftest import serve
from .writers import Engines, MemoryWriter

TASKS = "/queries/tasks-by-technology"
ROCKET = "https://w3id.org/spacepolicy/id/technology/reusable-rocket"
CSV = {"Accept": "text/csv"}
PAGE = {"Accept": "text/html"}
HOSTILE = [
    "> } UNION { ?s ?p ?o } #", "<urn:a> <urn:b>", '") } SELECT * { ?s ?p ?o } #', '\\" } #',
    "UNDEF", "} VALUES ?x { UNDEF", "?s", "$s", "[]", "_:b", '"@en } { ?s ?p ?o', "'''", '"""',
    "a\nb", "a\r\n}#", "\\u0022 } {", "\x00", "\x1f", "\u202e", "𝔘𝔫𝔦", "a" * 5000, "{" * 500,
    "SERVICE <http://127.0.0.1:1/> {}", "urn:a> . ?s ?p ?o . <urn:b", "%22%7D", "*/{}", "null",
    "1e9999", "-0", "１", "9" * 5000, "2026-02-30", "word@en", "word@", "@en", "x@en-", "x@\"}{",
]  # fmt: skip


def rows(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.text)))


def problem(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    members: dict[str, Any] = answer.json()
    assert members["type"].endswith(f"/problems/{kind}")
    return members


def test_a_saved_query_answers_by_its_name(shipped: httpx.Client) -> None:
    header, only = rows(shipped.get(TASKS, headers=CSV))
    assert header[0] == "ordinal"
    assert (only[0], only[-2]) == ("2", "develop reusable rockets")


def test_a_parameter_is_bound_and_several_values_are_several_rows(shipped: httpx.Client) -> None:
    other = ROCKET.replace("reusable-rocket", "payload")
    one = rows(shipped.get(TASKS, params={"technology": other}, headers=CSV))
    both = rows(shipped.get(TASKS, params={"technology": [ROCKET, other]}, headers=CSV))
    assert one != rows(shipped.get(TASKS, headers=CSV))
    assert sorted(both[1:]) == sorted([*one[1:], *rows(shipped.get(TASKS, headers=CSV))[1:]])
    chinese = shipped.get(TASKS, params={"language": "zh"}, headers=CSV)
    assert "任务二" in chinese.text


@pytest.mark.parametrize("row", offered("solutions"), ids=lambda row: row.name)
def test_the_answer_comes_in_every_format(shipped: httpx.Client, row: Format) -> None:
    answer = shipped.get(TASKS, headers={"Accept": row.media_type})
    assert answer.headers["content-type"].partition(";")[0] == row.media_type
    assert answer.content == shipped.get(TASKS, params={"format": row.name}).content
    known = {"Accept": row.media_type, "If-None-Match": answer.headers["etag"]}
    assert shipped.get(TASKS, headers=known).status_code == 304


def test_a_page_asks_for_the_parameters_and_shows_the_answer(shipped: httpx.Client) -> None:
    page = shipped.get(TASKS, headers=PAGE).text
    assert "Which tasks concern reusable rockets?" in page
    assert f'<option value="{ROCKET}" selected>reusable rocket</option>' in page
    assert "develop reusable rockets" in page
    other = shipped.get(TASKS, params={"technology": ROCKET, "language": "zh"}, headers=PAGE).text
    assert 'lang="zh"' in other


def test_an_answer_of_today_is_kept_for_the_day_alone(
    shipped: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, first = "/queries/state-of-duties", "2026-03-18"
    told = dict[str, tuple[str, str]]()
    for day in ("2026-03-17", first, first):
        monkeypatch.setattr(saved_queries, "today", lambda day=day: day)
        monkeypatch.setattr(queries, "today", lambda day=day: day)
        answer = shipped.get(name, params={"policy": "us-eo-14369"}, headers=CSV)
        state = next(row[2] for row in rows(answer) if row[1] == first)
        assert told.setdefault(day, (state, answer.headers["etag"]))[0] == state
        page = shipped.get(name, params={"policy": "us-eo-14369"}, headers=PAGE).text
        assert f'value="{day}"' in page
        assert f">{state}<" in page
        part = shipped.get(name, params={"policy": "us-eo-14369", "limit": 2}, headers=CSV)
        assert state in [row[2] for row in rows(part)]
    assert [state for state, _ in told.values()] == ["not yet due", "due on the day"]
    assert len({tag for _, tag in told.values()}) == 2
    known = {**CSV, "If-None-Match": told[first][1]}
    again = shipped.get(name, params={"policy": "us-eo-14369"}, headers=known)
    assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")


def test_names_in_an_answer_lead_to_their_things(shipped: httpx.Client) -> None:
    page = shipped.get("/queries/state-of-duties", params={"policy": "us-eo-14369"}, headers=PAGE)
    named = re.search(r'<a href="([^"]+)"[^>]*>asserting spectrum leadership</a>', page.text)
    assert named is not None
    assert (
        "asserting spectrum leadership"
        in shipped.get(named[1], headers=PAGE, follow_redirects=True).text
    )
    assert '<th scope="col">day on which it falls due</th>' in page.text


@pytest.mark.parametrize(("language", "word"), [("en", "passage"), ("zh", "文段")])
def test_a_passage_by_reference_shows_its_place(
    shipped: httpx.Client, language: str, word: str
) -> None:
    asked = {"policy": "us-eo-14369", "lang": language}
    page = shipped.get("/queries/tasks-and-domains", params=asked, headers=PAGE).text
    assert re.search(rf'<a href="/source/us-eo-14369[^"]*#loc=sec[^>]*>{word} sec\.', page)
    assert ">source/us-eo" not in page


def test_the_list_tells_each_query_and_its_parameters(shipped: httpx.Client) -> None:
    listed = shipped.get("/queries").json()["queries"]
    assert len(listed) > 30
    found = next(each for each in listed if each["name"] == "tasks-by-technology")
    assert found["title"]["zh"]
    technology = found["parameters"][0]
    assert (technology["type"], technology["default"]) == ("iri", ROCKET)
    choices = rows(shipped.get(technology["options"], headers=CSV))
    assert [ROCKET, "reusable rocket"] in choices
    assert found["title"]["en"] in html.unescape(shipped.get("/queries", headers=PAGE).text)


def test_every_saved_query_answers_as_data_and_as_a_page(shipped: httpx.Client) -> None:
    for each in shipped.get("/queries").json()["queries"]:
        name = f"/queries/{each['name']}"
        data, page = shipped.get(name), shipped.get(name, headers=PAGE)
        assert (data.status_code, page.status_code) == (200, 200), (name, data.text)
        for parameter in each["parameters"]:
            if "options" in parameter:
                assert shipped.get(parameter["options"]).status_code == 200, parameter


def test_what_is_not_there_or_wrong_is_told(shipped: httpx.Client) -> None:
    problem(shipped.get("/queries/none-such"), 404, "not-found")
    problem(shipped.get(f"{TASKS}/options/nothing"), 404, "not-found")
    problem(shipped.get(TASKS, params={"color": "red"}), 400, "bad-parameter")
    problem(shipped.get(TASKS, params={"technology": "no iri"}), 400, "bad-parameter")
    problem(shipped.get("/queries/tasks", params={"ordinal": "two"}), 400, "bad-parameter")
    problem(shipped.get(TASKS, params={"format": "png"}), 406, "not-acceptable")
    problem(shipped.get(TASKS, params={"timeout": "soon"}), 400, "bad-parameter")
    for limit in ("0", "-1", "many", "１", "9" * 99):
        problem(shipped.get(TASKS, params={"limit": limit}), 400, "bad-parameter")


def answer_for(shipped: httpx.Client, technology: str) -> httpx.Response:
    params = {"technology": technology, "format": "csv"}
    return shipped.get("/queries/tasks-by-technology", params=params)


@pytest.mark.parametrize(
    "value",
    [
        ROCKET,
        f"<{ROCKET}>",
        "reusable-rocket",
        "reusable rocket",
        "Reusable Rocket",
        "可重复使用火箭",
    ],
)
def test_a_thing_is_named_by_its_iri_the_last_part_of_it_or_its_label(
    shipped: httpx.Client, value: str
) -> None:
    answer = answer_for(shipped, value)
    assert answer.status_code == 200, answer.text
    assert answer.text == answer_for(shipped, ROCKET).text
    assert "develop reusable rockets" in answer.text


def test_a_prefixed_name_stands_before_a_last_part(shipped: httpx.Client) -> None:
    assert answer_for(shipped, ":reusable-rocket").text.count("\n") == 1


@pytest.mark.parametrize("value", ["reusable-roket", "no such thing", "Task"])
def test_a_name_of_no_choice_is_refused_with_the_choices(shipped: httpx.Client, value: str) -> None:
    answer = answer_for(shipped, value)
    assert answer.status_code == 400
    problem = answer.json()
    assert "none of the choices is called" in problem["detail"]
    assert {"iri", "name"} == problem["choices"][0].keys()


def test_the_near_choice_is_told(shipped: httpx.Client) -> None:
    detail = answer_for(shipped, "reusable-roket").json()["detail"]
    assert f"{ROCKET} (reusable rocket) was perhaps meant." in detail
    assert "scheme" not in detail


def test_the_page_of_a_question_takes_a_name_too(shipped: httpx.Client) -> None:
    params = {"technology": "reusable-rocket"}
    page = shipped.get(
        "/queries/tasks-by-technology", params=params, headers={"Accept": "text/html"}
    )
    assert f'<option value="{ROCKET}" selected>' in page.text


def test_an_answer_comes_in_parts_that_make_the_whole(shipped: httpx.Client) -> None:
    whole = rows(shipped.get("/queries/measures", headers=CSV))
    gathered, url, parts = [], "/queries/measures?limit=7", 0
    while url:
        answer = shipped.get(url, headers=CSV)
        header, *some = rows(answer)
        assert header == whole[0]
        assert len(some) <= 7
        gathered += some
        found = re.search(r'<([^>]*)>; rel="next"', answer.headers.get("link", ""))
        url, parts = found[1] if found else "", parts + 1
    assert gathered == whole[1:]
    assert parts == -(-len(gathered) // 7)


def encoded(said: str) -> str:
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "after",
    ["", "x", "é", encoded("7 1"), encoded("7 one mark"), encoded("7 1 mark"), encoded("9 1 mark"),
     encoded("0 1 mark"), encoded("-7 1 mark"), encoded("7 1 mark") + "="],
)  # fmt: skip
def test_what_is_no_cursor_of_the_answer_is_refused(shipped: httpx.Client, after: str) -> None:
    answer = shipped.get(TASKS, params={"limit": "1", "after": after})
    problem(answer, 400, "bad-parameter")


def test_a_cursor_goes_with_its_question_alone_and_with_a_limit(shipped: httpx.Client) -> None:
    after = parameters(following(shipped.get("/queries/measures?limit=2")))["after"]
    problem(shipped.get(TASKS, params={"limit": "2", "after": after}), 400, "bad-parameter")
    problem(shipped.get("/queries/measures", params={"after": after}), 400, "bad-parameter")


@dataclass
class Publishing:
    """A site with saved questions, whose data change."""

    service: Service
    writer: MemoryWriter
    client: httpx.Client

    def publish(self, update: str) -> None:
        self.writer.write(WriteRequest(Update(update), "someone", ""))

    @contextmanager
    def again(self) -> Iterator[httpx.Client]:
        """The site started again, over the same data in another order."""
        for revision in self.writer.history.revisions:
            lines = revision.dataset.read_text(encoding="utf-8").splitlines(keepends=True)
            revision.dataset.write_text("".join(reversed(lines)), encoding="utf-8")
        engines = Engines("another")
        with serve(replace(self.service, engine=engines)) as site:
            yield site.client
        engines.close()


@pytest.fixture
def publishing(tmp_path: Path) -> Iterator[Publishing]:
    for name, text in IN_PARTS.items():
        header = f'#+ title: {{en: "{name}?", zh: "{name}？"}}\n'
        (tmp_path / f"{name}.rq").write_text(header + text, encoding="utf-8")
    (tmp_path / "store").mkdir()
    writer, engines = MemoryWriter(tmp_path / "store"), Engines()
    saved = read_catalogue(tmp_path)
    service = Service(engines, writer.history, saved, timeout_seconds=5, mode="stored")
    with serve(service) as site:
        made = Publishing(service, writer, site.client)
        made.publish(f"INSERT DATA {{ {''.join(map(STATED.format, range(40)))} }}")
        yield made
    engines.close()


STATED = '<urn:s{0}> <urn:p> "o"@en, "o"@zh, "o", <urn:o>, _:b{0} . '
VALUES = "{ VALUES ?p { <urn:p> } ?s ?p ?o }"
IN_PARTS = {
    "unordered": f"SELECT ?s ?o {VALUES}",
    "tied": f"SELECT ?s ?o {VALUES} ORDER BY ?p # no row before another\n",
    "cut": f"SELECT ?s (STR(?o) AS ?said) {VALUES} ORDER BY DESC(?s) LIMIT 90",
    "grouped": f"SELECT ?s (COUNT(?s<?o) AS ?n) {VALUES} GROUP BY ?s ORDER BY (?n<3&&?n>1)",
}
LATER = 'DELETE WHERE { <urn:s3> ?p ?o } ; INSERT DATA { <urn:a> <urn:p> "a", "z" }'


def following(answer: httpx.Response) -> str:
    """The address of the next part; none after the last."""
    found = re.search(r'<([^>]*)>; rel="next"', answer.headers.get("link", ""))
    return found[1] if found else ""


def parameters(address: str) -> dict[str, str]:
    return dict(httpx.URL(address).params)


def gathered(client: httpx.Client, address: str, revision: int) -> list[list[str]]:
    """The rows of the parts from that on, all of the revision of that number."""
    found: list[list[str]] = []
    while address:
        answer = client.get(httpx.URL(address).raw_path.decode(), headers=CSV)
        found += rows(answer)[1:]
        assert answer.headers["x-dataset-revision"] == str(revision)
        address = following(answer)
    return found


@pytest.mark.parametrize("name", IN_PARTS)
def test_parts_go_on_over_the_revision_of_the_first(publishing: Publishing, name: str) -> None:
    whole = rows(publishing.client.get(f"/queries/{name}", headers=CSV))[1:]
    first = publishing.client.get(f"/queries/{name}?limit=17", headers=CSV)
    publishing.publish(LATER)
    assert whole != rows(publishing.client.get(f"/queries/{name}", headers=CSV))[1:]
    rest = gathered(publishing.client, following(first), 2)
    assert sorted(rows(first)[1:] + rest) == sorted(whole)
    named = following(publishing.client.get(f"/queries/{name}?limit=17&revision=2"))
    assert parameters(named)["after"] == parameters(following(first))["after"]
    with publishing.again() as restarted:
        assert gathered(restarted, following(first), 2) == rest


def test_parts_keep_to_the_order_of_their_question(publishing: Publishing) -> None:
    found = gathered(publishing.client, "/queries/cut?limit=7", 2)
    assert [s for s, _ in found] == sorted((s for s, _ in found), reverse=True)
    with publishing.again() as restarted:
        assert gathered(restarted, "/queries/cut?limit=7", 2) == found


def test_a_cursor_whose_revision_is_gone_says_to_begin_again(publishing: Publishing) -> None:
    target = following(publishing.client.get("/queries/tied?limit=17"))
    publishing.publish(LATER)
    assert publishing.client.get(target, params=parameters(target)).status_code == 200
    revision = {**parameters(target), "revision": "3"}
    problem(publishing.client.get("/queries/tied", params=revision), 400, "bad-parameter")
    publishing.writer.history.get(2).dataset.unlink()
    gone = problem(publishing.client.get(target), 410, "revision-gone")
    assert "begin again without" in gone["detail"]


@pytest.mark.parametrize(
    ("name", "parameter"),
    [("tasks-by-technology", "technology"), ("find", "text"), ("tasks", "ordinal"),
     ("tasks", "language"), ("words-behind", "predicate")],
)  # fmt: skip
def test_a_hostile_value_gives_an_error_or_nothing(
    shipped: httpx.Client, name: str, parameter: str
) -> None:
    for value in HOSTILE:
        answer = shipped.get(f"/queries/{name}", params={parameter: value}, headers=CSV)
        if answer.status_code == 200:
            assert len(rows(answer)) == 1, (value, answer.text)
        else:
            problem(answer, 400, "bad-parameter")


@pytest.mark.parametrize(
    ("language", "heading", "description"),
    [("en", "documents", "The planning period as"), ("zh", "文献", "原文所称的规划期")],
)
def test_questions_are_described_in_the_language_of_the_reader(
    shipped: httpx.Client, language: str, heading: str, description: str
) -> None:
    asked, page = {"lang": language}, {"Accept": "text/html"}
    assert f"<h2>{heading}</h2>" in shipped.get("/queries", params=asked, headers=page).text
    assert f"<p>{description}" in shipped.get("/queries/periods", params=asked, headers=page).text
    listed = shipped.get("/queries", headers={"Accept": "application/json"}).json()["queries"]
    described = next(each for each in listed if each["name"] == "periods")["description"]
    assert described[language].startswith(description)


def test_the_description_names_every_query_and_its_examples_run(shipped: httpx.Client) -> None:
    document = shipped.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    saved = [path for path in document["paths"] if path.startswith("/queries/")]
    assert len([path for path in saved if "{" not in path]) > 30
    for path, item in document["paths"].items():
        for operation in item.values():
            declared = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
            assert declared == {name.partition(":")[0] for name in re.findall(r"{([^}]*)}", path)}
        examples = {
            p["name"]: p["example"] for p in item.get("get", {}).get("parameters", ())
            if "example" in p
        }  # fmt: skip
        if examples:
            assert shipped.get(path, params=examples).status_code == 200, path
    page = shipped.get("/api", headers=PAGE)
    assert all(path in page.text for path in saved)
