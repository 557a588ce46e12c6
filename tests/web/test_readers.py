"""Readers of tables by their addresses: one answer, the same through each of them."""

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import duckdb
import httpx
import pandas as pd  # type: ignore[import-untyped] # it has no types
import polars as pl
import pyarrow as pa
import pytest

from spacepolicy_client import Client

from .test_client import EVERY, site

__all__ = ["site"]

_EXTENSION: Final = "httpfs.duckdb_extension"


@pytest.fixture(scope="module")
def address(site: httpx.Client) -> str:
    """The address of the answer, but for its format."""
    return f"{site.base_url}/sparql?query={quote(EVERY)}&format="


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with its own way to read addresses, which is no part of its wheel."""
    found = find_spec("duckdb_ext")
    places = found.submodule_search_locations if found is not None else None
    (extension,) = (path for place in places or () for path in Path(place).rglob(_EXTENSION))
    with duckdb.connect(config={"allow_unsigned_extensions": "true"}) as connection:
        connection.execute(f"LOAD '{extension}'")
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def plain(value: Any) -> Any:  # noqa: ANN401 # of any reader
    """The value as all readers have it: blank nodes by no label, no NaN, times by their text."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, float) and value != value:  # noqa: PLR0124 # NaN is the one that is not
        return "NaN"
    if hasattr(value, "isoformat"):
        return value.isoformat().replace(" ", "T").removesuffix("T00:00:00")
    return "_:" if isinstance(value, str) and value.startswith("_:") else value


def rows(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: plain(value) for name, value in row.items()} for row in found]


def test_every_reader_has_the_same_values(
    site: httpx.Client, address: str, database: duckdb.DuckDBPyConnection
) -> None:
    expected = rows(pa.ipc.open_stream(httpx.get(address + "arrow").content).read_all().to_pylist())
    assert len(expected) == 3
    assert {"ill.term", "big.term", "mixed.term"} <= expected[0].keys()
    parquet = address + "parquet"
    found = database.sql(f"FROM read_parquet('{parquet}')").to_arrow_table()
    assert rows(found.to_pylist()) == expected
    assert rows(pl.read_parquet(parquet).to_dicts()) == expected
    assert rows(pl.scan_parquet(parquet).collect().to_dicts()) == expected
    assert rows(pl.read_ipc_stream(httpx.get(address + "arrow").content).to_dicts()) == expected
    frame = Client(str(site.base_url)).select(EVERY).pandas()
    assert rows(frame.astype(object).to_dict("records")) == expected


def test_terms_of_every_kind_are_those_of_json(site: httpx.Client) -> None:
    told = site.get("/sparql", params={"query": EVERY, "format": "json"}).json()
    terms = site.get("/sparql", params={"query": EVERY, "format": "arrow", "columns": "terms"})
    table = pa.ipc.open_stream(terms.content).read_all().to_pylist()
    for expected, found in zip(told["results"]["bindings"], table, strict=True):
        bound = {name: term for name, term in found.items() if term is not None}
        assert bound.keys() == expected.keys()
        for name, term in bound.items():
            other = expected[name]
            assert (term["type"], term["language"]) == (other["type"], other.get("xml:lang"))
            assert term["type"] == "bnode" or term["value"] == other["value"]
            if "datatype" in other:
                assert term["datatype"] == other["datatype"]
    lines = site.get("/sparql", params={"query": EVERY, "format": "ndjson", "columns": "terms"})
    said = [json.loads(line) for line in lines.text.splitlines()[:-1]]
    for expected, row in zip(told["results"]["bindings"], said, strict=True):
        bound = {name: term for name, term in row.items() if term is not None}
        assert {**bound, "node": 0} == {**expected, "node": 0}


@pytest.mark.parametrize("path", ["/sparql?query=" + quote(EVERY) + "&", "/queries/how-many?"])
def test_polars_reads_tables_by_their_address(site: httpx.Client, path: str) -> None:
    address = f"{site.base_url}{path}format="
    table = pl.read_csv(address + "csv")
    assert table.columns == pl.read_parquet(address + "parquet", columns=table.columns).columns
    assert pl.scan_csv(address + "csv").collect().equals(table)
    name = table.columns[0]
    part = pl.scan_parquet(address + "parquet").select(name).collect()
    assert part[name].to_list() == table[name].to_list()


def test_duckdb_reads_tables_by_their_address(
    site: httpx.Client, address: str, database: duckdb.DuckDBPyConnection
) -> None:
    found = database.sql(f"FROM read_parquet('{address}parquet')").sum("int").fetchone()
    assert found == (-1,)
    saved = f"{site.base_url}/queries/how-many?format=csv"
    assert database.sql(f"FROM read_csv('{saved}')").fetchall() == [(1001,)]


def test_pandas_reads_csv_and_parquet_by_their_address(site: httpx.Client) -> None:
    saved = f"{site.base_url}/queries/how-many?format="
    assert pd.read_csv(saved + "csv")["number_of_things"].to_list() == [1001]
    assert pd.read_parquet(saved + "parquet")["number_of_things"].to_list() == [1001]
