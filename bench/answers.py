"""Whether two servers answer the same, before either is timed."""

import json
from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import Final

from pyoxigraph import RdfFormat, parse

from bench.graphs import Things
from bench.servers import Server
from bench.workloads import Workload
from bench.wrk import TRIPLES

Reader = Callable[[bytes, Workload], Counter[str]]
"""Reads the body of an answer as a bag of what is compared."""

COMPARED: Final = 12
"""How many queries of a kind are compared: the first ones, in an order that the seed gives."""


class DifferentAnswersError(Exception):
    """Two servers answer differently, so that their speed cannot be compared."""


def compare(ours: Server, peer: Server, workload: Workload, things: Things, seed: int) -> int:
    """Compare the answers to queries that are not asked again; how many solutions they had.

    Raises: DifferentAnswersError with the query.
    """
    return _compare((ours, peer), workload, things, seed, content)


def compare_values(
    one: Server, other: Server, workload: Workload, things: Things, seed: int
) -> int:
    """The same, of engines that write literals in other ways: datatypes are not compared.

    Raises: DifferentAnswersError with the query.
    """
    return _compare((one, other), workload, things, seed, values)


def _compare(
    servers: tuple[Server, Server], workload: Workload, things: Things, seed: int, read: Reader
) -> int:
    total = 0
    for query in islice(workload.queries(things, seed), COMPARED if not workload.rows else 1):
        one, other = (read(each.ask(query, workload.accept), workload) for each in servers)
        if one != other:
            raise DifferentAnswersError(_difference(workload, query, one, other))
        total += one.total()
    return total


def content(body: bytes, workload: Workload) -> Counter[str]:
    """The solutions as a bag, or the statements as a set; how many where only that is fixed."""
    if workload.accept == TRIPLES:
        return Counter({str(each.triple) for each in parse(body, format=RdfFormat.N_TRIPLES)})
    rows = json.loads(body)["results"]["bindings"]
    if workload.rows:
        return Counter({"rows": len(rows)})
    return Counter(json.dumps(row, sort_keys=True) for row in rows)


def values(body: bytes, workload: Workload) -> Counter[str]:
    """The same with the values of terms alone, numbers to six digits."""
    if workload.accept == TRIPLES or workload.rows:
        return content(body, workload)
    rows = json.loads(body)["results"]["bindings"]
    return Counter(
        json.dumps({name: _value(term["value"]) for name, term in row.items()}, sort_keys=True)
        for row in rows
    )


def _value(lexical: str) -> str:
    try:
        return f"{float(lexical):.6g}"
    except ValueError:
        return lexical


def _difference(workload: Workload, query: str, one: Counter[str], other: Counter[str]) -> str:
    ours, theirs = one - other, other - one
    return (
        f"{workload.name}: {query}\n"
        f"only ours ({ours.total()}): {next(iter(ours), '')}\n"
        f"only the peer's ({theirs.total()}): {next(iter(theirs), '')}"
    )
