"""Saved queries as an API: each by its name, with parameters bound as terms, in every format.

`limit` paginates an answer; the cursor in the Link `next` continues on the first part's revision.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, final

from fastapi import Path, Request
from pyoxigraph import QueryResultsFormat, QuerySolutions, Store, parse_query_results
from starlette.datastructures import Headers, QueryParams
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from spacepolicy import formats, parameter_values
from spacepolicy.engine.stable_order import in_stable_order
from spacepolicy.engine.syntax import query_syntax_error
from spacepolicy.errors import BadParameterError, NotFoundError
from spacepolicy.formats import FormatChoice
from spacepolicy.parameter_values import meant, text_for
from spacepolicy.saved_queries import (
    Parameter,
    SavedQuery,
    bind,
    named_things,
    today,
    with_iris,
    with_today,
)
from spacepolicy.serialization import whole
from spacepolicy.web import pages
from spacepolicy.web.answering import internal_queries
from spacepolicy.web.answering.app_state import AppState, answer_again, answer_known
from spacepolicy.web.answering.evaluation import evaluate
from spacepolicy.web.answering.plan import plan
from spacepolicy.web.answering.protocol import (
    COLUMNS,
    QueryOperation,
    timeout_seconds,
    wants_terms,
)
from spacepolicy.web.answering.query_context import query_context
from spacepolicy.web.answering.representation import (
    JSON,
    PAGE,
    CachedRepresentation,
    DeferredRepresentation,
    Representation,
    chosen,
    json_body,
    link,
    read_get,
    representation,
)
from spacepolicy.web.answering.sparql_request import RequestExchange
from spacepolicy.web.locale import PARAMETER, REVISION
from spacepolicy.web.pagination import AFTER, cursor, in_order, rows_after
from spacepolicy.web.query_pages import (
    Asking,
    called_in,
    catalogue_page,
    choices_in,
    named_in,
    query_page,
)
from spacepolicy.web.request_context import context_of
from spacepolicy.web.routes import Handler
from spacepolicy.web.service import Service

RESERVED: Final = ("format", "timeout", "limit", AFTER, COLUMNS, PARAMETER, REVISION)
"""The parameters of a request that are not the query's own."""
MAX_LIMIT: Final = 10000
"""Rows of a part: some 2 MiB of JSON, half the limit of an answer assembled in memory."""
Name = Annotated[str, Path(description="the name of a saved query", pattern=r"^[a-z0-9-]+$")]


@final
@dataclass(frozen=True, slots=True)
class _Asked:
    """A request to a saved query; `day` is the current day, where the answer depends on it."""

    values: Mapping[str, Sequence[str]]
    timeout_seconds: float
    limit: int | None
    after: str | None
    terms: bool
    day: str = ""


def saved_query(app_state: AppState, name: str) -> SavedQuery:
    """Return the saved query of that name.

    Raises: NotFoundError where there is none of that name."""
    catalogue = {query.name: query for query in app_state.service.catalogue}
    if name not in catalogue:
        near = ", ".join(sorted(catalogue)) or "none"
        raise NotFoundError(f"There is no saved query {name!r}; there are: {near}.")
    return catalogue[name]


def query_list(app_state: AppState) -> Handler:
    """Return the handler that lists the saved queries."""

    @representation(app_state, offers=(JSON, PAGE))
    async def listed(request: Request, choice: FormatChoice) -> DeferredRepresentation:
        """The saved queries, with their questions and parameters."""

        async def make() -> Representation:
            if choice.format is not JSON:
                return Representation(catalogue_page(app_state.service).encode())
            origin = app_state.service.url(request.scope, "")
            queries = [described(query, origin) for query in app_state.service.catalogue]
            return Representation(json_body({"queries": queries}))

        return DeferredRepresentation("/queries", make)

    return listed


def saved_query_answer(app_state: AppState) -> Handler:
    """Return the handler that answers a saved query."""

    async def answered(request: Request, name: Name) -> Response:
        return await _answer(app_state, saved_query(app_state, name), request.scope)

    return answered


def parameter_options(app_state: AppState) -> Handler:
    """Return the handler that lists the values of a parameter."""

    async def options(request: Request, name: Name, parameter: str) -> Response:
        """The values that a parameter may take, where its query lists them."""
        query = saved_query(app_state, name)
        found = next((each for each in query.parameters if each.name == parameter), None)
        if found is None or found.options is None:
            raise NotFoundError(f"{name} lists no choices for {parameter!r}.")
        columns = _columns(found.options, app_state.service.revision.prefixes)
        return _SavedResponse(
            app_state, found.options, columns, _asked(app_state.service, request.scope)
        )

    return options


