"""A query as a program in other languages, as the workbench shows it: the programs run.

The one in R is not run: there is no R in any registry of the tests.
"""

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import httpx
import pytest

from spacepolicy.assets import build

from .test_readers import database

__all__ = ["database"]

CODE = Path(build.__file__).parents[1] / "web" / "workbench" / "code.js"
QUERY = (
    'SELECT ?name ?n { VALUES (?name ?n) { ("it\'s 卫星" 1) ("b \\"2\\" \\\\ $HOME" 2) } } '
    "ORDER BY ?n"
)
ROWS = [("it's 卫星", 1), ('b "2" \\ $HOME', 2)]


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def programs(site: httpx.Client) -> dict[str, str]:
    """The programs by language, asking this site for the query."""
    endpoint = f"{site.base_url}/sparql".replace("//sparql", "/sparql")
    script = (
        f"import {{ programs }} from {json.dumps(CODE.as_uri())};"
        f"console.log(JSON.stringify(programs({json.dumps(endpoint)}, {json.dumps(QUERY)})));"
    )
    found: dict[str, str] = json.loads(run(build._node()[0], "--input-type=module", "-e", script))
    return found


def test_there_is_a_program_in_each_language(programs: dict[str, str]) -> None:
    assert [*programs] == ["curl", "Python", "R", "JavaScript", "DuckDB"]


def test_the_program_in_python_runs(programs: dict[str, str]) -> None:
    code = programs["Python"].replace("print(", "print((", 1) + ".to_json(orient='values'))"
    assert [tuple(row) for row in json.loads(run(sys.executable, "-c", code))] == ROWS


def test_the_program_in_javascript_runs(programs: dict[str, str]) -> None:
    code = programs["JavaScript"].replace("console.log(", "console.log(JSON.stringify(", 1)
    code = code.removesuffix(";").removesuffix(")") + "));"
    found = json.loads(run(build._node()[0], "--input-type=module", "-e", code))
    assert [(row["name"]["value"], int(row["n"]["value"])) for row in found] == ROWS


def test_the_program_in_duckdb_runs(
    programs: dict[str, str], database: duckdb.DuckDBPyConnection
) -> None:
    loading, select = programs["DuckDB"].split("\n", 1)
    assert loading == "INSTALL httpfs; LOAD httpfs;"
    assert database.sql(select).fetchall() == ROWS
