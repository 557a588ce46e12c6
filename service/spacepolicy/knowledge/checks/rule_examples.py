"""Examples for rules: each rule of the content is seen to find a violation.

`ontology/checks/examples/<rule>.trig` has statements that violate the rule of that name, as if they
were part of the record.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pyoxigraph import DefaultGraph, Quad, RdfFormat, Store, parse

from spacepolicy.errors import Finding, FindingsError
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.rules import HygieneRule, hygiene_faults
from spacepolicy.knowledge.loading.graph_files import CHECKS
from spacepolicy.knowledge.loading.record import FileRecord, GraphFile, located
from spacepolicy.text_files import read_text

FOLDER: Final = f"{CHECKS}examples"


def rule_example_findings(gate: str, material: CheckContext) -> Iterator[Finding]:
    """Return the rules of the gate without a violating example; for `naming`, examples without a
    rule too."""
    for rule in material.hygiene:
        if rule.gate == gate:
            yield from _of_rule(rule, material)
    if gate == "naming":
        known = {rule.name for rule in material.hygiene}
        for path in sorted((material.content / FOLDER).glob("*.trig")):
            if path.stem not in known:
                message = f"there is no rule {path.stem} that the example could break."
                yield Finding(str(path), 1, "rule-example", message, "Remove or rename it.")


def _of_rule(rule: HygieneRule, material: CheckContext) -> Iterator[Finding]:
    path = material.content / FOLDER / f"{rule.name}.trig"
    if not path.is_file():
        message = f"no example breaks the rule {rule.name}."
        remedy = f"Write statements that break it into {FOLDER}/{rule.name}.trig."
        yield Finding(f"{CHECKS}{rule.name}.rq", 1, "rule-example", message, remedy)
    elif not finds_example(rule, path, material):
        message = f"the example does not break the rule {rule.name}: nothing is found in it."
        remedy = "Let the rule find it, or the example break it."
        yield Finding(str(path), 1, "rule-example", message, remedy)


def finds_example(rule: HygieneRule, path: Path, material: CheckContext) -> bool:
    """Return whether the rule finds the example, at one of its lines."""
    stated = _read(path)
    bad = FileRecord(material.base, (GraphFile(path, path.name, stated),))
    added = [each for quad in stated for each in (quad, _merged(quad))]
    with _Added(material.dataset, added) as dataset:
        faults = [*hygiene_faults(rule, dataset, material.prefixes)]
    return any(located(bad, fault).path == path.name for fault in faults)


def _read(path: Path) -> tuple[Quad, ...]:
    try:
        return tuple(parse(read_text(path), format=RdfFormat.TRIG, rename_blank_nodes=True))
    except SyntaxError as error:
        message = f"the example is no TriG: {error.msg.partition(': ')[2] or error.msg}."
        raise FindingsError([Finding(str(path), error.lineno, "syntax", message)]) from error


def _merged(quad: Quad) -> Quad:
    return Quad(quad.subject, quad.predicate, quad.object, DefaultGraph())


class _Added:
    """A dataset with additional quads, while the context lasts."""

    def __init__(self, dataset: Store, quads: list[Quad]) -> None:
        self._dataset = dataset
        self._quads = [quad for quad in quads if quad not in dataset]
        self._graphs = {quad.graph_name for quad in quads} - {
            *dataset.named_graphs(),
            DefaultGraph(),
        }

    def __enter__(self) -> Store:
        self._dataset.extend(self._quads)
        return self._dataset

    def __exit__(self, *_: object) -> None:
        for quad in self._quads:
            self._dataset.remove(quad)
        for graph in self._graphs:  # an empty one would be published
            self._dataset.remove_graph(graph)
