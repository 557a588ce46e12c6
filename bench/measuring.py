"""One kind of query asked of both servers, in turns, by as many clients as there are to be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, final

from bench.graphs import Things
from bench.processes import Usage, Watch, usage
from bench.servers import Server
from bench.workloads import Workload
from bench.wrk import Load, Measured, WrkError, measure

CLIENTS: Final = (1, 8, 32)
ROUNDS: Final = 2
"""The servers take turns so often, so that what else the machine does meets both."""
_PILOT_QUERIES: Final = 20_000
_PILOT_SECONDS: Final = 1
_SPARE: Final = 1.6
"""More queries are prepared than the pilot says are asked: it ran before all was warm."""
_ATTEMPTS: Final = 4


@final
@dataclass(frozen=True, slots=True)
class Asking:
    """For how many seconds each time, by how many clients, with which seed of constants."""

    seconds: float
    clients: tuple[int, ...] = CLIENTS
    seed: int = 2


@final
@dataclass(frozen=True, slots=True)
class Side:
    """What the clients of one server met, and what that cost the server, over all rounds."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    used: Usage
    appeared: int
    errors: str

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds if self.seconds else 0.0

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of processor time an answer, of the whole tree of processes."""
        return 1000 * self.used.cpu_seconds / max(self.requests, 1)

    @property
    def root_ms(self) -> float:
        """What of that the process used that was started, which takes the requests."""
        return 1000 * self.used.root_seconds / max(self.requests, 1)

    @property
    def faults(self) -> float:
        """Page faults an answer."""
        return (self.used.minor_faults + self.used.major_faults) / max(self.requests, 1)

    @property
    def forks(self) -> float:
        """New processes a second."""
        return self.appeared / self.seconds if self.seconds else 0.0


@final
@dataclass(frozen=True, slots=True)
class Comparison:
    """A kind of query at a number of clients, of both servers."""

    workload: Workload
    clients: int
    ours: Side
    peer: Side

    @property
    def ratio(self) -> float:
        """Our rate as a ratio to the peer's."""
        return self.ours.rate / self.peer.rate if self.peer.rate else 0.0

    @property
    def p99(self) -> float:
        """What the slowest of a hundred takes, as a ratio to the peer's."""
        return self.ours.p99_ms / self.peer.p99_ms if self.peer.p99_ms else 0.0


@final
@dataclass(frozen=True, slots=True)
class _Turn:
    measured: Measured
    used: Usage
    appeared: int


@final
@dataclass(slots=True)
class Queries:
    """The queries of a kind, each of which is given out once."""

    source: Iterator[str]
    again: bool
    rate: float = 0.0
    """The most answers a second so far: what decides how many are prepared."""

    def take(self, count: int) -> list[str]:
        """So many queries; one where it is to be asked again and again."""
        return list(islice(self.source, 1 if self.again else count))

    def prepare(self, seconds: float) -> list[str]:
        """As many as are asked in that time."""
        return self.take(round(_SPARE * self.rate * seconds) + 1000)


def comparisons(
    workload: Workload, things: Things, servers: tuple[Server, Server], asking: Asking
) -> Iterator[Comparison]:
    """Measure ours and the peer at each number of clients.

    Raises: WrkError.
    """
    queries = Queries(workload.queries(things, asking.seed), workload.again)
    pilot = queries.take(_PILOT_QUERIES)
    clients = [each for each in asking.clients if each <= workload.most_clients]
    for server in servers:
        load = Load(_PILOT_SECONDS, max(clients, default=1), workload.accept)
        queries.rate = max(queries.rate, measure(server.endpoint, pilot, load).rate)
    for count in clients:
        load = Load(max(asking.seconds, workload.seconds), count, workload.accept)
        turns = [_round(servers, queries, load) for _ in range(ROUNDS)]
        ours, peer = (_side([turn[number] for turn in turns]) for number in (0, 1))
        yield Comparison(workload, count, ours, peer)


def _round(servers: Sequence[Server], queries: Queries, load: Load) -> list[_Turn]:
    """Both are asked the same queries; the list is prepared anew where one comes to its end."""
    for _ in range(_ATTEMPTS):
        texts = queries.prepare(load.seconds)
        turns = [_turn(server, texts, load) for server in reversed(servers)][::-1]
        queries.rate = max(queries.rate, *(turn.measured.rate for turn in turns))
        if queries.again or not any(turn.measured.repeated for turn in turns):
            return turns
        queries.rate *= 2
    raise WrkError("queries that are to be asked once came to their end again and again")


def _turn(server: Server, texts: Sequence[str], load: Load) -> _Turn:
    before = usage(server.process)
    with Watch(server.process) as watch:
        measured = measure(server.endpoint, texts, load)
    return _Turn(measured, usage(server.process) - before, watch.appeared)


def _side(turns: Sequence[_Turn]) -> Side:
    measured = [turn.measured for turn in turns]
    return Side(
        requests=sum(each.requests for each in measured),
        seconds=sum(each.seconds for each in measured),
        p50_ms=sum(each.p50_ms for each in measured) / len(turns),
        p99_ms=sum(each.p99_ms for each in measured) / len(turns),
        used=sum((turn.used for turn in turns), Usage()),
        appeared=sum(turn.appeared for turn in turns),
        errors="; ".join(filter(None, (each.errors for each in measured))),
    )
