"""`/metrics`: what Prometheus reads, by its own parser, and that it tells what has happened."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

from spacepolicy import __version__
from spacepolicy.web.metrics import RequestMetrics
from spacepolicy.web.service import Service

from .conftest import Site, serve
from .writing_site import Writing

PATIENCE_SECONDS = 20
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
LOOKUP = "SELECT ?o { :s3 ?p ?o } # counted"
UNITS = ("seconds", "bytes", "ratio", "celsius", "volts", "meters", "grams", "joules", "info")
NOT_BASE = ("milliseconds", "minutes", "hours", "days", "kilobytes", "megabytes", "kib", "mib",
            "percent", "ms", "kb", "mb", "sec")  # fmt: skip
TYPES = ("counter", "gauge", "histogram", "summary", "info", "untyped", "metric")
Sample = tuple[str, frozenset[tuple[str, str]]]


@pytest.fixture(scope="module")
def own(service: Service) -> Iterator[Site]:
    """A site whose counts are its own, with one seat and no place to wait."""
    narrow = replace(
        service, metrics=RequestMetrics(), max_running=1, max_waiting=0, max_wait_seconds=0.2
    )
    with serve(narrow) as site:
        yield site


def families(client: httpx.Client) -> list[Metric]:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return list(text_string_to_metric_families(answer.text))


def samples(client: httpx.Client) -> Mapping[Sample, float]:
    """The values of a scrape, by their names and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families(client)
        for sample in family.samples
    }


def value(client: httpx.Client, name: str, **labels: str) -> float:
    """The value of the series; 0 where it is not there yet."""
    return samples(client).get((f"spacepolicy_{name}", frozenset(labels.items())), 0.0)


