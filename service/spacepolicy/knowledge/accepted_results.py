"""Acceptance: the answers of saved queries over documents and sets, written as the expected
ones."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Store

from spacepolicy.errors import UsageError
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.documents import names_of_documents
from spacepolicy.knowledge.checks.expected_results import (
    QueryScope,
    Terms,
    ask,
    is_due,
    scope_of,
    terms_of,
)
from spacepolicy.knowledge.checks.expected_rows import (
    SETS,
    SUFFIX,
    UNBOUND,
    VOCABULARY,
    Case,
    Expected,
    ExpectedRow,
    document_path,
    read_document,
    read_set,
    set_paths,
)
from spacepolicy.namespaces import RDF, RDFS, XSD, Base
from spacepolicy.saved_queries import POLICY, SavedQuery, read_catalogue, today, with_today

_LABEL: Final = NamedNode(f"{RDFS}label")
_TYPE: Final = f"{RDF}type"
_PLAIN: Final = frozenset({f"{XSD}integer", f"{XSD}boolean"})
"""Datatypes whose values SPARQL writes without quotes."""


@final
@dataclass(frozen=True, slots=True)
class ResultDifference:
    """Rows of a query's answer that are not expected, and expected ones that it lacks."""

    query: str
    surplus: tuple[ExpectedRow, ...]
    lacking: tuple[ExpectedRow, ...]


@final
@dataclass(frozen=True, slots=True)
class Accepted:
    """A file of expected answers updated to the current ones, the differences, and its text."""

    path: Path
    differences: tuple[ResultDifference, ...]
    text: str

    @property
    def changes(self) -> bool:
        """Whether the file differs from this text."""
        return not self.path.is_file() or self.path.read_text(encoding="utf-8") != self.text


def accepted(material: CheckContext, names: Sequence[str]) -> Iterator[Accepted]:
    """Each file of expected answers, updated for the named queries, for all where none is named.

    Raises: UsageError where a query is unknown, FindingsError where files cannot be read.
    """
    catalogue = read_catalogue(material.content / "queries")
    known = {query.name for query in catalogue}
    for name in names:
        if name not in known:
            raise UsageError(f"There is no saved query {name!r}.")
    for expected in _files(material, catalogue):
        chosen = set(names) or {*known, *(case.query for case in expected.cases)}
        yield _accepted(material, expected, catalogue, chosen)


def _files(material: CheckContext, catalogue: Sequence[SavedQuery]) -> Iterator[Expected]:
    """The expected answers of the files of documents, and of sets whose documents are present."""
    for source in material.sources:
        path = document_path(material.content, source.name)
        yield read_document(path) if path.is_file() else Expected(path, (source.name,), (), ())
    paths = set_paths(material.content)
    sets = [read_set(path) for path in paths]
    if any(query.about == VOCABULARY for query in catalogue) and not any(
        each.is_vocabulary for each in sets
    ):
        sets.append(Expected(material.content / SETS / f"{VOCABULARY}.yaml", (), (), ()))
    names = names_of_documents(material)
    yield from (each for each in sets if names >= set(each.documents))


def _accepted(
    material: CheckContext,
    expected: Expected,
    catalogue: Sequence[SavedQuery],
    chosen: AbstractSet[str],
) -> Accepted:
    scope = scope_of(material, expected)
    evidence = _Evidence(scope, material.base)
    cases: list[Case] = [case for case in expected.cases if case.query not in chosen]
    differences: list[ResultDifference] = []
    for query in catalogue:
        if query.name not in chosen:
            continue
        before = expected.of(query.name)
        if not before and is_due(query, expected):
            before = (Case(query.name, {}, ()),)
        for case in before:
            after = _answered(query, case, scope, evidence)
            cases.append(after)
            differences += _differences(case, after)
    ordered = sorted(cases, key=lambda case: case.query)
    now = replace(expected, policies=scope.policies, cases=tuple(ordered))
    gone = sorted({case.query for case in expected.cases} - {case.query for case in cases})
    rows = [(name, [row for case in expected.of(name) for row in case.rows]) for name in gone]
    differences += (ResultDifference(name, (), tuple(each)) for name, each in rows)
    return Accepted(expected.path, tuple(differences), written(now))