def described(query: SavedQuery, origin: str) -> dict[str, Any]:
    """Return the query's entry in the JSON list."""
    return {
        "name": query.name,
        "url": f"{origin}/queries/{query.name}",
        "title": dict(query.title),
        "description": dict(query.description),
        "tags": list(query.tags),
        "parameters": [_parameter(query, each, origin) for each in query.parameters],
        "columns": [
            {"name": each.name, "type": each.type, "holds": dict(each.holds)}
            for each in query.described
        ],
        "query": query.text,
    }


def _parameter(query: SavedQuery, parameter: Parameter, origin: str) -> dict[str, Any]:
    options = f"{origin}/queries/{query.name}/options/{parameter.name}"
    return {
        "name": parameter.name,
        "type": parameter.type,
        "required": parameter.required,
        "default": parameter.default,
        **({"options": options} if parameter.options else {}),
    }


def _columns(text: str, prefixes: Mapping[str, str]) -> tuple[str, ...]:
    """The columns of a SELECT of the catalogue that declares no prefixes itself.

    Raises: QuerySyntaxError where it uses other prefixes.
    """
    try:
        found = Store().query(text, prefixes=dict(prefixes))
    except SyntaxError as error:
        raise query_syntax_error(str(error), text, prefixes) from error
    variables = found.variables if isinstance(found, QuerySolutions) else ()
    return tuple(variable.value for variable in variables)


async def _answer(app_state: AppState, query: SavedQuery, scope: Scope) -> Response:
    asked = _asked(app_state.service, scope)
    day = today()  # once: the day may change a moment later
    dated = with_today(query, asked.values, day)
    if dated is not asked.values:
        asked = replace(asked, values=dated, day=day)
    asked = replace(asked, values=await with_things(app_state, query, asked.values))
    if _wants_page(scope):
        return _page(app_state, query, scope, asked)
    return _SavedResponse(app_state, bind(query, asked.values), query.columns, asked)


async def with_things(
    app_state: AppState, query: SavedQuery, values: Mapping[str, Sequence[str]]
) -> Mapping[str, Sequence[str]]:
    """Return the values, with each name of a thing replaced by its IRI.

    Raises: BadParameterError, with the choices, where no thing or several have the name.
    """
    prefixes, found = app_state.service.revision.prefixes, dict[tuple[str, str], str]()
    for parameter, word in named_things(query, values, prefixes):
        rows = await internal_queries.rows(app_state, text_for(word))
        named = [(row["thing"].value, row["by"].value) for row in rows]
        choices = await choices_in(app_state, parameter.options) if parameter.options else ()
        things = [parameter_values.NamedValue(row[0], row[1] if row[1:] else "") for row in choices]
        found[parameter.name, word] = meant(parameter.name, word, named, things)
    return with_iris(query, values, prefixes, found)


def _asked(service: Service, scope: Scope) -> _Asked:
    """Raises: BadParameterError where a parameter is wrong."""
    parameters = QueryParams(scope["query_string"])
    for name in RESERVED:
        if name != "format" and len(parameters.getlist(name)) > 1:
            raise BadParameterError(f"The parameter {name!r} is given more than once.")
    values = {name: parameters.getlist(name) for name in parameters if name not in RESERVED}
    limit, after = _limit(parameters.get("limit")), parameters.get(AFTER)
    if after is not None and limit is None:
        raise BadParameterError(f"{AFTER} continues an answer in parts; say their `limit` too.")
    return _Asked(
        values={name: [v for v in given if v] for name, given in values.items()},
        timeout_seconds=timeout_seconds(service, parameters.get("timeout")),
        limit=limit,
        after=after,
        terms=wants_terms(parameters.getlist(COLUMNS)),
    )


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or not 0 < int(text[:9]) <= MAX_LIMIT:
        raise BadParameterError(f"limit is a number from 1 to {MAX_LIMIT}, not {text[:40]!r}.")
    return int(text)


def _wants_page(scope: Scope) -> bool:
    asked = QueryParams(scope["query_string"]).getlist("format")
    if asked:
        return formats.last_named(asked) is PAGE
    accept = ", ".join(Headers(scope=scope).getlist("accept"))
    choice = formats.negotiate(accept, formats.offered("solutions", "columns", "graph", "page"))
    return choice is not None and choice.format.kind == "page"


