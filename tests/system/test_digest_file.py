"""The digest that is kept for the next start is used where it is right, and nowhere else."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad

from spacepolicy.commands.build import build
from spacepolicy.commands.jobs import import_file
from spacepolicy.engine.nquads import dataset_lines
from spacepolicy.knowledge.incremental import maintenance as keepers
from spacepolicy.knowledge.incremental.maintenance import Maintenance
from spacepolicy.settings import Mode, Settings
from spacepolicy.store import digest_file, revision_folders
from spacepolicy.store.digest import RecordDigest
from spacepolicy.store.revision import Change
from spacepolicy.store.revision_writer import DurableStore
from spacepolicy.writes import coordinator

GRAPH = NamedNode("urn:g")


@pytest.fixture(params=["stored", "merged"])
def store(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Mode]:
    mode: Mode = request.param
    monkeypatch.setattr(digest_file, "LEAST_BYTES", 0)
    build(Settings(content="none", default_graph=mode, store=str(tmp_path)), lambda _: None)
    return tmp_path, mode


@contextmanager
def opened(path: Path, mode: Mode) -> Iterator[Maintenance]:
    gc.freeze()  # what other tests have left is not looked through each time
    with DurableStore(path) as durable:
        maintenance = Maintenance(durable, "off", merged=mode == "merged")
        yield maintenance
        maintenance._knowledge = None  # it holds the dataset open
    gc.collect()
    gc.unfreeze()


def quads(first: int, last: int) -> tuple[Quad, ...]:
    """Statements, every tenth with a blank node."""
    return tuple(
        Quad(
            BlankNode(f"b{number}") if number % 10 == 0 else NamedNode(f"urn:s{number}"),
            NamedNode("urn:p"),
            Literal(f"value {number}"),
            GRAPH,
        )
        for number in range(first, last)
    )


def add(maintenance: Maintenance, *added: Quad) -> None:
    maintenance.take(Change((), added, (), ()), "test", "")
    maintenance.publish()


def remove(maintenance: Maintenance, *removed: Quad) -> None:
    maintenance.take(Change(removed, (), (), ()), "test", "")
    maintenance.publish()


def reads(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Grows whenever the whole dataset is read for a digest."""
    found: list[None] = []

    def read(*arguments: object) -> object:
        found.append(None)
        return dataset_lines(*arguments)  # type: ignore[arg-type] # as they came

    monkeypatch.setattr(keepers, "dataset_lines", read)
    return found


def see_right(maintenance: Maintenance) -> None:
    """See that the next revision has the digest that its whole record has."""
    add(maintenance, Quad(NamedNode("urn:new"), NamedNode("urn:p"), BlankNode("new"), GRAPH))
    revision = maintenance.durable.revision
    assert revision is not None
    record = RecordDigest(dataset_lines(maintenance.durable.live, {DefaultGraph()}))
    whole = RecordDigest(dataset_lines(maintenance.durable.live))
    found = record if maintenance._merged else whole
    assert (revision.record_sha256, revision.digest) == (found.hexdigest(), found.algorithm)


def test_the_next_start_reads_no_dataset(
    store: tuple[Path, Mode], monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(*store) as maintenance:
        add(maintenance, *quads(0, 3000))
        remove(maintenance, *quads(100, 140))
        maintenance.keep_digest()
    found = reads(monkeypatch)
    with opened(*store) as maintenance:
        assert found == []
        remove(maintenance, *quads(200, 1240))
        see_right(maintenance)


def test_what_came_since_is_taken_in(
    store: tuple[Path, Mode], monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(*store) as maintenance:
        add(maintenance, *quads(0, 2000))
        maintenance.keep_digest()
        add(maintenance, *quads(2000, 2100))
        remove(maintenance, *quads(50, 80))
    found = reads(monkeypatch)
    with opened(*store) as maintenance:
        assert found == []
        see_right(maintenance)


@pytest.mark.parametrize("harm", ["missing", "cut", "changed", "empty", "older", "block"])
def test_a_file_that_does_not_tell_it_is_not_used(
    store: tuple[Path, Mode], monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    path, _ = store
    with opened(*store) as maintenance:
        add(maintenance, *quads(0, 2000))
        maintenance.keep_digest()
        if harm == "older":
            older = (path / digest_file.NAME).read_bytes()
            add(maintenance, *quads(3000, 3100))
            maintenance.keep_digest()
    file = path / digest_file.NAME
    content = bytearray(file.read_bytes())
    match harm:
        case "missing":
            file.unlink()
        case "cut":
            file.write_bytes(content[: len(content) // 2])
        case "changed":
            content[content.index(b"\n") + 70] ^= 1
            file.write_bytes(content)
        case "empty":
            file.write_bytes(b"")
        case "older":
            file.write_bytes(older.replace(b'"revision": 2', b'"revision": 3'))
        case "block":
            content[-2000] ^= 1
            file.write_bytes(content)
    found = reads(monkeypatch)
    with opened(*store) as maintenance:
        assert found == [None] or harm == "block"
        remove(maintenance, *quads(0, 2000))
        see_right(maintenance)


def test_a_change_that_is_too_large_is_not_taken_in(
    store: tuple[Path, Mode], monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(*store) as maintenance:
        add(maintenance, *quads(0, 2000))
        maintenance.keep_digest()
        add(maintenance, *quads(2000, 2100))
    monkeypatch.setattr(digest_file, "MOST_PATCH_BYTES", 1000)
    found = reads(monkeypatch)
    with opened(*store) as maintenance:
        assert found == [None]
        see_right(maintenance)


def test_a_command_ends_when_the_digest_of_what_it_imported_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long that takes: a service that stops would kill the process by now."""
    monkeypatch.setattr(coordinator, "ENDING_SECONDS", 0.0)
    chosen = Settings(content="none", default_graph="stored", store=str(tmp_path / "store"))
    build(chosen, lambda _: None)
    file, count = tmp_path / "graph.nq", digest_file.LEAST_BYTES // 100
    file.write_text("".join(f'<urn:s{n}> <urn:p> "{"x" * 80}" .\n' for n in range(count)))
    reply = import_file(chosen, tmp_path / "store", file, "nquads")
    revision = revision_folders.read(tmp_path / "store", reply["number"])
    kept = digest_file.load(tmp_path / "store", revision, ())
    assert kept is not None
    assert kept.lines.size > digest_file.LEAST_BYTES
