"""Liveness, readiness, and the running queries."""

from typing import Annotated, Any, Final

from fastapi import Path, Request
from starlette.responses import Response

from spacepolicy.errors import DamagedError, NotFoundError, ProblemError
from spacepolicy.replication.replica import Replica
from spacepolicy.sparql_service.admission import RunningQuery
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.auth import token_of
from spacepolicy.web.routes import Handler

_OWN: Final = {"Cache-Control": "no-store", "Vary": "Authorization"}
Identifier = Annotated[str, Path(description="the query's X-Query-Id")]


def livez() -> dict[str, str]:
    """Whether the process runs."""
    return {"status": "alive"}


def readiness(app_state: AppState) -> Handler:
    """Return the handler of the readiness probe."""

    def readyz(response: Response) -> dict[str, Any]:
        """Whether queries are answered, and over which revision; 503 where a file that it rests on
        is damaged. `loading`: the dataset is still being loaded into memory, and is answered from
        disk meanwhile. `damaged` has older revisions of which something is. Of a store elsewhere:
        503 while it holds a revision in part, or does not say which. `replica` says how far behind
        its leader a replica is, when that was heard, and why nothing is taken, if so."""
        published = app_state.service.published
        try:
            revision = app_state.service.revision if published is None else published.look()
        except ProblemError as error:
            response.status_code = error.status
            response.headers.update(error.headers)
            return {"status": error.kind, "reason": error.detail, **error.extras}
        stale = app_state.service.stale
        damage, lost = app_state.service.history.damage(), app_state.service.history.lost
        if damage is not None:
            response.status_code = DamagedError.status
        return {
            "status": "damaged" if damage else "ready" if stale is None else "stale",
            "revision": revision.number,
            "time": revision.time,
            **_of_replica(app_state.service.replica, revision.time),
            "loading": app_state.service.engine.loading,
            "statements": {
                "record": revision.counts.record,
                "inferred": revision.counts.inferred,
                "default graph": revision.counts.default,
            },
            **({"store": published.url} if published else {}),
            **({"reason": damage or stale} if damage or stale else {}),
            **({"damaged": {str(number): each for number, each in lost.items()}} if lost else {}),
        }

    return readyz


def _of_replica(replica: Replica | None, published: str) -> dict[str, Any]:
    return {} if replica is None else {"replica": replica.told(published)}


# The handlers below are coroutines: `Admission` belongs to the event loop.


def running_queries(app_state: AppState) -> Handler:
    """Return the handler that lists the waiting and running queries."""

    async def running(request: Request, response: Response) -> dict[str, Any]:
        """The queries on their way: how many, in which state, how old; text and name are for those
        alone who bring a token with the scope admin."""
        response.headers.update(_OWN)
        show = _shown_to_admin if _is_admin(request) else _shown
        tickets = [show(ticket) for ticket in app_state.running.tickets()]
        return {
            "running": sum(ticket["state"] != "waiting" for ticket in tickets),
            "waiting": sum(ticket["state"] == "waiting" for ticket in tickets),
            "max_running": app_state.running.max_running,
            "max_waiting": app_state.running.max_waiting,
            "queries": tickets,
        }

    return running


def running_query(app_state: AppState) -> Handler:
    """Return the handler of the state of one query."""

    async def one(request: Request, identifier: Identifier, response: Response) -> dict[str, Any]:
        """The state and the age of one query."""
        response.headers.update(_OWN)
        ticket = app_state.running.ticket(identifier)
        if ticket is None:
            raise _gone()
        return _shown_to_admin(ticket) if _is_admin(request) else _shown(ticket)

    return one


def cancellation(app_state: AppState) -> Handler:
    """Return the handler that cancels a query."""

    async def cancel(identifier: Identifier) -> None:
        """Stop the query: its client sees a problem, or a body that breaks off."""
        if not app_state.running.cancel(identifier):
            raise _gone()

    return cancel


def _shown(ticket: RunningQuery) -> dict[str, Any]:
    return {"state": ticket.state, "age_seconds": round(ticket.age_seconds(), 3)}


def _shown_to_admin(ticket: RunningQuery) -> dict[str, Any]:
    return {**_shown(ticket), "id": ticket.identifier, "query": ticket.text}


def _is_admin(request: Request) -> bool:
    token = token_of(request.scope)
    return token is not None and token.allows("admin")


def _gone() -> NotFoundError:
    return NotFoundError("No query of that name is running.")
