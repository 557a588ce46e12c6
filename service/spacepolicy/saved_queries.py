"""Saved queries: plain SPARQL files whose `#+` header is YAML, and the binding of parameters.

A parameter is a line `VALUES ?name { UNDEF }` inside the pattern that it restricts; binding
replaces UNDEF by terms, never by text.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, cast, final, get_args

import yaml
from pyoxigraph import Literal as LiteralTerm
from pyoxigraph import NamedNode, QuerySolutions, Store

from spacepolicy.engine.syntax import query_syntax_error
from spacepolicy.errors import BadParameterError, Finding, FindingsError
from spacepolicy.namespaces import XSD
from spacepolicy.parameter_values import iri_of
from spacepolicy.text_files import read_text

ParameterType = Literal["iri", "string", "integer", "date", "langString"]
ColumnType = Literal[
    "iri", "string", "langString", "integer", "decimal", "boolean", "date", "dateTime", "any"
]
Subject = Literal["policy", "thing", "vocabulary"]
"""What the rows of an answer are about: policies and their parts, a thing that a parameter names,
or the vocabulary and what is independent of any policy."""
Language = Literal["en", "zh"]
_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_HEADER: Final = "#+"
_TAGS: Final = "tags.toml"
"""The file beside the queries that names the tags, in each language."""
_PARAMETERS: Final = "parameters.toml"
"""The file that names the parameters, likewise."""
Names = Mapping[str, Mapping[Language, str]]
"""The names of things in each language, by their identifiers."""
SIDE_BY_SIDE: Final = "side-by-side"
"""The tag of queries that compare things."""
TIMELINE: Final = "timeline"
"""The tag of queries that give the time of a thing."""
PLACES: Final = "places"
"""The tag of queries that give the location of a thing."""
EXTENT: Final = "extent"
"""The tag of queries that give the places which things are about."""
FIGURES: Final = "figures"
"""The tag of queries that count by thing: the sums show how much data there is."""
LANES: Final = "lanes"
"""The tag of queries that give the times of several things."""
AXIS: Final = "axis"
"""The tag of queries that give, as numbers, the targets and results of several things."""
MATRIX: Final = "matrix"
"""The tag of queries that give the subjects of each part of a thing."""
HOME: Final = "home"
"""The tag of queries whose answers are on the first page."""
START: Final = "start"
"""The tag of queries for newcomers to begin with."""
EXAMPLE: Final = "example"
"""The tag of queries that show how words become statements."""
_ROLES: Final[Mapping[str, tuple[int, str]]] = {
    SIDE_BY_SIDE: (4, "it, what it is compared by, the part that says so, the passage"),
    TIMELINE: (5, "the thing or a part of it, the relation, the time frame, its first, its last"),
    PLACES: (3, "the relation, the place, one around it"),
    EXTENT: (2, "the thing, a place that it is about"),
    LANES: (4, "the thing, the relation, its first, its last"),
    AXIS: (
        12,
        "the thing, the part, its class, what is measured, what that is confined to, what is "
        "counted, the unit, the comparator, the least, the most, the day, the passage",
    ),
    MATRIX: (4, "the part, what it deals with, the passage, the thing"),
    EXAMPLE: (5, "the words, the passage, the subject, the property, the object"),
}
"""How many columns a query that pages are made of has, and what they are."""
TODAY: Final = "today"
"""The default of a date parameter that is the day (UTC) on which the query is asked; given as a
value, it means the same."""
TODAY_IN_SPARQL: Final = "STRDT(SUBSTR(STR(NOW()), 1, 10), xsd:date)"
"""How a query computes that day itself, where the date is not bound."""
POLICY: Final = "policy"
"""The parameter that takes the policies which the answer is about."""
COMPARISON: Final = "comparison"
"""The tag of queries whose answer over several policies is more than the union of the answers over
each."""
_KEYS: Final = frozenset({"title", "description", "about", "tags", "parameters", "columns"})
_COLUMN_KEYS: Final = ("name", "type", "en", "zh")
_PARAMETER_KEYS: Final = frozenset({"name", "type", "required", "default", "options"})
_PREFIX: Final = re.compile(r"^\s*PREFIX\s+([\w.-]*):\s*<([^>]*)>", re.IGNORECASE | re.MULTILINE)
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@final
@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a saved query: its type, its default, and its label in each language that has
    one."""

    name: str
    type: ParameterType
    required: bool
    default: str | None
    options: str | None
    called: Mapping[Language, str]

    @property
    def defaults_to_today(self) -> bool:
        """Whether the default is the day on which the query is asked."""
        return self.type == "date" and self.default == TODAY


