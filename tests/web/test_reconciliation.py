"""The reconciliation service: exact about IRIs, careful about names, bounded, and as the
specification's schemas have it, by checks of our own."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest

from spacepolicy.errors import TimeLimitError
from spacepolicy.web.answering.app_state import make_app_state
from spacepolicy.web.reconciliation.batches import MAX_IDS, MAX_QUERIES
from spacepolicy.web.reconciliation.endpoint import answered
from spacepolicy.web.reconciliation.entities import Entities
from spacepolicy.web.search_index import Text
from spacepolicy.web.service import Service

from .conftest import SHIPPED_BASE, MakeService, Site, serve
from .reconciliation_client import TIMES, ReconciliationClient, cells
from .search_indexes import index_of

EX = f"{SHIPPED_BASE}id/"
DEF = f"{SHIPPED_BASE}def/"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
DATA = """
@prefix : <https://w3id.org/spacepolicy/def/> . @prefix id: <https://w3id.org/spacepolicy/id/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:City a owl:Class ; rdfs:label "city"@en , "城市"@zh ; skos:definition "place of many people"@en .
:Actor a owl:Class ; rdfs:label "actor"@en , "行动者"@zh .
:liesIn rdfs:label "lies in"@en , "位于"@zh ; rdfs:range :Country .
:Country rdfs:label "country"@en .
:foundedIn rdfs:label "founded in"@en ; rdfs:range xsd:integer .
id:bern a :City ; rdfs:label "Bern"@en , "伯尔尼"@zh ; skos:altLabel "Berne"@en ;
  :liesIn id:switzerland ; :foundedIn 1191 .
id:bern-actor a :Actor ; rdfs:label "Bern"@en ; :liesIn id:switzerland ; :foundedIn 1848 .
id:zurich a :City ; rdfs:label "Zürich"@en , "苏黎世"@zh ; :liesIn id:switzerland ;
  :share 0.5 ; :ratio "INF"^^xsd:double ; :seen "2026-01-02T03:04:05Z"^^xsd:dateTime ;
  :day "2026-01-02"^^xsd:date ; :open true ; :wrong "many"^^xsd:integer ;
  :site <https://example.org/zurich> ; :part [ rdfs:label "a part"@en ] .
id:lausanne a :City ; rdfs:label "Lausanne"@en ; :liesIn id:switzerland .
id:switzerland a :Country ; rdfs:label "Switzerland"@en , "瑞士"@zh .
"""


@pytest.fixture(scope="module")
def towns(make_service: MakeService) -> Iterator[Site]:
    with serve(make_service(DATA)) as site:
        yield site


@pytest.fixture(scope="module")
def refine(towns: Site) -> ReconciliationClient:
    return ReconciliationClient.of(towns.client, "/reconcile")


def found(refine: ReconciliationClient, query: str, **members: object) -> dict[str, Any]:
    """The candidates of a query by their local names."""
    (candidates,) = refine.queries({"q": {"query": query, **members}}).values()
    for each in candidates:
        is_candidate(each)
    assert [each["score"] for each in candidates] == sorted(
        (each["score"] for each in candidates), reverse=True
    )
    return {each["id"].removeprefix(EX): each for each in candidates}


def is_candidate(each: Mapping[str, Any]) -> None:
    """Checks what the specification's schema of results demands."""
    assert {"id", "name", "score"} <= each.keys()
    assert each.keys() <= {"id", "name", "description", "type", "score", "features", "match"}
    assert isinstance(each["score"], int | float)
    assert isinstance(each["match"], bool)
    assert 0 <= each["score"] <= 100
    assert all({"id", "name"} == kind.keys() for kind in each["type"])
    assert all(isinstance(feature["value"], bool | int | float) for feature in each["features"])


