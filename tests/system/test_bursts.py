"""Writes that come while another is at it: carried out together, and each as if it were alone."""

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacepolicy.engine.snapshot import opened as opened_dataset
from spacepolicy.engine.snapshot import quads_in
from spacepolicy.errors import (
    BadParameterError,
    FileOwnedError,
    InvalidDataError,
    PreconditionFailedError,
    ProblemError,
    QuerySyntaxError,
    WriteTimeLimitError,
)
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.write_requests import GraphWrite, Upload, Written

from ..engine.processes import PATIENCE_SECONDS, within
from .test_writing import (
    BROKEN,
    COUNT,
    STEPS,
    G,
    Said,
    Site,
    built,
    is_as_rebuilt,
    open_site,
    shared,
    site,
    stated,
    upload,
)

pytestmark = pytest.mark.alone

__all__ = ["built", "shared", "site"]
Write = Callable[[], Written]
Result = Written | ProblemError
COUNTED = (
    "INSERT {{ GRAPH <urn:h> {{ <urn:n> <urn:is> ?n }} }} WHERE {{ SELECT (COUNT(*) AS ?n)"
    " {{ {} }} }}"
)
SEEN = "SELECT ?n { GRAPH <urn:h> { <urn:n> <urn:is> ?n } }"
IN_GRAPH = f"GRAPH <{G}> {{ ?s ?p ?o }}"
RUNAWAY = COUNTED.format("?a ?b ?c . ?d ?e ?f . ?g ?h ?i")


def insertion(value: int) -> str:
    return f"INSERT DATA {{ GRAPH <{G}> {{ <urn:a> <urn:b> {value} }} }}"


def held(site: Site, pipe: Path) -> Write:
    """A write that lasts as long as its pipe is open, and then fails: nothing is put."""
    os.mkfifo(pipe)
    return lambda: site.write(GraphWrite("put", "urn:held", (Upload(pipe, "jsonld", ""),)))


@contextmanager
def holding(pipe: Path) -> Iterator[None]:
    """While the write that reads from the pipe is at it."""
    with pipe.open("wb"):  # it opens once the other side reads
        yield


class Burst:
    """Writes, each on a thread, that wait in their order while one before them is at it."""

    def __init__(self, site: Site, folder: Path, writes: Sequence[Write]) -> None:
        self.results: list[Result | None] = [None] * len(writes)
        self._threads: list[threading.Thread] = []
        pipe = folder / f"pipe-{time.monotonic_ns()}"
        before = self._started(held(site, pipe))
        with holding(pipe):
            for number, write in enumerate(writes):
                self._threads.append(self._started(write, number))
                assert within(PATIENCE_SECONDS, self._waits)
        before.join()

    def _started(self, write: Write, number: int | None = None) -> threading.Thread:
        def run() -> None:
            result: Result
            try:
                result = write()
            except ProblemError as error:
                result = error
            if number is not None:
                self.results[number] = result

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def _waits(self) -> bool:
        frame = sys._current_frames().get(self._threads[-1].ident or 0)
        return frame is not None and frame.f_code.co_name == "wait"

    def wait_for(self, number: int) -> Result | None:
        """What came of one, whatever the others do."""
        self._threads[number].join()
        return self.results[number]

    def come(self) -> list[Result | None]:
        """What came of each."""
        for thread in self._threads:
            thread.join()
        return self.results


def burst(site: Site, folder: Path, *writes: Write) -> list[Result | None]:
    return Burst(site, folder, writes).come()


def numbers(results: Sequence[Result | None]) -> list[int]:
    return [each.revision.number for each in results if isinstance(each, Written)]