def until(holds: Callable[[], bool]) -> None:
    """Wait: a request is counted once its answer has gone out."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_names_are_as_prometheus_recommends(own: Site) -> None:
    own.client.get("/sparql", params={"query": LOOKUP})
    read = families(own.client)
    for family in read:
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", family.name), family.name
        assert family.documentation, family.name
        assert family.type in ("counter", "gauge", "histogram", "info"), family.name
        words = family.name.split("_")
        assert not {*words} & {*NOT_BASE, *TYPES} - {"info"}, family.name
        assert family.name.startswith(("spacepolicy_", "process_"))
        for word in words[:-1]:
            assert word not in UNITS, f"{family.name}: the unit comes last"
        for sample in family.samples:
            is_counter = family.type == "counter"
            assert sample.name.endswith("_total") == is_counter, sample.name
    assert len({family.name for family in read}) == len(read) > 15


def test_each_family_has_one_help_and_one_type_before_its_samples(own: Site) -> None:
    lines = own.client.get("/metrics").text.splitlines()
    for kind in ("HELP", "TYPE"):
        named = [line.split(" ")[2] for line in lines if line.startswith(f"# {kind} ")]
        assert len(named) == len({*named}) > 15
    assert not [line for line in lines if "_created" in line]


def test_openmetrics_is_given_to_whom_accepts_it(own: Site) -> None:
    accept = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.1"}
    answer = own.client.get("/metrics", headers=accept)
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.headers["vary"].startswith("Accept")
    read = openmetrics_families(answer.text)  # type: ignore[no-untyped-call] # its types are few
    names = {family.name for family in read}
    assert {"spacepolicy_http_requests", "spacepolicy_build"} <= names


def test_requests_are_counted_with_their_durations(own: Site) -> None:
    def counted(kind: str) -> float:
        return value(own.client, "http_requests_total", method="GET", route="/sparql",
                     status="200", kind=kind)  # fmt: skip

    def timed() -> float:
        return value(own.client, "http_request_duration_seconds_count", method="GET",
                     route="/sparql")  # fmt: skip

    before, kept, durations = counted("solutions"), counted("kept"), timed()
    text = f"{LOOKUP} once"
    for _ in range(3):
        assert own.client.get("/sparql", params={"query": text}).is_success
    until(lambda: timed() == durations + 3)
    assert counted("solutions") == before + 1
    assert counted("kept") == kept + 2


def test_paths_that_clients_make_up_and_rare_methods_are_no_series(own: Site) -> None:
    def counted() -> float:
        return value(own.client, "http_requests_total", method="other", route="none",
                     status="404", kind="not-found")  # fmt: skip

    before, known = counted(), {route_of(sample) for sample in samples(own.client)}
    for number in range(5):
        for method in ("PROPFIND", "MKCOL", "PURGE", "LOCK"):
            own.client.request(method, f"/nowhere/{number}")
        own.client.get(f"/problems/none-{number}")
    until(lambda: counted() == before + 20)
    found = {route_of(sample) for sample in samples(own.client)}
    assert found <= known | {"none", "/problems/{kind}"}


def test_files_of_pages_are_counted_as_one_route(own: Site) -> None:
    """Their paths change with their content, and with each version of the service."""
    paths = set(
        re.findall(r'"(/assets/[^"]+)"', own.client.get("/", headers={"Accept": "text/html"}).text)
    )
    assert paths
    for path in paths:
        assert own.client.get(path).is_success
    assert own.client.get("/assets/none-0123456789ab.css").status_code == 404
    until(lambda: "/assets/{name}" in {route_of(sample) for sample in samples(own.client)})
    labels = {value for sample in samples(own.client) for _, value in sample[1]}
    assert {each for each in labels if each.startswith("/assets/")} == {"/assets/{name}"}


def route_of(sample: Sample) -> str | None:
    return dict(sample[1]).get("route")


def test_what_is_refused_before_it_is_read_is_counted(own: Site) -> None:
    labels = {"method": "none", "route": "none", "status": "400", "kind": "malformed-request"}
    before = value(own.client, "http_requests_total", **labels)
    with socket.create_connection(own.address, timeout=PATIENCE_SECONDS) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 400 ")
    assert value(own.client, "http_requests_total", **labels) == before + 1


def test_a_query_that_runs_is_shown_and_one_that_is_killed_or_refused_is_counted(
    own: Site,
) -> None:
    client = own.client

    def ended(reason: str) -> float:
        return value(client, "engine_workers_ended_total", reason=reason)

    def failed(status: str, kind: str) -> float:
        return value(client, "http_requests_total", method="GET", route="/sparql",
                     status=status, kind=kind)  # fmt: skip

    stopped, late, refused = (
        ended("stopped"),
        failed("504", "time-limit"),
        failed("503", "overloaded"),
    )
    asking = threading.Thread(
        target=client.get, args=("/sparql",), kwargs={"params": {"query": RUNAWAY, "timeout": 4}}
    )
    asking.start()
    until(lambda: value(client, "queries", state="running") == 1)
    other = client.get("/sparql", params={"query": f"{RUNAWAY} # other", "timeout": 3})
    assert other.status_code == 503
    asking.join()
    until(lambda: ended("stopped") > stopped)
    assert failed("504", "time-limit") == late + 1
    assert failed("503", "overloaded") == refused + 1
    assert value(client, "engine_workers_forked_total") >= 2 + ended("stopped")
    assert value(client, "queries", state="running") == 0
    assert value(client, "queries_running_limit") == 1


def test_memory_cache_and_build_are_told(own: Site) -> None:
    client = own.client
    before = value(client, "cache_bytes")
    assert client.get("/sparql", params={"query": f"{LOOKUP} held"}).is_success
    until(lambda: value(client, "cache_bytes") > before)
    assert value(client, "cache_bytes") < value(client, "cache_limit_bytes")
    assert (
        1 << 20 < value(client, "engine_memory_bytes") < value(client, "engine_memory_limit_bytes")
    )
    assert value(client, "engine_loading") == 0
    assert value(client, "engine_servers_started_total") == 1
    [build] = [family for family in families(client) if family.name == "spacepolicy_build_info"]
    assert build.samples[0].labels["version"] == __version__
    resident = samples(client)["process_resident_memory_bytes", frozenset()]
    assert resident > 1 << 20


def test_the_revision_in_force_is_told_with_its_time(own: Site) -> None:
    assert value(own.client, "revision_number") == 7
    assert value(own.client, "revision_timestamp_seconds") == 1767323045
    assert value(own.client, "revision_statements", part="record") == 1000


def test_a_write_is_counted_and_publishes_a_revision(writing: Writing) -> None:
    def counted() -> float:
        return value(writing.client, "http_requests_total", method="POST", route="/sparql",
                     status="204", kind="update")  # fmt: skip

    number, before = value(writing.client, "revision_number"), counted()
    published = value(writing.client, "revisions_published_total")
    answer = writing.update("INSERT DATA { GRAPH <urn:counted> { <urn:a> <urn:b> 1 } }")
    assert answer.status_code == 204
    until(lambda: counted() == before + 1)
    assert value(writing.client, "revision_number") == number + 1
    assert value(writing.client, "revisions_published_total") == published + 1
    assert value(writing.client, "engine_workers_forked_total") == 0  # its engine counts nothing


def test_operators_are_told_of_each_metric(own: Site) -> None:
    page = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`(spacepolicy_\w+)`", page))
    found = {family.name for family in families(own.client) if family.name[:8] != "process_"}
    counted = {
        f"{family.name}_total" for family in families(own.client) if family.type == "counter"
    }
    plain = {each for each in found if f"{each}_total" not in counted}
    assert told == plain | {each for each in counted if each[:8] != "process_"}
