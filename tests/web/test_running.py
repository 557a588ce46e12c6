"""Seats, the queue, and how a query is cancelled."""

import asyncio
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from spacepolicy.errors import BadParameterError, OverloadedError, QueryCancelledError
from spacepolicy.sparql_service.admission import Admission, query_identifier
from spacepolicy.web.service import Service

from .conftest import Site, serve

pytestmark = pytest.mark.alone

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
LONG = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


@pytest.fixture(scope="module")
def narrow(service: Service) -> Iterator[Site]:
    """A site with one seat, and one place to wait."""
    with serve(replace(service, max_running=1, max_waiting=1, max_wait_seconds=0.5)) as site:
        yield site


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of the tests that are coroutines."""
    return "asyncio"


@contextmanager
def asking(site: Site, query: str) -> Iterator[tuple[str, list[httpx.Response | Exception]]]:
    """A query on its way in a thread, by its identifier; what came of it once it has ended."""
    identifier, came = secrets.token_urlsafe(16), list[httpx.Response | Exception]()

    def ask() -> None:
        headers = {"X-Query-Id": identifier}
        try:
            came.append(httpx.get(f"{site.client.base_url}/sparql", params={"query": query},
                                  headers=headers, timeout=30))  # fmt: skip
        except httpx.HTTPError as error:
            came.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    until(lambda: site.client.get(f"/running/{identifier}").status_code == 200)
    try:
        yield identifier, came
    finally:
        site.client.delete(f"/running/{identifier}")
        thread.join()


def until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError


def told(site: Site) -> dict[str, Any]:
    members: dict[str, Any] = site.client.get("/running").json()
    return members


def test_nothing_runs_at_rest(narrow: Site) -> None:
    until(lambda: told(narrow)["running"] == 0)
    assert told(narrow) == {
        "running": 0, "waiting": 0, "max_running": 1, "max_waiting": 1, "queries": [],
    }  # fmt: skip


def test_what_runs_is_told_by_state_and_age_and_nothing_else(narrow: Site) -> None:
    with asking(narrow, RUNAWAY) as (identifier, _):
        answer = narrow.client.get("/running")
        assert answer.json()["running"] == 1
        assert answer.json()["queries"][0].keys() == {"state", "age_seconds"}
        assert answer.headers["cache-control"] == "no-store"
        assert identifier not in answer.text
        assert "SELECT" not in answer.text


def test_a_cancelled_query_is_told_so_and_its_seat_is_free(narrow: Site) -> None:
    with asking(narrow, RUNAWAY) as (identifier, came):
        assert narrow.client.delete(f"/running/{identifier}").status_code == 204
        until(lambda: bool(came))
        assert isinstance(came[0], httpx.Response)
        assert came[0].status_code == 409
        assert came[0].json()["type"].endswith("/problems/cancelled")
        assert came[0].headers["x-query-id"] == identifier
        assert narrow.client.get("/sparql", params={"query": COUNT}).status_code == 200
        assert narrow.client.delete(f"/running/{identifier}").status_code == 404


def test_a_query_cancelled_while_it_sends_breaks_off(narrow: Site) -> None:
    with narrow.client.stream("GET", "/sparql", params={"query": LONG}) as answer:
        identifier = answer.headers["x-query-id"]
        pieces = answer.iter_raw()
        next(pieces)
        assert narrow.client.delete(f"/running/{identifier}").status_code == 204
        with pytest.raises(httpx.RemoteProtocolError):
            list(pieces)


def test_too_many_long_ones_are_told_to_come_again(narrow: Site) -> None:
    with asking(narrow, RUNAWAY), asking(narrow, RUNAWAY + " "):
        until(lambda: (told(narrow)["running"], told(narrow)["waiting"]) == (1, 1))
        refused = narrow.client.get("/sparql", params={"query": RUNAWAY + "  "})
        assert refused.status_code == 503
        assert refused.json()["type"].endswith("/problems/overloaded")
        assert int(refused.headers["retry-after"]) > 0


def test_waiting_too_long_is_overload_too(narrow: Site) -> None:
    with asking(narrow, RUNAWAY):
        refused = narrow.client.get("/sparql", params={"query": RUNAWAY + " #"})
        assert refused.json()["type"].endswith("/problems/overloaded")


def test_short_ones_are_answered_beside_long_ones(narrow: Site) -> None:
    with asking(narrow, RUNAWAY), asking(narrow, RUNAWAY + " "):
        for number in range(5):
            query = f"ASK {{ ?s ?p {number} }}"
            assert narrow.client.get("/sparql", params={"query": query}).status_code == 200
        assert narrow.client.get("/sparql", params={"query": COUNT}).status_code == 200
        assert narrow.client.get("/catalog").status_code == 200


def test_a_long_one_gets_a_seat_when_one_is_free(narrow: Site) -> None:
    with (
        asking(narrow, RUNAWAY) as (identifier, _),
        asking(narrow, RUNAWAY + "   ") as (waiting, _),
    ):
        until(lambda: told(narrow)["waiting"] == 1)
        assert narrow.client.delete(f"/running/{identifier}").status_code == 204
        until(lambda: told(narrow)["waiting"] == 0)
        assert narrow.client.get(f"/running/{waiting}").json()["state"] == "running"


def test_one_identifier_is_for_one_query(narrow: Site) -> None:
    with asking(narrow, RUNAWAY) as (identifier, _):
        headers = {"X-Query-Id": identifier}
        answer = narrow.client.get("/sparql", params={"query": "ASK {}"}, headers=headers)
        assert answer.status_code == 400


@pytest.mark.parametrize("text", ["", "short", "x" * 65, "not allowed characters!!!!!"])
def test_an_identifier_that_could_be_guessed_is_refused(text: str) -> None:
    with pytest.raises(BadParameterError):
        query_identifier(text)


@pytest.mark.anyio
async def test_seats_go_to_those_who_waited_longest() -> None:
    running, order = Admission(1, 10), list[int]()

    async def ask(number: int) -> None:
        async with running.admitted(str(number), 1):
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*map(ask, range(8)))
    assert order == list(range(8))
    assert running.tickets() == ()


@asynccontextmanager
async def full(running: Admission) -> AsyncIterator[None]:
    """All seats taken by others, until the block ends."""
    gone = asyncio.Event()

    async def sit(number: int) -> None:
        async with running.admitted(f"sitting {number}", 1):
            await gone.wait()

    sitting = [asyncio.create_task(sit(number)) for number in range(running.max_running)]
    await asyncio.sleep(0)
    yield
    gone.set()
    await asyncio.gather(*sitting)


@pytest.mark.anyio
async def test_who_gives_up_waiting_leaves_no_seat_behind() -> None:
    running = Admission(2, 5)
    async with full(running):
        with pytest.raises(OverloadedError):
            async with running.admitted("late", 0.01):
                raise AssertionError
        waiting = asyncio.create_task(enter(running, "gone"))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        stopped = asyncio.create_task(enter(running, "stopped"))
        await asyncio.sleep(0)
        assert running.cancel("stopped")
        with pytest.raises(QueryCancelledError):
            await stopped
    async with full(running):
        assert len(running.tickets()) == 2
    assert running.tickets() == ()


async def enter(running: Admission, identifier: str) -> None:
    async with running.admitted(identifier, 1):
        pass


@pytest.mark.anyio
async def test_a_seat_given_to_one_who_leaves_in_that_moment_is_not_lost() -> None:
    running = Admission(1, 5)
    async with full(running):
        waiting = asyncio.create_task(enter(running, "waiting"))
        await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(10), running.admitted("next", 10):
        pass


@pytest.mark.anyio
async def test_a_seat_that_is_claimed_again_is_one_too_many_until_another_is_left() -> None:
    running = Admission(max_running=1, max_waiting=1)
    async with running.registered("a" * 22) as ticket:
        seat = await running.seat(ticket, 1)
        seat.lend()
        assert running.take_seat()
        seat.reclaim()
        waiting = asyncio.create_task(enter(running, "b" * 22))
        await asyncio.sleep(0.01)
        running.leave_seat()
        await asyncio.sleep(0.01)
        assert not waiting.done()
        seat.leave()
        await waiting
    assert running.idle


@pytest.mark.anyio
async def test_whoever_lends_its_seat_for_longest_is_stopped_for_others() -> None:
    running = Admission(max_running=1, max_waiting=1)
    stopped = asyncio.create_task(lend(running, "a" * 22))
    await asyncio.sleep(0.01)
    second = asyncio.create_task(lend(running, "b" * 22))
    with pytest.raises(OverloadedError):
        await stopped
    assert [ticket.identifier for ticket in running.tickets()] == ["b" * 22]
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    assert running.idle


async def lend(running: Admission, identifier: str) -> None:
    async with running.registered(identifier) as ticket:
        seat = await running.seat(ticket, 1)
        try:
            seat.lend()
            await asyncio.sleep(10)
        finally:
            seat.leave()


@pytest.mark.anyio
async def test_those_known_to_be_quick_come_first_to_a_slot() -> None:
    running, order = Admission(1, 1, slots=1), list[str]()

    async def begin(name: str, *, first: bool) -> None:
        async with running.registered(name) as ticket:
            await running.slot(ticket, 10, first=first)
            order.append(name)
            await asyncio.sleep(0.01)
            running.leave_slot()

    names = (("one", False), ("two", False), ("known", True))
    await asyncio.gather(*(begin(name, first=first) for name, first in names))
    assert order == ["one", "known", "two"]
    assert running.idle