def _page(app_state: AppState, query: SavedQuery, scope: Scope, asked: _Asked) -> Response:
    """The page of the query: its parameters as a form, and its answer if no value is missing."""

    async def make() -> Representation:
        service = app_state.service
        missing = [
            each.name
            for each in query.parameters
            if each.required and each.default is None and not asked.values.get(each.name)
        ]
        values = pages.for_reader(query, asked.values)
        text = None if missing else bind(query, values)
        answer = None if text is None else await _whole(app_state, text)
        choices = {
            each.name: await choices_in(app_state, each.options)
            for each in query.parameters
            if each.options
        }
        called, named = await called_in(app_state, answer), await named_in(app_state, answer)
        page = query_page(service, query, Asking(values, choices, text, answer, called, named))
        return Representation(page.encode())

    target = scope["query_string"].decode("latin-1")
    choice = FormatChoice(PAGE, PAGE.media_type)
    name = f"/queries/{query.name}?{target}"
    return CachedRepresentation(app_state, name, choice, make, day=asked.day)


async def _whole(app_state: AppState, text: str) -> bytes:
    return await internal_queries.body(app_state, internal_queries.public_query(app_state, text))


@final
class _SavedResponse(Response):
    """The answer to a query's text, as from the endpoint; or a part of it."""

    def __init__(
        self, app_state: AppState, text: str, columns: Sequence[str], asked: _Asked
    ) -> None:
        super().__init__()
        self._app_state = app_state
        self._text = text
        self._columns = columns
        self._asked = asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer.

        Raises: ProblemError where the query fails.
        """
        if self._asked.limit is not None:
            await self._part(scope)(scope, receive, send)
            return
        app_state, call = self._app_state, read_get(scope)
        key = call.key(app_state.service.url(scope, ""), self._asked.day)
        record = context_of(scope).record
        exchange = RequestExchange(call, key, send, record)
        if await answer_again(app_state, exchange):
            return
        operation = self._operation(scope)
        context = query_context(app_state.service, scope)
        planned = plan(app_state.service, context, call, operation, self._text)
        if await answer_known(app_state, exchange, planned.shape, planned.body):
            return
        await evaluate(app_state, exchange, planned, self._asked.timeout_seconds, receive)

    def _operation(self, scope: Scope) -> QueryOperation:
        return QueryOperation(
            text=self._text,
            default_graphs=None,
            named_graphs=None,
            format=tuple(QueryParams(scope["query_string"]).getlist("format")),
            accept=", ".join(Headers(scope=scope).getlist("accept")),
            timeout_seconds=self._asked.timeout_seconds,
            plain=False,
            terms=self._asked.terms,
        )

    def _part(self, scope: Scope) -> Response:
        if not self._columns:
            raise BadParameterError("Only solutions come in parts; leave out `limit`.")
        choice = chosen(scope, formats.offered("solutions", "columns"))
        if self._asked.terms:
            choice = FormatChoice(choice.format.of_terms, choice.media_type)
        asked, service, text = self._asked, self._app_state.service, self._text
        start = rows_after(asked.after, text, service.revision)
        end = start + (asked.limit or 0)

        async def make() -> Representation:
            table = json.loads(await _whole(self._app_state, in_stable_order(text, self._columns)))
            every = in_order(text, table["results"]["bindings"])
            table["results"]["bindings"] = every[start:end]
            fields = (self._next(scope, end),) if end < len(every) else ()
            return Representation(await asyncio.to_thread(_solutions, table, choice), fields)

        place = f"{start} {asked.limit} {scope['raw_path']!r} {scope['query_string']!r}"
        return CachedRepresentation(
            self._app_state, f"{service.instance} part {place} {text}", choice, make, day=asked.day
        )

    def _next(self, scope: Scope, offset: int) -> tuple[bytes, bytes]:
        """The Link to the part that begins at the offset."""
        service = self._app_state.service
        parameters = QueryParams(scope["query_string"]).multi_items()
        kept = [(name, value) for name, value in parameters if name != AFTER]
        after = str(cursor(self._text, service.revision, offset))
        here = service.url(scope, scope["path"])
        return link(f"{here}?{QueryParams([*kept, (AFTER, after)])}", "next")


def _solutions(table: Mapping[str, Any], choice: FormatChoice) -> bytes:
    parsed = parse_query_results(json.dumps(table), format=QueryResultsFormat.JSON)
    assert isinstance(parsed, QuerySolutions)  # noqa: S101 # the table holds bindings
    return whole(parsed, choice.format, {})
