"""Hygiene: the content's own rules, `ontology/checks/*.rq`, one in each file.

A rule is a SELECT whose every row is a finding. Its `#+` header names the gate it belongs to and
has as title the rule, as message the meaning of a row (`{?name}` is replaced by the row's value),
and a remedy. The variables subject, predicate, object and graph lead to the line of the statement
at fault.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast, final, get_args

from pyoxigraph import BlankNode, Literal, NamedNode, QuerySolution, QuerySolutions, Store

from spacepolicy.errors import Finding, FindingsError, Severity
from spacepolicy.knowledge.loading.blank_nodes import unnamed
from spacepolicy.knowledge.loading.record import (
    StatementFault,
    StatementPlace,
    UnnamedNode,
    short,
)
from spacepolicy.saved_queries import check_syntax, read_header
from spacepolicy.text_files import read_text

FOLDER: Final = "ontology/checks"
GATES_OF_RULES: Final = ("metadata", "naming", "labels", "pitfalls", "skos", "evidence")
"""The gates that run rules of the content."""
_KEYS: Final = frozenset({"gate", "title", "message", "remedy", "severity"})
_NEEDED: Final = ("gate", "title", "message", "remedy")
_SLOT: Final = re.compile(r"\{\?(\w+)\}")


@final
@dataclass(frozen=True, slots=True)
class HygieneRule:
    """A rule: what holds, the meaning of a row of its query, and the remedy."""

    name: str
    gate: str
    title: str
    message: str
    remedy: str
    severity: Severity
    text: str


def read_hygiene(content: Path) -> tuple[HygieneRule, ...]:
    """The rules of a content folder, by name.

    Raises: FindingsError where a header or a query is wrong.
    """
    rules: list[HygieneRule] = []
    findings: list[Finding] = []
    for path in sorted((content / FOLDER).glob("*.rq")):
        try:
            rules.append(_read(path))
        except FindingsError as error:
            findings += error.findings
    if findings:
        raise FindingsError(findings)
    return tuple(rules)


def _read(path: Path) -> HygieneRule:
    text = read_text(path)
    header = read_header(path, text, _KEYS)
    severity = header.get("severity", "error")
    missing = [key for key in _NEEDED if not header.get(key)]
    if missing or severity not in get_args(Severity):
        message = f"the header needs {', '.join(_NEEDED)}; severity is error, warning or note."
        raise FindingsError([Finding(str(path), 1, "check-rule", message)])
    columns = check_syntax(path, text)
    gate, title, message, remedy = (str(header[key]).strip() for key in _NEEDED)
    if gate not in GATES_OF_RULES:
        raise FindingsError([_no_gate(path, text, gate)])
    if not columns:
        wanted = "a rule is a SELECT of variables: each of its rows is a finding."
        raise FindingsError([Finding(str(path), 1, "check-rule", wanted)])
    return HygieneRule(path.stem, gate, title, message, remedy, severity, text)


def _no_gate(path: Path, text: str, gate: str) -> Finding:
    near = difflib.get_close_matches(gate, GATES_OF_RULES, 1)
    known = ", ".join(GATES_OF_RULES)
    lines = text.splitlines()
    line = next((n for n, words in enumerate(lines, 1) if re.match(r"#\+\s*gate:", words)), 1)
    message = f"no gate named {gate!r} takes rules; those that do are {known}."
    remedy = f"Did you mean {near[0]}?" if near else "Name one of them."
    return Finding(str(path), line, "check-rule", message, remedy)


def hygiene_faults(
    rule: HygieneRule, dataset: Store, prefixes: Mapping[str, str]
) -> Iterator[StatementFault]:
    """The violations of the rule in the dataset, each once.

    Raises: FindingsError where the engine stops at the rule.
    """
    answer = cast("QuerySolutions", dataset.query(rule.text))
    names = [variable.value for variable in answer.variables]
    seen: set[StatementFault] = set()
    for row in _rows(rule, answer):
        fault = _fault(rule, row, names, prefixes, dataset)
        if fault not in seen:
            seen.add(fault)
            yield fault


def _rows(rule: HygieneRule, answer: QuerySolutions) -> Iterator[QuerySolution]:
    try:
        yield from answer
    except (OSError, RuntimeError, ValueError) as error:
        message = f"the rule cannot be run: {error}."
        finding = Finding(f"{FOLDER}/{rule.name}.rq", 1, "check-rule", message)
        raise FindingsError([finding]) from error


def _fault(
    rule: HygieneRule,
    row: QuerySolution,
    names: list[str],
    prefixes: Mapping[str, str],
    dataset: Store,
) -> StatementFault:
    values = {name: row[name] for name in names if row[name] is not None}
    node = _unnamed(values, dataset)

    def worded(match: re.Match[str]) -> str:
        value = values.get(match[1])
        if isinstance(value, Literal):
            return value.value
        if isinstance(value, BlankNode) and node is not None and value == values.get("subject"):
            return node.shown(prefixes)
        return "" if value is None else short(value, prefixes)

    return StatementFault(
        rule.name,
        _SLOT.sub(worded, rule.message),
        tuple(_places(values)),
        _SLOT.sub(worded, rule.remedy),
        rule.severity,
        node,
    )


def _unnamed(values: Mapping[str, object], dataset: Store) -> UnnamedNode | None:
    """The description of the row's subject where it has no name."""
    subject, predicate = values.get("subject"), values.get("predicate")
    if not isinstance(subject, BlankNode):
        return None
    about = (
        *dataset.quads_for_pattern(subject, None, None, None),
        *dataset.quads_for_pattern(None, None, subject, None),
    )
    return unnamed(subject, about, predicate if isinstance(predicate, NamedNode) else None)


def _places(values: Mapping[str, object]) -> Iterator[StatementPlace]:
    """The places of the row's statement: as much of it as is known."""
    subject, predicate, graph = (
        value if isinstance(value := values.get(name), NamedNode) else None
        for name in ("subject", "predicate", "graph")
    )
    found = values.get("object")
    value = found if isinstance(found, NamedNode | Literal) else None
    if value is not None:
        yield StatementPlace(subject, predicate, value, graph)
    if predicate is not None:
        yield StatementPlace(subject, predicate, graph=graph)
    if subject is not None:
        yield StatementPlace(subject, graph=graph)
        yield StatementPlace(subject)
    if graph is not None:
        yield StatementPlace(graph=graph)
