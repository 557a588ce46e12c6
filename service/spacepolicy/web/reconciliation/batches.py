"""Parses batches of reconciliation queries, and requests for data extension.

Spec: https://reconciliation-api.github.io/specs/0.2/#reconciliation-queries,
https://reconciliation-api.github.io/specs/0.2/#data-extension-service
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, final

from pyoxigraph import NamedNode

from spacepolicy.errors import BadParameterError, ContentTooLargeError

MAX_QUERIES: Final = 100
"""Queries per batch: names are compared one by one, some 10 ms per query; one with many unknown
words takes up to 1 s. The manifest states the limit, and clients send several batches."""
MAX_IDS: Final = 1000
"""Things per request for data extension; their IRIs have some 100 KiB."""
MAX_PROPERTIES: Final = 20
"""Properties per query or extension: columns of a table, of which few are used."""
MAX_LIMIT: Final = 100
"""The most candidates per query; people choose among fewer."""
LIMIT: Final = 10
"""The default number of candidates: what a list shows without scrolling."""
_IRI: Final = re.compile(r"<?((?:https?://|urn:)[^\s<>\"{}|\\^`]+)>?", re.IGNORECASE)
Strictness = Literal["any", "all", "should"]
Value = str | float | bool | NamedNode
"""A value of a property; an entity is given by its IRI."""


@final
@dataclass(frozen=True, slots=True)
class Evidence:
    """A property, and values of which a matching thing has one."""

    property: str
    values: tuple[Value, ...]


@final
@dataclass(frozen=True, slots=True)
class ReconciliationQuery:
    """A reconciliation query: a name or an IRI, None where neither is given; the wanted classes,
    and how strictly; the number of candidates; and values of properties as evidence."""

    text: str | None
    types: tuple[str, ...] = ()
    strictness: Strictness = "any"
    limit: int = LIMIT
    evidence: tuple[Evidence, ...] = ()

    @property
    def iri(self) -> str | None:
        """The IRI that the query is; None where it is a name."""
        return None if self.text is None else as_iri(self.text)


@final
@dataclass(frozen=True, slots=True)
class ExtensionColumn:
    """A property whose values are returned, and the language of texts; None: the reader's."""

    property: str
    language: str | None = None


@final
@dataclass(frozen=True, slots=True)
class ExtensionQuery:
    """Things, and the properties whose values are returned."""

    ids: tuple[str, ...]
    columns: tuple[ExtensionColumn, ...]


def as_iri(text: str) -> str | None:
    """Return the IRI if the text is one, with or without angle brackets; else None.

    >>> as_iri(" <https://example.org/a> "), as_iri("a: b")
    ('https://example.org/a', None)
    """
    found = _IRI.fullmatch(text.strip())
    return found[1] if found and named_node(found[1]) else None


def named_node(iri: str) -> NamedNode | None:
    """Return the IRI as a term; None where it is malformed."""
    try:
        return NamedNode(iri)
    except ValueError:
        return None


def read_queries(text: str) -> dict[str, ReconciliationQuery]:
    """Parse the queries of a batch, by their keys.

    Raises: BadParameterError where the text is no batch, ContentTooLargeError where a limit is
    exceeded.
    """
    batch = _object(_json(text, "queries"), "queries")
    if len(batch) > MAX_QUERIES:
        raise ContentTooLargeError(
            f"A batch has up to {MAX_QUERIES} queries, as the manifest says; here are {len(batch)}."
        )
    return {key: _query(_object(each, f"query {key[:40]!r}"), key) for key, each in batch.items()}


def _query(members: Mapping[str, Any], key: str) -> ReconciliationQuery:
    place = f"query {key[:40]!r}"
    text = members.get("query")
    if text is not None and not isinstance(text, str):
        raise BadParameterError(f"{place}: 'query' is a text.")
    given = _array(members.get("properties") or [], f"{place}: 'properties'", MAX_PROPERTIES)
    evidence = tuple(_evidence(_object(each, place), place) for each in given)
    if not (text and text.strip()) and not evidence:
        raise BadParameterError(f"{place}: has neither 'query' nor 'properties'.")
    strictness = members.get("type_strict", "any")
    if strictness not in ("any", "all", "should"):
        raise BadParameterError(f"{place}: 'type_strict' is any, all or should.")
    return ReconciliationQuery(
        text.strip() if text and text.strip() else None,
        _types(members.get("type"), place),
        cast("Strictness", strictness),
        _limit(members.get("limit"), place),
        evidence,
    )


