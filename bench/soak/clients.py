"""The clients: writers, readers, queries that do not end, and clients that leave."""

import random
import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, final
from urllib.parse import quote

from bench.soak.instance import Instance, NoAnswerError
from bench.soak.journal import Journal
from bench.soak.slots import QUERY, Slots, missing, numbers

SLOTS: Final = 100
"""Of each writer. The dataset stays as large as it is, however long writers write."""
RUNAWAY_SECONDS: Final = 2
"""The time that queries without end ask for."""
LATE_SECONDS: Final = 1.0
"""How much later than its limit an answer may come (contract of the service: within a second)."""
SAID: Final = 500
"""The words of a problem page, its navigation included."""
_STREAM: Final = "SELECT ?s ?p ?o { ?s ?p ?o }"
_RUNAWAY: Final = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c < ?i) }"
_DOCUMENT_STATEMENTS: Final = 5_000
"""A document that takes the writer a noticeable time."""


@final
@dataclass
class Work:
    """What all clients share."""

    instance: Instance
    journal: Journal
    slots: Slots
    paths: list[str]
    """Pages."""
    things: list[str] = field(default_factory=list)
    """IRIs that the dataset describes, to be looked up."""
    ended: threading.Event = field(default_factory=threading.Event)


Client = Callable[[Work, random.Random], None]


def write(work: Work, chance: random.Random, name: str = "writer") -> None:
    """Put the next number into a slot of the writer's own."""
    slot = f"{name}-{chance.randrange(SLOTS)}"
    number, text = work.slots.take(slot)
    if _asked(work, "writer", lambda: work.instance.update(text)):
        work.slots.acknowledge(slot, number)


def put(work: Work, chance: random.Random) -> None:
    """Replace a graph of some thousand statements, or drop it."""
    target = f"/graphs?graph={quote('urn:soak:document')}"
    lines = [
        f"<urn:d:{number}> <urn:value> {chance.randrange(1_000_000)} ."
        for number in range(_DOCUMENT_STATEMENTS)
    ]
    text = "\n".join(lines).encode()
    _asked(
        work,
        "put",
        lambda: work.instance.request("PUT", target, text, "text/turtle"),
        200,
        201,
        204,
    )


def read_slots(work: Work, seen: dict[str, int]) -> None:
    """Read all slots: nothing half there, nothing lost, nothing older than what was seen before."""
    least = work.slots.least()
    for slot, number in seen.items():
        least[slot] = max(least.get(slot, 0), number)
    answer = _answer(work, "slots", lambda: work.instance.query(QUERY, format="csv"))
    if answer is None:
        return
    found, wrong = numbers(answer)
    for each in wrong + missing(found, least, work.slots.most()):
        work.journal.fault(f"slots: {each}")
    seen.update(found)


def look_up(work: Work, chance: random.Random) -> None:
    """Look a thing up."""
    text = f"SELECT ?p ?o {{ <{chance.choice(work.things)}> ?p ?o }} # {chance.random()}"
    _asked(work, "look-up", lambda: work.instance.query(text, format="json"))


def page(work: Work, chance: random.Random) -> None:
    """Open a page."""
    path = chance.choice(work.paths)
    _asked(work, "page", lambda: work.instance.request("GET", path), asked_for=path)


def stream(work: Work, chance: random.Random) -> None:
    """Read every statement of the default graph; the answer says by itself whether it is whole."""
    text = f"{_STREAM} # {chance.random()}"
    _asked(work, "stream", lambda: work.instance.query(text, format="csv"))


def runaway(work: Work, chance: random.Random) -> None:
    """Ask what does not end; it has to be ended in time."""
    text, began = f"{_RUNAWAY} # {chance.random()}", time.monotonic()
    answer = lambda: work.instance.query(text, timeout=str(RUNAWAY_SECONDS))  # noqa: E731
    _asked(work, "runaway", answer, 503, 504)
    taken = time.monotonic() - began
    if taken > RUNAWAY_SECONDS + LATE_SECONDS and work.journal.is_quiet:
        work.journal.record("runaway", began, f"ended {taken:.1f} s after", is_intended=False)


def leave(work: Work, chance: random.Random) -> None:
    """Send half a head, or a query, and leave in the middle of the answer."""
    text = chance.choice([_STREAM, _RUNAWAY])
    head = (
        f"GET /sparql?query={quote(f'{text} # {chance.random()}')} HTTP/1.1\r\nHost: localhost\r\n"
    )
    with suppress(OSError), socket.create_connection(("127.0.0.1", work.instance.port)) as client:
        client.settimeout(2)
        if chance.random() < 0.3:
            client.sendall(head[: chance.randrange(len(head))].encode())
            return
        client.sendall(f"{head}\r\n".encode())
        client.recv(1 << chance.randrange(16))


def _asked(
    work: Work,
    client: str,
    ask: Callable[[], tuple[int, bytes]],
    *intended: int,
    asked_for: str = "",
) -> bool:
    """Whether there was an answer with an intended status: 200 or 204 where none is named."""
    return _answer(work, client, ask, *intended, asked_for=asked_for) is not None


def _answer(
    work: Work,
    client: str,
    ask: Callable[[], tuple[int, bytes]],
    *intended: int,
    asked_for: str = "",
) -> bytes | None:
    began = time.monotonic()
    try:
        status, body = ask()
    except NoAnswerError as error:
        work.journal.record(client, began, str(error), is_intended=False)
        return None
    good = status in (intended or (200, 204))
    detail = "" if good else f"{asked_for} {text_of(body)}"
    work.journal.record(client, began, str(status), is_intended=good, detail=detail)
    return body if good else None


def text_of(body: bytes) -> str:
    """What an answer that is not intended says, without tags, in `SAID` characters."""
    text = re.sub(
        r"<(style|script).*?</\1>|<[^>]*>", " ", body.decode(errors="replace"), flags=re.S
    )
    return " ".join(text.split())[:SAID]


@final
@dataclass(frozen=True)
class Crowd:
    """The threads of the clients, which work and pause."""

    work: Work
    seed: int

    def threads(self) -> list[threading.Thread]:
        """Every client, not started yet."""
        seen: dict[str, int] = {}
        clients: list[tuple[Client, float]] = [
            (lambda work, chance: write(work, chance, "a"), 0.3),
            (lambda work, chance: write(work, chance, "b"), 0.3),
            (put, 20.0),
            (lambda work, _: read_slots(work, seen), 0.3),
            (look_up, 0.02),
            (look_up, 0.02),
            (page, 0.3),
            (stream, 3.0),
            (runaway, 5.0),
            (leave, 1.0),
        ]
        return [
            threading.Thread(
                target=self._loop, args=(client, pause, self.seed + number), daemon=True
            )
            for number, (client, pause) in enumerate(clients)
        ]

    def _loop(self, client: Client, pause: float, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 # choices, no secret
        while not self.work.ended.wait(pause * chance.uniform(0.5, 1.5)):
            try:
                client(self.work, chance)
            except Exception as error:  # noqa: BLE001 # a client that dies would hide faults
                self.work.journal.fault(f"a client failed: {error!r}")
