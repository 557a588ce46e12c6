"""The service beside `oxigraph serve` in memory, over policy graphs of any size, in one run.

    python -m bench.scale --size 1000000 [--only lookup,star] [--seconds 5] [--clients 1 8 32]

Both are loaded as users load them, from the same file; answers are compared before anything is
timed; then each kind of query is asked of both in turns. `docs/performance.md` says what the
columns are. Exits with 1 where something misses what it is held to, with 2 where it could not run.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, final

from bench import (
    first_bytes,
    graphs,
    in_process,
    loading,
    other_peers,
    overload,
    servers,
    tables,
    wrk,
)
from bench.answers import DifferentAnswersError, compare
from bench.measuring import CLIENTS, Asking, comparisons
from bench.overload import LookUps
from bench.processes import proportional_bytes
from bench.servers import Server
from bench.tables import Figure
from bench.workloads import WORKLOADS, Workload

_IN_PROCESS_QUERIES: Final = 3000
_LONG: Final = 1_000_000
_MORE_MEMORY: Final = ("--memory-mib", "8192")
"""What the service is given where more is imported: the default, 2,048, is refused with a message
that says so for five million statements."""
PARTS: Final = ("memory", "first-bytes", "others", "overload", "start", "merged", "put")
"""What can be named beside kinds of queries."""


@final
@dataclass(frozen=True, slots=True)
class Chosen:
    """What is measured."""

    size: int
    seed: int
    only: frozenset[str]
    asking: Asking

    def wants(self, name: str) -> bool:
        """Whether the part of that name is measured: all are where none is named."""
        return not self.only or name in self.only

    def wants_long(self, name: str) -> bool:
        """The same, for what takes many minutes on more than a million statements: it is measured
        there only where it is named."""
        return name in self.only or (not self.only and self.size <= _LONG)


@contextmanager
def loaded(folder: Path, written: graphs.Written) -> Iterator[tuple[Server, Server, list[Figure]]]:
    """Ours and the peer with the file in each, and what loading it came to."""
    with ExitStack() as stack:
        peer = stack.enter_context(servers.peer())
        store = folder / "store"
        memory = _MORE_MEMORY if written.statements > _LONG else ()
        ours = stack.enter_context(servers.service(store, *servers.STORED, *memory))
        peer_seconds = servers.load_peer(peer, written.path)
        our_seconds = servers.import_file(store, written.path)
        loads = loading.imported(store, written, our_seconds, peer_seconds)
        # Rates are those of a service that has its data in memory; how it answers before is
        # measured by `start` and `overload`.
        loads.append(Figure("in memory, after the import", servers.wait_for_memory(ours), "s"))
        yield ours, peer, loads


def run(chosen: Chosen, folder: Path) -> bool:
    """Print the tables; whether everything held."""
    written = graphs.write(folder / "graphs.nq", chosen.size, "stored", chosen.seed)
    print(_introduction(chosen, written), flush=True)
    held = _beside_the_peer(chosen, folder, written)
    if chosen.wants("start"):
        thing = written.things.tasks[-1]
        figures = loading.start(folder / "store", thing, "stored", servers.STORED)
        held &= _print("Start and writes, stored", figures)
    if chosen.wants_long("merged"):
        figures = loading.merged(folder, chosen.size, chosen.seed)
        held &= _print("Beside the shipped ontology, guard on", figures)
    if chosen.wants_long("put"):
        held &= _print("One large graph", loading.put(folder, chosen.size, chosen.seed))
    return held


def _beside_the_peer(chosen: Chosen, folder: Path, written: graphs.Written) -> bool:
    """What both servers are asked at the same time; then the service is started again."""
    wanted = [each for each in WORKLOADS if chosen.wants(each.name)]
    things = written.things
    limit = in_process.measure(written.path, _samples(wanted, things, chosen.seed))
    look_ups = LookUps(things, chosen.asking.seconds, chosen.seed + 3)
    rate = 0.0
    with loaded(folder, written) as (ours, peer, loads):
        held = _print("Loading", loads)
        held &= _queries(chosen, wanted, things, (ours, peer), limit)
        if chosen.wants("memory"):
            memory = _memory(ours, peer, limit, written.statements)
            held &= _print("Memory, after these queries", memory)
        if chosen.wants("first-bytes"):
            delays = first_bytes.figures(ours, peer, things, chosen.seed)
            held &= _print("Until the first bytes of 100,000 rows", delays)
        if chosen.wants("others"):
            print(f"\nOther peers\n\n{tables.header(other_peers.HEADINGS)}", flush=True)
            for line in other_peers.rows(folder, written, wanted, peer, chosen.asking.seconds):
                print(line, flush=True)
        if chosen.wants("overload"):
            found, rate = overload.warm(ours, look_ups)
            held &= _print("Beside queries that do not end", found)
            token = servers.write_token(ours.store)
            held &= _print("", overload.after_write(ours, look_ups, rate, token))
    if chosen.wants("overload"):
        with servers.service(folder / "store", *servers.STORED) as ours:
            held &= _print("", overload.cold(ours, look_ups, rate))
    return held


def _memory(
    ours: Server, peer: Server, limit: in_process.InProcess, statements: int
) -> list[Figure]:
    mine, theirs = (proportional_bytes(each.process) for each in (ours, peer))
    note = f"{mine >> 20:,} MiB; a store in process {limit.memory >> 20:,}; peer {theirs >> 20:,}"
    bound = 3.5 if statements > loading.LARGE else None
    return [Figure("PSS to one store in memory", mine / limit.memory, "times", bound, note=note)]


def _print(title: str, figures: Iterable[Figure]) -> bool:
    """Print the figures as they come; whether all are held."""
    held = True
    if title:
        print(tables.figures_header(title), flush=True)
    for each in figures:
        print(tables.figure_row(each), flush=True)
        held &= each.held
    return held


def _introduction(chosen: Chosen, written: graphs.Written) -> str:
    return (
        f"## {chosen.size:,} statements\n\n"
        f"{written.statements:,} statements, {written.default:,} of them in the default graph; "
        f"{len(written.things.policies):,} documents; {written.path.stat().st_size:,} bytes of "
        f"N-Quads; {os.cpu_count()} processors; load {os.getloadavg()[0]:.1f} before."
    )


def _samples(wanted: Sequence[Workload], things: graphs.Things, seed: int) -> dict[str, list[str]]:
    return {
        each.name: list(islice(each.queries(things, seed), _IN_PROCESS_QUERIES)) for each in wanted
    }


def _queries(
    chosen: Chosen,
    wanted: Sequence[Workload],
    things: graphs.Things,
    pair: tuple[Server, Server],
    limit: in_process.InProcess,
) -> bool:
    if not wanted:
        return True
    for workload in wanted:
        compare(*pair, workload, things, chosen.seed + 2)
    print(f"\nAnswers of {len(wanted)} kinds are the same.\n\n{tables.header()}", flush=True)
    held = True
    for workload in wanted:
        for each in comparisons(workload, things, pair, chosen.asking):
            held &= not tables.faults(each, chosen.size)
            alone = limit.rates[workload.name] if each.clients == 1 else None
            print(tables.comparison_row(each, chosen.size, alone), flush=True)
    return held


def _missing() -> str:
    """What is needed and not installed."""
    if not wrk.is_installed():
        return wrk.INSTALL
    if servers.oxigraph() is None:
        return "oxigraph is not installed: `.venv/bin/pip install oxigraph`"
    return ""


def main() -> int:
    """Measure what the arguments say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS)
    parser.add_argument("--only", default="", help="kinds of queries or parts, between commas")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if missing := _missing():
        print(missing, file=sys.stderr)
        return 2
    only = frozenset(filter(None, given.only.split(",")))
    if unknown := only - {*PARTS, *(each.name for each in WORKLOADS)}:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    asking = Asking(given.seconds, tuple(given.clients), given.seed + 1)
    chosen = Chosen(given.size, given.seed, only, asking)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers and files go with us
    with tempfile.TemporaryDirectory() as folder:
        try:
            return 0 if run(chosen, Path(folder)) else 1
        except (DifferentAnswersError, wrk.WrkError, RuntimeError) as error:
            print(error, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())
