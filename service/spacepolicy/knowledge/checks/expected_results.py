"""Expected answers: whether saved queries run, and give the expected answers over each document.

A document's answers are checked over that document alone: the dataset of its own files and the
shared ones, with its policies bound. So they stay the same when another document is added. Sets are
checked over the documents that they name, once all of them are present. Rows compare as a bag, in
their order where the query has one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast, final

from pyoxigraph import Literal, NamedNode, QuerySolutions, Store

from spacepolicy.engine.stable_order import in_stable_order, is_ordered
from spacepolicy.errors import BadParameterError, Finding, FindingsError
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.default_dataset import DefaultDataset
from spacepolicy.knowledge.checks.documents import dataset_of, names_of_documents, policies_of
from spacepolicy.knowledge.checks.expected_rows import (
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
from spacepolicy.knowledge.checks.result import count
from spacepolicy.namespaces import RDF, XSD
from spacepolicy.saved_queries import (
    COMPARISON,
    POLICY,
    ColumnType,
    SavedQuery,
    bind,
    today,
    with_today,
)

_ACCEPT: Final = "Run `spacepolicy accept`, and look at what it writes down."
_POLICY_COLUMNS: Final = frozenset({POLICY, f"{POLICY}_name"})
"""Columns that distinguish the rows of one policy from those of another."""
_DATATYPES: Final[Mapping[ColumnType, str]] = {
    "string": f"{XSD}string",
    "langString": f"{RDF}langString",
    "integer": f"{XSD}integer",
    "decimal": f"{XSD}decimal",
    "boolean": f"{XSD}boolean",
    "date": f"{XSD}date",
    "dateTime": f"{XSD}dateTime",
}
Terms = tuple[object, ...]
_FAILURES: Final = (BadParameterError, SyntaxError, RuntimeError, OSError, ValueError)


@final
@dataclass(frozen=True, slots=True)
class QueryScope:
    """The scope of cases: the dataset of some documents alone, the policies that their answers are
    about, and the source of passages that are written without a document's name."""

    dataset: Store
    policies: tuple[str, ...]
    sources: str
    document: str | None
    unlisted: str

    def passage(self, written: str) -> NamedNode | None:
        """The passage that is written as `#…` or `<document>#…`."""
        document, hash_, place = written.partition("#")
        document = document or self.document or ""
        return NamedNode(f"{self.sources}{document}#{place}") if hash_ and document else None


def answer_findings(catalogue: Sequence[SavedQuery], material: CheckContext) -> Iterator[Finding]:
    """The differences between the answers of saved queries and the expected ones, by document and
    set."""
    names = names_of_documents(material)
    dataset = DefaultDataset(material.dataset, material.base.inferred.value)
    for query in catalogue:
        yield from _run_findings(query, dataset)
    for source in material.sources:
        path = document_path(material.content, source.name)
        if not path.is_file():
            message = f"it is not said what saved queries answer over {source.name} alone."
            yield Finding(str(path), None, "expect-missing", message, _ACCEPT)
    for expected in _read(material):
        if isinstance(expected, Finding):
            yield expected
        elif not names >= set(expected.documents):
            yield from _left_out(expected)
        else:
            scope = scope_of(material, expected)
            yield from _file_findings(expected, catalogue, scope)


def answer_report(material: CheckContext) -> Iterator[str]:
    """The number of expected rows, documents and sets; and which sets wait for documents."""
    names = names_of_documents(material)
    read = [each for each in _read(material) if isinstance(each, Expected)]
    asked = [each for each in read if names >= set(each.documents)]
    rows = sum(len(case.rows) for each in asked for case in each.cases)
    documents = sum(each.path.name.endswith(SUFFIX) for each in asked)
    yield f"{count(rows, 'row')} expected over {count(documents, 'document')}"
    yield f"{count(len(asked) - documents, 'set')}"
    for each in read:
        if each not in asked and not each.path.name.endswith(SUFFIX):
            missing = ", ".join(sorted(set(each.documents) - names))
            yield f"the set {each.path.stem} waits for {missing}"


def _read(material: CheckContext) -> Iterator[Expected | Finding]:
    """Read the files; findings for those that cannot be read."""
    documents = sorted((material.content / "data").rglob(f"*{SUFFIX}"))
    for path in (*documents, *set_paths(material.content)):
        try:
            yield read_document(path) if path.name.endswith(SUFFIX) else read_set(path)
        except FindingsError as error:
            yield from error.findings