def _answered(query: SavedQuery, case: Case, scope: QueryScope, evidence: "_Evidence") -> Case:
    """The case with the rows of the answer; rows that were expected keep their passages. A query
    with the date of today gets that day as a parameter."""
    dated = with_today(query, case.parameters, today())
    case = replace(case, parameters={name: tuple(given) for name, given in dated.items()})
    known = {row.values: row.passages for row in case.rows}
    by_terms = dict(_readable(query, case.rows))
    defaults = {each.name: (each.default,) for each in query.parameters if each.default}
    bound = {**defaults, POLICY: scope.policies, **case.parameters}
    rows = []
    for terms in ask(query, case, scope):
        values = tuple(map(_value, terms))
        passages = by_terms.get(terms) or known.get(values, ())
        rows.append(ExpectedRow(values, passages or evidence.of(terms, bound)))
    return replace(case, rows=tuple(rows))


def _readable(
    query: SavedQuery, rows: Iterable[ExpectedRow]
) -> Iterator[tuple[Terms, tuple[str, ...]]]:
    """The passages of rows by their terms; rows that cannot be read any more are left out."""
    for row in rows:
        try:
            yield terms_of(query, row), row.passages
        except (SyntaxError, ValueError):
            continue


def _differences(before: Case, after: Case) -> Iterator[ResultDifference]:
    surplus = list(after.rows)
    lacking = []
    for row in before.rows:
        same = next((each for each in surplus if each.values == row.values), None)
        if same is None:
            lacking.append(row)
        else:
            surplus.remove(same)
    if surplus or lacking:
        yield ResultDifference(before.query, tuple(surplus), tuple(lacking))


