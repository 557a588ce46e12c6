"""Saved queries as an API: bound parameters, every format, parts, and its description."""

import csv
import html
import io
import re
from typing import Any

import httpx
import pytest

from spacepolicy.formats import Format, offered

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
    assert (only[0], only[-1]) == ("2", "develop reusable rockets")


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


def test_a_cursor_of_another_revision_is_refused(shipped: httpx.Client) -> None:
    for after in ("x", "é", "NiBhYmMgNw", "NyBhYmMgNw"):
        answer = shipped.get(TASKS, params={"limit": "1", "after": after})
        problem(answer, 400, "bad-parameter")


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
