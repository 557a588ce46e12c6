"""Proofs of statements over HTTP: as JSON, and as a page with the quoted words."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, final
from urllib.parse import urlencode

from fastapi import Request
from pyoxigraph import Literal, NamedNode, Triple
from starlette.datastructures import QueryParams
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from spacepolicy.engine.answer_frames import Data, End, FrameDecoder, Problem
from spacepolicy.engine.port import broken_off
from spacepolicy.engine.requests import CHUNK_BYTES
from spacepolicy.errors import BadParameterError, NotFoundError, TimeLimitError, UsageError
from spacepolicy.formats import FormatChoice
from spacepolicy.proofs.proof_service import Explanations, read_statement, statement_to_bytes
from spacepolicy.sparql_service.admission import query_identifier
from spacepolicy.web import pages
from spacepolicy.web.answering import internal_queries
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.representation import (
    JSON,
    PAGE,
    DeferredRepresentation,
    Representation,
    json_body,
    representation,
)
from spacepolicy.web.answering.verifying import words_of_copies
from spacepolicy.web.iri_routing import Address
from spacepolicy.web.linked_data.documents import is_known, names_of
from spacepolicy.web.linked_data.knowledge_cache import KnowledgeCache
from spacepolicy.web.linked_data.labels import Labels, Link
from spacepolicy.web.proof_svg import DrawnStep, proof_drawing
from spacepolicy.web.routes import Handler

PATH: Final = "/explain"
_VOWELS: Final = frozenset("aeiou")
_PARTS: Final = {"s": "subject", "p": "predicate", "o": "object"}
_NEAR: Final = 5
"""How many other statements about the subject are shown where the requested one does not hold: as
many as are read at a glance."""
_WRITTEN: Final = (
    "an IRI, a name with a prefix that the ontology declares, or <…> relative to the base"
)


def explanation(knowledge_cache: KnowledgeCache) -> Handler:
    """Return the handler of proofs."""
    app_state = knowledge_cache.app_state

    @representation(app_state, offers=(JSON, PAGE))
    async def explained(
        request: Request, choice: FormatChoice
    ) -> DeferredRepresentation | Response:
        """The proof of a statement: rules and axioms down to what is stated, and its words."""
        given = QueryParams(request.scope["query_string"])
        if choice.format is not JSON and not any(map(given.get, _PARTS)):
            page = pages.render("explain.html", app_state.service, given={}, steps=None)
            return HTMLResponse(page, headers={"Vary": "Accept"})
        statement = _statement(app_state, request.scope)

        async def make() -> Representation:
            proof = await proof_of(knowledge_cache, statement)
            if choice.format is JSON:
                return Representation(json_body(proof))
            return Representation((await _page(app_state, given, proof)).encode())

        name = f"{PATH} {statement} {request.scope['query_string']!r}"
        return DeferredRepresentation(name, make)

    return explained


def statement_parameters(app_state: AppState) -> dict[str, Any]:
    """Return the OpenAPI description of the parameters."""
    base = app_state.service.revision.base
    examples = {"s": f"<{base}ontology>", "p": "a", "o": "<http://www.w3.org/2002/07/owl#Ontology>"}
    return {
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": True,
                "description": f"the {part}: {_WRITTEN}",
                "schema": {"type": "string"},
                **({} if base is None else {"example": examples[name]}),
            }
            for name, part in _PARTS.items()
        ]
    }


def _statement(app_state: AppState, scope: Scope) -> Triple:
    """Raises: BadParameterError where a term is missing, repeated or cannot be read."""
    given = QueryParams(scope["query_string"])
    for name, part in _PARTS.items():
        if len(given.getlist(name)) != 1 or not given[name].strip():
            raise BadParameterError(f"The parameter {name!r} says once what the {part} is.")
    revision = app_state.service.revision
    written = given["s"].strip(), given["p"].strip(), given["o"].strip()
    base = revision.base or app_state.service.url(scope, "/")
    try:
        return read_statement(written, revision.prefixes, base)
    except UsageError as error:
        raise BadParameterError(str(error)) from error


async def proof_of(knowledge_cache: KnowledgeCache, statement: Triple) -> dict[str, Any]:
    """Search for the proof, with admission separate from queries and a timeout.

    Raises: NotFoundError where the statement does not hold; ProblemError.
    """
    app_state = knowledge_cache.app_state
    service = app_state.service
    if service.explanations is None or service.revision.base is None:
        raise NotFoundError("Nothing is inferred in this store, so that nothing is explained.")
    try:
        async with app_state.proofs.admitted(query_identifier(None), service.max_wait_seconds):
            async with asyncio.timeout(service.timeout_seconds):
                found = await _received(service.explanations, app_state, statement)
    except TimeoutError as error:
        raise TimeLimitError("No proof was found in the time that there is.") from error
    except NotFoundError as error:
        raise await _not_found(knowledge_cache, statement) from error
    proof: dict[str, Any] = json.loads(found)
    of_copies = await words_of_copies(app_state)
    for origin in _references(proof):
        origin["words"] = of_copies.get(origin["graph"])
    return proof


def _references(proof: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The passages by reference that state something in the proof."""
    for step in proof["steps"]:
        origins = (*step.get("stated", ()), *step.get("axiom", {}).get("stated", ()))
        yield from (origin for origin in origins if "locator" in origin)


