"""A changed byte, a file cut short or gone: found, named, never served as truth, and mended from
what is whole."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from spacepolicy.engine.snapshot import change, reading, see, standing
from spacepolicy.errors import DamagedError, SpacepolicyError, StoreError
from spacepolicy.store import draft as drafts
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.draft import Draft
from spacepolicy.store.publication import RevisionStatement, step
from spacepolicy.store.repair import repair
from spacepolicy.store.revision import Change, Counts, FileGraphs, Revision
from spacepolicy.store.revision_folders import history
from spacepolicy.store.revision_writer import DurableStore
from spacepolicy.store.verification import examine

from .test_revisions import draft

THING = NamedNode("https://example.org/a")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of seven revisions: the first, fourth and sixth have generations of their own."""
    path = tmp_path_factory.mktemp("whole") / "store"
    revisions.open_store(path, "stored")
    with DurableStore(path, 0, memory_quads=10**6) as durable:
        drafts.publish(durable, of_files("a", "b"))
        write(durable, "c", "d")
        drafts.publish(durable, of_files("a", "e"))
        write(durable, "f")
        drafts.publish(durable, of_files("g"))
        write(durable, "h")
    return path


def of_files(*words: str) -> Draft:
    said = draft(*words).said
    return Draft(draft(*words).dataset, RevisionStatement(
        said.author, said.message, said.counts, "", " ".join(words),
        files=FileGraphs(owned=frozenset({THING.value})),
    ))  # fmt: skip


def write(durable: DurableStore, *words: str) -> None:
    for word in words:
        graph = NamedNode(f"https://example.org/{word}")
        quad = Quad(THING, THING, Literal(word * 500), graph)
        change = Change(added=(quad,), created=(graph,))
        durable.apply(change)
        durable.publish([step(change, RevisionStatement("test", "", Counts(record=9), "", ""))])


@pytest.fixture
def store(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "store"))


def answers(store: Path) -> Iterator[tuple[str, object]]:
    """All that can be asked of a store, by what it is; an error in the place of an answer."""
    asked = history(store)
    for number in range(1, asked.current.number + 1):
        for name, ask in (
            ("revision", lambda n=number: asked.get(n).time),
            ("dataset", lambda n=number: dataset(asked.get(n))),
            ("changes", lambda n=number: b"".join(asked.changes(n - 1, n))),
            ("back", lambda n=number: b"".join(asked.changes(n, max(n - 2, 0)))),
            ("about", lambda n=number: [
                (each.revision.number, each.added) for each in asked.about(THING, n, 1)
            ]),
            ("files", lambda n=number: revisions.file_graphs(store, asked.get(n))),
        ):  # fmt: skip
            try:
                yield f"{name} {number}", ask()
            except SpacepolicyError as error:
                yield f"{name} {number}", error
    yield (
        "last changed",
        [asked.last_changed(f"https://example.org/{name}") or 0 for name in "abcdefgh"],
    )


def dataset(revision: Revision) -> frozenset[str]:
    """The quads of the revision, as a process reads them that writes nothing to the disk."""
    ground, later = standing(revision.dataset)
    see(ground)
    with reading(ground):
        copy = Store()
        copy.extend(Store.read_only(str(ground)))
        for each in later:
            change(copy, each)
    return frozenset(map(str, copy))


def believed(store: Path) -> dict[str, object]:
    """The answers of the store; none where it is refused as a whole."""
    try:
        return dict(answers(store))
    except StoreError:
        return {}


def files(store: Path) -> list[str]:
    names = (each.relative_to(store).as_posix() for each in store.rglob("*") if each.is_file())
    return sorted(n for n in names if n != "lock" and not n.startswith(("live/", "scratch/")))


def flip(file: Path, place: int) -> None:
    data = bytearray(file.read_bytes())
    data[place] ^= 0x01
    file.write_bytes(data)


def samples(store: Path) -> list[tuple[str, str]]:
    """Files of each kind, and what is done to each, in turn where there are many: of the first
    revision and the newest that have a generation, of one in between and of the newest that have
    none."""
    found: list[tuple[str, str]] = []
    seen = set[tuple[str, str]]()
    for name in files(store):
        folder, _, file = name.rpartition("/")
        kind = (folder, file.split("-")[0].rpartition(".")[2])
        if folder.split("/")[1:2] in (["000003"], ["000004"], ["000005"]) or kind in seen:
            continue
        seen |= {kind} if file.endswith((".sst", ".log")) else set()
        size = (store / name).stat().st_size
        harms = [str(size // 3), "gone"] if size else ["gone"]
        whole = file in ("checksums.json", "changes.rdfp", "current", "store.json")
        harms = [*harms, str(size - 1), "cut"] if whole else [harms[len(found) % len(harms)]]
        found += [(name, harm) for harm in harms]
    return found


def do(file: Path, harm: str) -> None:
    if harm == "gone":
        file.unlink()
    elif harm == "cut":
        with file.open("r+b") as opened:
            opened.truncate(file.stat().st_size // 2)
    else:
        flip(file, int(harm))


def test_nothing_is_written_upon_a_damaged_file_and_the_rest_stays(store: Path) -> None:
    with DurableStore(store, 0, memory_quads=10**6) as durable:
        write(durable, "i")
        patch = store / "revisions" / "000008" / "changes.rdfp"
        (table, *_) = (store / "revisions" / "000006" / "generation").glob("*.sst")
        for file in (patch, table):
            before = file.read_bytes()
            flip(file, len(before) // 2)
            live = dataset_in(durable)
            with pytest.raises(DamagedError, match=file.name):
                write(durable, "j")
            assert revisions.current(store) == durable.revision
            assert dataset_in(durable) == live
            file.write_bytes(before)
        write(durable, "k")
    assert history(store).current.number == 9


def dataset_in(durable: DurableStore) -> set[str]:
    return set(map(str, durable.live))


def untrue(store: Path, truth: dict[str, object]) -> list[str]:
    """Answers that are neither the truth nor say that a file is damaged."""
    found = []
    for asked, answer in believed(store).items():
        wanted, told = truth[asked], isinstance(answer, DamagedError)
        if isinstance(answer, list) and isinstance(wanted, list) and asked == "last changed":
            told = all(new >= old for new, old in zip(answer, wanted, strict=True))
        if not told and answer != wanted:
            found.append(f"{asked} is {answer!r}")
    return found


def test_damage_of_any_file_is_found_named_and_never_served_as_truth_and_is_mended(
    whole: Path, tmp_path: Path
) -> None:
    truth = dict(answers(whole))
    assert not [each for each in truth.values() if isinstance(each, Exception)]
    assert not list(examine(whole, deep=True))
    wrong = []
    for number, (name, harm) in enumerate(samples(whole)):
        store = Path(shutil.copytree(whole, tmp_path / f"store{number}"))
        do(store / name, harm)
        found = [str(each) for each in examine(store, deep=True)]
        named = any(name in each for each in found) or believed(store) == truth
        problems = untrue(store, truth) + ([] if named else [f"found {found}"])
        done, left = repair(store, "stored")
        problems += [] if dict(answers(store)) == truth and not left else [f"{done}, left {left}"]
        wrong += [f"{name}: {harm}: {each}" for each in problems]
    assert not wrong, "\n".join(wrong)
