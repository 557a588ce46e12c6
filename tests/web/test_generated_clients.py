"""Public generators make clients of the OpenAPI description, and these work."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

COUNT = "SELECT (COUNT(*) AS ?n) { ?task a :Task }"
WRONG = "SELECT ?task { ?task a :Task"
TECHNOLOGY = "reusable-rocket"
WORDS = "develop reusable rockets"
_TAKEN_AS_BYTES = ("application/sparql-query", "application/sparql-update", "text/turtle")
"""Media types that the generator knows by no name of its own."""


@pytest.fixture(scope="module")
def description(shipped: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The description, in a file of a folder that the generators write to."""
    file = tmp_path_factory.mktemp("generated") / "openapi.json"
    file.write_bytes(shipped.get("/openapi.json").content)
    return file


@pytest.fixture(scope="module")
def importing(description: Path) -> Iterator[Path]:
    """The folder, from which what is generated can be imported."""
    sys.path.insert(0, str(description.parent))
    yield description.parent
    sys.path.remove(str(description.parent))


def generated(program: str, *arguments: str) -> str:
    """What the generator says."""
    command = [str(Path(sys.executable).with_name(program)), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def client(description: Path, importing: Path) -> str:
    """The name of a package that openapi-python-client has made."""
    config = importing / "config.json"
    overrides = dict.fromkeys(_TAKEN_AS_BYTES, "application/octet-stream")
    config.write_text(json.dumps({"content_type_overrides": overrides, "post_hooks": []}))
    generated(
        "openapi-python-client", "generate", "--meta", "none", "--path", str(description),
        "--config", str(config), "--output-path", str(importing / "made_client"),
    )  # fmt: skip
    return "made_client"


def module(name: str) -> Any:  # noqa: ANN401 # what was generated
    return importlib.import_module(name)


@pytest.fixture
def asking(client: str, shipped: httpx.Client) -> Iterator[Any]:
    with module(client).Client(base_url=str(shipped.base_url)) as made:
        yield made


def test_openapi_python_client_asks_a_query(client: str, asking: Any) -> None:  # noqa: ANN401
    found = module(f"{client}.api.sparql.get_sparql").sync(client=asking, query=COUNT)
    (row,) = found.results.bindings
    assert found.head.vars_ == ["n"]
    assert int(row["n"].value) > 3
    form = module(f"{client}.models.post_sparql_data_body")
    posted = module(f"{client}.api.sparql.post_sparql").sync(
        client=asking, body=form.PostSparqlDataBody(query=COUNT)
    )
    assert posted.results.bindings[0]["n"].value == row["n"].value


def test_openapi_python_client_runs_a_saved_query_with_parameters(
    client: str,
    asking: Any,  # noqa: ANN401
) -> None:
    operation = module(f"{client}.api.saved_queries.tasks_by_technology")
    found = operation.sync(client=asking, technology=[TECHNOLOGY], revision=7)
    assert [row.words.value for row in found.results.bindings if row.words.value == WORDS]
    assert all(row.ordinal.value.isdecimal() for row in found.results.bindings)
    two = operation.sync(client=asking, technology=[TECHNOLOGY], limit=1)
    assert len(two.results.bindings) == 1


def test_openapi_python_client_reads_a_problem(client: str, asking: Any) -> None:  # noqa: ANN401
    problem = module(f"{client}.api.sparql.get_sparql").sync(client=asking, query=WRONG)
    assert (type(problem).__name__, problem.status, problem.line) == ("Problem", 400, 1)
    assert problem.type_.endswith("/problems/syntax-error")
    operation = module(f"{client}.api.saved_queries.tasks_by_technology")
    problem = operation.sync(client=asking, technology=["no such thing"])
    assert (type(problem).__name__, problem.status) == ("Problem", 400)


def test_operations_have_names_that_are_told_apart(shipped: httpx.Client) -> None:
    document = shipped.get("/openapi.json").json()
    names = [each["operationId"] for ops in document["paths"].values() for each in ops.values()]
    assert len(names) == len(set(names))
    assert {"get_sparql", "post_sparql", "get_search", "tasks-by-technology"} <= set(names)
    used = json.dumps(document)
    assert all(f"#/components/schemas/{each}" in used for each in document["components"]["schemas"])


def test_datamodel_code_generator_reads_rows_and_problems(
    description: Path, importing: Path, shipped: httpx.Client
) -> None:
    generated(
        "datamodel-codegen", "--input", str(description), "--input-file-type", "openapi",
        "--output", str(importing / "made_models.py"),
        "--output-model-type", "pydantic_v2.BaseModel", "--formatters", "builtin",
    )  # fmt: skip
    models = module("made_models")
    answer = shipped.get("/sparql", params={"query": COUNT})
    counted = models.Results.model_validate_json(answer.content)
    assert int(counted.results.bindings[0].root["n"].value) > 3
    answer = shipped.get("/queries/tasks-by-technology", params={"technology": TECHNOLOGY})
    found = models.TasksByTechnologyResults.model_validate_json(answer.content)
    assert isinstance(found.results.bindings[0], models.TasksByTechnologyRow)
    assert WORDS in {row.words.value for row in found.results.bindings}
    problem = models.Problem.model_validate_json(
        shipped.get("/sparql", params={"query": WRONG}).content
    )
    assert (problem.status, problem.line) == (400, 1)
