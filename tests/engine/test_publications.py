"""What holds of workers while the dataset is published anew, and while it is loaded."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, Store, parse

from spacepolicy import checksums
from spacepolicy.engine import pool as pools
from spacepolicy.engine import server_process
from spacepolicy.engine.answer_frames import Data, FrameDecoder
from spacepolicy.engine.pool import Pool
from spacepolicy.engine.port import EngineCounts, answered, ask
from spacepolicy.engine.requests import Query
from spacepolicy.engine.server_process import ServerProcess, ServerStart
from spacepolicy.engine.snapshot import CHANGES, GENERATION, GRAPHS

from .processes import PATIENCE_SECONDS, within, workers

ALL = "SELECT ?s ?p ?o ?g { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
LIGHT = "SELECT ?o { <https://example.org/s1> ?p ?o }"


def answer(pool: Pool, text: str, dataset: Path | None = None) -> bytes:
    frames = ask(pool, Query(text, solutions_format="csv"), PATIENCE_SECONDS, dataset)
    return b"".join(each.payload for each in frames if isinstance(each, Data))


@pytest.fixture
def first(dataset: Path, tmp_path: Path) -> Path:
    """The generation of a first revision."""
    folder = tmp_path / "revisions" / "000001" / GENERATION
    folder.parent.mkdir(parents=True)
    store = Store(str(tmp_path / "live"))
    store.extend(parse(path=dataset, format=RdfFormat.N_QUADS))
    store.backup(str(folder))
    checksums.write(folder.parent, {})
    return folder


@pytest.fixture
def pool(first: Path) -> Iterator[Pool]:
    pool = Pool(first, memory_bytes=256 << 20, spares=2)
    yield pool
    pool.close()


def revised(before: Path, changes: str, graphs: str = "") -> Path:
    """The dataset of a revision that changes the one before."""
    folder = before.parent.with_name(f"{int(before.parent.name) + 1:06}")
    folder.mkdir()
    (folder / CHANGES).write_text(f"TX .\n{changes}TC .\n", encoding="utf-8")
    (folder / GRAPHS).write_text(graphs, encoding="utf-8")
    checksums.write(folder, {})
    return folder / GENERATION


def added(number: int) -> str:
    return f'A <https://example.org/new{number}> <https://example.org/p> "{number}" .\n'


def test_workers_follow_a_publication_and_answer_as_new_ones_would(pool: Pool, first: Path) -> None:
    answer(pool, LIGHT)
    assert within(PATIENCE_SECONDS, lambda: len(workers(pool)) == 3)
    before, newest = workers(pool), first
    for number in range(20):
        gone = f'D <https://example.org/s{number}> <https://example.org/p0> "{number} 0" .\n'
        newest = revised(newest, gone + added(number))
        pool.publish(newest)
        assert f"new{number},".encode() in answer(pool, ALL)
    assert set(workers(pool)) <= set(before)
    with pool.connect_to_edit() as fresh:  # always forked anew
        request = Query(ALL, solutions_format="csv").to_bytes()
        frames = answered(fresh, FrameDecoder(), [request], PATIENCE_SECONDS)
        told = b"".join(each.payload for each in frames if isinstance(each, Data))
    assert answer(pool, ALL) == told


def test_a_worker_that_is_busy_meanwhile_follows_once_it_is_given_back(
    pool: Pool, first: Path
) -> None:
    held = pool.connect()
    newest = revised(first, added(1))
    pool.publish(newest)
    assert b"new1," in answer(pool, ALL)
    pool.release(held, reusable=True)
    again = [pool.connect() for _ in range(3)]
    assert held in again
    for each in again:
        frames = answered(each, FrameDecoder(), [Query(ALL).to_bytes()], PATIENCE_SECONDS)
        assert b"new1" in b"".join(each.payload for each in frames if isinstance(each, Data))
        each.close()


def test_what_stays_after_many_changes_is_what_was_published(pool: Pool, first: Path) -> None:
    newest = first
    for number in range(5):
        newest = revised(newest, added(number))
        pool.publish(newest)
    assert answer(pool, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").split() == [b"n", b"2005"]
    older = newest.parent.with_name("000002") / GENERATION
    assert answer(pool, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", older).split() == [b"n", b"2001"]


def test_after_more_changes_than_one_log_takes_workers_are_forked_anew(
    pool: Pool, first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "LOG_BYTES", 1000)
    newest = first
    for number in range(40):
        newest = revised(newest, added(number))
        pool.publish(newest)
        assert f"new{number},".encode() in answer(pool, ALL)


def test_a_dataset_that_has_changed_as_much_as_it_holds_is_loaded_anew(
    pool: Pool, first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "LOG_BYTES", 100)
    monkeypatch.setattr(pools, "_ground_bytes", lambda _: 100)
    before, newest = pool.process, first
    for number in range(5):
        newest = revised(newest, added(number))
        pool.publish(newest)
        assert f"new{number},".encode() in answer(pool, ALL)
        assert not pool.loading
    assert within(PATIENCE_SECONDS, lambda: pool.process != before)
    assert b"new4," in answer(pool, ALL)
    assert within(PATIENCE_SECONDS, lambda: not Path(f"/proc/{before}").exists())


def test_a_large_dataset_is_answered_from_disk_until_it_is_loaded(
    first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "_LONG_LOAD_BYTES", -1)
    pool = Pool(first, memory_bytes=256 << 20, spares=1)
    try:
        on_disk, running = pool.order(), pool.connect()
        assert b"s1," in answer(pool, ALL)
        newest = revised(first, added(1))
        pool.publish(newest)
        assert b"new1," in answer(pool, ALL)
        assert within(PATIENCE_SECONDS, lambda: not pool.loading)
        assert pool.order() != on_disk
        assert b"new1," in answer(pool, ALL)
        running.sendall(Query("ASK {}").to_bytes())
        assert any(isinstance(each, Data) for each in FrameDecoder().feed(running.recv(1 << 16)))
        pool.release(running, reusable=True)
        newest = revised(newest, added(2))
        pool.publish(newest)
        assert b"new2," in answer(pool, ALL)
    finally:
        pool.close()


def test_after_a_very_large_change_answers_come_from_disk_until_it_is_loaded(
    pool: Pool, first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = revised(first, added(1))
    store = Store(str(first.parents[2] / "live"))
    store.update('INSERT DATA { <https://example.org/new1> <https://example.org/p> "1" }')
    store.backup(str(newest))
    monkeypatch.setattr(pools, "_LONG_LOAD_BYTES", 0)
    before = pool.process
    pool.publish(newest)
    assert b"new1," in answer(pool, ALL)
    assert within(PATIENCE_SECONDS, lambda: not pool.loading)
    assert pool.process != before
    assert b"new1," in answer(pool, ALL)


def test_where_it_cannot_be_loaded_it_is_answered_from_disk(
    first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "_LONG_LOAD_BYTES", -1)
    monkeypatch.setattr(server_process, "IN_MEMORY", "nowhere")
    pool = Pool(first, memory_bytes=256 << 20, spares=1)
    try:
        assert within(PATIENCE_SECONDS, lambda: not pool.loading)
        assert b"s1," in answer(pool, ALL)
    finally:
        pool.close()


def test_a_dataset_whose_loading_is_killed_is_loaded_again(
    first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "_LONG_LOAD_BYTES", -1)
    start, held = ServerStart.of, list[int]()

    def held_once(
        self: ServerStart, dataset: Path, counts: EngineCounts, *, in_memory: bool
    ) -> ServerProcess:
        """The first that is to hold it in memory is stopped: it loads for as long as the test
        needs."""
        server = start(self, dataset, counts, in_memory=in_memory)
        if in_memory and not held:
            os.kill(server.process.pid, signal.SIGSTOP)
            held.append(server.process.pid)
        return server

    monkeypatch.setattr(ServerStart, "of", held_once)
    pool = Pool(first, memory_bytes=256 << 20, spares=1)
    try:
        on_disk, loading = pool.order(), pool._next
        assert loading is not None
        loading.process.kill()
        assert within(PATIENCE_SECONDS, lambda: not pool.loading)
        assert pool.order() != on_disk
        pool.publish(revised(first, added(1)))
        assert b"new1," in answer(pool, ALL)
    finally:
        pool.close()