def test_the_manifest_has_what_the_specification_demands(refine: ReconciliationClient) -> None:
    manifest = refine.manifest
    assert manifest["versions"] == ["0.2"]
    assert manifest["name"]
    assert manifest["identifierSpace"] == SHIPPED_BASE
    assert manifest["schemaSpace"] == DEF
    assert manifest["batchSize"] == MAX_QUERIES
    for name in ("view", "preview"):
        assert "{{id}}" in manifest[name]["url"]
    assert manifest["preview"]["width"] > 0
    assert {"id": f"{DEF}City", "name": "city"} in manifest["defaultTypes"]
    (setting,) = manifest["extend"]["property_settings"]
    assert {"name", "label", "type", "choices", "default"} <= setting.keys()


def test_an_iri_is_exactly_that_thing(refine: ReconciliationClient) -> None:
    for query in (f"{EX}bern", f" <{EX}bern> "):
        candidates = found(refine, query)
        assert list(candidates) == ["bern"]
        assert (candidates["bern"]["score"], candidates["bern"]["match"]) == (100, True)


@pytest.mark.parametrize(
    "iri", [f"{EX}berne", f"{EX}Bern", f"{EX}bern/", "https://example.org/bern", "urn:bern"]
)
def test_a_wrong_iri_is_nothing_and_never_a_near_one(
    refine: ReconciliationClient, iri: str
) -> None:
    assert found(refine, iri) == {}


def test_an_iri_of_another_class_is_nothing(refine: ReconciliationClient) -> None:
    assert found(refine, f"{EX}bern", type=f"{DEF}Actor") == {}


@pytest.mark.parametrize("name", ["Lausanne", " lausanne ", "LAUSANNE"])
def test_one_exact_name_is_a_match(refine: ReconciliationClient, name: str) -> None:
    assert found(refine, name)["lausanne"]["match"]


def test_names_match_in_every_language_and_by_other_names(refine: ReconciliationClient) -> None:
    assert found(refine, "伯尔尼")["bern"]["match"]
    assert found(refine, "Berne")["bern"]["match"]
    assert found(refine, "Zurich")["zurich"]["match"]


def test_a_name_of_two_things_is_a_match_of_neither(refine: ReconciliationClient) -> None:
    candidates = found(refine, "Bern")
    assert {"bern", "bern-actor"} <= candidates.keys()
    assert not any(each["match"] for each in candidates.values())


def test_the_class_tells_two_things_of_one_name_apart(refine: ReconciliationClient) -> None:
    candidates = found(refine, "Bern", type=f"{DEF}City")
    assert list(candidates) == ["bern"]
    assert candidates["bern"]["match"]
    as_list = found(refine, "Bern", type=[{"id": f"{DEF}City"}, f"{DEF}Actor"])
    assert as_list.keys() == {"bern", "bern-actor"}
    both = found(refine, "Bern", type=[f"{DEF}City", f"{DEF}Actor"], type_strict="all")
    assert both == {}
    assert "bern" in found(refine, "Bern", type=f"{DEF}Country", type_strict="should")


@pytest.mark.parametrize(
    "value", [1191, "1191", 1191.0, [1, 1191]], ids=["number", "text", "float", "list"]
)
def test_values_of_properties_tell_two_things_of_one_name_apart(
    refine: ReconciliationClient, value: object
) -> None:
    candidates = found(refine, "Bern", properties=[{"pid": f"{DEF}foundedIn", "v": value}])
    assert candidates["bern"]["match"]
    assert candidates["bern"]["score"] == 100
    assert not candidates["bern-actor"]["match"]
    assert candidates["bern-actor"]["score"] == 75


@pytest.mark.parametrize("value", ["Switzerland", "瑞士", {"id": f"{EX}switzerland"}])
def test_a_value_may_be_a_thing_or_its_name(refine: ReconciliationClient, value: object) -> None:
    properties = [{"pid": f"{DEF}liesIn", "v": value}]
    assert found(refine, "Lausanne", properties=properties)["lausanne"]["match"]
    (candidates,) = refine.queries({"q": {"properties": properties}}).values()
    assert {each["id"].removeprefix(EX) for each in candidates} == {
        "bern",
        "bern-actor",
        "zurich",
        "lausanne",
    }
    assert not any(each["match"] for each in candidates)


