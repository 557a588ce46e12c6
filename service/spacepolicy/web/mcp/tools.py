"""The tools: their names, arguments and functions."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, final
from urllib.parse import urlencode

from pydantic import Field

from spacepolicy.errors import BadParameterError, NotFoundError, ResultLimitError, UsageError
from spacepolicy.proofs.proof_service import read_statement
from spacepolicy.saved_queries import bind
from spacepolicy.web.answering.protocol import timeout_seconds
from spacepolicy.web.explain import PATH as EXPLAIN
from spacepolicy.web.explain import proof_of
from spacepolicy.web.mcp.answer import MAX_BYTES, Answer, fitted
from spacepolicy.web.mcp.evidence import with_evidence
from spacepolicy.web.mcp.quoting import VerifyQuotation, quotation_verified
from spacepolicy.web.mcp.reading import ReadThing, Search, searched, thing_read
from spacepolicy.web.mcp.selection import selected
from spacepolicy.web.mcp.terms import iris_in
from spacepolicy.web.mcp.tool_request import IRI, Arguments, Rows, Seconds, ToolRequest
from spacepolicy.web.mcp.vocabulary import DescribeVocabulary, described_vocabulary
from spacepolicy.web.queries import saved_query, with_things

_ROWS: Final = 50
"""The default number of rows: models seldom read more."""


@final
class RunSavedQuery(Arguments):
    """The arguments of `run_saved_query`."""

    name: Annotated[str, Field(max_length=200, description="the name of a saved query")]
    values: Annotated[
        dict[str, str | list[str]],
        Field(
            description="values of its parameters, several as a list: an IRI, a prefixed name, the "
            "last part of an IRI of the dataset, or a label"
        ),
    ] = Field(default_factory=dict)
    limit: Rows = _ROWS
    timeout_seconds: Seconds = None


@final
class Select(Arguments):
    """The arguments of `select`."""

    query: Annotated[
        str,
        Field(
            min_length=1,
            description="a SPARQL 1.1 SELECT; the ontology's prefixes need no PREFIX line",
        ),
    ]
    limit: Rows = _ROWS
    timeout_seconds: Seconds = None


@final
class ExplainStatement(Arguments):
    """The arguments of `explain_statement`."""

    subject: Annotated[str, Field(min_length=1, max_length=4000, description=IRI)]
    predicate: Annotated[str, Field(min_length=1, max_length=4000, description=f"{IRI}; or a")]
    object: Annotated[
        str, Field(min_length=1, max_length=10_000, description=f"{IRI}, or a literal of Turtle")
    ]


async def _saved_query_run(request: ToolRequest, given: RunSavedQuery) -> Answer:
    query = saved_query(request.app_state, given.name)
    values = {
        name: [each for each in ([value] if isinstance(value, str) else value) if each]
        for name, value in given.values.items()
    }
    text = bind(query, await with_things(request.app_state, query, values))
    answer = await _selected(request, text, given.limit, given.timeout_seconds)
    return replace(answer, query=_without_header(text))


def _without_header(text: str) -> str:
    """The query without the lines of its header."""
    return "".join(line for line in text.splitlines(True) if not line.startswith("#+")).strip()


async def _select(request: ToolRequest, given: Select) -> Answer:
    return await _selected(request, given.query, given.limit, given.timeout_seconds)


async def _selected(request: ToolRequest, text: str, limit: int, seconds: float | None) -> Answer:
    allowed = timeout_seconds(request.service, None if seconds is None else str(seconds))
    found = await selected(request.app_state, request.scope, text, limit, allowed)
    rows, more = fitted(found.rows, limit)
    members: dict[str, Any] = {"variables": list(found.variables), "rows": rows}
    if found.notes:
        members["notes"] = list(found.notes)
    truncated = found.truncated or more
    answer = Answer("found" if rows or truncated else "none", text, members, truncated)
    return await with_evidence(answer, request.app_state, iris_in(rows))


async def _statement_explained(request: ToolRequest, given: ExplainStatement) -> Answer:
    written = given.subject.strip(), given.predicate.strip(), given.object.strip()
    revision = request.service.revision
    query = request.address(f"{EXPLAIN}?{urlencode(dict(zip('spo', written, strict=True)))}")
    try:
        statement = read_statement(written, revision.prefixes, request.base)
    except UsageError as error:
        raise BadParameterError(str(error)) from error
    if request.service.explanations is None or revision.base is None:
        detail = "Nothing is inferred in this store, so that nothing is explained."
        return Answer("unknown", query, {"detail": detail})
    try:
        proof = await proof_of(request.knowledge_cache, statement)
    except NotFoundError as error:
        return Answer("none", query, {"detail": error.detail, **error.extras})
    _, too_large = fitted([proof], 1)
    if too_large:
        raise ResultLimitError(
            f"The proof is larger than the {MAX_BYTES} bytes of an answer; {query} has it.",
            extras={"limit_bytes": MAX_BYTES},
        )
    return await with_evidence(Answer("found", query, proof), request.app_state, iris_in(proof))


@final
@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: `description` tells a model when to use it; `run` takes the arguments as validated by
    the model `arguments`."""

    name: str
    title: str
    description: str
    arguments: type[Arguments]
    run: Callable[[ToolRequest, Any], Awaitable[Answer]]

    @property
    def input_schema(self) -> dict[str, Any]:
        """The JSON Schema of the arguments."""
        return {**self.arguments.model_json_schema(), "title": self.title}


TOOLS: Final[Mapping[str, Tool]] = {
    tool.name: tool
    for tool in (
        Tool(
            "describe_vocabulary",
            "Describe the vocabulary",
            "List the prefixes and the classes, properties, concepts or saved queries of the "
            "dataset, with their names in every language, what they mean and how often they are "
            "used. Begin here before writing SPARQL.",
            DescribeVocabulary,
            described_vocabulary,
        ),
        Tool(
            "search",
            "Search names and words",
            "Find things by their names, definitions and quoted words, in any language. It "
            "forgives misspellings, so compare the names with what was meant.",
            Search,
            searched,
        ),
        Tool(
            "read_thing",
            "Read a thing",
            "Read what the dataset says of one thing, by its exact IRI: each statement with the "
            "passages that state it, their words and offsets, or that it is inferred.",
            ReadThing,
            thing_read,
        ),
        Tool(
            "run_saved_query",
            "Run a saved query",
            "Answer one of the dataset's own questions; describe_vocabulary lists them with their "
            "parameters and columns. Prefer one of these to SPARQL of your own.",
            RunSavedQuery,
            _saved_query_run,
        ),
        Tool(
            "select",
            "Run a SELECT",
            "Answer a SPARQL 1.1 SELECT. The default graph holds what is stated and what follows; "
            "GRAPH ?passage { ... } finds the passage that states something.",
            Select,
            _select,
        ),
        Tool(
            "explain_statement",
            "Explain a statement",
            "Prove a statement: the rules and axioms it follows by, down to the statements of "
            "passages and their words.",
            ExplainStatement,
            _statement_explained,
        ),
        Tool(
            "verify_quotation",
            "Verify a quotation",
            "Compare words with the text of a source: where they stand, and in which passages. "
            "Use it before quoting.",
            VerifyQuotation,
            quotation_verified,
        ),
    )
}
"""Every tool by its name, in the order in which they are listed."""