@final
@dataclass(frozen=True, slots=True)
class AnswerColumn:
    """A column of an answer: the type of its values, and a description in each language."""

    name: str
    type: ColumnType
    holds: Mapping[Language, str]


@final
@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query with a name and a question as its title, in English and Chinese.

    `columns` are the names of the columns of its answer, none where it is no SELECT; `described`
    says what they hold, empty where the header does not; `prefixes` are those that the text
    declares. `tags` are in their order, each with its label in each language; labels and the
    description may lack a language.
    """

    name: str
    path: Path
    title: Mapping[Language, str]
    description: Mapping[Language, str]
    about: Subject
    tags: Mapping[str, Mapping[Language, str]]
    parameters: tuple[Parameter, ...]
    text: str
    columns: tuple[str, ...]
    described: tuple[AnswerColumn, ...]
    prefixes: Mapping[str, str]


def read_catalogue(folder: Path) -> tuple[SavedQuery, ...]:
    """The saved queries in the folder, sorted by name.

    Raises: FindingsError naming each header or query that is wrong.
    """
    tags, parameters = tag_names(folder), _names(folder / _PARAMETERS)
    saved: list[SavedQuery] = []
    findings: list[Finding] = []
    for path in sorted(folder.glob("*.rq")):
        try:
            saved.append(read_query(path, tags, parameters))
        except FindingsError as error:
            findings.extend(error.findings)
    if findings:
        raise FindingsError(findings)
    return tuple(saved)


def tag_names(folder: Path) -> dict[str, dict[Language, str]]:
    """The labels of the tags, from the folder of saved queries.

    Raises: FindingsError where the file is wrong.
    """
    return _names(folder / _TAGS)


def _names(path: Path) -> dict[str, dict[Language, str]]:
    """The labels in the file; empty where there is no file.

    Raises: FindingsError where the file is wrong.
    """
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))
        line = int(place[1]) if place else None
        raise _wrong(path, line, f"the file is not TOML: {error}.") from error
    return {tag: _words(path, tag, words) for tag, words in table.items()}


def read_query(
    path: Path, tags: Names = MappingProxyType({}), parameters: Names = MappingProxyType({})
) -> SavedQuery:
    """Read the saved query in the file; `tags` and `parameters` are the labels of these.

    Raises: FindingsError where the name, the header or the query is wrong.
    """
    if not _NAME.fullmatch(path.stem):
        raise _wrong(path, 1, "the name is not kebab-case", "Rename the file.")
    text = read_text(path)
    header = read_header(path, text, _KEYS)
    query = SavedQuery(
        name=path.stem,
        path=path,
        title=_title(path, header),
        description=_words(path, "description", header.get("description") or {}),
        about=_about(path, header),
        tags={str(tag): tags.get(str(tag), {}) for tag in _listed(path, header, "tags")},
        parameters=tuple(
            _parameter(path, each, parameters) for each in _listed(path, header, "parameters")
        ),
        text=text,
        columns=check_syntax(path, text),
        described=tuple(_column(path, each) for each in _listed(path, header, "columns")),
        prefixes=dict(_PREFIX.findall(text)),
    )
    _check_columns(query)
    _check_parameters(query)
    _check_role(query)
    return query


def _wrong(path: Path, line: int | None, message: str, remedy: str = "") -> FindingsError:
    return FindingsError([Finding(str(path), line, "saved-query", message, remedy)])


def read_header(path: Path, text: str, keys: Set[str]) -> dict[str, Any]:
    """Read the header, the `#+` lines of a query; `keys` are those that it may have.

    Raises: FindingsError where there is none or it is wrong.
    """
    lines = [line for line in text.splitlines() if line.startswith(_HEADER)]
    try:
        text = "\n".join(line.removeprefix(_HEADER) for line in lines)
        table = yaml.load(text, _Loader)  # noqa: S506 # both loaders are safe ones
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        reason = getattr(error, "problem", error)
        raise _wrong(path, line, f"the header is not YAML: {reason}.") from error
    if not isinstance(table, dict):
        raise _wrong(path, 1, "there is no header", "Begin the file with `#+ title:` lines.")
    for key in table.keys() - keys:
        line = next(n for n, each in enumerate(lines, 1) if key in each)
        raise _wrong(path, line, f"{key!r} is no key of the header; keys are {sorted(keys)}.")
    return table


def _title(path: Path, header: Mapping[str, Any]) -> dict[Language, str]:
    title = header.get("title")
    languages = get_args(Language)
    if not isinstance(title, dict) or set(title) != set(languages):
        raise _wrong(path, 1, "the title is not one question in en and one in zh")
    return {language: str(title[language]) for language in languages}


def _words(path: Path, key: str, words: object) -> dict[Language, str]:
    """Texts by their language; one without a language is English."""
    if isinstance(words, str):
        return {"en": words}
    languages = get_args(Language)
    if not isinstance(words, dict) or not words.keys() <= set(languages):
        raise _wrong(path, 1, f"{key!r} is not told in {' and '.join(languages)}")
    return {language: str(words[language]) for language in languages if language in words}


def _listed(path: Path, header: Mapping[str, Any], key: str) -> list[Any]:
    """The list under that key; empty where there is no such key."""
    listed = header.get(key) or []
    if not isinstance(listed, list):
        raise _wrong(path, 1, f"{key!r} is no list", f"Write `{key}: [...]`.")
    return listed


def _parameter(path: Path, table: object, names: Names) -> Parameter:
    if not isinstance(table, dict) or not table.keys() <= _PARAMETER_KEYS or "name" not in table:
        raise _wrong(path, 1, f"{table!r} is no parameter; keys are {sorted(_PARAMETER_KEYS)}.")
    if table.get("type") not in get_args(ParameterType):
        raise _wrong(path, 1, f"parameter {table['name']}: type is one of {ParameterType}.")
    if not isinstance(table.get("options", ""), str):
        raise _wrong(path, 1, f"parameter {table['name']}: options are the text of a query.")
    default = table.get("default")
    return Parameter(
        name=str(table["name"]),
        type=table["type"],
        required=bool(table.get("required", False)),
        default=None if default is None else str(default),
        options=table.get("options"),
        called=names.get(str(table["name"]), {}),
    )


def _about(path: Path, header: Mapping[str, Any]) -> Subject:
    about = header.get("about", "policy")
    if about not in get_args(Subject):
        raise _wrong(path, 1, f"about: {about!r} is none of {', '.join(get_args(Subject))}.")
    return cast("Subject", about)


def _column(path: Path, table: object) -> AnswerColumn:
    if not isinstance(table, dict) or set(table) != set(_COLUMN_KEYS):
        raise _wrong(path, 1, f"{table!r} is no column; its keys are {', '.join(_COLUMN_KEYS)}.")
    if table["type"] not in get_args(ColumnType):
        types = ", ".join(get_args(ColumnType))
        raise _wrong(path, 1, f"column {table['name']}: its type is one of {types}.")
    holds = {language: str(table[language]) for language in get_args(Language)}
    return AnswerColumn(str(table["name"]), table["type"], holds)


def _check_columns(query: SavedQuery) -> None:
    """Check that the columns which the header describes are those of the answer."""
    names = tuple(column.name for column in query.described)
    if names and names != query.columns:
        message = f"the header describes {', '.join(names)}; the answer has "
        remedy = "Describe each column of the answer, in its order."
        raise _wrong(query.path, 1, f"{message}{', '.join(query.columns)}.", remedy)


def _check_parameters(query: SavedQuery) -> None:
    for parameter in query.parameters:
        if len(_slot(parameter.name).findall(query.text)) != 1:
            raise _wrong(
                query.path,
                1,
                f"parameter {parameter.name} has no place of its own in the query",
                f"Write `VALUES ?{parameter.name} {{ UNDEF }}` once, in the pattern it restricts.",
            )
        if parameter.defaults_to_today and query.text.count(TODAY_IN_SPARQL) != 1:
            raise _wrong(
                query.path,
                1,
                f"parameter {parameter.name} is today by default, and the query does not say so",
                f"Write `COALESCE(?{parameter.name}, {TODAY_IN_SPARQL})` once.",
            )


def _check_role(query: SavedQuery) -> None:
    """Check that a query which pages are made of has the columns they need, and no date of
    today."""
    kept = next((tag for tag in query.tags if tag in _ROLES or tag == HOME), None)
    if kept and any(each.defaults_to_today for each in query.parameters):
        message = f"a query tagged {kept} has a date that is {TODAY} by default"
        raise _wrong(query.path, 1, message, "Its page is kept for longer; name a day, or none.")
    for tag, (columns, meant) in _ROLES.items():
        first = query.parameters[0] if query.parameters else None
        fits = (
            first is not None
            and first.type == "iri"
            and len(query.columns) == columns
            and (tag != SIDE_BY_SIDE or (first.options and query.columns[0] == first.name))
        )
        if tag in query.tags and not fits:
            message = f"a query tagged {tag} does not give what its page shows"
            options = " with options" if tag == SIDE_BY_SIDE else ""
            remedy = f"Let its first parameter be an iri{options}, its columns: {meant}."
            raise _wrong(query.path, 1, message, remedy)


def check_syntax(path: Path, text: str) -> tuple[str, ...]:
    """The columns of the answer of the SPARQL query; none where it is no SELECT.

    Raises: FindingsError naming the line where the text is no query.
    """
    try:
        found = Store().query(text)
    except SyntaxError as error:
        problem = query_syntax_error(str(error), text, {})
        message = f"the query is not SPARQL: {problem.detail}"
        raise _wrong(path, cast("int", problem.extras["line"]), message) from error
    variables = found.variables if isinstance(found, QuerySolutions) else ()
    return tuple(variable.value for variable in variables)


def unread(text: str, error: Exception, prefixes: Mapping[str, str] | None = None) -> str:
    """Describe what is wrong with a query that the engine refused or stopped at, and the remedy.

    `prefixes` are those that need no declaration.

    >>> unread("SELEC ?s { ?s ?p ?o }", SyntaxError("error at 1:7: expected CONSTRUCT"))
    'Line 1, column 1: `SELEC` is no keyword. Write `SELECT`.'
    """
    if not isinstance(error, SyntaxError):
        return " ".join(str(error).split())
    return query_syntax_error(str(error), text, prefixes or {}).detail


def _slot(name: str) -> re.Pattern[str]:
    return re.compile(rf"VALUES\s+\?{re.escape(name)}\s*\{{\s*UNDEF\s*\}}", re.IGNORECASE)


def bind(query: SavedQuery, values: Mapping[str, Sequence[str]]) -> str:
    """The query's text with each parameter bound to its values; several values become several rows.

    A value is text of the parameter's type: an IRI (absolute, `<…>` or with a prefix of the
    query), a string, an integer, a date, or a string with its language (`word@en`).

    Raises: BadParameterError where a parameter is unknown, missing, or a value is not of its type.
    """
    names = {parameter.name for parameter in query.parameters}
    for name in values.keys() - names:
        known = ", ".join(sorted(names)) or "none"
        raise BadParameterError(f"{query.name} has no parameter {name!r}; it has: {known}.")
    text = query.text
    for parameter in query.parameters:
        given = values.get(parameter.name) or _fallback(query, parameter)
        if given:
            terms = [_term(query, parameter, value) for value in given]
            before, after = _slot(parameter.name).split(text)
            text = f"{before}VALUES ?{parameter.name} {{ {' '.join(terms)} }}{after}"
            if parameter.defaults_to_today:
                # An answer that does not depend on the time is kept, and can be asked again.
                text = text.replace(TODAY_IN_SPARQL, terms[0])
    return text


def _fallback(query: SavedQuery, parameter: Parameter) -> tuple[str, ...]:
    if parameter.defaults_to_today:
        return ()
    if parameter.default is not None:
        return (parameter.default,)
    if parameter.required:
        raise BadParameterError(f"{query.name} needs a value for {parameter.name!r}.")
    return ()


def _term(query: SavedQuery, parameter: Parameter, value: str) -> str:
    """The value as a term in SPARQL syntax, whatever characters it holds."""
    try:
        match parameter.type:
            case "iri":
                return str(NamedNode(_iri(query, value)))
            case "integer":
                return str(LiteralTerm(int(value)))
            case "date":
                day = today() if value == TODAY else date.fromisoformat(value).isoformat()
                return str(LiteralTerm(day, datatype=NamedNode(f"{XSD}date")))
            case "langString":
                words, _, language = value.rpartition("@")
                return str(LiteralTerm(words, language=language))
            case "string":
                return str(LiteralTerm(value))
    except ValueError as error:
        raise BadParameterError(
            f"{parameter.name}: {value!r} is no {parameter.type}: {error}."
        ) from error


def today() -> str:
    """Today's date (UTC) in ISO 8601."""
    return datetime.now(UTC).date().isoformat()


