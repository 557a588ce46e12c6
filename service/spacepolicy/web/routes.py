"""Routes: a handler for a path, with the rules for all requests to it.

The table of routes in `app.py` is the single source of routing, `Allow`, the OpenAPI description,
which requests need no token, and which depend on a revision.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from fastapi import FastAPI
from starlette.types import Scope

Handler = Callable[..., Any]
"""A function that FastAPI calls for a request."""
_WORD: Final = re.compile("[A-Za-z0-9]+")
_PARAMETER_TYPE: Final = re.compile(":[a-z]+}")
_OPENAPI_PATH: Final = "/openapi.json"
"""FastAPI's own route, which describes the service and not its data."""


@final
@dataclass(frozen=True, slots=True)
class Route:
    """A path with its handler.

    `tag` is its section in the OpenAPI description, None where it is left out there; `offers` are
    the media types of its answers, unless the handler declares them; `openapi` are further members
    of the description. `is_open`: it needs no token, even where reads need one. `of_revision`: its
    answers depend on a revision, so that earlier ones can be requested; `is_linked`: its answers
    link to those (RFC 7089). `is_localised`: its answers depend on the reader's language even if
    they are no pages. `is_shared`: scripts of any origin may read its answers.
    """

    path: str
    handler: Handler
    tag: str | None = None
    methods: tuple[str, ...] = ("GET",)
    status: int = 200
    offers: Sequence[str] | None = None
    openapi: Mapping[str, Any] | None = None
    operation_id: str | None = None
    is_open: bool = False
    of_revision: bool = True
    is_linked: bool = True
    is_localised: bool = False
    is_shared: bool = True

    @property
    def prefix(self) -> str:
        """The path up to its first parameter."""
        return self.path.partition("{")[0]

    @property
    def media_types(self) -> Sequence[str]:
        """The media types of its answers."""
        declared: Sequence[str] = getattr(self.handler, "media_types", ())
        return declared if self.offers is None else self.offers


@final
@dataclass(frozen=True, slots=True)
class RouteRules:
    """The rules of a table of routes, as path prefixes (`unshared`: whole paths)."""

    open: tuple[str, ...]
    timeless: tuple[str, ...]
    unlinked: tuple[str, ...]
    localised: tuple[str, ...] = ()
    unshared: tuple[str, ...] = ()

    def is_open(self, scope: Scope) -> bool:
        """Whether the request needs no token, as preflight requests never do."""
        path: str = scope["path"]
        return scope["method"] == "OPTIONS" or path.startswith(self.open)

    def is_of_revision(self, scope: Scope) -> bool:
        """Whether the answer depends on a revision."""
        return not scope["path"].startswith(self.timeless)

    def is_linked(self, scope: Scope) -> bool:
        """Whether the answer links to those of other revisions."""
        return not scope["path"].startswith(self.unlinked)

    def is_localised(self, scope: Scope) -> bool:
        """Whether an answer that is no page depends on the reader's language."""
        path: str = scope["path"]
        return path.startswith(self.localised)

    def is_shared(self, scope: Scope) -> bool:
        """Whether scripts of any origin may read the answer."""
        return scope["path"] not in self.unshared


def rules_of(routes: Iterable[Route], unlinked: Sequence[str]) -> RouteRules:
    """Return the rules of the routes; `unlinked` are further such paths outside of the table."""
    table = tuple(routes)
    return RouteRules(
        tuple(each.prefix for each in table if each.is_open),
        (*(each.prefix for each in table if not each.of_revision), _OPENAPI_PATH),
        (*(each.prefix for each in table if not each.is_linked), *unlinked),
        tuple(each.prefix for each in table if each.is_localised),
        tuple(each.path for each in table if not each.is_shared),
    )


def _operation_id(route: Route) -> str:
    """The operationId from method and path, which generated clients use; it has an underscore, as
    no name of a saved query has.

    >>> _operation_id(Route("/running/{identifier}", print))
    'get_running_identifier'
    """
    path = _PARAMETER_TYPE.sub("}", route.path)
    return "_".join((route.methods[0].lower(), *_WORD.findall(path)))


def add_routes(app: FastAPI, routes: Iterable[Route]) -> None:
    """Add the routes to the application."""
    for each in routes:
        app.add_api_route(
            each.path,
            each.handler,
            methods=list(each.methods),
            tags=[each.tag] if each.tag else None,
            include_in_schema=each.tag is not None,
            status_code=each.status,
            openapi_extra=dict(each.openapi) if each.openapi else None,
            operation_id=each.operation_id or _operation_id(each),
        )
