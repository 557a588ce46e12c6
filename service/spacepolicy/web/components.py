"""A page for contributors with each component of the pages, rendered by the pages' own macros over
made-up values."""

from typing import Any, Final

from fastapi import Request
from starlette.responses import Response

from spacepolicy.saved_queries import SavedQuery
from spacepolicy.web import pages
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.representation import (
    PAGE,
    DeferredRepresentation,
    Representation,
    representation,
)
from spacepolicy.web.history.difference_pages import (
    ChangedStatement,
    ChangeOrigin,
    KindChanges,
    Sign,
    ThingChanges,
)
from spacepolicy.web.linked_data.class_diagram_svg import Box, Diagram, Edge
from spacepolicy.web.linked_data.hierarchy import Deprecation, Term
from spacepolicy.web.linked_data.labels import Link
from spacepolicy.web.linked_data.lanes_svg import Lane, LaneMark, Lanes
from spacepolicy.web.linked_data.place_inset import Marked, inset
from spacepolicy.web.linked_data.points import Point
from spacepolicy.web.linked_data.resource_pages import PropertyGroup, StatementSource, Value
from spacepolicy.web.routes import Handler
from spacepolicy.web.tables import SolutionTable, TableCell

PATH: Final = "/components"
_THING: Final = Link("a thing by its name", "#links", "urn:thing", "en")
_OTHER: Final = Link("另一个事物", "#links", "urn:other", "zh")
_PROPERTY: Final = Link("property", "#links", "urn:property", "en")
_PASSAGE: Final = Link("source#char=1,9", "#links", "urn:passage")
_COAST: Final = ((112.0, 22.0), (122.0, 25.0), (118.0, 35.0), (108.0, 32.0), (112.0, 22.0))
"""An island that was made up, in degrees."""
_WORDS: Final = "words of a source, as they stand in it"


def component_page(app_state: AppState) -> Handler:
    """Return the handler of the page."""

    @representation(app_state, offers=(PAGE,), negotiated=False)
    async def components(_: Request) -> DeferredRepresentation | Response:
        """What pages are made of: each component, for contributors."""

        async def make() -> Representation:
            return Representation(
                pages.render("components.html", app_state.service, **_values(app_state)).encode()
            )

        return DeferredRepresentation(PATH, make)

    return components


def _values(app_state: AppState) -> dict[str, Any]:
    query = next(iter(app_state.service.catalogue), None)
    deprecation = Deprecation((_THING,), (_OTHER,))
    return {
        "thing": _THING,
        "other": _OTHER,
        "by_reference": _sources()[1],
        "groups": _groups(),
        "table": _table(),
        "lanes": None if query is None else _lanes(query),
        "query": query,
        "kind_change": KindChanges(Link("kind", "#links", "urn:kind", "en"), (_changes(),)),
        "inset": inset(
            (
                Marked(_THING, Point(31.2, 121.5, 1), "own"),
                Marked(_PROPERTY, Point(28.0, 117.0, 1), "inside"),
                Marked(_OTHER, Point(35.0, 105.0, 0), "around"),
            ),
            (_COAST,),
        ),
        "diagram": Diagram(
            420,
            90,
            160,
            (Box(0, 20, "one class", 12), Box(240, 60, "another", 3)),
            (Edge(160, 20, 240, 60, 2),),
        ),
        "deprecation": deprecation,
        "terms": (Term(_THING, "what it means", 12, (Term(_OTHER, None, 3, (), deprecation),)),),
    }


def _sources() -> tuple[StatementSource, ...]:
    return (
        StatementSource(_PASSAGE, _WORDS, "en"),
        StatementSource(_PASSAGE, "words of a copy", "en", "sec.3.b", "https://www.example.org/"),
        StatementSource(_THING, None, None),
    )


def _groups() -> tuple[PropertyGroup, ...]:
    many = tuple(Value(text=f"value {number}", language="en") for number in range(1, 10))
    values = (
        Value(_THING, sources=_sources()),
        Value(_OTHER, inferred=True, why="#statements"),
        Value(groups=(PropertyGroup(_PROPERTY, (Value(text="of a node without a name"),)),)),
    )
    return (
        PropertyGroup(_PROPERTY, values, "what the property means"),
        PropertyGroup(_PROPERTY, many),
    )


def _table() -> SolutionTable:
    rows = (
        (TableCell("a thing", "urn:thing", "#tables"), TableCell("12", number=True)),
        (TableCell("文字", language="zh"), None),
    )
    return SolutionTable(("thing", "how_many"), rows)


def _lanes(query: SavedQuery) -> Lanes:
    period = Link("period", "#lanes", "urn:period", "en")
    due = Link("due by", "#lanes", "urn:x/isDueBy", "en")
    marks = (LaneMark(period, "2021–2025", 10, 50), LaneMark(due, "2027", 80, 0))
    ticks = ((2020, 0.0), (2025, 50.0))
    return Lanes(query, (Lane(_THING, marks),), ticks, ((period, 50), (due, 0)), 0)


def _changes() -> ThingChanges:
    signs: tuple[Sign, ...] = ("removed", "moved", "added")
    origin = ChangeOrigin(_PASSAGE, _WORDS, "en", None)
    statements = [
        ChangedStatement(
            sign, _PROPERTY, _THING, _THING.text, None, (origin,), is_inferred=False
        )
        for sign in signs
    ]  # fmt: skip
    follows = ChangedStatement("added", _PROPERTY, None, "a text", "en", (), is_inferred=True)
    return ThingChanges(_THING, (*statements, *(follows,) * 6))
