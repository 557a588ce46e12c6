"""What the disk does: a full one or one that cannot be written refuses writes and nothing else, and
what is acknowledged was synced before."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from spacepolicy.errors import StorageError

from ..engine.processes import PATIENCE_SECONDS, within
from .conftest import Program, Serve
from .test_bursts import burst, insertion
from .test_writing import COUNT, ONE, Site, built, open_site

__all__ = ["built"]
pytestmark = pytest.mark.debian
MORE = "INSERT DATA {{ GRAPH <urn:h> {{ {} }} }}"


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)  # of the machine


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of the test's own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(folder))
    yield folder
    run("umount", "--lazy", str(folder))


@pytest.fixture
def site(disk: Path, built: Path) -> Iterator[Site]:  # a fixture
    site = open_site(Path(shutil.copytree(built, disk / "store")))
    site.update(ONE)
    yield site
    site.close()


def refused(site: Site) -> bool:
    """Whether writes are refused by now."""
    number, count = site.number, site.ask(COUNT)
    values = " . ".join(f"<urn:{n}> <urn:p> '{time.monotonic()}'" for n in range(200))
    try:
        site.update(MORE.format(values))
    except StorageError:
        assert (site.number, site.ask(COUNT)) == (number, count)
        return True
    return False


def test_a_full_disk_refuses_writes_and_keeps_reads_going(site: Site, disk: Path) -> None:
    filler = disk / "filler"
    free = shutil.disk_usage(disk).free
    filler.write_bytes(bytes(free - (64 << 10)))
    assert within(PATIENCE_SECONDS, lambda: refused(site))
    filler.unlink()
    assert site.update("INSERT DATA { GRAPH <urn:i> { <urn:a> <urn:b> 1 } }").changed
    assert site.ask(COUNT) == ["1"]


def test_a_folder_that_cannot_be_written_refuses_writes_and_keeps_reads_going(site: Site) -> None:
    folder = str(site.path / "revisions")
    run("mount", "--bind", "-o", "ro", folder, folder)
    try:
        assert within(PATIENCE_SECONDS, lambda: refused(site))
    finally:
        run("umount", folder)
    assert site.update("INSERT DATA { GRAPH <urn:i> { <urn:a> <urn:b> 1 } }").changed


@contextmanager
def traced(site: Site, trace: Path) -> Iterator[list[str]]:
    """The calls of the writer that have to do with what is on disk; there afterwards."""
    calls = "trace=fsync,fdatasync,rename,renameat,renameat2,sendto,write"
    lines: list[str] = []
    with subprocess.Popen(
        ["strace", "-f", "-y", "-e", calls, "-o", str(trace), "-p", str(site.writer.process)],
        stderr=subprocess.PIPE,
    ) as tracer:
        assert tracer.stderr is not None
        tracer.stderr.readline()  # it says that it is attached
        yield lines
        tracer.terminate()
    lines += trace.read_text(encoding="utf-8").splitlines()


def test_a_burst_is_put_in_force_by_one_step_once_all_of_it_is_synced(
    built: Path, tmp_path: Path
) -> None:
    with closing(open_site(Path(shutil.copytree(built, tmp_path / "store")))) as site:
        site.update(ONE)
        number = site.number
        with traced(site, tmp_path / "trace") as lines:
            burst(site, tmp_path, *(lambda n=n: site.update(insertion(n + 2)) for n in range(6)))
        assert site.number == number + 6
    (switch,) = (n for n, line in enumerate(lines) if re.search(r"rename.*/\.current\.", line))
    for folder in range(number + 1, number + 7):
        synced = rf"fsync\(.*\.{folder:06}\.unfinished"
        assert len([line for line in lines[:switch] if re.search(synced, line)]) >= 3
    assert len([line for line in lines if re.search(r"fsync\(.*/revisions>", line)]) == 1


@pytest.mark.parametrize(
    ("memory_quads", "files"),
    [
        (5_000_000, ("changes.rdfp", "revision.json")),
        (10, ("changes.rdfp", "sst")),
    ],
)
def test_what_is_acknowledged_was_synced_before(
    built: Path,
    tmp_path: Path,  # a fixture
    memory_quads: int,
    files: tuple[str, ...],
) -> None:
    site = open_site(Path(shutil.copytree(built, tmp_path / "store")), memory_quads=memory_quads)
    try:
        site.update(ONE)
        with traced(site, tmp_path / "trace") as lines:
            written = site.update("INSERT DATA { GRAPH <urn:h> { <urn:a> <urn:b> 1 } }")
    finally:
        site.close()
    folder = f"{written.revision.number:06}"

    def first(pattern: str) -> int:
        return next(n for n, line in enumerate(lines) if re.search(pattern, line))

    answer = max(n for n, line in enumerate(lines) if "sendto(" in line and "socket:" in line)
    named = first(rf'rename.*\.{folder}\.unfinished"')
    for file in files:
        assert first(rf"fsync\(.*\.{folder}\.unfinished/.*{file}") < named
    steps = (
        first(rf"fsync\(.*\.{folder}\.unfinished>"),
        named,
        first(r"fsync\(.*/revisions>"),
        first(r"fsync\(.*/\.current\."),
        first(r"rename.*/\.current\."),
        answer,
    )
    assert list(steps) == sorted(steps)
    assert any(re.search(r"fsync\(\d+<[^>]*/store>", line) for line in lines[steps[4] : answer])


@pytest.fixture
def read_only(program: Program) -> Iterator[Program]:
    """A program whose store, of a blank in its name, is on a disk that cannot be written."""
    store = program.store.with_name("a store")
    found = replace(program, store=store)
    built = found.run("build", "--store", str(store), "--content", "none")
    assert built.returncode == 0, built.stderr
    graphs = program.folder / "graphs.nq"
    for value in "12":
        graphs.write_text(f'<urn:a> <urn:b> "{value}" <urn:g> .\n', encoding="utf-8")
        found.run("import", str(graphs), "--store", str(store), "--content", "none")
    run("mount", "--bind", str(store), str(store))
    run("mount", "-o", "remount,bind,ro", str(store))
    yield found
    run("umount", "--lazy", str(store))


def test_a_store_that_cannot_be_written_is_served_read_only(
    read_only: Program, serve: Serve
) -> None:
    store = ("--store", str(read_only.store), "--content", "none")
    server = serve(*store, "--read-only")
    for revision, value in ((2, "1"), (3, "2")):
        query = {"query": "SELECT ?o { GRAPH ?g { ?s ?p ?o } }", "format": "csv"}
        told = httpx.get(f"{server.url}/sparql", params=query | {"revision": str(revision)})
        assert told.text.split() == ["o", value]
    assert httpx.get(f"{server.url}/readyz").status_code == 200
    assert server.end() == 0


def test_a_store_that_cannot_be_written_is_served_read_only_though_the_files_have_changed(
    read_only: Program, serve: Serve
) -> None:
    server = serve("--store", str(read_only.store), "--read-only")
    assert "Serving revision 3" in server.said
    assert httpx.get(f"{server.url}/readyz").json()["status"] == "stale"


@pytest.mark.parametrize(
    "command",
    [
        ("serve", "--port", "0", "--content", "none"),
        ("build",),
        ("token", "new", "--scope", "read"),
        ("import", "graphs.nq", "--content", "none"),
        ("doctor", "--repair"),
    ],
    ids=lambda command: command[0],
)
def test_what_writes_is_refused_in_one_line_where_the_store_cannot_be_written(
    read_only: Program, command: tuple[str, ...]
) -> None:
    graphs = read_only.folder / "graphs.nq"
    graphs.write_text('<urn:a> <urn:b> "3" <urn:g> .\n', encoding="utf-8")
    where = () if "none" in command or command[0] in ("token", "doctor") else (
        "--content", str(read_only.content)
    )  # fmt: skip
    ended = read_only.run(*command, "--store", str(read_only.store), *where)
    assert ended.returncode != 0
    assert "cannot be written" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
