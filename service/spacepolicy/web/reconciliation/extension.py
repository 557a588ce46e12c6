"""Data extension: values of matched things, as cells of the client's table.

Spec: https://reconciliation-api.github.io/specs/0.2/#data-extension-service
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pyoxigraph import BlankNode, Literal, NamedNode

from spacepolicy.namespaces import RDFS, XSD
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.reconciliation.batches import ExtensionColumn, ExtensionQuery
from spacepolicy.web.reconciliation.entities import Entities, property_values
from spacepolicy.web.solution_rows import Term

ALL_LANGUAGES: Final = "all"
"""The value of a column's language setting for texts in every language."""
_INTEGERS: Final = frozenset(
    XSD + name
    for name in (
        "integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger",
        "nonPositiveInteger", "negativeInteger", "unsignedLong", "unsignedInt", "unsignedShort",
        "unsignedByte",
    )
)  # fmt: skip
_FLOATS: Final = frozenset(XSD + name for name in ("decimal", "double", "float"))
_DATE_TIME: Final = f"{XSD}dateTime"


async def extended(state: AppState, entities: Entities, query: ExtensionQuery) -> dict[str, Any]:
    """Return the columns with their classes, and the cells of each thing.

    Raises: ProblemError where a query fails.
    """
    properties = [column.property for column in query.columns]
    values = await property_values(state, query.ids, properties)
    ranges = await _ranges(state, properties)
    return {
        "meta": [_column(entities, column.property, ranges) for column in query.columns],
        "rows": {
            thing: {
                column.property: _cells(entities, column, values.get((thing, column.property), ()))
                for column in query.columns
            }
            for thing in query.ids
        },
    }


async def _ranges(state: AppState, properties: Sequence[str]) -> Mapping[str, str]:
    """The range of each property, the first by IRI of several classes."""
    if not properties:
        return {}
    wanted = " ".join(str(NamedNode(each)) for each in dict.fromkeys(properties))
    found = await rows(
        state,
        f"SELECT ?property (MIN(STR(?class)) AS ?range) {{ VALUES ?property {{ {wanted} }} "
        f"?property <{RDFS}range> ?class FILTER isIRI(?class) "
        f'FILTER (!STRSTARTS(STR(?class), "{XSD}")) }} GROUP BY ?property',
    )
    return {row["property"].value: row["range"].value for row in found if "property" in row}


def _column(entities: Entities, property_: str, ranges: Mapping[str, str]) -> dict[str, Any]:
    found = {"id": property_, "name": entities.name(property_)}
    class_ = ranges.get(property_)
    if class_ is None:
        return found
    return {**found, "type": {"id": class_, "name": entities.name(class_)}}


def _cells(
    entities: Entities, column: ExtensionColumn, values: Sequence[Term]
) -> list[dict[str, Any]]:
    wanted = column.language or entities.language
    return [
        cell(entities, each)
        for each in in_language(values, wanted)
        if not isinstance(each, BlankNode)
    ]


def in_language(values: Sequence[Term], language: str) -> list[Term]:
    """Return the values without texts in other languages, if there is one in the language.

    >>> en, zh = Literal("a", language="en"), Literal("b", language="zh-Hans")
    >>> [each.value for each in in_language([en, zh], "zh")]
    ['b']
    >>> len(in_language([en, zh], "fr"))
    2
    """
    tags = [each.language for each in values if isinstance(each, Literal) and each.language]
    if language == ALL_LANGUAGES or not any(_is_in(tag, language) for tag in tags):
        return list(values)
    return [
        each
        for each in values
        if not (isinstance(each, Literal) and each.language)
        or _is_in(each.language or "", language)
    ]


def _is_in(tag: str, language: str) -> bool:
    return tag.lower().partition("-")[0] == language.lower().partition("-")[0]


def cell(entities: Entities, value: NamedNode | Literal) -> dict[str, Any]:
    """Return the value as a cell: a thing of the dataset with IRI and name, a number, a time, else
    a text.

    A day is a text: the specification only has times, and a day has no time.
    """
    base = entities.service.revision.base
    if isinstance(value, NamedNode):
        is_ours = base is not None and value.value.startswith(base)
        own = {"id": value.value, "name": entities.name(value.value)}
        return own if is_ours else {"str": value.value}
    return _literal(value.value, value.datatype.value)


def _literal(text: str, datatype: str) -> dict[str, Any]:
    """A literal by its datatype; malformed or of another datatype, a text."""
    try:
        if datatype in _INTEGERS:
            return {"int": int(text)}
        if datatype in _FLOATS and math.isfinite(float(text)):
            return {"float": float(text)}
    except ValueError:
        return {"str": text}
    if datatype == _DATE_TIME and "T" in text:
        return {"date": text}
    return {"str": text}
