"""Assembly: files become one checked, reasoned dataset.

The named graphs are the record; the default graph is the knowledge: the RDF merge of the record
(ontologies that the core does not import left out) and what follows from it.

Spec: https://www.w3.org/TR/rdf11-mt/#dfn-merge, https://www.w3.org/TR/rdf-canon/
"""

import hashlib
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Final, final

from pyoxigraph import (
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    Quad,
    RdfFormat,
    Store,
    Triple,
    serialize,
)

from spacepolicy.dataset.clashes import clash_findings
from spacepolicy.dataset.evidence import Passage, coverage, evidence_faults, read_passages
from spacepolicy.dataset.files import graph_findings, name_graphs, read_files
from spacepolicy.dataset.ontology import (
    declared_prefixes,
    find_base,
    import_findings,
    knowledge_graphs,
)
from spacepolicy.dataset.reasoning import Reasoner
from spacepolicy.dataset.record import Record, graph_iri, located, quads_in
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
    findings: list[Finding] = []
    record = _parse(content, findings, report)
    _check_evidence(record, content, packaged=packaged, findings=findings, report=report)
    started = perf_counter()
    quads, digest = canonical(record.quads())
    report(_line("record", started, _count(len(quads), "statement"), f"sha256 {digest[:12]}…"))
    knowledge = _knowledge(record, quads)
    inferred = _reason(record, knowledge, findings, report)
    _raise(findings)
    return _assembly(record, quads, knowledge, inferred, digest)


def _parse(content: Path, findings: list[Finding], report: Report) -> Record:
    """The record of the files.

    Raises: FindingsError where a file cannot be read or no base is found, for then nothing else
    can be judged.
    """
    started = perf_counter()
    read = read_files(content, findings.append)
    _raise(findings)
    files = name_graphs(read, findings.append)
    base = find_base(files, findings.append)
    if base is None:
        raise FindingsError(sorted(findings, key=_order))
    record = Record(base, files)
    size = sum(len(file.quads) for file in files)
    report(_line("parse", started, _count(len(files), "file"), _count(size, "statement")))
    return record


def _raise(findings: list[Finding]) -> None:
    if findings:
        raise FindingsError(sorted(findings, key=_order))


def _order(finding: Finding) -> tuple[str, int, str]:
    return (finding.path, finding.line or 0, finding.message)


def _line(stage: str, started: float, *counts: str) -> str:
    return "  ".join((stage, *counts, f"{perf_counter() - started:.2f} s"))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _check_evidence(
    record: Record, content: Path, *, packaged: bool, findings: list[Finding], report: Report
) -> None:
    """Note what is wrong with sources, graphs and quotations."""
    started = perf_counter()
    sources = read_sources(content, record.base, packaged=packaged, note=findings.append)
    findings += graph_findings(record, (source.iri for source in sources))
    findings += import_findings(record)
    graphs = record.graphs()
    passages = {source.name: read_passages(record.base, source, graphs) for source in sources}
    for source in sources:
        faults = evidence_faults(record.base, source, graphs)
        findings += (located(record, fault) for fault in faults)
        if source.text is None and packaged:
            report(f"evidence  the text of {source.name} is not here: quotations not compared")
    found = [
        coverage(source.text, passages[source.name])
        for source in sources
        if source.text is not None
    ]
    quoted, whole = sum(each.covered for each in found), sum(each.characters for each in found)
    counts = (
        _count(len(sources), "source"),
        _count(sum(map(len, passages.values())), "passage"),
        f"{quoted:,} of {whole:,} characters quoted",
    )
    report(_line("evidence", started, *counts))


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


def canonical(quads: Iterable[Quad]) -> tuple[tuple[Quad, ...], str]:
    """The quads as the engine keeps them, their blank nodes named by RDFC-1.0, sorted; and the
    SHA-256 of the canonical N-Quads.

    The names depend on nothing but the quads: the same files make the same dataset.
    """
    engine = Store()
    engine.extend(quads)
    dataset = Dataset(engine)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    text = serialize(dataset, format=RdfFormat.N_QUADS) or b""
    lines = sorted(text.splitlines(keepends=True))
    return tuple(sorted(dataset, key=str)), hashlib.sha256(b"".join(lines)).hexdigest()


def _knowledge(record: Record, quads: Iterable[Quad]) -> frozenset[Triple]:
    """What the default graph asserts: the set of statements in the graphs that are merged."""
    merged = knowledge_graphs(record)
    return frozenset(quad.triple for quad in quads if graph_iri(quad) in merged)


def _reason(
    record: Record, knowledge: frozenset[Triple], findings: list[Finding], report: Report
) -> frozenset[Triple]:
    """What follows from the knowledge; what clashes is noted."""
    started = perf_counter()
    reasoner = Reasoner(knowledge)
    inferred = reasoner.inferred()
    findings += clash_findings(record, reasoner, knowledge, declared_prefixes(record))
    inferences = _count(len(inferred), "inference")
    rounds = _count(reasoner.rounds, "round")
    report(_line("rules", started, _count(len(reasoner.rules), "rule"), rounds, inferences))
    return inferred


def _assembly(
    record: Record,
    quads: Sequence[Quad],
    knowledge: frozenset[Triple],
    inferred: frozenset[Triple],
    digest: str,
) -> Assembly:
    default = knowledge | inferred
    store = Store()
    store.extend(quads)
    store.extend(quads_in(record.base.inferred, inferred))
    store.extend(quads_in(DefaultGraph(), default))
    return Assembly(
        base=record.base,
        store=store,
        prefixes=declared_prefixes(record),
        record_count=len(quads),
        inferred_count=len(inferred),
        default_count=len(default),
        graph_count=len({quad.graph_name for quad in quads}),
        record_sha256=digest,
    )


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
