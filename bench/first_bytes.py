"""How soon a large answer begins: the time to its first bytes, after which its client leaves."""

import http.client
import statistics
import time
from collections.abc import Iterator
from itertools import islice
from typing import Final

from bench.graphs import Things
from bench.servers import Server
from bench.tables import Figure
from bench.workloads import many_rows
from bench.wrk import RESULTS

_TIMES: Final = 9
_APART_SECONDS: Final = 0.2
"""Between two: what a server does after its client has left is no part of the next."""


def figures(ours: Server, peer: Server, things: Things, seed: int) -> Iterator[Figure]:
    """The middle and the most of some answers, of each server, asked in turns."""
    delays: dict[str, list[float]] = {ours.name: [], peer.name: []}
    for query in islice(many_rows(things, seed + 4), _TIMES):
        for server in (peer, ours):
            delays[server.name].append(1000 * seconds(server, query))
    for name, each in delays.items():
        yield Figure(f"{name}", statistics.median(each), "ms", note=f"at most {max(each):.0f}")


def seconds(server: Server, query: str) -> float:
    """The seconds until the first byte of the body.

    Raises: RuntimeError where the answer is no success.
    """
    client = http.client.HTTPConnection("127.0.0.1", server.endpoint.port, timeout=120)
    try:
        began = time.monotonic()
        client.request("GET", server.endpoint.target(query), headers={"Accept": RESULTS})
        answer = client.getresponse()
        first = answer.read(1)
        taken = time.monotonic() - began
    finally:
        client.close()
    if answer.status != 200 or not first:
        raise RuntimeError(f"{server.name}: {answer.status} without a body")
    time.sleep(_APART_SECONDS)
    return taken
