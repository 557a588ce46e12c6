"""Checks that shapes follow SHACL's syntax, so that a validator can use every one of them.

A validator ignores what it does not know, or stops at it; so each parameter's value is checked, and
each query is parsed, before anything is validated.

Spec: https://www.w3.org/TR/shacl/#syntax-rules, https://www.w3.org/TR/shacl/#sparql-constraints
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, final

from pyoxigraph import BlankNode, Literal, NamedNode, QueryBoolean, QuerySolutions, Store, Triple

from spacepolicy.knowledge.checks.spelling import KnownNames, mentions
from spacepolicy.knowledge.loading.blank_nodes import unnamed
from spacepolicy.knowledge.loading.record import StatementFault, StatementPlace, short
from spacepolicy.namespaces import RDF, SH, XSD
from spacepolicy.saved_queries import unread
from spacepolicy.turtle_format.order import Term

_FIRST: Final = NamedNode(f"{RDF}first")
_REST: Final = NamedNode(f"{RDF}rest")
_NIL: Final = NamedNode(f"{RDF}nil")
_INTEGER: Final = NamedNode(f"{XSD}integer")
_SEVERITIES: Final = frozenset(f"{SH}{name}" for name in ("Violation", "Warning", "Info"))
_NODE_KINDS: Final = frozenset(
    f"{SH}{name}"
    for name in (
        "BlankNode",
        "IRI",
        "Literal",
        "BlankNodeOrIRI",
        "BlankNodeOrLiteral",
        "IRIOrLiteral",
    )
)
_PATHS: Final = ("inversePath", "zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath")
_TARGETS: Final = ("targetClass", "targetNode", "targetObjectsOf", "targetSubjectsOf")


@final
class ShapeSyntax:
    """Checks graphs of shapes; `names` are those with statements in the files."""

    def __init__(
        self, triples: Iterable[Triple], prefixes: Mapping[str, str], names: KnownNames
    ) -> None:
        self._triples = tuple(triples)
        self._prefixes = prefixes
        self._names = names
        self._said: defaultdict[tuple[Term, str], list[Term]] = defaultdict(list)
        for triple in self._triples:
            self._said[triple.subject, triple.predicate.value].append(triple.object)
        self._subjects = {triple.subject for triple in self._triples}
        self._parameters: Mapping[str, Callable[[Term], str | None]] = {
            **dict.fromkeys(_INTEGERS, _not_integer),
            **dict.fromkeys(("in", "languageIn", "ignoredProperties"), self._no_list),
            **dict.fromkeys(("or", "and", "xone"), self._no_shapes),
            **dict.fromkeys(("node", "property", "not", "qualifiedValueShape"), self._no_shape),
            "alternativePath": self._no_alternatives,
            "path": self._no_path,
            "pattern": _no_pattern,
            "severity": _one_of(_SEVERITIES),
            "nodeKind": _one_of(_NODE_KINDS),
        }

    def faults(self) -> Iterator[StatementFault]:
        """Return the violations of SHACL's syntax, each at its statement."""
        for triple in self._triples:
            name = triple.predicate.value.removeprefix(SH)
            judge = self._parameters.get(name) if triple.predicate.value.startswith(SH) else None
            if judge is not None and (wrong := judge(triple.object)):
                yield self._fault(triple, f"sh:{name} {wrong}.")
            if name in ("select", "ask") and triple.predicate.value.startswith(SH):
                yield from self._query_faults(triple, name)

    def aimless(self) -> Iterator[StatementFault]:
        """Return the node shapes without a target or a reference to them: they have no effect."""
        for shape in sorted(self._named_shapes(), key=str):
            if not any(self._said[shape, f"{SH}{target}"] for target in _TARGETS):
                yield from self._aimless(shape)

    def _named_shapes(self) -> Iterator[NamedNode]:
        for triple in self._triples:
            if triple.object == NamedNode(f"{SH}NodeShape") and isinstance(
                triple.subject, NamedNode
            ):
                yield triple.subject

    def _aimless(self, shape: NamedNode) -> Iterator[StatementFault]:
        if not any(triple.object == shape for triple in self._triples):
            message = f"{short(shape, self._prefixes)} has no target: it judges nothing."
            yield StatementFault(
                "shape-syntax", message, (StatementPlace(shape),), "Add sh:targetClass."
            )

    def _fault(self, triple: Triple, message: str, remedy: str = "") -> StatementFault:
        subject = triple.subject if isinstance(triple.subject, NamedNode) else None
        value = triple.object if isinstance(triple.object, NamedNode | Literal) else None
        node = (
            unnamed(triple.subject, self._triples, triple.predicate)
            if isinstance(triple.subject, BlankNode)
            else None
        )
        places = (
            StatementPlace(subject, triple.predicate, value),
            StatementPlace(subject, triple.predicate),
        )
        remedy = remedy or "Write it as SHACL has it: https://www.w3.org/TR/shacl/#syntax-rules."
        return StatementFault("shape-syntax", message, places, remedy, node=node)

    def _query_faults(self, triple: Triple, form: str) -> Iterator[StatementFault]:
        text = triple.object.value if isinstance(triple.object, Literal) else ""
        prefixes = self._prefixes_of(triple.subject)
        try:
            answer = Store().query(text, prefixes=prefixes)
        except SyntaxError as error:
            yield self._fault(
                triple,
                f"the query of sh:{form} is no SPARQL: {unread(text, error, prefixes)}",
                _QUERY,
            )
            return
        if isinstance(answer, QuerySolutions) and form == "select":
            if "this" not in {variable.value for variable in answer.variables}:
                message = "the query of sh:select does not select $this, so it finds nothing."
                yield self._fault(triple, message, "Select $this, the node that is judged.")
        elif not (isinstance(answer, QueryBoolean) and form == "ask"):
            yield self._fault(triple, f"the query is no {form.upper()}.", _QUERY)
        yield from self._unknown_names(triple, text, prefixes)

    def _unknown_names(
        self, triple: Triple, text: str, prefixes: Mapping[str, str]
    ) -> Iterator[StatementFault]:
        for iri in sorted({iri for iri, _, _ in mentions(text, dict(prefixes))}):
            if fault := self._names.fault(iri):
                near = self._names.near(iri)
                proposed = f"Did you mean {short(NamedNode(near), prefixes)}?" if near else ""
                message = f"{short(NamedNode(iri), prefixes)} {fault}."
                yield self._fault(triple, message, proposed or "Declare it, or use one that is.")

    def _prefixes_of(self, constraint: Term) -> dict[str, str]:
        """The prefixes that the constraint's sh:prefixes leads to."""
        found: dict[str, str] = {}
        for ontology in self._said[constraint, f"{SH}prefixes"]:
            for declaration in self._said[ontology, f"{SH}declare"]:
                names = self._said[declaration, f"{SH}prefix"]
                namespaces = self._said[declaration, f"{SH}namespace"]
                for name, namespace in zip(names, namespaces, strict=False):
                    if isinstance(name, Literal) and isinstance(namespace, Literal):
                        found[name.value] = namespace.value
        return found

    def _members(self, head: Term) -> list[Term] | None:
        """The members of the list; None where it is not one."""
        members: list[Term] = []
        while head != _NIL:
            firsts, rests = self._said[head, _FIRST.value], self._said[head, _REST.value]
            if len(firsts) != 1 or len(rests) != 1 or len(members) > len(self._triples):
                return None
            members += firsts
            head = rests[0]
        return members

    def _no_list(self, value: Term) -> str | None:
        return "takes a list" if self._members(value) is None else None

    def _no_shapes(self, value: Term) -> str | None:
        members = self._members(value)
        if not members:
            return "takes a list of one shape or more"
        return next(filter(None, map(self._no_shape, members)), None)

    def _no_shape(self, value: Term) -> str | None:
        if value in self._subjects:
            return None
        return f"takes a shape, but nothing is said of {short(value, self._prefixes)}"

    def _no_alternatives(self, value: Term) -> str | None:
        members = self._members(value)
        return None if members and len(members) > 1 else "takes a list of two paths or more"

    def _no_path(self, value: Term) -> str | None:
        if isinstance(value, NamedNode) and value != _NIL:
            return None
        kinds = [name for name in (*_PATHS, "alternativePath") if self._said[value, f"{SH}{name}"]]
        members = self._members(value) if self._said[value, _FIRST.value] else []
        if members is None or (not members and not kinds) or isinstance(value, Literal):
            return "takes a property, a list of two paths or more, or one kind of path"
        if members and len(members) < 2:
            return "takes a property in itself: a sequence has two paths or more"
        parts = members or [
            part for name in kinds if name in _PATHS for part in self._said[value, f"{SH}{name}"]
        ]
        return next(filter(None, map(self._no_path, parts)), None)


_INTEGERS: Final = (
    "minCount",
    "maxCount",
    "minLength",
    "maxLength",
    "qualifiedMinCount",
    "qualifiedMaxCount",
)
_QUERY: Final = "Write a query that stands by itself; its prefixes are those of sh:prefixes."


def _not_integer(value: Term) -> str | None:
    fits = isinstance(value, Literal) and value.datatype == _INTEGER and value.value.isdecimal()
    return None if fits else "takes an integer that is not negative"


def _no_pattern(value: Term) -> str | None:
    try:
        re.compile(value.value if isinstance(value, Literal) else "(")
    except re.error as error:
        return f"takes a regular expression ({error})"
    return None


def _one_of(iris: frozenset[str]) -> Callable[[Term], str | None]:
    known = ", ".join(sorted(iri.replace(SH, "sh:") for iri in iris))

    def judge(value: Term) -> str | None:
        fits = isinstance(value, NamedNode) and value.value in iris
        return None if fits else f"takes one of {known}"

    return judge
