"""The files of `examples/`, run against a service over the shipped files."""

import io
import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Final

import httpx
import polars as pl
import pytest

EXAMPLES: Final = Path(__file__).parents[2] / "examples"


@pytest.fixture
def environment(shipped: httpx.Client) -> dict[str, str]:
    return {**os.environ, "SPACEPOLICY_URL": str(shipped.base_url)}


def test_the_notebook_runs_from_its_first_cell_to_its_last(
    shipped: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("SPACEPOLICY_URL", str(shipped.base_url))
    shell: Any = InteractiveShell()  # type: ignore[no-untyped-call] # it has no types
    notebook = json.loads((EXAMPLES / "policies.ipynb").read_text(encoding="utf-8"))
    printed, shown = io.StringIO(), []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert not cell["outputs"], "a notebook is committed without outputs"
            with redirect_stdout(printed):
                ran = shell.run_cell("".join(cell["source"]), silent=False)
            assert ran.success, ran.error_in_exec or ran.error_before_exec
            shown.append(ran.result)
    frame = shell.user_ns["frame"]
    assert frame.schema["measures"] == pl.Int64
    assert len(frame) == 12
    assert any(hasattr(each, "svg") and each.svg().count("<rect") == 12 for each in shown)
    words = {row["words"] for row in shell.user_ns["evidence"]}
    assert "develop reusable rockets" in words
    assert "(revision" in printed.getvalue()


def test_duckdb_joins_parquet_and_csv(environment: dict[str, str]) -> None:
    ended = subprocess.run([sys.executable, EXAMPLES / "join.py"], env=environment,
                           capture_output=True, text=True, check=False)  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "BIGINT" in ended.stdout
    assert "statements" in ended.stdout


def test_r_is_given_csv(shipped: httpx.Client) -> None:
    script = (EXAMPLES / "tasks.R").read_text(encoding="utf-8")
    (path,) = re.findall(r'"(/queries/[^"]+)"', script)
    answer = shipped.get(path)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.startswith("ordinal,")


@pytest.mark.debian  # needs curl
def test_curl_gets_tables_and_parts_of_them(environment: dict[str, str]) -> None:
    ended = subprocess.run(["sh", EXAMPLES / "tables.sh"], env=environment,
                           capture_output=True, text=True, check=False)  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "\nPAR1\n" in ended.stdout
    assert '"@last": true' in ended.stdout
    assert "csvm+json" in ended.stdout
