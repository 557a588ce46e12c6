"""Large writes go another way, line by line and through files, and come to the same."""

import itertools
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pyoxigraph import Quad, RdfFormat, parse

from spacepolicy.commands.build import build
from spacepolicy.engine.isomorphism import isomorphic
from spacepolicy.engine.snapshot import SCRATCH
from spacepolicy.errors import (
    BadParameterError,
    EngineFailedError,
    InvalidDataError,
    ProblemError,
    WriteMemoryLimitError,
    WriteTimeLimitError,
)
from spacepolicy.settings import Mode, Settings
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.write_requests import DatasetWrite, GraphWrite, Update, Upload
from spacepolicy.writes.effects import LARGE_BYTES
from spacepolicy.writes.optimistic_evaluation import QUEUE_SECONDS

from ..engine.processes import PATIENCE_SECONDS
from .conftest import copy_content
from .test_writing import Site, open_site

DEF = "https://w3id.org/spacepolicy/def/"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
REIFIES = "http://www.w3.org/1999/02/22-rdf-syntax-ns#reifies"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_WELL_BEGUN = 10
"""A large change takes some hundred ticks, an idle writer none."""
TASKS = 11_000
"""So many make more than `LARGE_BYTES`, and more statements than are kept one by one."""


def task(number: int) -> list[str]:
    """Statements about a task, without their graph and end; of a hundred tasks one has a blank
    node, and one a triple term in another."""
    last = "<urn:note> <urn:n>"
    if number % 100 == 0:
        last = f"<urn:note> _:n{number}"
    elif number % 100 == 1:
        last = f'<{REIFIES}> <<( <urn:s> <urn:p> <<( <urn:s> <urn:p> "{number}" )>> )>>'
    name = f"<urn:policy:{number // 20}:task:{number % 20}>"
    return [
        f"{name} <{TYPE}> <{DEF}Task>",
        f'{name} <{LABEL}> "task number {number} of many"@en',
        f'{name} <{LABEL}> "任务 {number}"@zh',
        f'{name} <{DEF}ordinal> "0{number % 20}"^^<http://www.w3.org/2001/XMLSchema#integer>',
        f"{name} {last}",
    ]


def document(first: int = 0, last: int = TASKS) -> str:
    """N-Quads of tasks, each policy in a graph of its own."""
    return "".join(
        f"{statement} <urn:policy:{number // 20}> .\n"
        for number in range(first, last)
        for statement in task(number)
    )


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A large file of N-Quads."""
    file = tmp_path_factory.mktemp("large") / "tasks.nq"
    file.write_text(document(), encoding="utf-8")
    assert file.stat().st_size > LARGE_BYTES
    return file


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A plain store with one statement."""
    with closing(made(tmp_path / "store", "none", "stored")) as opened:
        opened.update("INSERT DATA { GRAPH <urn:before> { <urn:s> <urn:p> 1 } }")
        yield opened


def made(path: Path, content: str, mode: Mode, guard: str = "off") -> Site:
    build(Settings(content=content, default_graph=mode, store=str(path)), lambda _: None)
    return open_site(path, guard, mode=mode)


def large(file: Path, format: str = "nquads") -> DatasetWrite:
    return DatasetWrite(Upload(file, format, ""))


def replayed(site: Site) -> set[Quad]:
    """What the patches of all revisions make of nothing."""
    found: set[Quad] = set()
    for line in b"".join(site.history.changes(0, site.number)).splitlines():
        if line[:2] in (b"A ", b"D "):
            (quad,) = parse(line[2:], RdfFormat.N_QUADS, rename_blank_nodes=False)
            (found.add if line[:1] == b"A" else found.remove)(quad)
    return found


@pytest.mark.parametrize(("content", "mode"), [
    ("none", "stored"), ("documents", "merged"),
])  # fmt: skip
def test_an_import_at_once_leaves_what_small_writes_leave(
    tmp_path: Path, data: Path, content: str, mode: Mode
) -> None:
    if content == "documents":
        copy_content(tmp_path / "documents")
        content = str(tmp_path / "documents")
    made(tmp_path / "one", content, mode).close()
    shutil.copytree(tmp_path / "one", tmp_path / "other")
    with (
        closing(open_site(tmp_path / "one", "off", mode=mode)) as one,
        closing(open_site(tmp_path / "other", "off", mode=mode)) as other,
    ):
        written = one.write(large(data), timeout_seconds=300)
        assert one.number == 2
        pieces = [*range(0, TASKS, 2_000), TASKS]
        for first, last in itertools.pairwise(pieces):
            piece = tmp_path / "piece.nq"
            piece.write_text(document(first, last), encoding="utf-8")
            other.write(large(piece), timeout_seconds=300)
        now, then = one.history.current, other.history.current
        assert (now.record_sha256, now.digest) == (then.record_sha256, then.digest)
        assert now.counts == then.counts
        assert written.added == sum(each.added for each in other.history.revisions[1:])
        assert isomorphic(one.quads(), other.quads())
        assert replayed(one) == one.quads()
        for text in (
            "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
            f"SELECT ?c {{ GRAPH <urn:policy:0> {{ ?s <{DEF}ordinal> 7 }} ?s a ?c }} ORDER BY ?c",
        ):
            assert one.ask(text) == other.ask(text)
        assert not one.write(large(data), timeout_seconds=300).changed
        assert one.update("DELETE WHERE { GRAPH <urn:policy:0> { ?s ?p ?o } }").removed == 100


