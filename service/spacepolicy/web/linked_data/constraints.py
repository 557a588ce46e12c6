"""The constraints of the SHACL shapes: each with its messages, by the class and the properties that
it is about.

Spec: https://www.w3.org/TR/shacl/#constraints, https://www.w3.org/TR/shacl/#property-paths
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import Literal, NamedNode

from spacepolicy.namespaces import RDF, SH
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import graph
from spacepolicy.web.linked_data.vocabulary import ByLanguage, in_language
from spacepolicy.web.solution_rows import Term

_SHAPES: Final = (
    f"CONSTRUCT {{ ?s ?p ?o }} {{ {{ SELECT DISTINCT ?g {{ GRAPH ?g {{ [] a <{SH}NodeShape> }} }} "
    "} GRAPH ?g { ?s ?p ?o } }"
)
_PARTS: Final = (f"{SH}property", f"{SH}sparql")
_DEPTH: Final = 12
"""How deep a property path is followed; RDF may be cyclic, and real paths are short."""
_VARIABLE: Final = re.compile(r"\{\s*[?$]\w+\s*\}")


@final
@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint on the instances of the class `target`: its severity (an IRI) and its messages
    by language."""

    shape: NamedNode | None
    target: NamedNode | None
    severity: str
    messages: tuple[tuple[str, str], ...]

    def message(self, language: str) -> str | None:
        """Return the message in the language, else in another; variables, which only a validation
        result has values for (SHACL section 5.3.2), become `…`."""
        texts: ByLanguage = dict(self.messages)
        text = in_language(texts, language)
        return None if text is None else _VARIABLE.sub("…", text)


Constraints = Mapping[NamedNode, tuple[Constraint, ...]]
"""The constraints by their target classes, and by the properties on their paths."""


async def read_constraints(app_state: AppState) -> Constraints:
    """Read the constraints of the served revision."""
    stated: dict[object, dict[str, list[Term]]] = {}
    for triple in await graph(app_state, _SHAPES):
        if isinstance(triple.object, Term):
            of = stated.setdefault(triple.subject, {})
            of.setdefault(triple.predicate.value, []).append(triple.object)
    found: dict[NamedNode, dict[Constraint, None]] = {}
    for shape in sorted((each for each in stated if isinstance(each, NamedNode)), key=str):
        for target in stated[shape].get(f"{SH}targetClass", ()):
            for node in (n for part in _PARTS for n in stated[shape].get(part, ())):
                constraint = _constraint(stated.get(node, {}), shape, target)
                for term in {target, *_on_path(stated, node)}:
                    if isinstance(term, NamedNode) and constraint.messages:
                        found.setdefault(term, {}).setdefault(constraint)
    return {term: tuple(each) for term, each in found.items()}


def _constraint(values: Mapping[str, list[Term]], shape: NamedNode, target: Term) -> Constraint:
    severity = next(iter(values.get(f"{SH}severity", ())), None)
    messages = {
        (each.language or "", each.value)
        for each in values.get(f"{SH}message", ())
        if isinstance(each, Literal)
    }
    return Constraint(
        shape,
        target if isinstance(target, NamedNode) else None,
        severity.value if severity else f"{SH}Violation",
        tuple(sorted(messages)),
    )


def _on_path(stated: Mapping[object, Mapping[str, list[Term]]], node: Term) -> Iterator[NamedNode]:
    """The properties on the path of a property shape."""
    waiting = [(path, 0) for path in stated.get(node, {}).get(f"{SH}path", ())]
    while waiting:
        path, depth = waiting.pop()
        if isinstance(path, NamedNode):
            if not path.value.startswith(RDF):
                yield path
        elif depth < _DEPTH:
            waiting += ((o, depth + 1) for os in stated.get(path, {}).values() for o in os)
