"""The tools for agents at /mcp, asked by the protocol's own client over HTTP."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp.client import Client

from spacepolicy.federation_policy import origin_of
from spacepolicy.source_texts import read_source_texts
from spacepolicy.store.write_requests import Update, WriteRequest
from spacepolicy.web.mcp.answer import MAX_BYTES
from spacepolicy.web.service import Service

from .conftest import SHIPPED_BASE, serve
from .writers import Engines, MemoryWriter

ROCKET = f"{SHIPPED_BASE}id/technology/reusable-rocket"
TASK = f"{SHIPPED_BASE}id/policy/shanghai-2022-spatial-information/task/2"
PASSAGE = f"{SHIPPED_BASE}source/shanghai-2022-opinions#char=1510,1534"
WORDS = "develop reusable rockets"
STATED = {"subject": f"{TASK}/measure/1", "predicate": ":develops", "object": ROCKET}
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
MESSAGE = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
HEADERS = {"Accept": "application/json, text/event-stream"}
GOOD = (
    ("describe_vocabulary", {"part": "classes"}),
    ("search", {"text": "reusable rocket"}),
    ("read_thing", {"iri": ROCKET}),
    ("run_saved_query", {"name": "tasks-by-technology", "values": {"technology": ROCKET}}),
    ("select", {"query": "SELECT ?s { ?s :develops ?o }"}),
    ("explain_statement", STATED),
    ("verify_quotation", {"words": WORDS, "source": "shanghai-2022-opinions"}),
)


@pytest.fixture(scope="module")
def bare(shipped_service: Service) -> Iterator[httpx.Client]:
    """The shipped data without any text."""
    with serve(shipped_service) as site:
        yield site.client


@pytest.fixture(scope="module")
def shipped(shipped_service: Service) -> Iterator[httpx.Client]:
    """The shipped data with the texts that are shipped."""
    texts = read_source_texts(Path(__file__).parents[2] / "seeds", None)
    with serve(replace(shipped_service, texts=texts)) as site:
        yield site.client


def called(site: httpx.Client, tool: str, **given: object) -> dict[str, Any]:
    """The answer of the tool; whether it is an error is said twice, and the text is the same."""

    async def call() -> dict[str, Any]:
        async with Client(f"{site.base_url}/mcp") as client:
            result = await client.call_tool(tool, given)
            table: dict[str, Any] = result.structured_content
            (content,) = result.content
            assert content.type == "text"
            assert json.loads(content.text) == table
            assert result.is_error == (table["outcome"] == "error")
            return table

    return asyncio.run(call())


def problem(site: httpx.Client, tool: str, **given: object) -> dict[str, Any]:
    answer = called(site, tool, **given)
    assert answer["outcome"] == "error", answer
    found: dict[str, Any] = answer["problem"]
    return found


def test_seven_tools_are_listed_and_only_read(shipped: httpx.Client) -> None:
    async def listed() -> list[Any]:
        async with Client(f"{shipped.base_url}/mcp") as client:
            return list((await client.list_tools()).tools)

    tools = asyncio.run(listed())
    assert [tool.name for tool in tools] == [name for name, _ in GOOD]
    for tool in tools:
        assert tool.description
        assert tool.annotations.read_only_hint
        assert all("description" in each for each in tool.input_schema["properties"].values())


@pytest.mark.parametrize(("tool", "given"), GOOD, ids=[name for name, _ in GOOD])
def test_an_answer_says_outcome_revision_query_and_whether_it_is_cut(
    shipped: httpx.Client, tool: str, given: dict[str, Any]
) -> None:
    answer = called(shipped, tool, **given)
    assert answer["outcome"] == "found"
    assert answer["revision"] == 7
    assert answer["truncated"] is False or tool == "describe_vocabulary"
    query = answer["query"]
    if query.startswith("http"):
        assert shipped.get(query).status_code == 200
    else:
        assert shipped.get("/sparql", params={"query": query}).status_code == 200


def test_a_thing_is_read_with_the_words_that_state_it(shipped: httpx.Client) -> None:
    answer = called(shipped, "read_thing", iri=ROCKET)
    assert answer["labels"][ROCKET] == {"en": "reusable rocket", "zh": "可重复使用火箭"}
    assert answer["passages"][PASSAGE] == {
        "words": WORDS,
        "start": 1510,
        "end": 1534,
        "locator": None,
        "source": f"{SHIPPED_BASE}source/shanghai-2022-opinions",
        "source_address": None,
    }
    (developed,) = (
        each
        for each in answer["statements"]
        if each["subject"]["value"] == STATED["subject"]
        and each["predicate"]["value"] == f"{SHIPPED_BASE}def/develops"
    )
    assert developed["stated_in"] == [PASSAGE]
    kinds = {
        each["object"]["value"].rpartition("/")[2]: each.get("inferred", False)
        for each in answer["statements"]
        if each["predicate"]["value"].endswith("#type")
    }
    assert kinds == {"Entity": True, "Technology": False}
    assert called(shipped, "read_thing", iri="<id/technology/reusable-rocket>")["iri"] == ROCKET


def test_a_passage_by_reference_has_its_place_and_address(shipped: httpx.Client) -> None:
    query = "SELECT ?g { GRAPH ?g { ?s :develops ?o } FILTER CONTAINS(STR(?g), '#loc=') }"
    answer = called(shipped, "select", query=query, limit=1)
    passage = answer["passages"][answer["rows"][0]["g"]["value"]]
    assert passage["locator"]
    assert passage["source_address"].startswith("http")
    assert passage["start"] is None
    assert answer["labels"][passage["source"]]


def test_a_wrong_iri_is_none_and_never_a_near_one(shipped: httpx.Client) -> None:
    for wrong in (f"{ROCKET}s", ROCKET.upper().replace("HTTPS", "https"), ":Rockett"):
        answer = called(shipped, "read_thing", iri=wrong)
        assert answer["outcome"] == "none"
        assert "statements" not in answer
        assert "Nothing is known of" in answer["detail"]
    near = [each["iri"] for each in called(shipped, "read_thing", iri=f"{ROCKET}s")["near"]]
    assert ROCKET in near
    assert problem(shipped, "read_thing", iri="reusable rocket")["status"] == 400


@pytest.mark.parametrize("text", ["reusable rocket", "可重复使用火箭"])
def test_names_are_found_in_both_languages(shipped: httpx.Client, text: str) -> None:
    answer = called(shipped, "search", text=text, limit=3)
    assert answer["results"][0]["iri"] == ROCKET
    assert answer["results"][0]["names"] == {"en": "reusable rocket", "zh": "可重复使用火箭"}
    assert len(answer["results"]) <= 3
    assert answer["truncated"] == (answer["total"] > 3)
    assert called(shipped, "search", text=text, type=":Facility")["outcome"] == "none"


def test_the_vocabulary_is_described_in_parts(shipped: httpx.Client) -> None:
    first = called(shipped, "describe_vocabulary", part="properties", limit=3)
    assert first["prefixes"][""] == f"{SHIPPED_BASE}def/"
    assert (first["truncated"], first["next_start"]) == (True, 3)
    then = called(shipped, "describe_vocabulary", part="properties", start=3, limit=3)
    names = [each["name"] for each in (*first["properties"], *then["properties"])]
    assert len(set(names)) == 6
    (found,) = (
        each
        for each in called(shipped, "describe_vocabulary", part="properties", text="addresses")[
            "properties"
        ]
        if each["name"] == ":addresses"
    )
    assert found["count"] > 0
    assert set(found["definition"]) == {"en", "zh"}
    assert found["domain"]
    assert found["range"]
    queries: list[str] = []
    start: int | None = 0
    while start is not None:
        more = called(shipped, "describe_vocabulary", part="saved_queries", start=start, limit=500)
        queries += [each["name"] for each in more["saved_queries"]]
        start = more["next_start"] if more["truncated"] else None
    listed = shipped.get("/queries", params={"format": "json"}).json()["queries"]
    assert queries == [each["name"] for each in listed]


def test_a_select_has_no_more_rows_than_asked_and_says_so(shipped: httpx.Client) -> None:
    query = "SELECT ?s ?p ?o { ?s ?p ?o }"
    cut = called(shipped, "select", query=query, limit=7)
    assert (len(cut["rows"]), cut["truncated"]) == (7, True)
    whole = called(shipped, "select", query=f"{query} LIMIT 7", limit=7)
    assert (len(whole["rows"]), whole["truncated"]) == (7, False)
    assert whole["variables"] == ["s", "p", "o"]


def test_no_more_is_read_of_an_answer_than_is_given(shipped: httpx.Client) -> None:
    endless = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"  # it has some 10^14 rows
    answer = called(shipped, "select", query=endless, limit=3)
    assert (answer["outcome"], len(answer["rows"]), answer["truncated"]) == ("found", 3, True)
    assert shipped.get("/running").json()["queries"] == []


def test_a_select_gives_terms_as_the_endpoint_does(shipped: httpx.Client) -> None:
    query = (
        'SELECT * { VALUES (?a ?b) { ("x\\ny"@zh-Hans-CN 1.5) (<urn:x> UNDEF) ("t\\t" 2e0) '
        '("2020-01-01"^^xsd:date true) ("?"^^xsd:integer "") } BIND (BNODE() AS ?c) }'
    )
    rows = called(shipped, "select", query=query)["rows"]
    answer = shipped.get("/sparql", params={"query": query}).json()["results"]["bindings"]
    for row in (*rows, *answer):
        assert row.pop("c")["type"] == "bnode"
    assert rows[0]["a"].pop("xml:lang") == "zh-Hans-CN"
    assert answer[0]["a"].pop("xml:lang").lower() == "zh-hans-cn"
    assert rows == answer


def test_an_answer_is_bounded_in_bytes_too(shipped: httpx.Client) -> None:
    long = 'SELECT ?s ?x { ?s ?p ?o BIND (REPLACE("%s", "a", "bbbb") AS ?x) }' % ("a" * 2000)
    answer = called(shipped, "select", query=long, limit=500)
    assert answer["truncated"]
    assert 0 < len(answer["rows"]) < 20
    query = "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } FILTER CONTAINS(STR(?g), '#') }"
    passages = called(shipped, "select", query=query, limit=500)
    assert len(json.dumps(passages["passages"], ensure_ascii=False).encode()) < 1.2 * MAX_BYTES
    assert passages["truncated"]
    one = called(shipped, "select", query=f'SELECT ("{"a" * (MAX_BYTES + 1)}" AS ?x) {{}}')
    assert (one["outcome"], one["rows"], one["truncated"]) == ("found", [], True)


def test_no_rows_are_none_and_what_is_likely_wrong_is_told(shipped: httpx.Client) -> None:
    answer = called(shipped, "select", query="SELECT ?s { ?s :develop ?o }")
    assert (answer["outcome"], answer["rows"]) == ("none", [])
    assert any(":develops" in each for each in answer["notes"])


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?s { ?s :develops ?o ",
        "SELECT ?s { ?s undeclared:p ?o }",
        "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
        f"SELECT * {{ {'{' * 500} ?s ?p ?o {'}' * 500} }}",
        "INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> 1 } }",
    ],
)
def test_what_the_endpoint_refuses_is_refused_in_the_same_words(
    shipped: httpx.Client, query: str
) -> None:
    told = problem(shipped, "select", query=query)
    answer = shipped.post("/sparql", data={"query": query})
    assert answer.status_code == told["status"]
    theirs = answer.json()
    assert {name: told[name] for name in theirs if name != "type"} == {
        name: theirs[name] for name in theirs if name != "type"
    }
    assert told["type"].endswith(theirs["type"])
    assert told["remedy"]


@pytest.mark.parametrize("query", ["ASK {}", "CONSTRUCT WHERE { ?s ?p ?o }", "DESCRIBE <urn:x>"])
def test_only_a_select_is_taken(shipped: httpx.Client, query: str) -> None:
    assert "SELECT" in problem(shipped, "select", query=query)["detail"]


def test_a_query_that_runs_away_ends_in_time(shipped: httpx.Client) -> None:
    began = time.monotonic()
    told = problem(shipped, "select", query=RUNAWAY, timeout_seconds=0.5)
    assert (told["status"], told["limit_seconds"]) == (504, 0.5)
    assert time.monotonic() - began < 4
    assert shipped.get("/running").json()["queries"] == []
    more = problem(shipped, "select", query=RUNAWAY, timeout_seconds=10_000)
    assert "timeout lies above 0" in more["detail"]


def test_a_query_ends_when_its_client_goes(shipped: httpx.Client) -> None:
    message = {
        **MESSAGE,
        "method": "tools/call",
        "params": {"name": "select", "arguments": {"query": RUNAWAY}},
    }
    with pytest.raises(httpx.ReadTimeout):
        shipped.post("/mcp", json=message, headers=HEADERS, timeout=0.5)
    until = time.monotonic() + 2.5
    while shipped.get("/running").json()["queries"] and time.monotonic() < until:
        time.sleep(0.05)
    assert shipped.get("/running").json()["queries"] == []


def test_a_saved_query_takes_values_by_name_and_refuses_others(shipped: httpx.Client) -> None:
    ask = {"name": "tasks-by-technology", "values": {"technology": "reusable-rocket"}}
    answer = called(shipped, "run_saved_query", **ask)
    rows = shipped.get(
        "/queries/tasks-by-technology", params={"technology": ROCKET, "format": "json"}
    ).json()["results"]["bindings"]
    assert answer["rows"] == rows
    assert WORDS in {each["words"]["value"] for each in answer["rows"]}
    assert "#+" not in answer["query"]
    wrong = problem(shipped, "run_saved_query", **{**ask, "values": {"technology": "rocketeer"}})
    assert (wrong["status"], wrong["title"]) == (400, problem(shipped, "select")["title"])
    assert problem(shipped, "run_saved_query", **{**ask, "values": {"x": "1"}})["status"] == 400
    unknown = problem(shipped, "run_saved_query", name="tasks-by-rocket")
    assert unknown["status"] == 404
    assert "tasks-by-technology" in unknown["detail"]


def test_a_proof_leads_to_the_words_and_what_does_not_hold_has_none(shipped: httpx.Client) -> None:
    inferred = {"subject": TASK, "predicate": ":concerns", "object": ROCKET}
    answer = called(shipped, "explain_statement", **inferred)
    assert answer["passages"][PASSAGE]["words"] == WORDS
    assert answer["labels"][TASK]["zh"]
    answer = called(shipped, "explain_statement", **{**inferred, "object": f"{ROCKET}s"})
    assert (answer["outcome"], "steps" in answer) == ("none", False)
    assert "neither stated nor inferred" in answer["detail"]
    told = problem(shipped, "explain_statement", **{**inferred, "predicate": "no:such"})
    assert told["status"] == 400


def test_a_quotation_is_found_where_it_stands_and_nowhere_else(shipped: httpx.Client) -> None:
    ask = {"words": "develop\n“reusable” rockets", "source": "shanghai-2022-opinions"}
    answer = called(shipped, "verify_quotation", **ask)
    place = answer["places"][0]
    assert (place["start"], place["end"], place["passages"][0]) == (1510, 1534, PASSAGE)
    assert answer["words"] == answer["passages"][PASSAGE]["words"] == WORDS
    often = called(shipped, "verify_quotation", **{**ask, "words": "satellite"})
    assert (often["outcome"], len(often["places"]) > 1) == ("found", True)
    for wrong in ("develop reusable rocket", "develops reusable rockets", "reusable develop"):
        answer = called(shipped, "verify_quotation", **{**ask, "words": wrong})
        assert (answer["outcome"], answer["places"]) == ("none", [])
    assert called(shipped, "verify_quotation", words=WORDS, source="shanghai")["outcome"] == "none"
    assert problem(shipped, "verify_quotation", **{**ask, "words": "…"})["status"] == 400


def test_without_a_text_it_is_unknown_whether_words_stand_in_it(
    bare: httpx.Client, shipped: httpx.Client
) -> None:
    ask = {"words": WORDS, "source": "shanghai-2022-opinions"}
    answer = called(bare, "verify_quotation", **ask)
    assert (answer["outcome"], answer["places"]) == ("unknown", [])
    assert PASSAGE in answer["passages"]  # which says it, and is not compared
    answer = called(shipped, "verify_quotation", **{**ask, "source": "us-eo-14369"})
    assert (answer["outcome"], answer["passages"]) == ("unknown", {})


@pytest.mark.parametrize(
    ("tool", "given", "name"),
    [
        ("select", {}, "query"),
        ("select", {"query": "ASK {}", "limit": 0}, "limit"),
        ("select", {"query": "ASK {}", "limit": 100_000}, "limit"),
        ("select", {"query": 5}, "query"),
        ("read_thing", {"iri": ROCKET, "graph": "x"}, "graph"),
        ("describe_vocabulary", {"part": "everything"}, "part"),
        ("search", {"text": "x" * 1000}, "text"),
    ],
)
def test_wrong_arguments_are_named(
    shipped: httpx.Client, tool: str, given: dict[str, Any], name: str
) -> None:
    told = problem(shipped, tool, **given)
    assert told["status"] == 400
    assert [each["name"] for each in told["parameters"]] == [name]
    assert "pydantic" not in json.dumps(told)


def test_an_earlier_revision_is_answered_on(tmp_path_factory: pytest.TempPathFactory) -> None:
    writer, engines = MemoryWriter(tmp_path_factory.mktemp("kept")), Engines()
    for number in (1, 2):
        text = (
            "DELETE WHERE { GRAPH <urn:g> { ?s ?p ?o } } ; "
            f'INSERT DATA {{ GRAPH <urn:g> {{ <urn:a> <urn:b> "{number}" }} }}'
        )
        writer.write(WriteRequest(Update(text), "someone", f"to {number}"))
    service = Service(engines, writer.history, (), timeout_seconds=5, mode="stored")
    ask = {"query": "SELECT ?o { GRAPH <urn:g> { <urn:a> <urn:b> ?o } }"}
    with serve(service) as site:
        now = called(site.client, "select", **ask)
        then = called(site.client, "select", **ask, revision=now["revision"] - 1)
        read = called(site.client, "read_thing", iri="<urn:a>", revision=now["revision"] - 1)
        gone = problem(site.client, "select", **ask, revision=99)
        why = {"subject": "<urn:a>", "predicate": "<urn:b>", "object": '"2"'}
        explained = called(site.client, "explain_statement", **why)
    engines.close()
    assert [each["rows"][0]["o"]["value"] for each in (now, then)] == ["2", "1"]
    assert then["revision"] == now["revision"] - 1
    assert [each["object"]["value"] for each in read["statements"]] == ["1"]
    assert gone["status"] == 404
    assert explained["outcome"] == "unknown"


def test_pages_of_other_origins_may_not_ask(shipped_service: Service) -> None:
    listed = "https://agents.example"
    service = replace(shipped_service, mcp_origins=frozenset([str(origin_of(listed))]))
    with serve(service) as site:
        port = site.address[1]
        for origin in (f"http://127.0.0.1:{port}", f"http://localhost:{port}", listed):
            answer = site.client.post("/mcp", json=MESSAGE, headers={**HEADERS, "Origin": origin})
            assert answer.status_code == 200, origin
            assert not [name for name in answer.headers if name.startswith("access-control")]
        for origin in ("https://evil.example", f"http://evil.example:{port}", "null"):
            # The name may have been led here, so that Host and Origin are the same.
            headers = {**HEADERS, "Origin": origin, "Host": f"evil.example:{port}"}
            answer = site.client.post("/mcp", json=MESSAGE, headers=headers)
            assert answer.status_code == 403
            assert answer.json()["type"].endswith("/problems/forbidden")
            assert not [name for name in answer.headers if name.startswith("access-control")]
        asked = site.client.options("/mcp", headers={"Origin": listed})
        assert not [name for name in asked.headers if name.startswith("access-control")]


@pytest.mark.parametrize("version", ["2025-03-26", "2025-06-18", "2025-11-25"])
def test_clients_of_earlier_versions_of_the_protocol_are_answered(
    shipped: httpx.Client, version: str
) -> None:
    begin = {
        "protocolVersion": version,
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }
    message = {**MESSAGE, "method": "initialize", "params": begin}
    answer = shipped.post("/mcp", json=message, headers=HEADERS)
    assert answer.json()["result"]["protocolVersion"] == version
    assert "mcp-session-id" not in answer.headers
    told = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert shipped.post("/mcp", json=told, headers=HEADERS).status_code == 202
    headers = {**HEADERS, "MCP-Protocol-Version": version}
    answer = shipped.post("/mcp", json=MESSAGE, headers=headers)
    assert answer.headers["content-type"] == "application/json"
    assert len(answer.json()["result"]["tools"]) == len(GOOD)


def test_what_is_no_message_is_refused(shipped: httpx.Client) -> None:
    assert shipped.get("/mcp").status_code == 405
    assert shipped.get("/mcp").headers["allow"] == "POST"
    assert shipped.post("/mcp", content=b"no", headers=HEADERS).status_code == 400
    message = {**MESSAGE, "method": "tools/call", "params": {"name": "no_such_tool"}}
    assert (
        "select" in shipped.post("/mcp", json=message, headers=HEADERS).json()["error"]["message"]
    )
    large = shipped.post("/mcp", content=b" " * (1 << 22), headers=HEADERS)
    assert large.status_code == 413
    assert large.json()["limit_bytes"] < 1 << 22


def test_without_the_library_the_words_to_install_it_are_told(
    shipped: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    answer = shipped.post("/mcp", json=MESSAGE, headers=HEADERS)
    assert answer.status_code == 501
    assert "pip install 'spacepolicy[mcp]'" in answer.json()["detail"]
    assert shipped.get(answer.json()["type"], headers={"Accept": "application/json"}).json()[
        "remedy"
    ]


def test_the_library_is_not_loaded_before_someone_asks() -> None:
    code = (
        "import sys, spacepolicy.web.app; sys.exit(bool({'mcp', 'mcp_types'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