def _left_out(expected: Expected) -> Iterator[Finding]:
    """The finding for a file of a missing document; a set may wait for its documents."""
    if expected.path.name.endswith(SUFFIX):
        message = f"there is no document {expected.documents[0]!r}."
        remedy = "Name the file as the document's own, or remove it."
        yield Finding(str(expected.path), None, "expect-unknown", message, remedy)


def scope_of(material: CheckContext, expected: Expected) -> QueryScope:
    """The scope of the cases of the file; its documents are present."""
    dataset = dataset_of(material, frozenset(expected.documents))
    is_document = expected.path.name.endswith(SUFFIX)
    document = expected.documents[0] if is_document else None
    policies = expected.policies
    if document and not policies:
        source = next(each for each in material.sources if each.name == document)
        policies = policies_of(dataset, material, source)
    unlisted = material.base.inferred.value
    return QueryScope(dataset, policies, material.base.sources, document, unlisted)


def is_due(query: SavedQuery, expected: Expected) -> bool:
    """Whether the file must have the query's answer: a document's file for each query about
    policies or things, a set for each that compares, the set of the vocabulary for each about it.
    """
    if expected.is_vocabulary:
        return query.about == VOCABULARY
    if expected.path.name.endswith(SUFFIX):
        return query.about != VOCABULARY
    return COMPARISON in query.tags


def _file_findings(
    expected: Expected, catalogue: Sequence[SavedQuery], scope: QueryScope
) -> Iterator[Finding]:
    if not expected.cases and any(is_due(query, expected) for query in catalogue):
        over = ", ".join(expected.documents) or "the vocabulary"
        message = f"it is not said yet what saved queries answer over {over}."
        yield Finding(str(expected.path), 1, "expect-missing", message, _ACCEPT)
        return
    known = {query.name: query for query in catalogue}
    for case in expected.cases:
        query = known.get(case.query)
        if query is None or (query.about == VOCABULARY) != expected.is_vocabulary:
            what = "is no saved query" if query is None else "is not asked of these documents"
            message = f"{case.query} {what}."
            yield Finding(str(expected.path), case.line, "expect-unknown", message, _ACCEPT)
        else:
            yield from _case_findings(expected.path, query, case, scope)
    for query in catalogue:
        if is_due(query, expected) and not expected.of(query.name):
            message = f"it is not said what {query.name} answers."
            remedy = f"Run `spacepolicy accept {query.name}`; no row is an answer too."
            yield Finding(str(expected.path), 1, "expect-missing", message, remedy)


def _run_findings(query: SavedQuery, dataset: DefaultDataset) -> Iterator[Finding]:
    """The faults of the query and its header over the whole dataset."""
    yield from _policy_findings(query)
    if query.columns and not query.described:
        message = "the header does not say what the columns of the answer hold."
        remedy = "Add `columns`: name, type, and what it holds in en and zh, each."
        yield _at(query, "columns", message, remedy)
    try:
        answer = dataset.query(bind(query, {}))
        found = [tuple(row) for row in answer] if isinstance(answer, QuerySolutions) else []
    except _FAILURES as error:
        yield _at(query, "query-runs", f"the query does not run: {error}.", "Mend the query.")
        return
    for number, column in enumerate(query.described):
        wrong = next((row for row in found if not _fits(row[number], column.type)), None)
        if wrong is not None:
            message = f"the column {column.name} has {wrong[number]}, which is no {column.type}."
            yield _at(query, "column-type", message, "Mend the type in `columns`, or the query.")


def _policy_findings(query: SavedQuery) -> Iterator[Finding]:
    """Find queries whose rows of two policies could not be distinguished."""
    takes = any(each.name == POLICY and each.type == "iri" for each in query.parameters)
    if query.about == VOCABULARY:
        if takes:
            yield _at(query, "policy", f"about: {VOCABULARY}, and yet it takes a policy.", "")
        return
    if not takes:
        message = "it cannot be asked of one policy."
        remedy = f"Add a parameter `{POLICY}` of type iri; or say `about: {VOCABULARY}`."
        yield _at(query, "policy", message, remedy)
    if query.about == POLICY and not _POLICY_COLUMNS & set(query.columns):
        message = "rows of two policies cannot be told apart."
        names = " or ".join(sorted(_POLICY_COLUMNS))
        remedy = f"Add a column {names}; or `about: thing`, if a parameter names what it is about."
        yield _at(query, "policy", message, remedy)


def _fits(term: object, type_: ColumnType) -> bool:
    """Whether the value of a column has its type, or is unbound."""
    if term is None or type_ == "any":
        return True
    if type_ == "iri":
        return isinstance(term, NamedNode)
    return isinstance(term, Literal) and term.datatype.value == _DATATYPES[type_]


