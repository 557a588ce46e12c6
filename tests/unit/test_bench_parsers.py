"""What benchmarks read of `wrk`, of `/proc` and of answers, and what they make of it."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench import answers, graphs, loading, overload, processes, servers, tables, wrk
from bench.graphs import Layout
from bench.measuring import Comparison, Queries, Side
from bench.processes import Usage
from bench.workloads import WORKLOADS, Workload
from pyoxigraph import DefaultGraph, Store

TOLD = (
    "Running 5s test @ http://127.0.0.1:1/sparql\n"
    'summary: {"requests":5000,"microseconds":2500000,"bytes":9,"p50":1500,"p99":20000,"rounds":%d,'
    '"status":%d,"connect":0,"read":0,"write":0,"timeout":0}\n'
)
KINDS = {each.name: each for each in WORKLOADS}


def test_what_wrk_tells_becomes_rates_and_milliseconds() -> None:
    told = wrk.parse(TOLD % (0, 0))
    assert (told.rate, told.p50_ms, told.p99_ms) == (2000, 1.5, 20)
    assert (told.repeated, told.errors) == (False, "")


def test_answers_that_are_no_success_and_lists_that_came_to_their_end_are_told() -> None:
    told = wrk.parse(TOLD % (1, 7))
    assert told.repeated
    assert told.errors == "7 status"


def test_wrk_that_fails_is_an_error_with_its_words() -> None:
    with pytest.raises(wrk.WrkError, match="unable to connect"):
        wrk.parse("unable to connect to 127.0.0.1")


def test_a_query_is_percent_encoded_whole() -> None:
    target = wrk.Endpoint(1, "/sparql").target('ASK { <urn:a#b> ?p "&+/" }')
    assert target == "/sparql?query=ASK%20%7B%20%3Curn%3Aa%23b%3E%20%3Fp%20%22%26%2B%2F%22%20%7D"


def test_times_and_faults_of_ended_children_count() -> None:
    line = "7 (a) b) S 1 7 7 0 -1 4 100 20 3 1 250 50 1000 200 20 0 1 0 99 1 1"
    used = processes.parse_stat(line)
    second = os.sysconf("SC_CLK_TCK")
    assert used == Usage(1500 / second, 0, 120, 4)
    assert processes.parse_stat(line, is_root=True).root_seconds == 300 / second
    assert used - used == Usage()


def test_memory_is_the_proportional_share() -> None:
    assert (
        processes.parse_rollup("00-ff [rollup]\nRss: 9 kB\nPss:  12 kB\nPss_Anon: 1 kB\n") == 12288
    )


def test_a_child_that_worked_and_ended_is_in_the_usage_of_its_tree() -> None:
    work = "import time; t = time.process_time() + 0.3\nwhile time.process_time() < t: pass"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}]); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as root:
        with processes.Watch(root.pid) as watch:
            deadline = time.monotonic() + 60
            while processes.usage(root.pid).cpu_seconds < 0.3 and time.monotonic() < deadline:
                time.sleep(0.05)
        assert processes.usage(root.pid).cpu_seconds >= 0.3
        assert watch.appeared >= 1
        assert processes.proportional_bytes(root.pid) > 0
        root.communicate(b"\n")


def side(requests: int, p99: float = 1.0, appeared: int = 0, errors: str = "") -> Side:
    return Side(requests, 10.0, 0.5, p99, Usage(2.0, 0.5, 300, 0), appeared, errors)


def test_a_comparison_misses_its_rate_its_delay_its_forks_and_errors() -> None:
    bad = Comparison(KINDS["join"], 8, side(80, 3.0, 10, "1 status"), side(100, 1.0))
    assert tables.faults(bad, 1_000_000) == ["errors: 1 status", "rate", "p99", "forks"]
    none = Comparison(KINDS["text"], 1, side(0, 0.0), side(1, 1.0))
    assert tables.faults(none, 1_000_000) == ["no answer in the time"]
    good = Comparison(KINDS["join"], 8, side(95, 1.9, 9), side(100, 1.0))
    assert tables.faults(good, 1_000_000) == []


def test_ratios_are_held_at_eight_clients_and_less_at_other_sizes() -> None:
    for clients, size, least in ((8, 1_000_000, 0.35), (8, 100_000, 0.28), (1, 1_000_000, 0)):
        found = Comparison(KINDS["lookup"], clients, side(1), side(1))
        assert tables.floor(found, size) == pytest.approx(least)
    again = Comparison(KINDS["join-again"], 8, side(1), side(1))
    assert [tables.floor(again, size) for size in (100_000, 1_000_000, 5_000_000)] == [0, 60, 60]


def test_a_row_has_a_cell_for_each_heading() -> None:
    found = Comparison(KINDS["lookup"], 1, side(1000), side(4000))
    line = tables.comparison_row(found, 1_000_000, 9000.0)
    assert line.count("|") == tables.header().splitlines()[0].count("|")
    assert "| lookup | 1 | 100 | 400 | 0.25 |" in line
    assert side(1000).cpu_ms == 2.0
    assert side(1000).root_ms == 0.5
    assert side(1000).faults == 0.3


def test_a_figure_is_held_by_its_bound() -> None:
    assert tables.Figure("load", 5, "times", 6).held
    assert not tables.Figure("load", 7, "times", 6).held
    assert not tables.Figure("rate", 0.5, "", 0.7, "at least").held
    assert tables.Figure("unbound", 1e9, "s").held


def test_queries_are_given_out_once_and_enough_of_them() -> None:
    numbers: Iterator[str] = map(str, range(10_000))
    queries = Queries(numbers, again=False, rate=100)
    first, then = queries.prepare(10), queries.prepare(10)
    assert len(first) >= 1000
    assert not set(first) & set(then)


@pytest.mark.parametrize(
    ("name", "one", "other", "same"),
    [
        ("lookup", b'[{"a":1},{"a":2}]', b'[{"a":2},{"a":1}]', True),
        ("lookup", b'[{"a":1},{"a":1}]', b'[{"a":1}]', False),
        ("rows", b'[{"a":1},{"a":2}]', b'[{"a":3},{"a":4}]', True),
    ],
)
def test_answers_are_compared_as_bags_and_where_that_is_open_by_their_number(
    name: str, one: bytes, other: bytes, same: bool
) -> None:
    found = [content(KINDS[name], b'{"results":{"bindings":%b}}' % rows) for rows in (one, other)]
    assert (found[0] == found[1]) is same


def test_graphs_are_compared_as_sets() -> None:
    kind, line = KINDS["construct"], b"<urn:a> <urn:b> <urn:c> .\n"
    assert content(kind, line + line) == content(kind, line)


def test_engines_that_write_numbers_otherwise_have_the_same_values() -> None:
    one, other = (
        b'{"results":{"bindings":[{"n":{"type":%b,"value":%b}}]}}' % each
        for each in ((b'"literal"', b'"2.50"'), (b'"typed-literal"', b'"2.5"'))
    )
    kind = KINDS["group-by"]
    assert answers.values(one, kind) == answers.values(other, kind)
    assert answers.content(one, kind) != answers.content(other, kind)


def test_memory_is_loaded_when_readyz_says_so_or_says_nothing() -> None:
    assert servers.is_in_memory({"status": "ready"})
    assert servers.is_in_memory({"loading": False})
    assert not servers.is_in_memory({"loading": True})


def test_look_ups_beside_others_are_held_to_their_rate_and_delay() -> None:
    told = wrk.parse(TOLD % (0, 0))
    assert [each.held for each in overload.figures("warm", told, 2500.0)] == [True, True]
    assert [each.held for each in overload.figures("warm", told, 4000.0)] == [False, True]
    bad = wrk.parse(TOLD % (0, 3))
    assert not overload.figures("warm", bad, 2500.0)[0].held


@pytest.mark.parametrize("mode", ["stored", "merged"])
def test_an_update_adds_what_the_document_states(mode: Layout) -> None:
    store, statements = Store(), list(graphs.document(7))
    store.update(loading.update(7, mode))
    assert len(store) == len(statements)
    in_default = sum(1 for _ in store.quads_for_pattern(None, None, None, DefaultGraph()))
    assert in_default == sum(graphs.in_default(each, mode) for each in statements)


def test_files_that_share_their_bytes_count_once_on_disk(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"12345")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "two").hardlink_to(tmp_path / "one")
    assert loading.disk_bytes(tmp_path) == 5


def content(workload: Workload, body: bytes) -> Counter[str]:
    return answers.content(body, workload)