@pytest.mark.parametrize(("query", "thing"), [("Lausane", "lausanne"), ("苏黎士", "zurich")])
def test_a_misspelt_name_is_a_candidate_and_no_match(
    refine: ReconciliationClient, query: str, thing: str
) -> None:
    candidate = found(refine, query)[thing]
    assert 50 <= candidate["score"] < 100
    assert not candidate["match"]


def test_a_name_that_nothing_is_like_has_no_candidates(refine: ReconciliationClient) -> None:
    assert found(refine, "Timbuktu") == {}
    assert found(refine, "?!") == {}
    assert found(refine, "a very long name " * 100) == {}


def test_a_limit_is_kept(refine: ReconciliationClient) -> None:
    assert len(found(refine, "Bern", limit=1)) == 1


@pytest.mark.parametrize(
    ("queries", "words"),
    [
        ("[]", "object"),
        ("{", "JSON"),
        ('{"q": 1}', "object"),
        ('{"q": {}}', "neither"),
        ('{"q": {"query": " "}}', "neither"),
        ('{"q": {"query": 1}}', "text"),
        ('{"q": {"query": "a", "limit": 0}}', "limit"),
        ('{"q": {"query": "a", "limit": 1.5}}', "limit"),
        ('{"q": {"query": "a", "limit": true}}', "limit"),
        ('{"q": {"query": "a", "type": [1]}}', "type"),
        ('{"q": {"query": "a", "type_strict": "no"}}', "type_strict"),
        ('{"q": {"query": "a", "properties": [{"pid": "a b", "v": 1}]}}', "pid"),
        ('{"q": {"query": "a", "properties": [{"pid": "urn:p", "v": null}]}}', "'v'"),
        ("[" * 100_000, "JSON"),
    ],
)
def test_what_is_no_batch_is_refused(towns: Site, queries: str, words: str) -> None:
    answer = towns.client.post("/reconcile", data={"queries": queries})
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/problems/bad-parameter")
    assert words in answer.json()["detail"]


def test_more_than_is_taken_is_413(towns: Site) -> None:
    queries = {str(n): {"query": "a"} for n in range(MAX_QUERIES + 1)}
    extension = {"ids": [f"urn:{n}" for n in range(MAX_IDS + 1)], "properties": []}
    for name, members in {"queries": queries, "extend": extension}.items():
        answer = towns.client.post("/reconcile", data={name: json.dumps(members)})
        assert answer.status_code == 413, name
    answer = towns.client.post("/reconcile", data={"queries": "a" * (1 << 20)})
    assert answer.status_code == 413


def test_jsonp_other_bodies_and_two_batches_at_once_are_refused(towns: Site) -> None:
    client = towns.client
    assert "JSONP" in client.get("/reconcile", params={"callback": "f"}).json()["detail"]
    assert client.post("/reconcile", json={"queries": {}}).status_code == 415
    assert client.post("/reconcile", data={"other": "1"}).status_code == 400
    both = {"queries": "{}", "extend": '{"ids": [], "properties": []}'}
    assert client.post("/reconcile", data=both).status_code == 400


@pytest.mark.parametrize(
    "given",
    [
        {"queries": r'{"a": {"query": "\ud800"}}'},
        {"queries": r'{"\udfff": {"query": "x"}}'},
        {"queries": r'{"a": {"query": "x", "type": "\ud800"}}'},
        {"extend": r'{"ids": ["\ud800"], "properties": [{"id": "urn:p"}]}'},
        {"extend": r'{"ids": ["urn:a"], "properties": [{"id": "urn:\ud800"}]}'},
    ],
)
def test_half_a_character_is_refused(towns: Site, given: dict[str, str]) -> None:
    for answer in (
        towns.client.post("/reconcile", data=given),
        towns.client.get("/reconcile", params=given),
    ):
        assert answer.status_code == 400, answer.text
        assert "is no character" in answer.json()["detail"]


