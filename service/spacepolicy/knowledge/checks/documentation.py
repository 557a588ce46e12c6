"""Checks the queries in the documentation: each is valid SPARQL and has an answer, as readers copy
it.

They are in the fenced blocks of README.md and docs/*.md: whole blocks of `sparql` (one with another
word, such as `sparql mistake`, is only an illustration), `query=` and `update=` in commands, in
single quotes (those that do not end are illustrations in double quotes, and not run), and `query =
"…"` in Python; and in the examples of terms. A query about things that the data do not have, such
as those that a reader has just written, needs no answer.

Spec: https://spec.commonmark.org/0.31.2/#fenced-code-blocks
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from pyoxigraph import (
    Literal,
    NamedNode,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    Store,
)

from spacepolicy.errors import Finding, Severity
from spacepolicy.knowledge.checks.default_dataset import DefaultDataset
from spacepolicy.knowledge.checks.spelling import mentions
from spacepolicy.knowledge.loading.record import StatementFault, StatementPlace
from spacepolicy.namespaces import SKOS
from spacepolicy.saved_queries import unread
from spacepolicy.text_files import read_text

_BLOCK: Final = re.compile(r"^```([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_IN_COMMANDS: Final = re.compile(r"'(?P<kind>query|update)=\s*(?P<text>[^']*)'")
_IN_PYTHON: Final = re.compile(
    r'\bquery\s*=\s*(?:"""(?P<long>.*?)"""|"(?P<short>(?:[^"\\\n]|\\.)*)")', re.DOTALL
)
_REACHES_OUT: Final = re.compile(r"\b(SERVICE|LOAD)\b", re.IGNORECASE)
_FORM: Final = re.compile(r"\s*(SELECT|ASK|CONSTRUCT|DESCRIBE|PREFIX)\b")
_EXAMPLE: Final = NamedNode(f"{SKOS}example")
_NO_ANSWER: Final = "the query that is shown has no answer."


@final
@dataclass(frozen=True, slots=True)
class DocumentedQuery:
    """A query or an update in a file, and the line where it begins."""

    path: str
    line: int
    text: str
    is_update: bool = False


def documentation_findings(
    content: Path, dataset: DefaultDataset, prefixes: Mapping[str, str]
) -> Iterator[Finding]:
    """Return the faulty queries in README.md and docs/*.md; content without these has none."""
    for path in (content / "README.md", *sorted((content / "docs").glob("*.md"))):
        if path.is_file():
            for shown in shown_queries(path.relative_to(content).as_posix(), read_text(path)):
                if wrong := _wrong(shown, dataset, prefixes):
                    remedy = "Mend the query, or declare its prefix in the ontology (sh:declare)."
                    yield Finding(shown.path, shown.line, "shown-query", wrong, remedy)


def example_faults(
    dataset: DefaultDataset, prefixes: Mapping[str, str]
) -> Iterator[StatementFault]:
    """Return the examples of terms that are queries and do not run, or, as warnings, have no
    answer: the document that answers may have been removed."""
    for quad in dataset.store.quads_for_pattern(None, _EXAMPLE, None, None):
        text = quad.object.value if isinstance(quad.object, Literal) else ""
        if _FORM.match(text) and isinstance(quad.graph_name, NamedNode):
            wrong = _wrong(DocumentedQuery("", 1, text), dataset, prefixes)
            if wrong and isinstance(quad.subject, NamedNode):
                place = StatementPlace(quad.subject, _EXAMPLE)
                remedy = "Mend the query of the example."
                severity: Severity = "warning" if wrong == _NO_ANSWER else "error"
                yield StatementFault("shown-query", wrong, (place,), remedy, severity)


def shown_queries(path: str, text: str) -> Iterator[DocumentedQuery]:
    """Return the queries in the fenced blocks of a Markdown text.

    >>> page = "```sh\\ncurl $SITE --data-urlencode 'query=\\nASK { ?s ?p ?o }'\\n```\\n"
    >>> [(each.line, each.text) for each in shown_queries("a.md", page)]
    [(3, 'ASK { ?s ?p ?o }')]
    """
    for block in _BLOCK.finditer(text):
        if block[1].strip() == "sparql":
            yield DocumentedQuery(path, _line(text, block.start(2)), block[2])
        for found in _IN_COMMANDS.finditer(block[2]):
            line = _line(text, block.start(2) + found.start("text"))
            yield DocumentedQuery(path, line, found["text"], found["kind"] == "update")
        for found in _IN_PYTHON.finditer(block[2]):
            written = found["long"] or found["short"].replace('\\"', '"')
            yield DocumentedQuery(path, _line(text, block.start(2) + found.start()), written)


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def _wrong(
    shown: DocumentedQuery, dataset: DefaultDataset, prefixes: Mapping[str, str]
) -> str | None:
    if _REACHES_OUT.search(shown.text):
        return None
    try:
        if shown.is_update:
            Store().update(shown.text, prefixes=dict(prefixes))
            return None
        answer = dataset.query(shown.text, prefixes)
        is_empty = isinstance(answer, QueryBoolean) and not answer
        if isinstance(answer, QuerySolutions | QueryTriples):
            is_empty = next(iter(answer), None) is None
    except (SyntaxError, ValueError, RuntimeError, OSError) as error:
        return f"the query that is shown does not run: {unread(shown.text, error, prefixes)}"
    if is_empty and not _asks_of_others(shown.text, dataset, prefixes):
        return _NO_ANSWER
    return None


def _asks_of_others(text: str, dataset: DefaultDataset, prefixes: Mapping[str, str]) -> bool:
    """Whether the query names, by a whole IRI, a thing without statements in the dataset."""
    for iri, written, _ in mentions(text, dict(prefixes)):
        if written.startswith("<"):
            statements = dataset.store.quads_for_pattern(NamedNode(iri), None, None, None)
            if next(statements, None) is None:
                return True
    return False
