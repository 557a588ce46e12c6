"""What is to be done for an operation, decided before the engine is asked.

The lexer reads the form of the query, so that nothing is evaluated that cannot be answered in a
format the client takes, that would reach out, or that is too deep to be read.
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
from spacepolicy.sparql_service.body_key import BodyKey
from spacepolicy.sparql_service.header_fields import (
    described_table,
    hint_fields,
    metadata_fields,
)
from spacepolicy.web.answering.protocol import QueryOperation
from spacepolicy.web.answering.query_context import QueryContext
from spacepolicy.web.answering.response import ResponseShape
from spacepolicy.web.answering.revision_etags import mark, opaque_around
from spacepolicy.web.answering.sparql_request import SparqlRequest
from spacepolicy.web.service import Service

_ENGINE_FORMATS: Final = {"graph": "turtle", "solutions": "json"}
"""The formats that pages are made of."""
_FORMS: Final[Mapping[str, Form]] = {
    "select": "solutions",
    "ask": "boolean",
    "construct": "graph",
    "describe": "graph",
}


@final
@dataclass(frozen=True, slots=True)
class QueryPlan:
    """A query and the dataset it is about, how its answer goes out, and where it is kept: `body` is
    None where it is not. `blocks` are what it asks of others; `hints` are about the request, for
    its page; `kind` is the shape of its text, None where that was not read."""

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
    """The address of the table in CSV that the answer describes."""


def plan(
    service: Service,
    context: QueryContext,
    call: SparqlRequest,
    operation: QueryOperation,
    text: str,
) -> QueryPlan:
    """The plan for the query text.

    Raises: ProblemError where the query is refused, or its answer has no format that is wanted.
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
    """Whether the answer is a table with an address, to which what describes it can lead."""
    return choice.format.name == "csv" and call.method in ("GET", "HEAD")


def _coding(call: SparqlRequest, choice: FormatChoice) -> AcceptedEncoding:
    """The content coding that the client likes best; a whole file of columns is compressed inside,
    and read in parts."""
    found = acceptable_coding(call)
    return AcceptedEncoding(IDENTITY, plain=True) if choice.format.whole and found.plain else found


def allowed(service: Service, scanned: Scan) -> Scan:
    """What the lexer has seen of a query that may be evaluated.

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
    """The plan with hints about the request, which the answers of others do not have: of a page,
    which shows them, nothing is kept."""
    if not hints:
        return planned
    shape = replace(planned.shape, hints=(*planned.shape.hints, *hint_fields(hints)))
    if planned.choice.format.kind != "page":
        return replace(planned, shape=shape)
    return replace(planned, shape=replace(shape, tag=None), body=None, hints=hints)


def _any_choice() -> FormatChoice:
    """For a text that is no query: the engine will tell where it goes wrong."""
    json = formats.FORMATS[0]
    return FormatChoice(json, json.media_type)


def acceptable_coding(call: SparqlRequest) -> AcceptedEncoding:
    """The content coding that the client likes best.

    Raises: NotAcceptableError where it takes none there is.
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
    """The mark of the revision, and a name for the engine that answers over it."""
    return mark(context.revision), context.order


def tag_of(marks: tuple[str, str], content_type: str, body: BodyKey) -> str:
    """A name for the answer: another for every revision, engine, query, dataset and format."""
    return tags_of(marks, content_type, body)(body.text)


def tags_of(marks: tuple[str, str], content_type: str, body: BodyKey) -> Callable[[str], str]:
    """How the answers to texts are named that differ from this one in the text alone."""
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
    """How the service description goes out, and where it is kept."""
    body = BodyKey("", None, None, choice.format.name, context.endpoint)
    tag = tag_of(engine_mark(context), choice.content_type, body)
    return ResponseShape(choice.content_type, acceptable_coding(call), tag), body
