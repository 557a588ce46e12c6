"""The SPARQL protocol's update operation.

The lexer checks the endpoints and the nesting depth of a text before it is parsed, which happens in
the writer's worker.

Spec: https://www.w3.org/TR/sparql11-protocol/#update-operation
"""

import asyncio
from typing import Final

from starlette.responses import Response
from starlette.types import Scope

from spacepolicy.engine.lexer import refuse, scan
from spacepolicy.errors import BadParameterError
from spacepolicy.store.write_requests import Update, WriteRequest
from spacepolicy.web.answering.protocol import UpdateOperation
from spacepolicy.web.answering.revision_etags import mark
from spacepolicy.web.answering.sparql_request import may_update
from spacepolicy.web.memento import refuse_revision
from spacepolicy.web.service import Service
from spacepolicy.web.writing.preconditions import conditions_on_dataset
from spacepolicy.web.writing.write_response import check_acceptable, done, tried
from spacepolicy.web.writing.write_service import WriteService, is_dry_run, message

_SHORT_TEXT: Final = 4096
"""Shorter texts are scanned at once; the lexer takes some milliseconds for this length."""


async def update_response(
    service: Service,
    writes: WriteService,
    scope: Scope,
    operation: UpdateOperation,
    reading: asyncio.Lock,
) -> Response:
    """Carry out the update and return its response; a long text is scanned under the lock.

    Raises: ProblemError; nothing is written then.
    """
    token = may_update(service, scope)
    refuse_revision(scope)
    dry_run = is_dry_run(scope)
    if dry_run:
        check_acceptable(scope)
    if len(operation.text) < _SHORT_TEXT:
        _check(service, operation)
    else:
        async with reading:
            await asyncio.to_thread(_check, service, operation)
    conditions = conditions_on_dataset(service.history, scope)
    request = WriteRequest(
        operation=Update(
            text=operation.text,
            base=service.url(scope, "/sparql"),
            using_graphs=operation.using_graphs,
            using_named_graphs=operation.using_named_graphs,
            prefixes=service.revision.prefixes,
        ),
        author=f"token {token.identifier}",
        message=message(scope),
        may_write=token.graphs,
        expected=conditions.expected,
        dry_run=dry_run,
        timeout_seconds=operation.timeout_seconds,
    )
    with writes.admitted() as writer:
        written = await writes.write(scope, writer, request)
    if dry_run:
        return tried(scope, written)
    return done(written, headers={"ETag": f'"{mark(written.revision)}"'})


def _check(service: Service, operation: UpdateOperation) -> None:
    """Raises: ProblemError where the text is no update, or is refused."""
    scanned = scan(operation.text, service.revision.prefixes)
    if scanned.form not in (None, "update"):
        raise BadParameterError(
            "This is a query, and the update operation takes updates only. Send it as the "
            "parameter `query`, or as application/sparql-query."
        )
    refuse(scanned, service.text_limits)
    parameters = operation.using_graphs or operation.using_named_graphs
    if parameters and scanned.scoped:
        raise BadParameterError(
            "The dataset is named by the request's using parameters or by the text's USING and "
            "WITH, not by both."
        )
