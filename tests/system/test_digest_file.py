"""The digest that is kept for the next start is used where it is right, and nowhere else."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad

from spacepolicy.commands.build import build
from spacepolicy.engine.nquads import dataset_lines
from spacepolicy.knowledge.incremental import maintenance as keepers
from spacepolicy.knowledge.incremental.maintenance import Maintenance
from spacepolicy.settings import Mode, Settings
from spacepolicy.store import digest_file
from spacepolicy.store.digest import RecordDigest
from spacepolicy.store.revision import Change
from spacepolicy.store.revision_writer import DurableStore

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
    with DurableStore(path) as durable:
        keeper = Maintenance(durable, "off", merged=mode == "merged")
        yield keeper
        keeper._knowledge = None  # it holds the dataset open
    gc.collect()


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


def add(keeper: Maintenance, *added: Quad) -> None:
    keeper.take(Change((), added, (), ()), "test", "")
    keeper.publish()


def remove(keeper: Maintenance, *removed: Quad) -> None:
    keeper.take(Change(removed, (), (), ()), "test", "")
    keeper.publish()


def reads(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Grows whenever the whole dataset is read for a digest."""
    found: list[None] = []

    def read(*arguments: object) -> object:
        found.append(None)
        return dataset_lines(*arguments)  # type: ignore[arg-type] # as they came

    monkeypatch.setattr(keepers, "dataset_lines", read)
    return found


def see_right(keeper: Maintenance) -> None:
    """See that the next revision has the digest that its whole record has."""
    add(keeper, Quad(NamedNode("urn:new"), NamedNode("urn:p"), BlankNode("new"), GRAPH))
    revision = keeper.durable.revision
    assert revision is not None
    record = RecordDigest(dataset_lines(keeper.durable.live, {DefaultGraph()}))
    whole = RecordDigest(dataset_lines(keeper.durable.live))
    found = record if keeper._merged else whole
    assert (revision.record_sha256, revision.digest) == (found.hexdigest(), found.algorithm)


def test_the_next_start_reads_no_dataset(
    store: tuple[Path, Mode], monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(*store) as keeper:
        add(keeper, *quads(0, 3000))
        remove(keeper, *quads(100, 140))
        keeper.keep_digest()
    found = reads(monkeypatch)
    with opened(*store) as keeper:
        assert found == []
        remove(keeper, *quads(200, 1240))
        see_right(keeper)


def test_what_came_since_is_taken_in(
    store: tuple[Path, Mode], monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(*store) as keeper:
        add(keeper, *quads(0, 2000))
        keeper.keep_digest()
        add(keeper, *quads(2000, 2100))
        remove(keeper, *quads(50, 80))
    found = reads(monkeypatch)
    with opened(*store) as keeper:
        assert found == []
        see_right(keeper)


@pytest.mark.parametrize("harm", ["missing", "cut", "changed", "empty", "older", "block"])
def test_a_file_that_does_not_tell_it_is_not_used(
    store: tuple[Path, Mode], monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    path, _ = store
    with opened(*store) as keeper:
        add(keeper, *quads(0, 2000))
        keeper.keep_digest()
        if harm == "older":
            older = (path / digest_file.NAME).read_bytes()
            add(keeper, *quads(3000, 3100))
            keeper.keep_digest()
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
    with opened(*store) as keeper:
        assert found == [None] or harm == "block"
        remove(keeper, *quads(0, 2000))
        see_right(keeper)


def test_a_change_that_is_too_large_is_not_taken_in(
    store: tuple[Path, Mode], monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(*store) as keeper:
        add(keeper, *quads(0, 2000))
        keeper.keep_digest()
        add(keeper, *quads(2000, 2100))
    monkeypatch.setattr(digest_file, "MOST_PATCH_BYTES", 1000)
    found = reads(monkeypatch)
    with opened(*store) as keeper:
        assert found == [None]
        see_right(keeper)