def _types(given: object, place: str) -> tuple[str, ...]:
    """The classes, each given by its IRI, as a string or as the `id` of an object."""
    if given is None or given == "":
        return ()
    each_given = given if isinstance(given, list) else [given]
    types = [each.get("id") if isinstance(each, dict) else each for each in each_given]
    if not all(isinstance(each, str) and named_node(each) for each in types):
        raise BadParameterError(f"{place}: 'type' is the IRI of a class, or a list of such.")
    return tuple(cast("list[str]", types))


def _limit(given: object, place: str) -> int:
    if given is None:
        return LIMIT
    whole = isinstance(given, int) or (isinstance(given, float) and given.is_integer())
    if isinstance(given, bool) or not whole or cast("float", given) < 1:
        raise BadParameterError(f"{place}: 'limit' is a number from 1.")
    return min(int(cast("float", given)), MAX_LIMIT)


def _evidence(members: Mapping[str, Any], place: str) -> Evidence:
    pid, given = members.get("pid"), members.get("v")
    if not isinstance(pid, str) or named_node(pid) is None:
        raise BadParameterError(f"{place}: 'pid' is the IRI of a property.")
    values = _array(given if isinstance(given, list) else [given], f"{place}: 'v'", MAX_LIMIT)
    return Evidence(pid, tuple(_value(each, place) for each in values))


def _value(given: object, place: str) -> Value:
    """A value: a string, a number, a boolean, or an entity by its IRI."""
    if isinstance(given, dict):
        node = named_node(given["id"]) if isinstance(given.get("id"), str) else None
        if node is not None:
            return node
    elif isinstance(given, str | bool | int | float):
        return given
    raise BadParameterError(
        f"{place}: 'v' is a text, a number, a boolean or an object whose 'id' is an IRI."
    )


def read_extension(text: str) -> ExtensionQuery:
    """Parse a request for data extension.

    Raises: BadParameterError where the text is none, ContentTooLargeError where a limit is
    exceeded.
    """
    members = _object(_json(text, "extend"), "extend")
    ids = _array(members.get("ids"), "extend: 'ids'", MAX_IDS)
    if not all(isinstance(each, str) for each in ids):
        raise BadParameterError("extend: 'ids' are texts.")
    columns = _array(members.get("properties"), "extend: 'properties'", MAX_PROPERTIES)
    return ExtensionQuery(
        tuple(dict.fromkeys(ids)), tuple(_column(_object(each, "extend")) for each in columns)
    )


def _column(members: Mapping[str, Any]) -> ExtensionColumn:
    name, settings = members.get("id"), members.get("settings") or {}
    if not isinstance(name, str) or named_node(name) is None:
        raise BadParameterError("extend: the 'id' of a property is its IRI.")
    language = settings.get("language") if isinstance(settings, dict) else None
    if language is not None and not isinstance(language, str):
        raise BadParameterError("extend: the setting 'language' is a text.")
    return ExtensionColumn(name, language or None)


def _json(text: str, name: str) -> object:
    try:
        given: object = json.loads(text)
        json.dumps(given, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:  # an escape can be a lone surrogate (RFC 8259, 8.2)
        raise BadParameterError(
            f"The parameter '{name}' has an escape that is no character: "
            f"\\u{ord(error.object[error.start]):04x}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise BadParameterError(f"The parameter '{name}' is not JSON: {error}.") from error
    return given


def _object(given: object, place: str) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise BadParameterError(f"{place}: is to be an object of JSON.")
    return given


def _array(given: object, place: str, most: int) -> list[Any]:
    """Raises: BadParameterError, ContentTooLargeError."""
    if not isinstance(given, list):
        raise BadParameterError(f"{place} is to be a list.")
    if len(given) > most:
        raise ContentTooLargeError(f"{place}: {most} are taken; here are {len(given)}.")
    return given
