"""Large tables: many times sooner a frame than by JSON, and in bounded memory."""

import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import polars as pl
import pytest
from SPARQLWrapper import JSON, POST, SPARQLWrapper

from spacepolicy.web.service import Service
from spacepolicy_client import Client

from .conftest import serve

pytestmark = pytest.mark.alone
NINE = """SELECT ?s ?p ?o ?s2 ?p2 ?o2 (STRLEN(?o) AS ?n) (?n * 0.5 AS ?d) (?n > 9 AS ?b)
{ ?s ?p ?o . ?s2 ?p2 ?o2 } LIMIT 100000"""
MILLION = "SELECT * { ?s ?p ?o . ?s2 ?p2 ?o2 }"
TIMES_SOONER = 4
"""Eight times and more on a machine that nothing else uses, five beside two suites of tests
(`python -m bench.frames` measures it)."""
FRONT_BYTES = 300 << 20
"""What the front may come to hold more: pieces on their way, however many rows there are."""


@pytest.fixture(scope="module")
def patient(service: Service) -> Iterator[httpx.Client]:
    """The site, whose queries may take a minute; each of them has 256 MiB."""
    with serve(replace(service, timeout_seconds=120)) as site:
        yield site.client


def seconds(work: Callable[[], pl.DataFrame]) -> tuple[float, pl.DataFrame]:
    began = time.monotonic()
    frame = work()
    return time.monotonic() - began, frame


def by_json(address: str) -> pl.DataFrame:
    wrapper = SPARQLWrapper(f"{address}/sparql")
    wrapper.setMethod(POST)
    wrapper.setQuery(NINE)
    wrapper.setReturnFormat(JSON)
    said: Any = wrapper.queryAndConvert()
    rows = said["results"]["bindings"]
    return pl.DataFrame({
        name: [row[name]["value"] if name in row else None for row in rows]
        for name in said["head"]["vars"]
    })  # fmt: skip


def test_a_frame_that_is_asked_for_again_is_many_times_sooner_than_by_json(
    patient: httpx.Client,
) -> None:
    address = str(patient.base_url).rstrip("/")
    frames = Client(address, timeout=120)
    assert frames.select(NINE).polars().shape == (100_000, 9)
    took, frame = min(
        (seconds(lambda: frames.select(NINE).polars()) for _ in range(3)), key=lambda each: each[0]
    )
    took_json, other = seconds(lambda: by_json(address))
    assert frame.columns == other.columns
    assert frame["n"].sum() == other["n"].cast(pl.Int64).sum()
    assert took_json > TIMES_SOONER * took, f"{took_json:.2f} s by JSON, {took:.2f} s by Arrow"


@pytest.mark.parametrize("format", ["arrow", "ndjson"])
def test_a_million_rows_come_in_bounded_memory(patient: httpx.Client, format: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    asked = {"query": MILLION, "format": format}
    plain = {"Accept-Encoding": "identity"}
    size, end = 0, b""
    with patient.stream("GET", "/sparql", params=asked, headers=plain, timeout=120) as answer:
        assert answer.status_code == 200
        for piece in answer.iter_raw():
            size += len(piece)
            end = (end + piece)[-200:]
    assert size > 100 << 20
    if format == "ndjson":
        assert b'{"@last": true, "rows": 1000000' in end
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    assert held < FRONT_BYTES
