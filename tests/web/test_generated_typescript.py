"""A public generator makes a client in TypeScript of the OpenAPI description, and it works.

The generator and the compiler come from the npm registry, in the versions and with the hashes of
`typescript/package-lock.json`, by the Node that the workbench is built with.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from spacepolicy.assets import build

FOLDER = Path(__file__).with_name("typescript")
COUNT = "SELECT (COUNT(*) AS ?n) { ?task a :Task }"
WRONG = "SELECT ?task { ?task a :Task"
COMPILED = (
    "--strict",
    "--target",
    "es2022",
    "--module",
    "commonjs",
    "--moduleResolution",
    "node10",
)


def run(command: Sequence[str | Path], folder: Path) -> str:
    """What the command says.

    Raises: AssertionError where it fails.
    """
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the generator and the compiler."""
    folder = tmp_path_factory.mktemp("typescript")
    for name in ("package.json", "package-lock.json", "ask.ts"):
        shutil.copy(FOLDER / name, folder)
    node, npm = build._node()
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    try:
        run((node, npm, "ci", *quiet, *build._machine_settings()), folder)
    except AssertionError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"npm brings nothing: {error}")
    return folder


@pytest.fixture(scope="module")
def told(tools: Path, shipped: httpx.Client) -> Any:  # noqa: ANN401 # as JSON has it
    """What a program says that uses the client; it is compiled strictly, so that the types of
    operations, parameters and rows are those that it expects."""
    node, _ = build._node()
    tools.joinpath("openapi.json").write_bytes(shipped.get("/openapi.json").content)
    generator, compiler = (
        tools / "node_modules" / each
        for each in ("@hey-api/openapi-ts/bin/run.js", "typescript/bin/tsc")
    )
    run((node, generator, "-i", "openapi.json", "-o", "made"), tools)
    run((node, compiler, *COMPILED, "--outDir", "js", "ask.ts"), tools)
    asked = (str(shipped.base_url).rstrip("/"), COUNT, WRONG, "reusable-rocket")
    return json.loads(run((node, "js/ask.js", *asked), tools))


def test_a_query_is_answered_by_get_and_by_post(told: Any) -> None:  # noqa: ANN401
    (row,) = told["asked"]["results"]["bindings"]
    assert int(row["n"]["value"]) > 3
    assert told["posted"] == told["asked"]


def test_a_saved_query_has_typed_parameters_and_rows(told: Any) -> None:  # noqa: ANN401
    assert "develop reusable rockets" in told["words"]
    assert told["found"] == 200


def test_problems_are_typed_answers(told: Any) -> None:  # noqa: ANN401
    assert (told["refused"]["status"], told["refused"]["line"]) == (400, 1)
    assert told["unknown"]["status"] == 400
    assert told["unknown"]["type"].endswith("/problems/bad-parameter")
