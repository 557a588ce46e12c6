"""The headers of saved queries: the texts on pages and in clients, and the choices of
parameters."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from pyoxigraph import QuerySolutions

from spacepolicy.errors import Finding
from spacepolicy.knowledge.checks.default_dataset import DefaultDataset
from spacepolicy.knowledge.checks.spelling import (
    KnownNames,
    mentions,
    query_spelling,
    text_findings,
)
from spacepolicy.saved_queries import Parameter, SavedQuery, unread

_ENDS: Final = {"title": {"en": "?", "zh": "？"}, "description": {"en": ".", "zh": "。"}}
"""The ends of a header's sentences, by language."""


def header_findings(query: SavedQuery, names: KnownNames) -> Iterator[Finding]:
    """Return what the header's texts lack, and unknown names in the query."""
    yield from _words(query)
    yield from _tags(query)
    yield from _parameters(query)
    yield from query_spelling(names, str(query.path), query.text)
    for parameter in query.parameters:
        yield from _misspelt_options(query, parameter, names)


def _words(query: SavedQuery) -> Iterator[Finding]:
    for what, words in (("title", query.title), ("description", query.description)):
        for language, end in _ENDS[what].items():
            sentence = {str(each): text for each, text in words.items()}.get(language, "").strip()
            if not sentence:
                message = f"the {what} is not there in {language}."
                remedy = f"Write `{what}: {{en: …, zh: …}}`."
                yield _finding(query, "saved-query-language", f"{what}:", message, remedy)
            elif not sentence.endswith(end):
                message = f"the {what} in {language} does not end with “{end}”."
                remedy = "A title is a question, a description whole sentences."
                yield _finding(query, "saved-query-language", f"{what}:", message, remedy)


def _tags(query: SavedQuery) -> Iterator[Finding]:
    if not query.tags:
        message = "the query has no tags, so that no list leads to it."
        yield _finding(query, "saved-query-tags", "title:", message, "Write `tags: [...]`.")
    for tag, called in query.tags.items():
        for language in sorted(query.title.keys() - called.keys()):
            message = f"the tag {tag!r} is not there in {language}."
            remedy = "Tags are called as queries/tags.toml says."
            yield _finding(query, "saved-query-language", "tags:", message, remedy)


def _parameters(query: SavedQuery) -> Iterator[Finding]:
    for parameter in query.parameters:
        for language in sorted(query.title.keys() - parameter.called.keys()):
            message = f"the parameter {parameter.name!r} is not there in {language}."
            remedy = "Parameters are called as queries/parameters.toml says."
            yield _finding(query, "saved-query-language", _near(parameter), message, remedy)


def option_findings(
    query: SavedQuery, dataset: DefaultDataset, prefixes: Mapping[str, str]
) -> Iterator[Finding]:
    """Return which parameters have no choices; their queries have the ontology's prefixes."""
    for parameter in query.parameters:
        if parameter.options is not None:
            # prefix_findings reports once that a prefix of the query is not declared.
            known = {**query.prefixes, **prefixes}
            wrong = _wrong_options(parameter, parameter.options, dataset, known)
            if wrong:
                message = f"the options of the parameter {parameter.name} {wrong.rstrip('.')}."
                remedy = f"Select ?{parameter.name}, and ?label to call it by."
                yield _finding(query, "saved-query-options", _near(parameter), message, remedy)


def _wrong_options(
    parameter: Parameter, options: str, dataset: DefaultDataset, prefixes: Mapping[str, str]
) -> str | None:
    try:
        answer = dataset.query(options, prefixes)
    except (SyntaxError, ValueError, RuntimeError, OSError) as error:
        return f"are no query: {unread(options, error, prefixes)}"
    if not isinstance(answer, QuerySolutions):
        return "are no SELECT"
    if parameter.name not in {variable.value for variable in answer.variables}:
        return f"do not select ?{parameter.name}"
    return _wrong_choices(
        parameter, [getattr(row[parameter.name], "value", None) for row in answer]
    )


def _wrong_choices(parameter: Parameter, choices: Sequence[str | None]) -> str | None:
    if not choices:
        return "offer no choice"
    if twice := next((each for each in choices if choices.count(each) > 1), None):
        return f"offer {twice} more than once: select DISTINCT ones, with one label each"
    if parameter.default is not None and parameter.default not in choices:
        return f"do not offer the default, {parameter.default}"
    return None


def _misspelt_options(
    query: SavedQuery, parameter: Parameter, names: KnownNames
) -> Iterator[Finding]:
    text = parameter.options or ""
    prefixes = dict(query.prefixes)
    used = {iri for iri, _, _ in mentions(text, prefixes)}
    faults = {iri: fault for iri in sorted(used) if (fault := names.fault(iri))}
    line = _line(query, _near(parameter))
    for each in text_findings(names, str(query.path), _declared(prefixes) + text, faults):
        yield Finding(each.path, line, each.rule, each.message, each.remedy)


def _declared(prefixes: Mapping[str, str]) -> str:
    return " ".join(f"PREFIX {name}: <{iri}>" for name, iri in prefixes.items()) + " "


def prefix_findings(
    catalogue: Iterable[SavedQuery], prefixes: Mapping[str, str], path: str, line: int | None
) -> Iterator[Finding]:
    """Return the prefixes of saved queries that the core ontology lacks, at that place."""
    wanted: dict[tuple[str, str], str] = {}
    for query in catalogue:
        for name, iri in query.prefixes.items():
            wanted.setdefault((name, iri), query.name)
    for (name, iri), user in sorted(wanted.items()):
        if prefixes.get(name) != iri:
            has = (
                f"declares it as <{prefixes[name]}>" if name in prefixes else "does not declare it"
            )
            message = f"queries ({user} …) use the prefix {name}: for <{iri}>; the ontology {has}."
            remedy = "Declare it with sh:declare: README's queries and clients rely on it."
            yield Finding(path, line, "declared-prefix", message, remedy)


def _near(parameter: Parameter) -> str:
    return rf"name:\s*{re.escape(parameter.name)}\b.*?options:"


def _line(query: SavedQuery, near: str) -> int:
    """The line of the header at which the match ends."""
    header = re.search(r"(^#\+.*\n?)+", query.text, re.MULTILINE)
    found = re.search(near, header[0], re.DOTALL) if header else None
    return query.text.count("\n", 0, header.start() + found.end()) + 1 if header and found else 1


def _finding(query: SavedQuery, rule: str, near: str, message: str, remedy: str) -> Finding:
    return Finding(str(query.path), _line(query, near), rule, message, remedy)