def test_a_large_graph_is_put_added_to_and_replaced(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "tasks.nt"
    lines = [f"{each} .\n" for number in range(TASKS) for each in task(number)]

    def write(action: str, text: str) -> tuple[int, int]:
        file.write_text(text, encoding="utf-8")
        upload = Upload(file, "ntriples", "")
        operation = GraphWrite(action, "urn:g", (upload,))  # type: ignore[arg-type]
        written = site.write(operation, timeout_seconds=300)
        return written.added, written.removed

    whole = len(lines)
    assert write("put", "".join(lines)) == (whole, 0)
    assert write("put", "".join(reversed(lines))) == (0, 0)
    named = [line for line in lines if "_:" not in line]
    assert write("post", "".join([*named, '<urn:new> <urn:p> "1" .\n'])) == (1, 0)
    assert write("put", "".join(named[1:])) == (0, whole + 1 - (len(named) - 1))
    assert replayed(site) == site.quads()


def test_a_wrong_line_in_the_middle_is_told_and_nothing_is_changed(
    site: Site, data: Path, tmp_path: Path
) -> None:
    lines = data.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[30_000] = "<urn:s> <urn:p .\n"
    wrong = tmp_path / "wrong.nq"
    wrong.write_text("".join(lines), encoding="utf-8")
    assert refused(site, wrong, BadParameterError).extras["line"] == 30_001


def refused(site: Site, file: Path, kind: type[ProblemError], **conditions: object) -> ProblemError:
    """Why a large write is refused, which leaves everything as it was and hinders no other."""
    number, quads = site.number, site.quads()
    with pytest.raises(kind) as error:
        site.write(large(file), **{"timeout_seconds": 300, **conditions})
    assert type(error.value) is kind
    assert (site.number, site.quads()) == (number, quads)
    assert list((site.path / SCRATCH).glob(f"{os.getpid()}-0*")) == []
    assert site.update("INSERT DATA { GRAPH <urn:after> { <urn:s> <urn:p> 1 } }").changed
    return error.value


def test_a_large_write_has_its_time(site: Site, data: Path) -> None:
    refused(site, data, WriteTimeLimitError, timeout_seconds=0.2)


def test_a_large_write_has_its_memory(tmp_path: Path, data: Path) -> None:
    with closing(made(tmp_path / "store", "none", "stored")) as small:
        small.writer._effects._memory_bytes = 24 << 20  # what --memory-mib sets
        refused(small, data, WriteMemoryLimitError)


ENDLESS = """INSERT { GRAPH <urn:endless> { ?a <urn:p> ?b } }
WHERE { GRAPH <urn:many> { ?a ?x ?o1 . ?b ?y ?o2 . ?c ?z ?o3 . ?d ?v ?o4 } }"""
COUNTED = """INSERT { GRAPH <urn:counted> { <urn:pairs> <urn:number> ?n } }
WHERE { { SELECT (COUNT(*) AS ?n) { GRAPH <urn:many> { ?a ?x ?b . ?c ?y ?d } } } }"""
MANY = 3_000
"""So many statements have nine million pairs, which take longer than the queue evaluates."""


def put(
    tmp_path: Path, document: str, graph: str = "urn:long", suffix: str = "turtle"
) -> GraphWrite:
    file = tmp_path / f"{graph[4:]}.{suffix}"
    file.write_text(document, encoding="utf-8")
    return GraphWrite("put", graph, (Upload(file, suffix, ""),))


def many(site: Site, tmp_path: Path) -> None:
    text = "".join(f"<urn:s{number}> <urn:p> {number} .\n" for number in range(MANY))
    assert site.write(put(tmp_path, text, "urn:many")).added == MANY


@pytest.mark.parametrize("kind", ["document", "update"])
def test_a_write_does_not_wait_for_another_that_takes_long(
    site: Site, tmp_path: Path, kind: str
) -> None:
    many(site, tmp_path)
    lists = put(tmp_path, f"<urn:s> <urn:p> ({'0 ' * 500_000}) .")
    operation = lists if kind == "document" else Update(ENDLESS)
    found: list[BaseException] = []

    def write() -> None:
        try:
            site.write(operation, timeout_seconds=12)
        except ProblemError as error:
            found.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    time.sleep(0.1)
    for number in range(5):
        written = site.update(f"INSERT DATA {{ GRAPH <urn:short> {{ <urn:s> <urn:p> {number} }} }}")
        assert written.changed
    assert thread.is_alive()
    thread.join()
    assert [type(each) for each in found] in ([WriteTimeLimitError], [WriteMemoryLimitError])


def test_an_update_that_takes_long_reads_what_came_before_it(site: Site, tmp_path: Path) -> None:
    many(site, tmp_path)
    thread = threading.Thread(target=lambda: site.update(COUNTED, timeout_seconds=120))
    thread.start()
    time.sleep(QUEUE_SECONDS + 0.3)
    numbers: list[int] = []
    while thread.is_alive() and len(numbers) < 3:
        text = f"INSERT DATA {{ GRAPH <urn:many> {{ <urn:x{len(numbers)}> <urn:p> 1 }} }}"
        numbers.append(site.update(text).revision.number)
    thread.join()
    changed = site.history.last_changed("urn:counted")
    assert changed is not None
    before = MANY + sum(number < changed for number in numbers)
    (count,) = site.ask("SELECT ?n { GRAPH <urn:counted> { ?s ?p ?n } }")
    assert int(count) == before * before
    assert numbers


def test_a_large_document_replaces_what_came_into_its_graph_meanwhile(
    site: Site, tmp_path: Path
) -> None:
    lines = "".join(f"{each} .\n" for number in range(TASKS) for each in task(number))
    large_put = put(tmp_path, lines, "urn:g", "ntriples")
    thread = threading.Thread(target=lambda: site.write(large_put, timeout_seconds=120))
    thread.start()
    child_of(os.getpid(), "bulk_update_process")
    written = site.update("INSERT DATA { GRAPH <urn:g> { <urn:meanwhile> <urn:p> 1 } }")
    assert thread.is_alive()
    thread.join()
    assert site.history.last_changed("urn:g") == written.revision.number + 1
    assert site.ask("SELECT ?p { GRAPH <urn:g> { <urn:meanwhile> ?p ?o } }") == []
    assert replayed(site) == site.quads()


def child_of(process: int, module: str) -> int:
    """The number of the process of the module that this one has started."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for each in Path("/proc").glob("[0-9]*"):
            try:
                parent = int(each.joinpath("stat").read_text().rpartition(")")[2].split()[1])
                if parent == process and module in each.joinpath("cmdline").read_text():
                    return int(each.name)
            except (OSError, IndexError):
                continue
        time.sleep(0.01)
    raise AssertionError(f"no process of {module}")


@pytest.mark.parametrize("module", ["bulk_update_process", "writes.writer_main"])
def test_a_kill_in_the_middle_leaves_the_store_as_it_was(
    site: Site, data: Path, module: str
) -> None:
    writer = site.writer.process
    os.setpriority(os.PRIO_PROCESS, writer, 19)  # it does not end before it is killed
    idle = ticks(writer)

    def kill() -> None:
        killed = child_of(os.getpid(), "bulk_update_process")
        if module == "writes.writer_main":
            killed = writer
            while ticks(writer) - idle < _WELL_BEGUN:
                time.sleep(0.001)
        os.kill(killed, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    refused(site, data, EngineFailedError)
    thread.join()


def ticks(process: int) -> int:
    """How long the process has had a processor, in ticks of 10 ms."""
    stat = Path("/proc", str(process), "stat").read_text()
    return sum(map(int, stat.rpartition(")")[2].split()[11:13]))


def test_a_process_that_reads_ends_with_the_one_that_asked(tmp_path: Path, data: Path) -> None:
    """The other side of its connection closes, whatever becomes of the process."""
    build(
        Settings(content="none", default_graph="stored", store=str(tmp_path / "store")),
        lambda _: None,
    )
    front = os.fork()
    if front == 0:
        try:
            open_site(tmp_path / "store", mode="stored").write(large(data))
        finally:
            os._exit(1)
    reading = child_of(front, "bulk_update_process")
    os.kill(front, signal.SIGKILL)
    os.waitpid(front, 0)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while Path("/proc", str(reading)).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path("/proc", str(reading)).exists()
    current = revisions.current(tmp_path / "store")
    assert current is not None
    assert current.number == 1


def test_a_dry_run_tells_the_difference_and_a_refusal_leaves_nothing(
    tmp_path: Path, data: Path
) -> None:
    copy_content(tmp_path / "documents")
    content = str(tmp_path / "documents")
    with closing(made(tmp_path / "store", content, "merged", "refuse")) as guarded:
        error = refused(guarded, data, InvalidDataError, timeout_seconds=300)
        assert "rules of this dataset would be broken" in error.detail
    with closing(open_site(tmp_path / "store", "off")) as free:
        quads = free.quads()
        tried = free.write(large(data), dry_run=True, timeout_seconds=300)
        assert tried.changed
        assert free.quads() == quads
        assert free.write(large(data), timeout_seconds=300).added == tried.added
        added = sum(line.startswith(b"A ") for line in tried.patch.splitlines())
        assert len(free.quads()) - len(quads) == added
