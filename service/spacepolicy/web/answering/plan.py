"""Plans a query operation before the engine is asked.

The lexer determines the form of the query, so that a query is refused before its evaluation where
no accepted format fits, it calls a forbidden endpoint, or it is nested too deeply.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, final

from spacepolicy import __version__, formats
from spacepolicy.engine.federation import ServiceBlock, blocks
from spacepolicy.engine.hints import Hint
from spacepolicy.engine.lexer import Scan, refuse, scan
from spacepolicy.engine.requests import Query
from spacepolicy.errors import BadParameterError, NotAcceptableError
from spacepolicy.formats import FormatChoice
from spacepolicy.http.content_codings import CODINGS, IDENTITY, AcceptedEncoding, wish
from spacepolicy.serialization import Form
from spacepolicy.sparql_service.header_fields import (
    described_table,
    hint_fields,
    metadata_fields,
)
from spacepolicy.sparql_service.response_body_key import BodyKey
from spacepolicy.web.answering.protocol import QueryOperation
from spacepolicy.web.answering.query_context import QueryContext
from spacepolicy.web.answering.response import ResponseShape
from spacepolicy.web.answering.revision_etags import mark, opaque_around
from spacepolicy.web.answering.sparql_request import SparqlRequest
from spacepolicy.web.service import Service

_ENGINE_FORMATS: Final = {"graph": "turtle", "solutions": "json"}
"""The engine's formats from which pages are rendered."""
_FORMS: Final[Mapping[str, Form]] = {
    "select": "solutions",
    "ask": "boolean",
    "construct": "graph",
    "describe": "graph",
}


@final
@dataclass(frozen=True, slots=True)
class QueryPlan:
    """A query and its dataset, how its answer is sent, and its cache key `body`, None where it is
    not cached. `blocks` are its SERVICE blocks; `hints` are about the request, for its page; `kind`
    is the shape of its text (`Scan.shape`), None where that is not known."""

    query: Query
    dataset: Path
    form: Form
    choice: FormatChoice
    shape: ResponseShape
    body: BodyKey | None
    blocks: tuple[ServiceBlock, ...] = ()
    hints: tuple[Hint, ...] = ()
    kind: int | None = None
    table: str | None = None
    """The address of the CSV table that the answer, its CSVW metadata, describes."""


def plan(
    service: Service,
    context: QueryContext,
    call: SparqlRequest,
    operation: QueryOperation,
    text: str,
) -> QueryPlan:
    """Return the plan for the query text.

    Raises: ProblemError where the query is refused, or no accepted format fits its answer.
    """
    prefixes, outside, endpoint = context.revision.prefixes, service.outside, context.endpoint
    scanned = allowed(service, scan(text, prefixes))
    asked = blocks(text, prefixes, endpoint, outside) if scanned.service else ()
    form = _FORMS.get(scanned.form or "", "solutions")
    kind: formats.Kind = "graph" if form == "graph" else "solutions"
    choice = operation.choice(*formats.KINDS[form], "page") if scanned.form else _any_choice()
    variant = f" {context.variant}" if choice.format.kind == "page" else ""
    target = call.target.partition(b"?")[2] if call.target.startswith(b"/") else call.target
    table = described_table(target) if choice.format.name == formats.CSVW else None
    if table is not None:
        variant = f" {table}"
    format = choice.format.name + variant
    default, named = operation.default_graphs, operation.named_graphs
    body = BodyKey(text, default, named, format, endpoint, context.order)
    kept = not scanned.volatile and service.keeps_answers
    tag = tag_of(engine_mark(context), choice.content_type, body) if kept else None
    engine_format = _ENGINE_FORMATS[kind] if choice.format.kind == "page" else choice.format.name
    return QueryPlan(
        query=Query(
            text,
            solutions_format=None if kind == "graph" else engine_format,
            graph_format=engine_format if kind == "graph" else None,
            default_graphs=default,
            named_graphs=named,
            prefixes=prefixes,
            base=endpoint,
            hints=True,
            unlisted=context.revision.unlisted(service.mode),
        ),
        dataset=context.revision.dataset,
        form=form,
        choice=choice,
        shape=ResponseShape(
            choice.content_type,
            _coding(call, choice),
            tag,
            hints=metadata_fields(target)
            if form == "solutions" and _is_linked(call, choice)
            else (),
        ),
        body=None if tag is None else body,
        blocks=asked,
        kind=scanned.shape,
        table=table,
    )


