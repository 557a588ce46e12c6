"""Assembly: files become one checked, reasoned dataset.

The named graphs are the record; the default graph is the knowledge: the RDF merge of the record
(without earlier versions and ontologies that the core does not import) and the inferences from it.

Spec: https://www.w3.org/TR/rdf11-mt/#dfn-merge, https://www.w3.org/TR/rdf-canon/
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import final

from pyoxigraph import Quad, Store

from spacepolicy.errors import Finding, FindingsError
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.gates import BUILD_GATES
from spacepolicy.knowledge.checks.result import count, judge, order
from spacepolicy.namespaces import Base
from spacepolicy.store.revision import FileGraphs

Report = Callable[[str], None]


@final
@dataclass(frozen=True, slots=True)
class Assembly:
    """The dataset built from files.

    `store` holds the record's named graphs, the graph of inferences, and the default graph; the
    counts are of statements, and of the record's graphs. `record_sha256` is over the record, by the
    algorithm `digest`; `checks` are the gates that the files passed, with the report of each.
    """

    base: Base
    store: Store
    prefixes: Mapping[str, str]
    record_count: int
    inferred_count: int
    default_count: int
    graph_count: int
    record_sha256: str
    digest: str
    files: FileGraphs
    checks: Mapping[str, str]


def assemble(
    content: Path, *, packaged: bool, report: Report, beside: Iterable[Quad] = ()
) -> Assembly:
    """The dataset of a content folder, each stage reported in a line.

    `packaged`: the sources' texts may be missing; quotations are then not compared with them.
    `beside` are the quads of graphs that did not come from files.

    Raises: FindingsError with all that is wrong with the files, by file and line.
    """
    clients = tuple(beside)
    material = CheckContext(content, packaged=packaged, beside=clients)
    files = CheckContext(content, packaged=packaged) if clients else material
    findings: set[Finding] = set()
    checks: dict[str, str] = {}
    for gate in BUILD_GATES:
        started = perf_counter()
        verdict = judge(gate, material if gate.judges_clients else files)
        findings.update(verdict.findings)
        checks[gate.name] = "; ".join(verdict.report)
        report(_line(gate.name, started, *verdict.report))
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise FindingsError(sorted(errors, key=order))
    started = perf_counter()
    report(_line("record", started, count(len(material.quads), "statement"), _digest(material)))
    return _assembly(material, checks)


def _line(stage: str, started: float, *counts: str) -> str:
    return "  ".join((stage, *counts, f"{perf_counter() - started:.2f} s"))


def _digest(material: CheckContext) -> str:
    return f"sha256 {material.digest[:12]}…"


def _assembly(material: CheckContext, checks: Mapping[str, str]) -> Assembly:
    record = (*material.quads, *material.earlier, *material.beside)
    return Assembly(
        base=material.base,
        store=material.published,
        prefixes=material.prefixes,
        record_count=len(record),
        inferred_count=len(material.inferred),
        default_count=len(material.default),
        graph_count=len({quad.graph_name for quad in record}),
        record_sha256=material.digest,
        digest=material.digest_algorithm,
        files=material.file_graphs,
        checks=checks,
    )