def with_today(
    query: SavedQuery, values: Mapping[str, Sequence[str]], day: str
) -> Mapping[str, Sequence[str]]:
    """The values, with the day in the place of each `today`, given or by default; the same object
    where there is none."""
    dated: dict[str, Sequence[str]] = {}
    for each in query.parameters:
        given = values.get(each.name) or ([TODAY] if each.defaults_to_today else [])
        if each.type == "date" and TODAY in given:
            dated[each.name] = [day if value == TODAY else value for value in given]
    return {**values, **dated} if dated else values


def _iri(query: SavedQuery, value: str) -> str:
    found = iri_of(value, query.prefixes)
    return value if found is None else found


def named_things(
    query: SavedQuery, values: Mapping[str, Sequence[str]], prefixes: Mapping[str, str]
) -> Iterator[tuple[Parameter, str]]:
    """The values that should be IRIs and are not: names of things."""
    for parameter in query.parameters:
        for value in values.get(parameter.name, ()) if parameter.type == "iri" else ():
            if iri_of(value, {**prefixes, **query.prefixes}) is None:
                yield parameter, value


def with_iris(
    query: SavedQuery,
    values: Mapping[str, Sequence[str]],
    prefixes: Mapping[str, str],
    meant: Mapping[tuple[str, str], str],
) -> dict[str, list[str]]:
    """The values with an IRI for each name of a thing; `meant` has the IRIs, by the parameter and
    the name."""
    known = {**prefixes, **query.prefixes}
    iris = {parameter.name for parameter in query.parameters if parameter.type == "iri"}
    return {
        name: [
            (meant.get((name, value)) or iri_of(value, known) or value) if name in iris else value
            for value in given
        ]
        for name, given in values.items()
    }


def tagged(catalogue: Iterable[SavedQuery], tag: str) -> tuple[SavedQuery, ...]:
    """The saved queries with the tag, in the catalogue's order."""
    return tuple(query for query in catalogue if tag in query.tags)