def _is_linked(call: SparqlRequest, choice: FormatChoice) -> bool:
    """Whether the answer is a CSV table with an address, which is linked to its metadata."""
    return choice.format.name == "csv" and call.method in ("GET", "HEAD")


def _coding(call: SparqlRequest, choice: FormatChoice) -> AcceptedEncoding:
    """The content coding that the client prefers; none for files of columns, which are compressed
    internally and read by range."""
    found = acceptable_coding(call)
    return AcceptedEncoding(IDENTITY, plain=True) if choice.format.whole and found.plain else found


def allowed(service: Service, scanned: Scan) -> Scan:
    """Check that the query may be evaluated, and return its scan.

    Raises: BadParameterError where it is an update, QueryTooComplexError, EgressRefusedError.
    """
    if scanned.form == "update":
        raise BadParameterError(
            "This is an update, and the query operation takes queries only. Send it by POST, as "
            "the parameter `update` of a form or as application/sparql-update."
        )
    refuse(scanned, service.text_limits, service=bool(service.outside.origins))
    return scanned


def hinted(planned: QueryPlan, hints: tuple[Hint, ...]) -> QueryPlan:
    """Return the plan with hints about the request. They belong to this request alone, so a page,
    which shows them, is not cached."""
    if not hints:
        return planned
    shape = replace(planned.shape, hints=(*planned.shape.hints, *hint_fields(hints)))
    if planned.choice.format.kind != "page":
        return replace(planned, shape=shape)
    return replace(planned, shape=replace(shape, tag=None), body=None, hints=hints)


def _any_choice() -> FormatChoice:
    """The format for a text that is no query: the engine will report the syntax error."""
    json = formats.FORMATS[0]
    return FormatChoice(json, json.media_type)


def acceptable_coding(call: SparqlRequest) -> AcceptedEncoding:
    """Return the content coding that the client prefers.

    Raises: NotAcceptableError where it accepts none of those supported.
    """
    found = wish(call.field(b"accept-encoding"))
    if found is None:
        available = [*CODINGS, IDENTITY]
        raise NotAcceptableError(
            f"There are the content codings {', '.join(available)}.",
            extras={"available": available},
        )
    return found


def engine_mark(context: QueryContext) -> tuple[str, str]:
    """Return the mark of the revision, and the name of the engine's row order."""
    return mark(context.revision), context.order


def tag_of(marks: tuple[str, str], content_type: str, body: BodyKey) -> str:
    """Return an entity tag for the answer, different for each revision, row order, query, dataset
    and format."""
    return tags_of(marks, content_type, body)(body.text)


def tags_of(marks: tuple[str, str], content_type: str, body: BodyKey) -> Callable[[str], str]:
    """Return the function from a query's text to the entity tag of its answer, for queries that
    differ from `body` only in their text."""
    graphs = [
        part
        for each in (body.default_graphs, body.named_graphs)
        for part in ("-" if each is None else str(len(each)), *(each or ()))
    ]
    revision, engine = marks
    asked = (body.origin, body.format, content_type, *graphs)
    name = opaque_around((__version__, engine), asked)
    return lambda text: f"{revision}.{name(text)}"


def description_plan(
    context: QueryContext, call: SparqlRequest, choice: FormatChoice
) -> tuple[ResponseShape, BodyKey]:
    """Return the response shape of the service description, and its cache key."""
    body = BodyKey("", None, None, choice.format.name, context.endpoint)
    tag = tag_of(engine_mark(context), choice.content_type, body)
    return ResponseShape(choice.content_type, acceptable_coding(call), tag), body
