"""`spacepolicy bench`: how fast this is compared with the peers that are installed, as ratios."""

import shutil
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, final

from spacepolicy.errors import UsageError
from spacepolicy.settings import Settings

_ROOT: Final = Path(__file__).parents[3]


@final
@dataclass(frozen=True, slots=True)
class Benchmark:
    """A measurement in `bench/`: what it compares, with which peers, and the options for a short
    run."""

    name: str
    compares: str
    peers: tuple[str, ...]
    brief: tuple[str, ...]


_FEW: Final = (
    *("--size", "20000", "--seconds", "1", "--clients", "8"),
    *("--only", "lookup,star,join,group-by,lookup-again"),
)
BENCHES: Final = (
    Benchmark("scale", "answers over HTTP", ("oxigraph",), _FEW),
    Benchmark("reasoning", "inference", ("owlrl", "reasonable"), ("--sizes", "10000")),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the measurements to run, and how long."""
    parser.add_argument("names", nargs="*", metavar="BENCH", help="scale, reasoning (both)")
    parser.add_argument("--full", action="store_true", help="at all sizes; takes an hour")


def run(given: Namespace, _: Settings) -> int:
    """Run the measurements given, or all."""
    return bench(given.names, full=given.full)


def bench(names: Sequence[str], *, full: bool) -> int:
    """Run the named measurements, all where none is named; return the first status that is not 0.

    `full`: at all their sizes, which takes an hour, and not at the smallest.

    Raises: UsageError where one is unknown, or there is no checkout to run it from.
    """
    known = {each.name: each for each in BENCHES}
    for name in names:
        if name not in known:
            raise UsageError(f"{name!r} is no bench; there are: {', '.join(known)}.")
    if not (_ROOT / "bench" / "reasoning.py").is_file():
        raise UsageError("Benches are run from a checkout: `git clone` the project, `./run bench`.")
    statuses = [_run(known[name], full=full) for name in names or known]
    return next((status for status in statuses if status), 0)


def _run(chosen: Benchmark, *, full: bool) -> int:
    print(f"{chosen.name}: {chosen.compares} beside {', '.join(chosen.peers)}", flush=True)
    missing = [peer for peer in chosen.peers if not _installed(peer)]
    if missing:
        print(f"  not installed: {', '.join(missing)}; {_mending(missing)}", flush=True)
    if len(missing) == len(chosen.peers):
        return 0
    command = [sys.executable, "-m", f"bench.{chosen.name}", *(() if full else chosen.brief)]
    return subprocess.run(command, cwd=_ROOT, check=False).returncode  # noqa: S603  our own


def _installed(peer: str) -> bool:
    """Whether the peer is an installed library, or a program beside this Python."""
    beside = Path(sys.executable).parent
    return find_spec(peer) is not None or shutil.which(peer, path=str(beside)) is not None


def _mending(missing: Sequence[str]) -> str:
    return f"`.venv/bin/pip install {' '.join(missing)}` adds what is not there"
