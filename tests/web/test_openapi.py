"""The OpenAPI description is true: a stranger's tester finds nothing, and its examples run."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance"
)
"""What fits a schema may still be refused: a schema cannot say which texts are terms of Turtle."""


def test_schemathesis_finds_nothing(shipped: httpx.Client, tmp_path: Path) -> None:
    tester = [str(Path(sys.executable).with_name("schemathesis")), "run"]
    bounds = ["--generation-deterministic", "--max-examples", "3", "--phases", "examples,fuzzing"]
    bounds += ["--request-timeout", "60"]  # on a machine that is busy
    done = subprocess.run(
        [*tester, f"{shipped.base_url}/openapi.json", "--checks", CHECKS, *bounds],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert "passed" in done.stdout


def test_every_example_runs(shipped: httpx.Client) -> None:
    ran = 0
    for path, operations in shipped.get("/openapi.json").json()["paths"].items():
        parameters = operations.get("get", {}).get("parameters", [])
        given = {each["name"]: each["example"] for each in parameters if "example" in each}
        needed = {each["name"] for each in parameters if each.get("required")}
        if given and needed <= given.keys():
            ran += 1
            answer = shipped.get(path, params=given)
            assert answer.status_code == 200, (path, given, answer.text)
    assert ran > 4


def test_every_operation_says_its_formats_and_that_it_may_fail(shipped: httpx.Client) -> None:
    document: dict[str, Any] = shipped.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            whole = operation["responses"].get("200", {"content": True})
            assert whole.get("content"), path


def test_queries_may_be_posted_and_their_parameters_are_told(shipped: httpx.Client) -> None:
    document: dict[str, Any] = shipped.get("/openapi.json").json()
    endpoint = document["paths"]["/sparql"]
    for method in ("get", "post"):
        names = {each["name"] for each in endpoint[method]["parameters"]}
        assert {"format", "timeout", "revision", "columns", "default-graph-uri"} <= names
    posted = endpoint["post"]["requestBody"]["content"]
    example: Any
    for media_type, told in posted.items():
        example = told.get("example", "ASK {}")
        body = {"data": example} if isinstance(example, dict) else {"content": example}
        headers = {"Content-Type": media_type}
        answer = shipped.post("/sparql", headers=headers, **body)
        assert answer.status_code == 200, answer.text


def test_problems_have_one_schema(shipped: httpx.Client) -> None:
    document: dict[str, Any] = shipped.get("/openapi.json").json()
    shared = {"$ref": "#/components/schemas/Problem"}
    for operations in document["paths"].values():
        for operation in operations.values():
            content = operation["responses"]["default"]["content"]
            assert content["application/problem+json"]["schema"] == shared
    assert "detail" in document["components"]["schemas"]["Problem"]["properties"]


def test_saved_queries_list_their_columns_and_types_before_they_are_asked(
    shipped: httpx.Client,
) -> None:
    schemas = shipped.get("/openapi.json").json()["components"]["schemas"]
    for query in shipped.get("/queries", params={"format": "json"}).json()["queries"]:
        names = [each["name"] for each in query["columns"]]
        results = schemas[f"{query['name']}-results"]["properties"]["results"]
        assert results == {"$ref": f"#/components/schemas/{query['name']}-solutions"}
        bindings = schemas[f"{query['name']}-solutions"]["properties"]["bindings"]
        assert bindings["items"] == {"$ref": f"#/components/schemas/{query['name']}-row"}
        row = schemas[f"{query['name']}-row"]["properties"]
        assert list(row) == names
        assert [row[each["name"]]["x-type"] for each in query["columns"]] == [
            each["type"] for each in query["columns"]
        ]
        assert names
