"""The constraints of shapes that were added and removed, compared by their content."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from spacepolicy.knowledge.reasoning.expressions import TYPE
from spacepolicy.knowledge.version_differences.changes_of_terms import Step, TermChange
from spacepolicy.knowledge.version_differences.compared_state import Side
from spacepolicy.namespaces import RDF, RDFS, SH
from spacepolicy.turtle_format.order import Term

_SHAPE: Final = NamedNode(f"{SH}NodeShape")
_WORDS: Final = frozenset(
    {f"{SH}message", f"{SH}name", f"{SH}description", f"{RDFS}label", f"{RDFS}isDefinedBy"}
)
_SEVERITY: Final = f"{SH}severity"
_SOFT: Final = (f"{SH}Warning", f"{SH}Info")


def shape_changes(old: Side, new: Side) -> Iterator[TermChange]:
    """The differences in shapes, each with its effect on people who write data."""
    before, after = _constraints(old.shapes), _constraints(new.shapes)
    for shape in sorted(before.keys() | after.keys()):
        then, now = before.get(shape, {}), after.get(shape, {})
        label = shape.rpartition("#")[2].rpartition("/")[2]
        for asked in sorted(now.keys() - then.keys()):
            step: Step = "minor" if now[asked] or not then else "major"
            effect = (
                "data without it get a remark"
                if now[asked]
                else "data that do not conform are refused from now on"
            )
            what = f"the shape asks: {asked}"
            yield TermChange("changed meaning", shape, f"shape {label}", what, effect, step)
        for asked in sorted(then.keys() - now.keys()):
            what = f"the shape no longer asks: {asked}"
            effect = "data that were refused or remarked on conform"
            yield TermChange("changed meaning", shape, f"shape {label}", what, effect, "minor")


def _constraints(shapes: Iterable[Triple]) -> Mapping[str, Mapping[str, bool]]:
    """The constraints of each shape as text, and whether each is only a remark."""
    about: dict[object, list[Triple]] = {}
    for each in shapes:
        about.setdefault(each.subject, []).append(each)
    found: dict[str, dict[str, bool]] = {}
    for subject, statements in about.items():
        if isinstance(subject, NamedNode) and any(
            each.predicate == TYPE and each.object == _SHAPE for each in statements
        ):
            found[subject.value] = {
                words: _is_soft(each.object, about)
                for each in statements
                if each.predicate != TYPE and each.predicate.value not in _WORDS
                if (words := f"{_short(each.predicate)} {_text(each.object, about, 0)}")
            }
    return found


def _is_soft(node: Term, about: Mapping[object, list[Triple]]) -> bool:
    return any(
        each.predicate.value == _SEVERITY
        and isinstance(each.object, NamedNode)
        and each.object.value in _SOFT
        for each in about.get(node, ())
    )


def _text(node: Term, about: Mapping[object, list[Triple]], depth: int) -> str:
    """The node by its name, or by its statements; blank nodes have no names of their own."""
    if isinstance(node, Literal):
        return " ".join(node.value.split())
    if not isinstance(node, BlankNode):
        return _short(node)
    if depth > 12:  # cyclic blank nodes have no finite text
        return "…"
    statements = (each for each in about.get(node, ()) if each.predicate.value not in _WORDS)
    parts = sorted(f"{_short(e.predicate)} {_text(e.object, about, depth + 1)}" for e in statements)
    return f"({'; '.join(parts)})"


def _short(term: Term) -> str:
    value = term.value if isinstance(term, NamedNode) else str(term)
    return value.removeprefix(RDF).rpartition("#")[2].rpartition("/")[2]
