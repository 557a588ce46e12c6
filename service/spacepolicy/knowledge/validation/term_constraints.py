"""Constraints of SHACL on single values: whether a term certainly meets them.

Spec: https://www.w3.org/TR/shacl/#core-components-value-type and the two sections after it
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode
from rdflib import Graph
from rdflib.collection import Collection
from rdflib.term import Node

from spacepolicy.knowledge.reasoning.values import is_of, value
from spacepolicy.knowledge.validation.terms import Term, term_of

_KINDS: Final = {"IRI": NamedNode, "BlankNode": BlankNode, "Literal": Literal}


def _has_datatype(term: Term, datatype: NamedNode) -> bool:
    return isinstance(term, Literal) and term.datatype == datatype and is_of(term, datatype)


def is_less(one: object, other: object, *, equal: bool) -> bool:
    """Whether one certainly is less than the other, or equal; only for numbers."""
    if not isinstance(one, Literal) or not isinstance(other, Literal):
        return False
    first, second = value(one), value(other)
    if not isinstance(first, tuple) or not isinstance(second, tuple):
        return False
    if first[0] != "number" or second[0] != "number":
        return False
    return bool(first[1] < second[1] or (equal and first[1] == second[1]))


def _is_in(term: Term, ranges: tuple[str, ...]) -> bool:
    language = term.language.lower() if isinstance(term, Literal) and term.language else ""
    return any(language == each or language.startswith(f"{each}-") for each in ranges)


def is_unique(values: Iterable[object]) -> bool:
    tags = [each.language.lower() for each in values if isinstance(each, Literal) and each.language]
    return len(tags) == len(set(tags))


def _bound(*, least: bool, equal: bool) -> Callable[[Graph, Node], Callable[[Term], bool]]:
    """A bound of numbers, the minimum or the maximum, and whether it is inclusive."""

    def check(_: Graph, wanted: Node) -> Callable[[Term], bool]:
        limit = term_of(wanted)
        if least:
            return lambda term: is_less(limit, term, equal=equal)
        return lambda term: is_less(term, limit, equal=equal)

    return check


def _kinds(_: Graph, wanted: Node) -> Callable[[Term], bool]:
    kinds = tuple(kind for name, kind in _KINDS.items() if name in str(wanted))
    return lambda term: isinstance(term, kinds)


def _pattern(_: Graph, wanted: Node) -> Callable[[Term], bool]:
    form = re.compile(str(wanted))
    return lambda term: form.search(term.value) is not None


def _languages(shapes: Graph, wanted: Node) -> Callable[[Term], bool]:
    ranges = tuple(str(each).lower() for each in Collection(shapes, wanted))
    return lambda term: _is_in(term, ranges)


def _datatype(_: Graph, wanted: Node) -> Callable[[Term], bool]:
    datatype = NamedNode(str(wanted))
    return lambda term: _has_datatype(term, datatype)


OF_TERMS: Final[Mapping[str, Callable[[Graph, Node], Callable[[Term], bool]]]] = {
    "datatype": _datatype,
    "nodeKind": _kinds,
    "pattern": _pattern,
    "languageIn": _languages,
    "minLength": lambda _, wanted: lambda term: len(term.value) >= int(str(wanted)),
    "maxLength": lambda _, wanted: lambda term: len(term.value) <= int(str(wanted)),
    "minInclusive": _bound(least=True, equal=True),
    "maxInclusive": _bound(least=False, equal=True),
    "minExclusive": _bound(least=True, equal=False),
    "maxExclusive": _bound(least=False, equal=False),
}
"""Constraints on single values."""
