"""Look-ups while every processor has a query that does not end: warm, cold, and after a write."""

import http.client
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from bench.graphs import Things
from bench.loading import write
from bench.measuring import Queries
from bench.servers import Server
from bench.tables import Figure
from bench.vocabulary import BASE
from bench.workloads import WORKLOADS, cross_product
from bench.wrk import RESULTS, Load, Measured, measure

_CLIENTS: Final = 8
_RATE: Final = 0.7
_P99_MS: Final = 25.0
_EXPECTED_RATE: Final = 10_000.0
"""Answers a second for which queries are prepared before a rate is known."""
_BEGUN_SECONDS: Final = 0.5
"""Until all cross products are being computed."""
_SMALL: Final = b"<urn:overload:s> <urn:overload:p> %d ."


class LookUps:
    """Look-ups that no one has asked yet."""

    def __init__(self, things: Things, seconds: float, seed: int) -> None:
        source = WORKLOADS[0].queries(things, seed)
        self._queries = Queries(source, again=False, rate=_EXPECTED_RATE)
        self._load = Load(seconds, _CLIENTS)

    def measured(self, server: Server) -> Measured:
        """What clients meet now."""
        found = measure(server.endpoint, self._queries.prepare(self._load.seconds), self._load)
        self._queries.rate = max(found.rate, 1000.0)
        return found


def warm(server: Server, look_ups: LookUps) -> tuple[list[Figure], float]:
    """Beside cross products in a service that has answered before; the figures, and the rate of
    look-ups alone, measured before and after."""
    before = look_ups.measured(server)
    with cross_products(server):
        beside = look_ups.measured(server)
    rate = (before.rate + look_ups.measured(server).rate) / 2
    return figures("warm", beside, rate), rate


def cold(server: Server, look_ups: LookUps, rate: float) -> list[Figure]:
    """The same in a service that has just been started."""
    with cross_products(server):
        return figures("cold", look_ups.measured(server), rate)


def after_write(server: Server, look_ups: LookUps, rate: float, token: str) -> list[Figure]:
    """The same right after a write, begun while the cross products are computed."""
    with cross_products(server):
        body = _SMALL % time.monotonic_ns()
        write(server, token, f"PUT /graphs?graph={BASE}graph/small", body, "text/turtle")
        return figures("after a write", look_ups.measured(server), rate)


def figures(when: str, beside: Measured, rate: float) -> list[Figure]:
    """The rate as a share of that without cross products, and the delay."""
    name = f"look-ups beside {_heavy()} cross products, {when}"
    share = beside.rate / rate if rate else 0.0
    note = f"{beside.rate:,.0f}/s of {rate:,.0f}/s{f'; {beside.errors}' if beside.errors else ''}"
    failed = bool(beside.errors)
    return [
        Figure(f"{name}: rate", share, "of their own", _RATE, "at least", note, failed),
        Figure(f"{name}: p99", beside.p99_ms, "ms", _P99_MS),
    ]


@contextmanager
def cross_products(server: Server) -> Iterator[Sequence[http.client.HTTPConnection]]:
    """As many as there are processors, until the block ends: their clients leave then."""
    clients = [
        http.client.HTTPConnection("127.0.0.1", server.endpoint.port) for _ in range(_heavy())
    ]
    try:
        for number, client in enumerate(clients):
            target = server.endpoint.target(cross_product(number))
            client.request("GET", target, headers={"Accept": RESULTS})
        time.sleep(_BEGUN_SECONDS)
        yield clients
    finally:
        for client in clients:
            client.close()


def _heavy() -> int:
    return os.cpu_count() or 1
