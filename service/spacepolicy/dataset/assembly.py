"""Assembly: files become one checked, reasoned dataset.

The named graphs are the record; the default graph is the knowledge: the RDF merge of the record
(ontologies that the core does not import left out) and what follows from it.

Spec: https://www.w3.org/TR/rdf11-mt/#dfn-merge, https://www.w3.org/TR/rdf-canon/
"""

import hashlib
import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Final, final

from pyoxigraph import Store

from spacepolicy.dataset.checks import BUILD_GATES, count, judge, order
from spacepolicy.dataset.evidence import Passage, read_passages
from spacepolicy.dataset.files import name_graphs, read_files
from spacepolicy.dataset.material import Material
from spacepolicy.dataset.ontology import find_base
from spacepolicy.dataset.record import Record
from spacepolicy.dataset.sources import Source, read_sources
from spacepolicy.errors import Finding, FindingsError
from spacepolicy.namespaces import Base

Report = Callable[[str], None]
_CONTENT: Final = {
    "ontology": (".ttl", ".rq"),
    "data": (".trig",),
    "queries": (".rq",),
    "seeds": (".toml", ".txt"),
}
"""What is read of each folder of the content."""
_LIBRARIES: Final = ("pyoxigraph", "pyshacl", "rdflib")


@final
@dataclass(frozen=True, slots=True)
class Assembly:
    """The dataset that files make.

    `store` holds the record's named graphs, the graph of what is only inferred, and the default
    graph; the counts are of statements, and of the record's graphs. `record_sha256` is over the
    record's canonical N-Quads (RDFC-1.0), whose names its blank nodes have.
    """

    base: Base
    store: Store
    prefixes: Mapping[str, str]
    record_count: int
    inferred_count: int
    default_count: int
    graph_count: int
    record_sha256: str


def assemble(content: Path, *, packaged: bool, report: Report) -> Assembly:
    """The dataset of a content folder, each stage reported in a line.

    `packaged`: the sources' texts may be missing; quotations are then not compared with them.

    Raises: FindingsError with all that is wrong with the files, by file and line.
    """
    material = Material(content, packaged=packaged)
    findings: set[Finding] = set()
    for gate in BUILD_GATES:
        started = perf_counter()
        verdict = judge(gate, material)
        findings.update(verdict.findings)
        report(_line(gate.name, started, *verdict.report))
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise FindingsError(sorted(errors, key=order))
    started = perf_counter()
    report(_line("record", started, count(len(material.quads), "statement"), _digest(material)))
    return _assembly(material)


def _line(stage: str, started: float, *counts: str) -> str:
    return "  ".join((stage, *counts, f"{perf_counter() - started:.2f} s"))


def _digest(material: Material) -> str:
    return f"sha256 {material.digest[:12]}…"


def _assembly(material: Material) -> Assembly:
    return Assembly(
        base=material.base,
        store=material.dataset,
        prefixes=material.prefixes,
        record_count=len(material.quads),
        inferred_count=len(material.reasoning.inferred),
        default_count=len(material.default),
        graph_count=len({quad.graph_name for quad in material.quads}),
        record_sha256=material.digest,
    )


def quoted_sources(
    content: Path, *, packaged: bool
) -> tuple[tuple[Source, tuple[Passage, ...]], ...]:
    """Each source with those of its passages that the files describe, right or wrong.

    Raises: FindingsError where no base is found.
    """
    passed_over: list[Finding] = []
    files = name_graphs(read_files(content, passed_over.append), passed_over.append)
    base = find_base(files, passed_over.append)
    if base is None:
        raise FindingsError(passed_over)
    graphs = Record(base, files).graphs()
    sources = read_sources(content, base, packaged=packaged, note=passed_over.append)
    return tuple((source, read_passages(base, source, graphs)) for source in sources)


def content_sha256(content: Path) -> str:
    """The digest of all that a dataset is made of: the names and bytes of the files, the code
    that reads them, and the versions of the libraries it uses."""
    digest = hashlib.sha256()
    for name, path in (*_content_files(content), *_code_files()):
        digest.update(f"{name}\n{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}\n".encode())
    digest.update(platform.python_version().encode())
    return digest.hexdigest()


def _content_files(content: Path) -> Iterator[tuple[str, Path]]:
    for folder, suffixes in _CONTENT.items():
        for path in sorted((content / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                yield path.relative_to(content).as_posix(), path


def _code_files() -> Iterator[tuple[str, Path]]:
    """The modules of this wing, and of the rooms below that say what is in a dataset."""
    wing = Path(__file__).parent
    for path in (*sorted(wing.glob("*.py")), wing.parent / "namespaces.py"):
        yield path.relative_to(wing.parent).as_posix(), path
