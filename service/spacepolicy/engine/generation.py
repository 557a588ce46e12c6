"""A dataset on disk as the engine finds it: the folder of a generation, or a file of N-Quads.

Started as `python -m spacepolicy.engine.generation FOLDER` it prints the quads of the generation:
opening one leaves threads behind, so a process that is to fork has another read it.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from pyoxigraph import NamedNode, Quad, RdfFormat, Store, parse

GENERATION: Final = "generation"
"""The folder of a revision that holds its dataset."""
CHANGES: Final = "changes.rdfp"
"""What a revision changed, as RDF Patch."""
GRAPHS: Final = "graphs.txt"
"""The named graphs that a revision changed: a mark and an IRI a line."""
CREATED, DROPPED, CHANGED = "+", "-", " "
_TABLES: Final = ".sst"
_EMPTY: Final = "empty graph "


def load(path: Path) -> Store:
    """The dataset in memory, its blank nodes under the names they have on disk; no thread is left.

    Raises: OSError, SyntaxError or ValueError where it cannot be read.
    """
    store = Store()
    empty: list[str] = []
    with _lines(path, empty) as lines:
        store.extend(parse(lines, RdfFormat.N_QUADS, rename_blank_nodes=False))
    for graph in empty:
        store.add_graph(NamedNode(graph))
    return store


def opened(path: Path) -> Store:
    """The dataset to be read by one process: where it stands, or in memory where that is a file."""
    return load(path) if path.is_file() else Store.read_only(str(path))


@contextmanager
def _lines(path: Path, empty: list[str]) -> Iterator[IO[bytes]]:
    """The dataset as N-Quads; `empty` has the graphs without a quad once these are read."""
    if path.is_file():
        with path.open("rb") as file:
            yield file
        return
    printer = [sys.executable, "-m", "spacepolicy.engine.generation", str(path)]
    with subprocess.Popen(  # noqa: S603 # our own module, no shell
        printer, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None  # noqa: S101 # it is a pipe
        assert process.stderr is not None  # noqa: S101 # it is a pipe
        yield process.stdout
        said = process.stderr.read().decode(errors="replace").splitlines()
    if process.returncode != 0:
        raise ValueError(said[-1] if said else "it cannot be read.")
    empty += (line.removeprefix(_EMPTY) for line in said if line.startswith(_EMPTY))


def change(store: Store, revision: Path) -> None:
    """Carry out on the dataset what the revision in the folder changed."""
    removed, added = quads_in((revision / CHANGES).read_bytes())
    for quad in removed:
        store.remove(quad)
    graphs = (revision / GRAPHS).read_text(encoding="utf-8").splitlines()
    for line in graphs:
        if line.startswith(DROPPED):
            store.remove_graph(NamedNode(line[1:]))
    store.extend(added)
    for line in graphs:
        if line.startswith(CREATED):
            store.add_graph(NamedNode(line[1:]))


def quads_in(patch: bytes) -> tuple[list[Quad], list[Quad]]:
    """The quads that an RDF Patch takes away, and those that it adds.

    Spec: https://afs.github.io/rdf-delta/rdf-patch.html
    """
    lines = patch.splitlines(keepends=True)
    return _quads(lines, b"D "), _quads(lines, b"A ")


def _quads(lines: list[bytes], mark: bytes) -> list[Quad]:
    text = b"".join(line[len(mark) :] for line in lines if line.startswith(mark))
    return list(parse(text, RdfFormat.N_QUADS, rename_blank_nodes=False))


def copy(generation: Path, to: Path) -> None:
    """A generation that may be written, beside one that may not: they share the tables, which are
    never written again, and nothing else."""
    to.mkdir(parents=True)
    for file in generation.iterdir():
        if file.suffix == _TABLES:
            (to / file.name).hardlink_to(file)
        else:
            shutil.copyfile(file, to / file.name)


def show(generation: Path) -> None:
    """Print the quads, and where errors go the graphs that have none."""
    store = Store.read_only(str(generation))
    store.dump(sys.stdout.buffer, RdfFormat.N_QUADS)
    for graph in store.named_graphs():
        if next(store.quads_for_pattern(None, None, None, graph), None) is None:
            print(f"{_EMPTY}{graph.value}", file=sys.stderr)


if __name__ == "__main__":
    show(Path(sys.argv[1]))
