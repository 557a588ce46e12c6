"""A dataset on disk: the folder of a generation, or a file of N-Quads.

A revision without a generation of its own rests on the newest one before it: the patches of the
revisions in between lead from there to its dataset.

Started as `python -m spacepolicy.engine.snapshot FOLDER` it prints the quads of the generation:
opening one leaves threads behind, so a process that will fork lets another process read it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from pyoxigraph import NamedNode, Quad, RdfFormat, Store, parse

from spacepolicy import checksums
from spacepolicy.engine.nquads import quads
from spacepolicy.errors import DamagedError

GENERATION: Final = "generation"
"""The subfolder of a revision with its dataset."""
SCRATCH: Final = "scratch"
"""The subfolder of a store with processes' copies of datasets."""
CHANGES: Final = "changes.rdfp"
"""The file with a revision's change, as RDF Patch."""
GRAPHS: Final = "graphs.txt"
"""The file with the named graphs that a revision changed: each line is a mark and an IRI."""
CREATED, DROPPED, CHANGED = "+", "-", " "
NEAR_BYTES: Final = 4 << 20
"""The most bytes of patches between a dataset and the generation it rests on: some 20,000 quads,
carried out in a quarter of a second."""
TABLES: Final = ".sst"
"""The suffix of a generation's tables; the engine keeps checksums of their blocks, and checks a
block whenever it reads one."""
CORRUPTION: Final = "Corruption:"
"""The beginning of the engine's message for a table that is not what it wrote."""
_TABLE: Final = re.compile(r"[0-9]{6,}\.sst|MANIFEST-[0-9]+|CURRENT")
_EMPTY: Final = "empty graph "


def load(path: Path) -> Store:
    """Load the dataset into memory, its blank nodes with their labels on disk; no thread is left.

    Raises: DamagedError where a file is not what was written; OSError, SyntaxError or ValueError
    where it cannot be read.
    """
    store = Store()
    empty: list[str] = []
    ground, later = standing(path)
    see(ground)
    with _lines(ground, empty) as lines:
        store.extend(parse(lines, RdfFormat.N_QUADS, rename_blank_nodes=False))
    for graph in empty:
        store.add_graph(NamedNode(graph))
    for revision in later:
        change(store, revision)
    return store


def opened(path: Path, scratch: Path | None = None) -> Store:
    """Open the dataset for reading by one process: in place, where it is the folder of a
    generation; else in the folder `scratch`, or in memory without one.

    Raises: as `load`.
    """
    if path.is_dir():
        see(path)
        with reading(path):
            return Store.read_only(str(path))
    return load(path) if scratch is None or path.exists() else copied(path, scratch)


def copied(path: Path, to: Path) -> Store:
    """Copy the dataset to a folder where it may be written.

    Raises: as `load`; also where it cannot be written there.
    """
    ground, later = standing(path)
    see(ground)
    copy(ground, to)
    with reading(ground):
        store = Store(str(to))
        for revision in later:
            change(store, revision)
    return store


def standing(path: Path) -> tuple[Path, list[Path]]:
    """The path of the dataset itself where it is there, else that of the generation on which it
    rests; and the folders of the revisions that lead on from there.

    Raises: FileNotFoundError where there is no such generation.
    """
    found, later = path, list[Path]()
    while not found.exists():
        revision = found.parent
        number = int(revision.name) if revision.name.isdigit() else 0
        if number <= 1 or not revision.exists():
            raise FileNotFoundError(f"{path} and what it rests on are gone")
        later.insert(0, revision)
        found = _folder(revision, number - 1) / found.name
    return found, later


def see(generation: Path) -> None:
    """Check that the files of a generation are those that were written: the tables by name and
    size, of whose content the engine has checksums, the others whole.

    Raises: DamagedError.
    """
    if generation.is_dir():
        checksums.see_tables(generation.parent, generation.name, TABLES)


def following(path: Path, newer: Path) -> list[Path]:
    """The folders of the revisions that lead from one dataset to a newer one."""
    numbers = range(int(path.parent.name) + 1, int(newer.parent.name) + 1)
    return [_folder(newer.parent, number) for number in numbers]


def earlier(revision: Path) -> list[Path]:
    """The folders of the first revision and of all others up to this one."""
    return [_folder(revision, number) for number in range(1, int(revision.name) + 1)]


def patch_bytes(revisions: Iterable[Path]) -> int:
    """The size of the patches of the revisions in the folders."""
    return sum((revision / CHANGES).stat().st_size for revision in revisions)


def generation_bytes(generation: Path) -> int:
    """The size of the tables of a generation."""
    return sum(file.stat().st_size for file in generation.glob(f"*{TABLES}"))


def is_near(path: Path, newer: Path) -> bool:
    """Whether it is faster to undo the changes in memory than to copy the older dataset."""
    return patch_bytes(following(path, newer)) <= NEAR_BYTES


def scratch_of(path: Path, process: int, number: int = 0) -> Path:
    """The folder in which a process may have a copy of the dataset: in the store, where the folders
    of ended processes are removed when it is next opened for writing; for a store that cannot be
    written, among the system's temporary files."""
    store = path.parents[2]
    if os.access(store, os.W_OK):
        return store / SCRATCH / f"{process}-{number}"
    return Path(tempfile.gettempdir()) / f"spacepolicy-{os.getuid()}-{process}-{number}"


def _folder(revision: Path, number: int) -> Path:
    """The folder of another revision in the same store."""
    return revision.with_name(f"{number:06}")


