"""Hygiene: rules that a content brings along for itself, `ontology/checks/*.rq`, one a file.

A rule is a SELECT whose every row is a finding. Its `#+` header names the gate it belongs to and
says in a title what holds, in a message what a row means (`{?name}` stands for the row's value),
and in a remedy how to mend it. The variables subject, predicate, object and graph lead to the
line of the statement at fault.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast, final, get_args

from pyoxigraph import Literal, NamedNode, QuerySolution, QuerySolutions, Store

from spacepolicy.catalogue import check_syntax, read_header
from spacepolicy.dataset.files.record import Fault, Place, short
from spacepolicy.errors import Finding, FindingsError, Severity

FOLDER: Final = "ontology/checks"
_KEYS: Final = frozenset({"gate", "title", "message", "remedy", "severity"})
_NEEDED: Final = ("gate", "title", "message", "remedy")
_SLOT: Final = re.compile(r"\{\?(\w+)\}")


@final
@dataclass(frozen=True, slots=True)
class HygieneRule:
    """A rule: what holds by it, what a row of its query means, and how to mend that."""

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
    text = path.read_text(encoding="utf-8")
    header = read_header(path, text, _KEYS)
    severity = header.get("severity", "error")
    missing = [key for key in _NEEDED if not header.get(key)]
    if missing or severity not in get_args(Severity):
        message = f"the header needs {', '.join(_NEEDED)}; severity is error, warning or note."
        raise FindingsError([Finding(str(path), 1, "check-rule", message)])
    check_syntax(path, text)
    gate, title, message, remedy = (str(header[key]).strip() for key in _NEEDED)
    return HygieneRule(path.stem, gate, title, message, remedy, severity, text)


def hygiene_faults(
    rule: HygieneRule, dataset: Store, prefixes: Mapping[str, str]
) -> Iterator[Fault]:
    """What the rule finds in the dataset, each finding once."""
    answer = cast("QuerySolutions", dataset.query(rule.text))
    names = [variable.value for variable in answer.variables]
    seen: set[Fault] = set()
    for row in answer:
        fault = _fault(rule, row, names, prefixes)
        if fault not in seen:
            seen.add(fault)
            yield fault


def _fault(
    rule: HygieneRule, row: QuerySolution, names: list[str], prefixes: Mapping[str, str]
) -> Fault:
    values = {name: row[name] for name in names if row[name] is not None}

    def worded(match: re.Match[str]) -> str:
        value = values.get(match[1])
        if isinstance(value, Literal):
            return value.value
        return "" if value is None else short(value, prefixes)

    return Fault(
        rule.name,
        _SLOT.sub(worded, rule.message),
        tuple(_places(values)),
        _SLOT.sub(worded, rule.remedy),
        rule.severity,
    )


def _places(values: Mapping[str, object]) -> Iterator[Place]:
    """Where the row's statement stands: as much of it as can be found."""
    subject, predicate, graph = (
        value if isinstance(value := values.get(name), NamedNode) else None
        for name in ("subject", "predicate", "graph")
    )
    found = values.get("object")
    value = found if isinstance(found, NamedNode | Literal) else None
    if value is not None:
        yield Place(subject, predicate, value, graph)
    if predicate is not None:
        yield Place(subject, predicate, graph=graph)
    if subject is not None:
        yield Place(subject, graph=graph)
        yield Place(subject)
    if graph is not None:
        yield Place(graph=graph)
