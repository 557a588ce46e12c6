"""The application state, and responses from the cache.

Spec: https://www.rfc-editor.org/rfc/rfc9111
"""

import asyncio
from dataclasses import dataclass, replace
from typing import Final, final

from spacepolicy.http.content_codings import IDENTITY
from spacepolicy.http.etags import any_state, matching
from spacepolicy.http.response_cache import CachedResponse, Key, ResponseCache
from spacepolicy.sparql_service.admission import Admission, query_identifier
from spacepolicy.sparql_service.cost_estimates import CostEstimates
from spacepolicy.sparql_service.dispatcher import Dispatcher
from spacepolicy.sparql_service.response_body_key import BodyKey
from spacepolicy.web.answering.graph_statistics import GraphStatistics
from spacepolicy.web.answering.kept_files import KeptFiles
from spacepolicy.web.answering.response import (
    BufferBudget,
    ResponseSender,
    ResponseShape,
    coded,
    send_not_modified,
)
from spacepolicy.web.answering.service_graph import ServiceGraph
from spacepolicy.web.answering.sparql_request import RequestExchange
from spacepolicy.web.answering.words_of_copies import CopyWords
from spacepolicy.web.service import Service

_MAX_PROOFS: Final = 4
"""How many proofs are searched for at once, each in a process with the dataset in memory; most are
found at once, and they do not compete with long queries for seats."""


_MAX_SEARCHES: Final = 2
"""How many searches of names run at once, in threads of this process: one for words with mistakes
takes 0.06 s of a processor over 100,000 statements and 0.1 over 300,000, by others ten times as
long, and fifty at once took 20 s each on a busy machine."""


@final
@dataclass(frozen=True, slots=True)
class AppState:
    """The service, and what it keeps between requests. The lock `reading` serialises the parsing of
    long texts, so that they cannot crowd out the short ones."""

    service: Service
    running: Admission
    cache: ResponseCache
    contents: GraphStatistics
    service_graph: ServiceGraph
    copy_words: CopyWords
    reading: asyncio.Lock
    dispatcher: Dispatcher
    costs: CostEstimates
    gathering: BufferBudget
    files: KeptFiles
    proofs: Admission
    searches: Admission

    @property
    def number(self) -> int:
        """The number of the served revision."""
        return self.service.revision.number

    @property
    def edition(self) -> int:
        """The cache key of the served revision."""
        return self.service.revision.edition


def make_app_state(service: Service) -> AppState:
    """Return the initial state of a service."""
    return AppState(
        service,
        Admission(service.max_running, service.max_waiting, max(4, 4 * service.engine.abreast)),
        ResponseCache(service.max_cache_bytes),
        GraphStatistics(),
        ServiceGraph(),
        CopyWords(),
        asyncio.Lock(),
        Dispatcher(service.engine, service.patience_seconds, service.max_waiting),
        CostEstimates(),
        BufferBudget(service.max_cache_bytes // 4),
        KeptFiles(),
        Admission(_MAX_PROOFS, service.max_waiting),
        Admission(_MAX_SEARCHES, service.max_waiting),
    )


async def answer_again(app_state: AppState, exchange: RequestExchange) -> bool:
    """Answer from the cache if exactly this request was answered before; return whether it was."""
    head = app_state.cache.response(app_state.edition, exchange.key)
    if head is None:
        return False
    exchange.notes.kind, exchange.notes.query = "kept", head.query
    condition = exchange.call.field(b"if-none-match")
    if matching(condition, [head.etag]) or any_state(condition):
        await send_not_modified(exchange.send, head.fields, head.etag)
        return True
    body = await _kept(app_state, head.body, head.coding)
    if body is None:
        return False
    await ResponseSender(exchange, query_identifier(None)).whole(head.fields, body)
    return True


async def answer_known(
    app_state: AppState, exchange: RequestExchange, shape: ResponseShape, body_key: BodyKey | None
) -> bool:
    """Answer with a 304 or from the cache; return whether that was possible."""
    known = shape.known(exchange.call)
    if known is not None:
        await send_not_modified(exchange.send, shape.head(IDENTITY), known)
        return True
    file = app_state.files.get(shape.tag) if shape.wish.coding == IDENTITY else None
    if file is not None:
        await ResponseSender(exchange, query_identifier(None)).file(shape.head(IDENTITY), file)
        return True
    plain = app_state.cache.body(app_state.edition, body_key) if body_key else None
    if body_key is None or plain is None:
        return False
    shape = replace(shape, fields=app_state.cache.fields(app_state.edition, body_key))
    await send_whole(
        app_state, ResponseSender(exchange, query_identifier(None)), shape, body_key, plain
    )
    return True


async def send_whole(
    app_state: AppState,
    reply: ResponseSender,
    shape: ResponseShape,
    body_key: BodyKey | None,
    plain: bytes,
) -> None:
    """Send a complete body; body and head are cached where `body_key` is given."""
    coding = shape.wish.of(len(plain))
    fields = shape.head(coding)
    body = None
    if body_key is not None:
        app_state.cache.keep_body(app_state.edition, body_key, plain, fields=shape.fields)
        tag = dict(fields)[b"etag"].decode()
        head = CachedResponse(body_key, coding, tag, fields, query=body_key.text)
        request = reply.exchange.key
        app_state.cache.keep_response(app_state.edition, request, head, request.size)
        body = await _kept(app_state, body_key, coding)
    await reply.whole(fields, await coded(plain, coding) if body is None else body)


async def _kept(app_state: AppState, key: Key, coding: str) -> bytes | None:
    """The cached body in the coding; coded and cached now, where only the plain one was."""
    body = app_state.cache.body(app_state.edition, key, coding)
    plain = app_state.cache.body(app_state.edition, key) if body is None else None
    if plain is not None:
        body = await coded(plain, coding)
        app_state.cache.keep_body(app_state.edition, key, body, coding=coding)
    return body