def test_a_failure_of_the_service_is_a_problem_and_names_no_cause(
    towns: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> None:
        raise KeyError("a secret")

    monkeypatch.setattr("spacepolicy.web.reconciliation.endpoint._given", fail)
    answer = towns.client.post("/reconcile", data={"queries": "{}"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith("/problems/engine-failure")
    assert "secret" not in answer.text
    monkeypatch.undo()
    assert towns.client.post("/reconcile", data={"queries": "{}"}).status_code == 200


def test_scripts_of_any_origin_may_ask(towns: Site) -> None:
    origin = {"Origin": "https://refine.example"}
    for answer in (
        towns.client.get("/reconcile", headers=origin),
        towns.client.post("/reconcile", headers=origin, data={"queries": "{}"}),
        towns.client.get("/reconcile/suggest/type", headers=origin, params={"prefix": "c"}),
    ):
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"


def test_answers_to_get_are_those_to_post_and_are_tagged(towns: Site) -> None:
    asked = {"queries": json.dumps({"q": {"query": "Bern"}})}
    answer = towns.client.get("/reconcile", params=asked)
    assert answer.json() == towns.client.post("/reconcile", data=asked).json()
    again = {"If-None-Match": answer.headers["etag"]}
    assert towns.client.get("/reconcile", params=asked, headers=again).status_code == 304


def test_names_come_in_the_language_of_the_reader_and_are_kept_apart(towns: Site) -> None:
    asked = {"queries": json.dumps({"q": {"query": "Switzerland"}})}
    for _ in range(2):
        for language, name in (("en", "Switzerland"), ("zh", "瑞士")):
            answer = towns.client.get(
                "/reconcile", params=asked, headers={"Accept-Language": language}
            )
            assert answer.json()["q"]["result"][0]["name"] == name
            assert answer.headers["vary"].lower().split(", ").count("accept-language") == 1


def test_suggestions_begin_as_typed_or_are_the_iri(refine: ReconciliationClient) -> None:
    assert [each["id"] for each in refine.suggest("type", "ci")] == [f"{DEF}City"]
    assert refine.suggest("type", "城")[0]["description"] == "place of many people"
    assert [each["id"] for each in refine.suggest("type", f"{DEF}Actor")] == [f"{DEF}Actor"]
    assert [each["id"] for each in refine.suggest("property", "in")] == [
        f"{DEF}foundedIn",
        f"{DEF}liesIn",
    ]
    assert refine.suggest("property", f"{DEF}lies") == []
    (lausanne,) = refine.suggest("entity", "lau")
    assert (lausanne["id"], lausanne["notable"][0]["id"]) == (f"{EX}lausanne", f"{DEF}City")
    assert [each["name"] for each in refine.suggest("entity", f"{EX}zurich")] == ["Zürich"]
    assert refine.suggest("entity", f"{EX}zuric") == []


def test_properties_are_proposed_by_how_many_things_have_them(refine: ReconciliationClient) -> None:
    proposed = [each["id"] for each in refine.proposed(f"{DEF}City")]
    assert {LABEL, f"{DEF}liesIn"} <= set(proposed[:3])
    assert proposed.index(f"{DEF}liesIn") < proposed.index(f"{DEF}foundedIn")
    assert refine.proposed(f"{DEF}Nothing") == []


def test_values_come_as_cells_of_their_type(refine: ReconciliationClient) -> None:
    names = ("liesIn", "share", "ratio", "seen", "day", "open", "wrong", "site", "part")
    extension = refine.extend([f"{EX}zurich"], [{"id": DEF + name} for name in names])
    row = extension["rows"][f"{EX}zurich"]
    assert {name: row[DEF + name] for name in names} == {
        "liesIn": [{"id": f"{EX}switzerland", "name": "Switzerland"}],
        "share": [{"float": 0.5}],
        "ratio": [{"str": "INF"}],
        "seen": [{"date": "2026-01-02T03:04:05Z"}],
        "day": [{"str": "2026-01-02"}],
        "open": [{"str": "true"}],
        "wrong": [{"str": "many"}],
        "site": [{"str": "https://example.org/zurich"}],
        "part": [],
    }
    assert all(re.match(TIMES, each["date"]) for each in cells(extension) if "date" in each)


def test_columns_say_what_they_hold(refine: ReconciliationClient) -> None:
    extension = refine.extend([f"{EX}bern"], [{"id": f"{DEF}liesIn"}, {"id": f"{DEF}foundedIn"}])
    assert extension["meta"] == [
        {
            "id": f"{DEF}liesIn",
            "name": "lies in",
            "type": {"id": f"{DEF}Country", "name": "country"},
        },
        {"id": f"{DEF}foundedIn", "name": "founded in"},
    ]
    assert extension["rows"][f"{EX}bern"][f"{DEF}foundedIn"] == [{"int": 1191}]


def test_texts_come_in_the_language_that_is_set(refine: ReconciliationClient) -> None:
    def labels(settings: dict[str, str]) -> list[str]:
        extension = refine.extend([f"{EX}bern"], [{"id": LABEL, "settings": settings}])
        return [each["str"] for each in extension["rows"][f"{EX}bern"][LABEL]]

    assert labels({}) == ["Bern"]
    assert labels({"language": "zh"}) == ["伯尔尼"]
    assert sorted(labels({"language": "all"})) == ["Bern", "伯尔尼"]


def test_what_is_not_known_has_empty_cells(refine: ReconciliationClient) -> None:
    ids = [f"{EX}nothing", "no IRI", f"{EX}bern"]
    rows = refine.extend(ids, [{"id": f"{DEF}liesIn"}, {"id": f"{DEF}unknown"}])["rows"]
    assert list(rows) == ids
    assert [len(rows[each][f"{DEF}liesIn"]) for each in ids] == [0, 0, 1]
    assert not any(rows[each][f"{DEF}unknown"] for each in ids)


def test_a_batch_has_the_time_of_a_query(service: Service) -> None:
    texts = [Text(f"urn:{n}", "name", "en", f"name {n} of many") for n in range(200)]
    state = make_app_state(replace(service, timeout_seconds=0.001))
    entities = Entities(service, index_of(texts), "en")
    batch = {str(n): {"query": f"nam {n} off many"} for n in range(MAX_QUERIES)}
    with pytest.raises(TimeLimitError):
        asyncio.run(answered(state, entities, {"queries": json.dumps(batch)}))


def test_a_preview_may_be_framed_and_a_problem_not(refine: ReconciliationClient) -> None:
    page = refine.preview(f"{EX}zurich")
    assert "Zürich" in page.text
    assert "frame-ancestors *" in page.headers["content-security-policy"]
    assert page.headers["vary"].count("Accept-Language") == 1
    missing = refine.http.get(
        "/reconcile/preview", params={"id": f"{EX}zuric"}, headers={"Accept": "text/html"}
    )
    assert missing.status_code == 404
    assert "frame-ancestors 'none'" in missing.headers["content-security-policy"]


def test_a_view_leads_to_pages_of_this_service_alone(refine: ReconciliationClient) -> None:
    view = refine.view(f"{EX}zurich")
    assert view.status_code == 200
    assert view.url.path == "/doc/id/zurich"
    for other in ("https://example.org/zurich", "//example.org", f"{EX}nothing"):
        assert refine.view(other).status_code == 404


def test_a_table_is_reconciled_and_extended(shipped: httpx.Client) -> None:
    """What a user of OpenRefine does with the data that are shipped."""
    refine = ReconciliationClient.of(shipped, "/reconcile")
    (kind,) = [
        each for each in refine.suggest("type", "technology") if each["name"] == "technology"
    ]
    matches = refine.column(["reusable rocket", "可重复使用火箭", "Atlantis"], type=kind["id"])
    rocket = f"{SHIPPED_BASE}id/technology/reusable-rocket"
    assert [each and each["id"] for each in matches] == [rocket, rocket, None]
    assert "develop reusable rockets" in refine.preview(rocket).text
    properties = refine.proposed(kind["id"])
    extension = refine.extend([rocket], [each for each in properties if each["id"] == LABEL])
    assert extension["rows"][rocket][LABEL] == [{"str": "reusable rocket"}]