@final
class _Evidence:
    """The passages of the documents, indexed by their quotations and statements."""

    def __init__(self, scope: QueryScope, base: Base) -> None:
        self._scope = scope
        self._quoting: dict[str, list[NamedNode]] = {}
        self._stating: dict[tuple[str, str, str], list[NamedNode]] = {}
        self._naming: dict[Literal, set[NamedNode]] = {}
        passages = frozenset(_passages(scope))
        exact = base.term("exactText")
        for quad in scope.dataset.quads_for_pattern(None, exact, None, DefaultGraph()):
            if isinstance(quad.subject, NamedNode) and quad.subject in passages:
                words = str(quad.object.value)  # type: ignore[union-attr] # a text
                self._quoting.setdefault(words, []).append(quad.subject)
        for passage in sorted(passages, key=lambda each: each.value):
            self._read(scope.dataset, passage)
        self._passages = passages
        self._called: dict[Literal, set[str]] = {}
        for quad in scope.dataset.quads_for_pattern(None, _LABEL, None, DefaultGraph()):
            if isinstance(quad.object, Literal) and isinstance(quad.subject, NamedNode):
                self._called.setdefault(quad.object, set()).add(quad.subject.value)

    def _read(self, dataset: Store, passage: NamedNode) -> None:
        for quad in dataset.quads_for_pattern(None, None, None, passage):
            if isinstance(quad.object, Literal):
                self._naming.setdefault(quad.object, set()).add(passage)
            elif isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode):
                stated = (quad.subject.value, quad.predicate.value, quad.object.value)
                self._stating.setdefault(stated, []).append(passage)

    def of(self, terms: Terms, parameters: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
        """The passages that justify the row: those in it, else those that it quotes, else those
        that state its values; empty where that is not clear."""
        found = (
            {each for each in terms if isinstance(each, NamedNode) and each in self._passages}
            or self._quoted(terms)
            or self._stated(terms, parameters)
            or self._named(terms)
        )
        return tuple(sorted(map(self._shown, found), key=_place))

    def _quoted(self, terms: Terms) -> set[NamedNode]:
        texts = [term.value for term in terms if isinstance(term, Literal)]
        found = (self._quoting.get(text, []) for text in texts)
        return {each[0] for each in found if len(each) == 1}

    def _stated(self, terms: Terms, parameters: Mapping[str, Sequence[str]]) -> set[NamedNode]:
        given = (value.strip("<>") for values in parameters.values() for value in values)
        named = (self._called.get(term, ()) for term in terms if isinstance(term, Literal))
        iris = {
            *(term.value for term in terms if isinstance(term, NamedNode)),
            *given,
            *(iri for each in named for iri in each),
            _TYPE,
        }
        every = (
            self._stating.get((subject, predicate, value), [])
            for subject in iris
            for predicate in iris
            for value in iris
        )
        return {passage for each in every for passage in each}

    def _named(self, terms: Terms) -> set[NamedNode]:
        texts = (term for term in terms if isinstance(term, Literal) and term.language)
        found = (self._naming.get(text, set()) for text in texts)
        return {next(iter(each)) for each in found if len(each) == 1}

    def _shown(self, passage: NamedNode) -> str:
        written = passage.value.removeprefix(self._scope.sources)
        return written.removeprefix(self._scope.document or "")


def _passages(scope: QueryScope) -> Iterator[NamedNode]:
    """The passages with statements."""
    for graph in scope.dataset.named_graphs():
        iri = graph.value if isinstance(graph, NamedNode) else ""
        if isinstance(graph, NamedNode) and iri.startswith(scope.sources) and "#" in iri:
            yield graph


def _place(passage: str) -> tuple[str, list[int]]:
    """The sort key: by document, then by the place in its text."""
    document, _, place = passage.partition("#")
    return document, [int(n) for n in place.partition("=")[2].split(",") if n.isdecimal()]


def _value(term: object) -> str:
    """The term as in a VALUES block."""
    if term is None:
        return UNBOUND
    if isinstance(term, Literal) and term.datatype.value in _PLAIN:
        return term.value
    return str(term)


def written(expected: Expected) -> str:
    """The text of the file, in the canonical layout."""
    is_document = expected.path.name.endswith(SUFFIX)
    over = "this document alone" if is_document else "the documents named here, and no others"
    if expected.is_vocabulary:
        over = "what is known without any document"
    lines = [
        f"# What saved queries answer over {over}. `spacepolicy accept` writes this file.",
        _entry("policy", expected.policies) if is_document else "",
        "" if is_document else f"documents: [{', '.join(expected.documents)}]",
        "queries:" if expected.cases else "queries: {}",
    ]
    for name in dict.fromkeys(case.query for case in expected.cases):
        lines += _query_lines(name, expected.of(name))
    return "".join(f"{line}\n" for line in lines if line)


def _query_lines(name: str, cases: Sequence[Case]) -> Iterator[str]:
    yield f"  {name}:"
    if len(cases) == 1 and not cases[0].parameters:
        yield from _row_lines(cases[0], "    ")
        return
    for case in cases:
        given = ", ".join(_entry(key, values) for key, values in case.parameters.items())
        yield f"    - parameters: {{{given}}}"
        yield from _row_lines(case, "      ")


def _row_lines(case: Case, indent: str) -> Iterator[str]:
    yield f"{indent}rows:" if case.rows else f"{indent}rows: []"
    for row in case.rows:
        yield f"{indent}  - values: [{', '.join(map(_scalar, row.values))}]"
        if row.passages:
            yield f"{indent}    passages: [{', '.join(map(_scalar, row.passages))}]"


def _entry(key: str, values: Sequence[str]) -> str:
    """The key with its value, or its values as a list."""
    if len(values) == 1:
        return f"{key}: {_scalar(values[0])}"
    return f"{key}: [{', '.join(map(_scalar, values))}]"


def _scalar(text: str) -> str:
    """The text as a YAML scalar: plain where it is a word or a number, else quoted.

    >>> print(_scalar("UNDEF"), _scalar("2025"), _scalar('"it\\'s"@en'))
    UNDEF 2025 '"it\'\'s"@en'
    """
    return text if text.isalnum() and text.isascii() else "'" + text.replace("'", "''") + "'"
