"""Whether two servers answer the same, before either is timed."""

import json
from collections import Counter
from itertools import islice

from bench.graphs import Things
from bench.servers import Server
from bench.workloads import Workload
from bench.wrk import TRIPLES

COMPARED = 12
"""How many queries of a kind are compared: the first ones, in an order that the seed gives."""


class DifferentAnswersError(Exception):
    """Two servers answer differently, so that their speed cannot be compared."""


def compare(ours: Server, peer: Server, workload: Workload, things: Things, seed: int) -> int:
    """Compare the answers to queries that are not asked again; how many solutions they had.

    Raises: DifferentAnswersError with the query.
    """
    total = 0
    for query in islice(workload.queries(things, seed), COMPARED if not workload.rows else 1):
        one, other = (content(each.ask(query, workload.accept), workload) for each in (ours, peer))
        if one != other:
            raise DifferentAnswersError(_difference(workload, query, one, other))
        total += sum(one.values())
    return total


def content(body: bytes, workload: Workload) -> Counter[str]:
    """The solutions as a bag, or the statements as a set; how many where only that is fixed."""
    if workload.accept == TRIPLES:
        return Counter(set(body.decode().splitlines()))
    rows = json.loads(body)["results"]["bindings"]
    if workload.rows:
        return Counter({"rows": len(rows)})
    return Counter(json.dumps(row, sort_keys=True) for row in rows)


def _difference(workload: Workload, query: str, one: Counter[str], other: Counter[str]) -> str:
    ours, theirs = one - other, other - one
    return (
        f"{workload.name}: {query}\n"
        f"only ours ({ours.total()}): {next(iter(ours), '')}\n"
        f"only the peer's ({theirs.total()}): {next(iter(theirs), '')}"
    )