async def _received(explanations: Explanations, app_state: AppState, statement: Triple) -> bytes:
    """Send the statement, and return the data received for it.

    Raises: ProblemError where a frame holds one, or the connection breaks off.
    """
    loop = asyncio.get_running_loop()
    connection, decoder = explanations.connect(app_state.service.revision), FrameDecoder()
    payloads: list[bytes] = []
    try:
        connection.setblocking(False)
        await loop.sock_sendall(connection, statement_to_bytes(statement))
        while piece := await loop.sock_recv(connection, CHUNK_BYTES):
            for frame in decoder.feed(piece):
                match frame:
                    case Data(payload):
                        payloads.append(payload)
                    case End():
                        return b"".join(payloads)
                    case Problem(error):
                        raise error
                    case _:
                        pass
        raise broken_off()
    except OSError as error:
        raise broken_off() from error
    finally:
        explanations.release(connection, reusable=decoder.reusable)


async def _not_found(knowledge_cache: KnowledgeCache, statement: Triple) -> NotFoundError:
    """The problem of a statement that does not hold, with similar statements about its subject,
    or things with similar names where the subject is unknown."""
    subject, predicate, value = statement
    found = await internal_queries.rows(
        knowledge_cache.app_state,
        f"SELECT ?p ?o {{ {subject} ?p ?o FILTER (?p = {predicate} || sameTerm(?o, {value})) "
        f"FILTER (!isBlank(?o)) }} ORDER BY ?p ?o LIMIT {_NEAR}",
    )
    unknown = isinstance(subject, NamedNode) and not await is_known(
        knowledge_cache.app_state, subject
    )
    if isinstance(subject, NamedNode) and unknown:
        path = subject.value.removeprefix(knowledge_cache.app_state.service.revision.base or "")
        return await knowledge_cache.not_found(Address(subject, path, None))
    near = [f"{subject} {row['p']} {row['o']}" for row in found]
    hint = f" Near it: {', '.join(near)}." if near else ""
    asked = ({"s": str(subject), "p": str(row["p"]), "o": str(row["o"])} for row in found)
    return NotFoundError(
        f"{subject} {predicate} {value} is neither stated nor inferred.{hint}",
        extras={
            "near": [
                {"statement": each, "explanation": f"{PATH}?{urlencode(terms)}"}
                for each, terms in zip(near, asked, strict=True)
            ]
        },
    )


@final
@dataclass(frozen=True, slots=True)
class _Stated:
    """A graph that states something; for a passage its words, or its locator and address."""

    link: Link
    words: str | None
    locator: str | None = None
    address: str | None = None


