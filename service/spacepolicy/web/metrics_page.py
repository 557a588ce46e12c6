"""`/metrics`: the state of the service in Prometheus' formats.

Spec: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import asyncio
import platform
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, final, get_args

import pyoxigraph
from fastapi import Request
from prometheus_client import Metric, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.responses import Response

from spacepolicy import __version__
from spacepolicy.engine.port import EngineCounts, EngineMemory
from spacepolicy.replication.leader import Reason
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.metrics import PREFIX
from spacepolicy.web.routes import Handler

PATH: Final = "/metrics"
MEDIA_TYPES: Final = ("text/plain", "application/openmetrics-text")
_HEADERS: Final = {"Cache-Control": "no-store", "Vary": "Accept"}
_STATES: Final = ("queued", "waiting", "running", "sending", "paused")


def metrics_page(app_state: AppState) -> Handler:
    """Return the handler of the metrics."""

    async def metrics(request: Request) -> Response:
        """Counts and states of the service as Prometheus reads them: requests, durations, queries
        on their way, workers of the engine, memory, cache, revisions. In the text format, or as
        OpenMetrics where that is accepted."""
        memory = await asyncio.to_thread(app_state.service.engine.memory)
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        body = encode(_Scrape((*_families(app_state, memory),)))
        return Response(body, media_type=media_type, headers=_HEADERS)

    return metrics


@final
@dataclass(frozen=True, slots=True)
class _Scrape(Collector):
    """A collector of given families, for an encoder."""

    families: tuple[Metric, ...]

    def collect(self) -> Iterable[Metric]:
        """Return the families."""
        return self.families


def _families(app_state: AppState, memory: EngineMemory | None) -> Iterator[Metric]:
    """The counted metrics, and those read from the service's current state."""
    yield from app_state.service.metrics.families()
    yield from ProcessCollector(registry=None).collect()
    yield InfoMetricFamily(
        f"{PREFIX}_build",
        "The service's version, and those of Python and of the engine's library.",
        {
            "version": __version__,
            "python": platform.python_version(),
            "pyoxigraph": pyoxigraph.__version__,
        },
    )
    yield from _of_queries(app_state)
    yield from _of_cache(app_state)
    yield from _of_revisions(app_state)
    yield from _of_replica(app_state)
    yield from _of_engine(app_state, memory)


def _of_queries(app_state: AppState) -> Iterator[Metric]:
    running = app_state.running
    states = Counter(
        "paused" if ticket in running.lent else ticket.state for ticket in running.tickets()
    )
    states["queued"] = app_state.dispatcher.queued
    yield _gauges(
        "queries",
        "Queries on their way: queued for a worker of the short ones, waiting for a place among "
        "the longer ones, running, sending, or paused since their client is slow to read.",
        "state",
        {state: states[state] for state in _STATES},
    )
    yield _gauge("queries_running_limit", "Longer queries that may run at once.",
                 running.max_running)  # fmt: skip
    yield _gauge("queries_waiting_limit", "Longer queries that may wait.", running.max_waiting)


def _of_cache(app_state: AppState) -> Iterator[Metric]:
    limit = app_state.service.max_cache_bytes
    yield _gauge("cache_bytes", "What the response cache holds.", app_state.cache.held_bytes)
    yield _gauge("cache_limit_bytes", "What the response cache may hold.", limit)


def _of_revisions(app_state: AppState) -> Iterator[Metric]:
    history = app_state.service.history
    current = history.current
    published = datetime.fromisoformat(current.time).timestamp()
    counts = current.counts
    yield _gauge("revision_number", "The number of the revision in force.", current.number)
    yield _gauge("revision_timestamp_seconds", "When the revision in force was published.",
                 published)  # fmt: skip
    yield _gauges(
        "revision_statements",
        "Statements of the revision in force: of the record, inferred, and in the default graph.",
        "part",
        {"record": counts.record, "inferred": counts.inferred, "default": counts.default},
    )
    yield _gauge("revisions", "Revisions that are known.", len(history.revisions))
    yield _counter("revisions_published", "Revisions that were published since the start.",
                   history.published)  # fmt: skip


def _of_replica(app_state: AppState) -> Iterator[Metric]:
    replica, current = app_state.service.replica, app_state.service.history.current
    if replica is None:
        return
    lag = replica.lag_seconds(datetime.fromisoformat(current.time))
    yield _gauge("replica_behind_revisions",
                 "Revisions that the leader is known to have and this replica has not.",
                 replica.behind)  # fmt: skip
    yield _gauge("replica_lag_seconds",
                 "For how long it is not known that the replica has the leader's newest revision.",
                 lag)  # fmt: skip
    if replica.state.heard is not None:
        yield _gauge("replica_leader_heard_timestamp_seconds", "When the leader last answered.",
                     replica.state.heard)  # fmt: skip
    faults = CounterMetricFamily(
        f"{PREFIX}_replica_faults",
        "How often nothing could be taken from the leader, by reason.",
        labels=("reason",),
    )
    for reason in get_args(Reason):
        faults.add_metric((reason,), replica.faults[reason])
    yield faults


def _of_engine(app_state: AppState, memory: EngineMemory | None) -> Iterator[Metric]:
    engine = app_state.service.engine
    yield _gauge("engine_loading", "1 while data are loaded into memory, and answered from disk.",
                 int(engine.loading))  # fmt: skip
    if memory is not None:
        yield _gauge("engine_memory_bytes", "What the engine's processes hold together.",
                     memory.held_bytes)  # fmt: skip
        yield _gauge("engine_memory_limit_bytes", "What the engine's processes may hold together.",
                     memory.budget_bytes)  # fmt: skip
    counts = engine.counts()
    if counts is not None:
        yield from _of_processes(counts)


def _of_processes(counts: EngineCounts) -> Iterator[Metric]:
    yield _counter("engine_servers_started", "Processes that were started to hold the dataset.",
                   counts.servers_started)  # fmt: skip
    yield _counter("engine_workers_forked", "Workers that were forked to answer queries.",
                   counts.workers_forked)  # fmt: skip
    ended = CounterMetricFamily(
        f"{PREFIX}_engine_workers_ended",
        "Workers that have ended: finished, without a query; stopped at a query that passed its "
        "time, was cancelled or was left by its client; stopped for the memory of all; failed; or "
        "crashed, by a signal.",
        labels=("reason",),
    )
    for reason, number in counts.workers_ended.items():
        ended.add_metric((reason,), number)
    yield ended


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, value)


def _gauges(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    """A gauge with one sample for each value of its label."""
    family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=(label,))
    for each, value in values.items():
        family.add_metric((each,), value)
    return family


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"{PREFIX}_{name}", text, value)
