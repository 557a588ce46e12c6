"""The service beside `oxigraph serve` in memory, over policy graphs of any size, in one run.

    python -m bench.scale --size 1000000 [--only lookup,star] [--seconds 5] [--clients 1 8 32]

Both are loaded as users load them, from the same file; answers are compared before anything is
timed; then each kind of query is asked of both in turns. `docs/performance.md` says what the
columns are. Exits with 1 where something misses what it is held to, with 2 where it could not run.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, final

from bench import graphs, in_process, servers, tables, wrk
from bench.answers import DifferentAnswersError, compare
from bench.measuring import CLIENTS, Asking, comparisons
from bench.servers import Server
from bench.workloads import WORKLOADS, Workload

_IN_PROCESS_QUERIES: Final = 3000


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


@contextmanager
def loaded(folder: Path, file: Path) -> Iterator[tuple[Server, Server, float, float]]:
    """Ours and the peer with the file in each, and the seconds that loading it took them."""
    with ExitStack() as stack:
        peer = stack.enter_context(servers.peer())
        store = folder / "store"
        ours = stack.enter_context(servers.service(store, *servers.STORED))
        peer_seconds = servers.load_peer(peer, file)
        our_seconds = servers.import_file(store, file)
        yield ours, peer, our_seconds, peer_seconds


def run(chosen: Chosen, folder: Path) -> bool:
    """Print the tables; whether everything held."""
    written = graphs.write(folder / "graphs.nq", chosen.size, "stored", chosen.seed)
    print(_introduction(chosen, written), flush=True)
    wanted = [each for each in WORKLOADS if chosen.wants(each.name)]
    limit = in_process.measure(written.path, _samples(wanted, written.things, chosen.seed))
    with loaded(folder, written.path) as (ours, peer, our_seconds, peer_seconds):
        print(f"loaded in {our_seconds:.1f} s, by the peer in {peer_seconds:.1f} s", flush=True)
        return _queries(chosen, wanted, written.things, (ours, peer), limit)


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
    parser.add_argument("--only", default="", help="parts, between commas")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if missing := _missing():
        print(missing, file=sys.stderr)
        return 2
    only = frozenset(filter(None, given.only.split(",")))
    asking = Asking(given.seconds, tuple(given.clients), given.seed + 1)
    chosen = Chosen(given.size, given.seed, only, asking)
    with tempfile.TemporaryDirectory() as folder:
        try:
            return 0 if run(chosen, Path(folder)) else 1
        except (DifferentAnswersError, wrk.WrkError, RuntimeError) as error:
            print(error, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())