@final
@dataclass(frozen=True, slots=True)
class _Step:
    """A step of a proof, for the page."""

    number: int
    terms: tuple[Link, ...]
    text: str
    rule: str | None
    axiom: str | None
    stated: tuple[_Stated, ...]
    premises: tuple[int, ...]


async def _page(app_state: AppState, given: QueryParams, proof: Mapping[str, Any]) -> str:
    """The page of the proof; it begins with the statement itself."""
    iris = {NamedNode(iri) for iri in _iris(proof)}
    about = [Triple(iri, iri, iri) for iri in sorted(iris, key=str)]
    names = Labels(app_state.service, await names_of(app_state, about))
    steps = [_step(names, each) for each in reversed(proof["steps"])]
    values = {name: given[name] for name in _PARTS}
    return pages.render(
        "explain.html",
        app_state.service,
        given=values,
        steps=steps,
        why=steps[0],
        evidence=_evidence(steps),
        drawing=proof_drawing([_drawn(each) for each in steps]),
    )


def _evidence(steps: Sequence[_Step]) -> list[_Stated]:
    """The quotations that the proof rests on: the shortest of each stated step, without
    duplicates."""
    found: dict[Link, _Stated] = {}
    for step in steps:
        quoted = [each for each in step.stated if each.words is not None and not step.rule]
        if quoted:
            shortest = min(quoted, key=lambda each: len(each.words or ""))
            found.setdefault(shortest.link, shortest)
    return list(found.values())


def _drawn(step: _Step) -> DrawnStep:
    """The step for the drawing: its subject in one line, the rest in another."""
    texts = [each.text for each in step.terms]
    lines = (texts[0], " ".join(texts[1:])) if texts else (step.text, "")
    text = " ".join(texts) or step.text
    return DrawnStep(step.number, lines, text, step.rule, step.axiom, step.premises)


def _iris(value: object) -> Iterator[str]:
    """The IRIs of terms and graphs anywhere in the proof."""
    match value:
        case {"type": "uri", "value": str(iri)}:
            yield iri
        case dict():
            yield from (graph for graph in [value.get("graph")] if graph)
            for each in value.values():
                yield from _iris(each)
        case list():
            for each in value:
                yield from _iris(each)


def _step(names: Labels, step: Mapping[str, Any]) -> _Step:
    axiom = step.get("axiom")
    stated = axiom["stated"] if axiom else step.get("stated", ())
    return _Step(
        step["step"],
        _as_sentence(tuple(_terms(names, step["statement"]))),
        step["text"],
        step.get("rule"),
        axiom["text"] if axiom else None,
        tuple(_stated(names, each) for each in stated),
        tuple(step.get("premises", ())),
    )


def _stated(names: Labels, origin: Mapping[str, Any]) -> _Stated:
    words = origin.get("exact", origin.get("words"))
    return _Stated(
        names.link(NamedNode(origin["graph"])),
        words,
        origin.get("locator"),
        origin.get("address"),
    )


def _as_sentence(terms: tuple[Link, ...]) -> tuple[Link, ...]:
    """The terms with the English article before a vowel: “is an actor”."""
    initial = "".join(each.text[:1] for each in terms[2:]).lower()
    if terms and terms[1].language == "en" and terms[1].text.endswith(" a") and initial in _VOWELS:
        return (terms[0], replace(terms[1], text=f"{terms[1].text}n"), terms[2])
    return terms


def _terms(names: Labels, statement: Mapping[str, Any]) -> Iterator[Link]:
    """The terms by name; empty where one of them is a blank node or a triple."""
    terms = [statement[part] for part in _PARTS.values()]
    if any(term["type"] not in ("uri", "literal") for term in terms):
        return
    for term in terms:
        if term["type"] == "uri":
            yield names.link(NamedNode(term["value"]))
        else:
            value = Literal(term["value"], language=term.get("xml:lang"))
            yield Link(value.value, None, "", value.language)