@contextmanager
def _lines(path: Path, empty: list[str]) -> Iterator[IO[bytes]]:
    """The dataset as N-Quads; `empty` has the graphs without a quad once these are read."""
    if path.is_file():
        with path.open("rb") as file:
            yield file
        return
    printer = [sys.executable, "-m", "spacepolicy.engine.snapshot", str(path)]
    with subprocess.Popen(  # noqa: S603 # our own module, no shell
        printer, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None  # noqa: S101 # it is a pipe
        assert process.stderr is not None  # noqa: S101 # it is a pipe
        yield process.stdout
        errors = process.stderr.read().decode(errors="replace").splitlines()
    if process.returncode != 0:
        raise reading_error(path, errors[-1] if errors else "it cannot be read.")
    empty += (line.removeprefix(_EMPTY) for line in errors if line.startswith(_EMPTY))


@contextmanager
def reading(generation: Path) -> Iterator[None]:
    """Translate the engine's error for damaged tables of the generation."""
    try:
        yield
    except RuntimeError as error:
        raise reading_error(generation, str(error)) from error


def reading_error(generation: Path, reason: str) -> DamagedError | ValueError:
    """The error for the engine's reason not to read a generation, which names the table."""
    return damage(reason, generation) or ValueError(reason)


def damage(reason: str, generation: Path | None = None) -> DamagedError | None:
    """The damage that the engine has found in a table, by its reason; None where that is another
    one."""
    if CORRUPTION not in reason:
        return None
    named = _TABLE.search(reason)
    folder = generation or Path(GENERATION)
    return checksums.damaged(folder / named[0] if named else folder)


def change(store: Store, revision: Path) -> None:
    """Carry out the change of the revision in the folder on the dataset."""
    carry_out(store, *changes(revision))


def change_back(store: Store, revision: Path) -> None:
    """Undo the change of the revision in the folder on the dataset."""
    undo(store, *changes(revision))


def changes(revision: Path) -> tuple[bytes, list[str]]:
    """The patch of the revision in the folder, and the graphs that it marks.

    Raises: OSError, DamagedError.
    """
    graphs = checksums.content(revision / GRAPHS).decode().splitlines()
    return checksums.content(revision / CHANGES), graphs


def carry_out(store: Store, patch: bytes, graphs: Iterable[str]) -> None:
    """Carry out the patch on the dataset; `graphs` are marked."""
    _change(store, _quads(patch, b"D "), _quads(patch, b"A "), *_marked(graphs))


def add(store: Store, added: Iterable[Quad], graphs: Iterable[str]) -> None:
    """Carry out a patch that only adds, whose quads are parsed already."""
    _change(store, (), added, *_marked(graphs))


def undo(store: Store, patch: bytes, graphs: Iterable[str]) -> None:
    """Undo the patch on the dataset."""
    dropped, created = _marked(graphs)
    _change(store, _quads(patch, b"A "), _quads(patch, b"D "), created, dropped)


def _change(
    store: Store,
    removed: Iterable[Quad],
    added: Iterable[Quad],
    dropped: Iterable[NamedNode],
    created: Iterable[NamedNode],
) -> None:
    for quad in removed:
        store.remove(quad)
    for graph in dropped:
        store.remove_graph(graph)
    store.extend(added)
    for graph in created:
        store.add_graph(graph)


def _marked(graphs: Iterable[str]) -> tuple[list[NamedNode], list[NamedNode]]:
    """The graphs that are dropped, and those that are created."""
    marked = list(graphs)
    dropped, created = (
        [NamedNode(line[1:]) for line in marked if line.startswith(mark)]
        for mark in (DROPPED, CREATED)
    )
    return dropped, created


def quads_in(patch: bytes) -> tuple[list[Quad], list[Quad]]:
    """The quads that an RDF Patch removes, and those that it adds.

    Spec: https://afs.github.io/rdf-delta/rdf-patch.html
    """
    return list(_quads(patch, b"D ")), list(_quads(patch, b"A "))


def _quads(patch: bytes, mark: bytes) -> Iterator[Quad]:
    """The quads of the lines with the mark, which stand together within a transaction."""
    patch = b"\n" + patch
    marked = b"\n" + mark
    start = patch.find(marked)
    if start < 0:
        return iter(())
    end = patch.find(b"\n", patch.rfind(marked) + 1)
    text = patch[start:] if end < 0 else patch[start:end]
    if text.count(b"\n") == text.count(marked):
        return quads(text.replace(marked, b"\n"))
    lines = text.split(b"\n")
    return quads(b"\n".join(line[len(mark) :] for line in lines if line.startswith(mark)))


def copy(generation: Path, to: Path) -> None:
    """Copy a generation for writing: the copy shares only the tables, which are never written
    again. On another disk, it links to the tables."""
    to.mkdir(parents=True, mode=0o700)
    near = to.stat().st_dev == generation.stat().st_dev
    for file in generation.iterdir():
        if file.suffix == TABLES and near:
            (to / file.name).hardlink_to(file)
        elif file.suffix == TABLES:
            (to / file.name).symlink_to(file.absolute())
        else:
            shutil.copyfile(file, to / file.name)


def show(generation: Path) -> None:
    """Print the quads, and on standard error the graphs that have none."""
    store = Store.read_only(str(generation))
    store.dump(sys.stdout.buffer, RdfFormat.N_QUADS)
    for graph in store.named_graphs():
        if next(store.quads_for_pattern(None, None, None, graph), None) is None:
            print(f"{_EMPTY}{graph.value}", file=sys.stderr)


if __name__ == "__main__":
    show(Path(sys.argv[1]))