def test_each_write_of_a_burst_is_a_revision_and_groups_are_put_in_force_at_once(
    site: Site, tmp_path: Path
) -> None:
    number, told = site.number, list[tuple[int, int]]()
    leave = site.history.listen(lambda revision: told.append((revision.number, site.number)))
    results = burst(
        site, tmp_path, *(lambda n=n: site.update(insertion(n), message=f"{n}") for n in range(8))
    )
    leave()
    assert numbers(results) == [number + n for n in range(1, 9)]
    assert [revision for revision, _ in told] == [number + n for n in range(1, 9)]
    in_force = [newest for _, newest in told]
    ends = sorted(set(in_force))  # of groups: a busy machine may need more than one
    assert in_force == [next(end for end in ends if end >= number + n) for n in range(1, 9)]
    assert ends[-1] == number + 8
    assert len(ends) < 8
    for n, revision in enumerate(site.history.revisions[-8:]):
        assert (revision.message, revision.added) == (f"{n}", 1)
        assert site.ask(COUNT, revision.number) == [str(n + 1)]
    assert revisions.history(site.path).revisions[-8:] == site.history.revisions[-8:]


def test_a_write_of_a_burst_sees_those_before_it_and_what_follows_from_them(
    site: Site, tmp_path: Path
) -> None:
    base = site.history.current.base
    named = "rdfs:label 'thing'@en, '东西'@zh"
    thing = f"INSERT DATA {{ GRAPH <{G}> {{ <urn:a> a <{base}def/Technology> ; {named} }} }}"
    inferred = f"<urn:a> a <{base}def/Entity>"
    results = burst(
        site,
        tmp_path,
        lambda: site.update(f"{insertion(1)} ; {insertion(2)}"),
        lambda: site.update(COUNTED.format(IN_GRAPH)),
        lambda: site.update(f"DELETE WHERE {{ {IN_GRAPH} }} ; DROP GRAPH <urn:h>"),
        lambda: site.update(thing),
        lambda: site.update(COUNTED.format(inferred)),
    )
    last = numbers(results)
    assert len(last) == 5
    assert site.ask(SEEN, last[1]) == ["2"]
    assert site.ask(COUNT, last[2]) == ["0"]
    assert site.ask(SEEN, last[4]) == ["1"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("no update", QuerySyntaxError),
        (f"{insertion(3)} ; {BROKEN}", InvalidDataError),
        (f"{insertion(3)} ; DROP GRAPH <BASEontology>", FileOwnedError),
        (RUNAWAY, WriteTimeLimitError),
    ],
)
def test_a_refused_write_is_refused_alone_and_what_follows_is_judged_without_it(
    site: Site, tmp_path: Path, text: str, error: type[ProblemError]
) -> None:
    number, refused = site.number, text.replace("BASE", site.history.current.base or "")
    results = burst(
        site,
        tmp_path,
        lambda: site.update(insertion(1)),
        lambda: site.update(insertion(2)),
        lambda: site.update(refused, timeout_seconds=1.0),
        lambda: site.update(COUNTED.format(IN_GRAPH)),
    )
    assert type(results[2]) is error
    assert numbers(results) == [number + 1, number + 2, number + 3]
    assert site.ask(SEEN) == ["2"]


def test_of_a_burst_with_the_same_condition_one_write_succeeds(site: Site, tmp_path: Path) -> None:
    number = site.update(insertion(0)).revision.number
    site.update("INSERT DATA { GRAPH <urn:other> { <urn:a> <urn:b> 1 } }")
    expected = frozenset({number, site.number})

    def put(value: int) -> Written:
        turtle = upload(tmp_path, f"<s> <p> {value} .")
        return site.write(GraphWrite("put", G, (turtle,)), expected=expected)

    results = burst(
        site,
        tmp_path,
        lambda: put(10),
        lambda: put(100),
        lambda: site.update(insertion(3), expected=expected),
    )
    assert numbers(results) == [number + 2]
    assert [type(each) for each in results[1:]] == [PreconditionFailedError] * 2
    assert results[1].extras["revision"] == number + 2  # type: ignore[union-attr]
    assert site.ask(f"SELECT ?o {{ GRAPH <{G}> {{ ?s ?p ?o }} }}") == ["10"]


