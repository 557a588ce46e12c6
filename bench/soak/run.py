"""The run: clients at work, what is done to the service meanwhile, and what is there at the end."""

import json
import random
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from pathlib import Path
from traceback import format_exc
from typing import Final, final

from bench.policies import CONTENT, shipped
from bench.servers import write_token
from bench.soak import events
from bench.soak.clients import Crowd, Work
from bench.soak.instance import Instance, kill
from bench.soak.journal import Journal
from bench.soak.samples import Sample, grown, sample
from bench.soak.slots import QUERY, Slots, missing, numbers
from bench.writes import fill

KILL_SECONDS: Final = 60.0
"""A writer, a server or a worker is killed so often: in between, all has to be as before."""
LEAST_KILLS: Final = 6
"""Two of each kind, however short a run is."""
SAMPLES: Final = 180
"""Looks in all: every 20 s of an hour."""
FULL_SHARE: Final = 1 / 60
"""How long the disk is full: a minute of an hour."""
LEAST_FULL_SECONDS: Final = 10.0
"""Some writes have to be refused meanwhile; the first may still fit into blocks that are there."""
PAGES: Final = ("/", "/status", "/queries", "/compare", "/search?q=a", "/revisions", "/ontology")
OPTIONS: Final = ("--content", str(CONTENT), "--guard", "warn")
_LOOK_SECONDS: Final = 0.1
_CLIENT_SECONDS: Final = 120.0
"""How long a client may wait for its last answer."""


@final
@dataclass
class Outcome:
    """What a run has come to."""

    journal: Journal = field(default_factory=Journal)
    recovered: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """The seconds until all was answered again, by what had been done."""
    lines: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    """What could not be done on this machine."""


@final
@dataclass(frozen=True)
class Plan:
    """How long it takes, and over how much."""

    seconds: float
    size: int
    """Statements of the dataset, about; 0 for the shipped content alone."""
    disk_mib: int
    seed: int = 1


@final
@dataclass
class Run:
    """One run in a folder of its own."""

    plan: Plan
    folder: Path
    work: Work
    outcome: Outcome
    disk: Path | None

    def disturb(self) -> None:
        """Let the clients work, do to the service what is planned, and look at it."""
        threads = Crowd(self.work, self.plan.seed).threads()
        for thread in threads:
            thread.start()
        began, planned, looked = time.monotonic(), self._planned(), 0.0
        while (passed := time.monotonic() - began) < self.plan.seconds:
            if planned and passed >= planned[0][0]:
                self._do(planned.pop(0)[1])
            elif passed >= looked and self.work.journal.is_quiet:
                looked = passed + self.plan.seconds / SAMPLES
                self._look()
            time.sleep(_LOOK_SECONDS)
        self.outcome.undone += [f"{len(planned)} events: time was over"] if planned else []
        self.work.ended.set()
        for thread in threads:
            thread.join(_CLIENT_SECONDS)
            if thread.is_alive():
                self.work.journal.fault("a client waits for its answer still")

    def _do(self, event: Callable[[], None]) -> None:
        """Do it; where it fails that is a fault, and the rest of the hour is to be seen all the
        same."""
        try:
            event()
        except Exception:  # noqa: BLE001 # whatever it is, it is told
            self.work.journal.fault(f"an event failed: {format_exc()}")

    def _planned(self) -> list[tuple[float, Callable[[], None]]]:
        """What is done, in its order, with the seconds from the beginning at which it is."""
        seconds, kinds = self.plan.seconds, events.order_of_kills(random.Random(self.plan.seed))  # noqa: S311
        count = max(LEAST_KILLS, round(seconds / KILL_SECONDS))
        kills = [(number + 0.5) * seconds / count for number in range(count)]
        found: list[tuple[float, Callable[[], None]]] = [
            (at, partial(self._kill, kind)) for at, kind in zip(kills, kinds, strict=False)
        ]
        found += [(seconds * at, partial(self._kill, "front")) for at in (0.15, 0.45)]
        found += [(seconds * 0.3, self._fill_disk), (seconds * 0.6, self._back_up)]
        return sorted(found, key=itemgetter(0))

    def _kill(self, kind: str) -> None:
        taken = events.killed(self.work, kind)
        if taken is None:
            self.outcome.undone.append(f"no {kind} was there to be killed")
        else:
            self.outcome.recovered[f"{kind} killed"].append(taken)

    def _fill_disk(self) -> None:
        if self.disk is None:
            self.outcome.undone.append("the disk was not filled: this user may not mount one")
            return
        seconds = max(LEAST_FULL_SECONDS, FULL_SHARE * self.plan.seconds)
        refused, read, taken = events.full_disk(self.work, self.disk, seconds)
        self.outcome.recovered["disk full"].append(taken)
        self.outcome.lines.append(
            f"disk full for {seconds:.0f} s: {refused} writes refused, {read} reads answered"
        )

    def _back_up(self) -> None:
        told = events.backup_and_restore(self.work, self.folder, OPTIONS)
        self.outcome.lines.append(f"backup, and restore elsewhere: {told}")

    def _look(self) -> None:
        if self.work.instance.process is not None:
            root = self.work.instance.process.pid
            self.outcome.samples.append(sample(root, self.work.instance.store))

    def judge(self) -> None:
        """Whether everything that was acknowledged is there, before and after an ordinary end."""
        self._see_slots("at the end")
        status = self.work.instance.end()
        if status != 0:
            self.work.journal.fault(f"asked to end, the service ended with {status}")
        self.work.instance.start()
        self._see_slots("started again")
        told = events.doctor_on(self.work.instance.store)
        self.outcome.lines.append(f"doctor --deep: {told}")
        if not told.startswith("ok"):
            self.work.journal.fault(told)
        half = self.outcome.samples[len(self.outcome.samples) // 2 :]
        for each in grown(half):
            self.work.journal.miss(each)

    def _see_slots(self, when: str) -> None:
        least = self.work.slots.least()
        status, body = self.work.instance.query(QUERY, format="csv")
        found, wrong = numbers(body) if status == 200 else ({}, [f"the answer is {status}"])
        for each in wrong + missing(found, least, self.work.slots.most()):
            self.work.journal.fault(f"{when}: {each}")
        total = sum(self.work.slots.acknowledged.values())
        self.outcome.lines.append(
            f"{when}: {len(found)} slots, after {total:,} acknowledged writes"
        )


def soak(folder: Path, plan: Plan) -> Outcome:
    """Run it in the folder, which is empty; what came of it.

    Raises: RuntimeError where the service cannot be started, or does not come back.
    """
    outcome = Outcome()
    with events.small_disk(folder / "disk", plan.disk_mib) as disk:
        store = folder / "disk" / "store"
        fill(store, shipped(), plan.size)
        instance = Instance(store, folder / "log", write_token(store), OPTIONS)
        work = Work(instance, outcome.journal, Slots(), list(PAGES))
        run = Run(plan, folder, work, outcome, disk)
        try:
            outcome.lines.append(f"started in {instance.start():.1f} s")
            work.things += _things(instance)
            run.disturb()
            run.judge()
        finally:
            work.ended.set()
            instance.end()
            left = instance.strays()
            kill(left)
    if left:
        outcome.journal.fault(f"processes left behind: {left}")
    return outcome


def _things(instance: Instance) -> list[str]:
    """Things to look up."""
    text = "SELECT DISTINCT ?s { ?s a ?class FILTER(isIRI(?s)) } ORDER BY ?s LIMIT 2000"
    rows = json.loads(instance.query(text, format="json")[1])["results"]["bindings"]
    return [row["s"]["value"] for row in rows]