def ask(query: SavedQuery, case: Case, scope: QueryScope) -> list[Terms]:
    """The rows of the query's answer in the case, in an order that depends on the rows alone.

    Raises: BadParameterError, SyntaxError and other errors of the query.
    """
    given: dict[str, Sequence[str]] = dict(case.parameters)
    if scope.policies and any(each.name == POLICY for each in query.parameters):
        given.setdefault(POLICY, scope.policies)
    text = in_stable_order(bind(query, given), query.columns)
    answer = DefaultDataset(scope.dataset, scope.unlisted).query(text)
    return [tuple(row) for row in answer] if isinstance(answer, QuerySolutions) else []


def _case_findings(
    path: Path, query: SavedQuery, case: Case, scope: QueryScope
) -> Iterator[Finding]:
    if with_today(query, case.parameters, today()) is not case.parameters:
        message = f"what {query.name} answers is expected of no day, and it will be another one."
        remedy = f"Run `spacepolicy accept {query.name}`, or write the day in `parameters`."
        yield Finding(str(path), case.line, "expect", message, remedy)
        return
    try:
        got = ask(query, case, scope)
    except _FAILURES as error:
        message = f"{query.name} cannot be asked: {error}."
        yield Finding(str(path), case.line, "expect", message, "Mend the parameters.")
        return
    wanted: list[tuple[ExpectedRow, Terms]] = []
    for row in case.rows:
        try:
            wanted.append((row, terms_of(query, row)))
        except (SyntaxError, ValueError) as error:
            message = f"{query.name}: the row cannot be read: {error}."
            remedy = "Write its values as in a VALUES block, one for each column."
            yield Finding(str(path), row.line, "expect", message, remedy)
            return
    yield from _differences(path, query, case, got, wanted)
    for row in case.rows:
        yield from _unjustified(path, query, row, scope)


def terms_of(query: SavedQuery, row: ExpectedRow) -> Terms:
    """Parse the row into terms, with the engine's own parser.

    Raises: SyntaxError where a value is not valid, ValueError where there is not one for each
    column.
    """
    if len(row.values) != len(query.columns):
        raise ValueError(f"it has {len(row.values)} values for {len(query.columns)} columns")
    prologue = "\n".join(f"PREFIX {name}: <{iri}>" for name, iri in query.prefixes.items())
    names = " ".join(f"?{name}" for name in query.columns)
    values = " ".join(row.values)
    text = f"{prologue} SELECT {names} {{ VALUES ({names}) {{ ({values}) }} }}"
    return tuple(next(cast("QuerySolutions", Store().query(text))))


def _differences(
    path: Path,
    query: SavedQuery,
    case: Case,
    got: Sequence[Terms],
    wanted: Sequence[tuple[ExpectedRow, Terms]],
) -> Iterator[Finding]:
    surplus = list(got)
    remedy = f"Mend the data or the query, or look at it and run `spacepolicy accept {query.name}`."
    agree = True
    for row, terms in wanted:
        if terms in surplus:
            surplus.remove(terms)
            continue
        agree = False
        message = f"the answer of {query.name} lacks the row {shown(terms)}."
        yield Finding(str(path), row.line, "expect-row", message, remedy)
    for terms in surplus:
        message = f"the answer of {query.name} has the row {shown(terms)}, which is not expected."
        yield Finding(str(path), case.line, "expect-row", message, remedy)
    if (
        agree
        and not surplus
        and is_ordered(query.text)
        and list(got) != [each for _, each in wanted]
    ):
        message = f"the answer of {query.name} has the rows that are expected in another order."
        yield Finding(str(path), case.line, "expect-order", message, remedy)


def _unjustified(
    path: Path, query: SavedQuery, row: ExpectedRow, scope: QueryScope
) -> Iterator[Finding]:
    """Passages of a row without statements."""
    for written in row.passages:
        passage = scope.passage(written)
        if passage is None or not states(scope.dataset, passage):
            message = f"{query.name}: the passage {written} of the row states nothing."
            yield Finding(str(path), row.line, "expect-passage", message, "Name one that does.")


def states(dataset: Store, graph: NamedNode) -> bool:
    """Whether the graph has statements."""
    return next(dataset.quads_for_pattern(None, None, None, graph), None) is not None


def shown(terms: Iterable[object]) -> str:
    """The row as text for people."""
    return f"({' '.join(UNBOUND if term is None else str(term) for term in terms)})"


def _at(query: SavedQuery, rule: str, message: str, remedy: str) -> Finding:
    """A finding at the query's first line."""
    return Finding(str(query.path), 1, rule, message, remedy)