def test_a_dry_run_in_a_burst_publishes_nothing_and_tells_what_it_would_change_by_then(
    site: Site, tmp_path: Path
) -> None:
    number = site.number
    results = burst(
        site,
        tmp_path,
        lambda: site.update(insertion(1)),
        lambda: site.update(f"{insertion(1)} ; {insertion(2)}", dry_run=True),
        lambda: site.update(COUNTED.format(IN_GRAPH)),
    )
    assert numbers(results) == [number + 1, number + 1, number + 2]
    dry = results[1]
    assert isinstance(dry, Written)
    assert (dry.added, len(quads_in(dry.patch)[1]), site.number) == (1, 2, number + 2)
    assert site.ask(SEEN) == ["1"]


@pytest.mark.parametrize("later", [0, 1])
def test_a_writer_that_is_killed_within_a_burst_leaves_nothing_of_it(
    site: Site, tmp_path: Path, later: int
) -> None:
    site.update(insertion(0))
    number, before = site.number, site.quads()
    pipe = tmp_path / "pipe"
    writes: list[Write] = [lambda: site.update(insertion(1)), lambda: site.update(insertion(2))]
    writes += [held(site, pipe), *([lambda: site.update(insertion(3))] * later)]
    waiting = Burst(site, tmp_path, writes)
    with holding(pipe):
        os.kill(site.writer.process, signal.SIGKILL)
    results = waiting.come()
    assert numbers(results) == []
    assert (site.number, site.quads()) == (number, before)
    assert revisions.history(site.path).current.number == number
    assert site.update(insertion(4)).revision.number == number + 1
    assert site.ask(COUNT) == ["2"]


def test_an_upload_that_cannot_be_read_holds_nobody_up(site: Site, tmp_path: Path) -> None:
    results = burst(
        site,
        tmp_path,
        lambda: site.write(GraphWrite("put", G, (upload(tmp_path, "<s> <p> ."),))),
        lambda: site.update(insertion(1)),
    )
    assert isinstance(results[0], BadParameterError)
    assert site.ask(COUNT) == ["1"]


@pytest.fixture(scope="module")
def lenient(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A store whose guard is off."""
    path = tmp_path_factory.mktemp("lenient") / "store"
    site = open_site(Path(shutil.copytree(built, path)), "off")
    yield site
    site.close()


@settings(max_examples=8, deadline=None)
@given(steps=st.lists(STEPS, min_size=2, max_size=6))
def test_any_burst_leaves_the_datasets_that_rebuilds_give(
    lenient: Site, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Said]]
) -> None:
    site, number = lenient, lenient.number
    base = site.history.current.base or ""

    def write(graph: str, said: Said) -> Written:
        said_there = stated(base, graph, said)
        lines = " ".join(f"{q.subject} {q.predicate} {q.object} ." for q in said_there)
        drop = f"DROP SILENT GRAPH <{graph}>"
        return site.update(f"{drop} ; INSERT DATA {{ GRAPH <{graph}> {{ {lines} }} }}")

    results = burst(site, tmp_path_factory.mktemp("pipe"), *(lambda s=s: write(*s) for s in steps))
    assert all(isinstance(each, Written) for each in results)
    apart = revisions.file_graphs(site.path, site.history.current).apart
    for revision in site.history.revisions[number:]:
        is_as_rebuilt(revision, opened_dataset(revision.dataset), apart)
    with suppress(ProblemError):
        site.update("DROP GRAPH <urn:g> ; DROP GRAPH <urn:h>")


def test_a_quick_write_does_not_wait_for_a_slow_one_behind_it(site: Site, tmp_path: Path) -> None:
    come = Burst(
        site,
        tmp_path,
        [lambda: site.update(insertion(1)), lambda: site.update(RUNAWAY, timeout_seconds=8)],
    )
    quick = come.wait_for(0)
    assert isinstance(quick, Written)
    assert come.results[1] is None
    assert isinstance(come.come()[1], WriteTimeLimitError)
