"""Whether writes survive kill -9: of the front, the writer, the server of workers, or all at once.

    python -m bench.kills [--times 200] [--seed 1]

A service runs over a store; clients write without a pause, each write two statements that belong
together. At a random moment a process is killed. Then every write that was acknowledged must be
there, none may be half there, and the service must answer within three seconds: again by itself
where its front lives, else once it is started again. Exits with 1 where something does not hold.
"""

import argparse
import http.client
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, cast
from urllib.parse import quote, urlsplit

from bench.processes import children

VICTIMS: Final = ("front", "writer", "server", "all")
READY_SECONDS: Final = 3.0
MODULES: Final = {
    "writer": "spacepolicy.writes.writer_main",
    "server": "spacepolicy.engine.server",
}
"""What processes of a service are started as."""
_WRITERS: Final = 4
_PATIENCE_SECONDS: Final = 60.0


@dataclass
class Ledger:
    """What was acknowledged."""

    acknowledged: set[int] = field(default_factory=set)
    next: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> int:
        """A number that no write has had yet."""
        with self.lock:
            self.next += 1
            return self.next


@dataclass(frozen=True)
class Service:
    """A running `serve`."""

    process: subprocess.Popen[str]
    port: int
    token: str

    def request(self, method: str, path: str, body: str | None = None, kind: str = "") -> bytes:
        """The body of an answer that is a success.

        Raises: OSError, http.client.HTTPException, ValueError where it is none.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_SECONDS)
        try:
            headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
            sent = None if body is None else body.encode()
            connection.request(method, path, sent, headers if sent is not None else {})
            answer = connection.getresponse()
            told = answer.read()
            if answer.status >= 300:
                raise ValueError(f"{answer.status}: {told[:200]!r}")
            return told
        finally:
            connection.close()

    def write(self, number: int) -> None:
        """Write the two statements of the number."""
        thing = f"<urn:w:{number}>"
        text = f"INSERT DATA {{ GRAPH <urn:kept> {{ {thing} <urn:one> 1 ; <urn:two> 2 }} }}"
        self.request("POST", "/sparql", text, "application/sparql-update")

    def numbers(self) -> tuple[set[int], set[int]]:
        """The numbers of which both statements are there, and of which one is."""
        found: list[set[int]] = []
        for name in ("one", "two"):
            query = f"SELECT ?s {{ GRAPH <urn:kept> {{ ?s <urn:{name}> ?o }} }}"
            rows = self.request("GET", f"/sparql?format=csv&query={quote(query)}").split()[1:]
            found.append({int(row.rpartition(b":")[2]) for row in rows})
        return found[0] & found[1], found[0] ^ found[1]

    def processes(self, victim: str) -> list[int]:
        """The processes that are to be killed."""
        named = {
            name: pid
            for pid in children(self.process.pid)
            for name, module in MODULES.items()
            if module in command_line(pid)
        }
        if victim == "all":
            return [self.process.pid, *named.values()]
        return [self.process.pid] if victim == "front" else [named[victim]]


def command_line(process: int) -> str:
    """What the process was started as; empty where it is gone."""
    try:
        return Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8")
    except OSError:
        return ""


@contextmanager
def serving(arguments: Sequence[str], token: str) -> Iterator[Service]:
    """A service, once it has said where it is."""
    program = Path(sys.executable).with_name("spacepolicy")
    with subprocess.Popen(  # noqa: S603 # this project's own program
        [program, "serve", "--port", "0", *arguments], stderr=subprocess.PIPE, text=True
    ) as process:
        said = cast("IO[str]", process.stderr)
        try:
            for line in said:
                if " at http" in line:
                    port = urlsplit(line.split()[-1]).port or 0
                    threading.Thread(target=said.read, daemon=True).start()
                    yield Service(process, port, token)
                    break
            else:
                raise SystemExit("the service did not start")
        finally:
            process.kill()


def _load(service: Service, ledger: Ledger, ended: threading.Event) -> None:
    """Write until the service falls silent or the event comes."""
    while not ended.is_set():
        number = ledger.take()
        try:
            service.write(number)
        except (OSError, ValueError, http.client.HTTPException):
            if service.process.poll() is not None:
                return
            time.sleep(0.01)
        else:
            with ledger.lock:
                ledger.acknowledged.add(number)


def _answering(service: Service, ledger: Ledger) -> float:
    """The seconds until a write is acknowledged again."""
    began = time.monotonic()
    while True:
        number = ledger.take()
        with suppress(OSError, ValueError, http.client.HTTPException):
            service.write(number)
            ledger.acknowledged.add(number)
            return time.monotonic() - began
        if time.monotonic() - began > _PATIENCE_SECONDS:
            raise SystemExit("no write is acknowledged any more")
        time.sleep(0.02)


def faults(service: Service, ledger: Ledger) -> list[str]:
    """What is wrong with what is there."""
    whole, half = service.numbers()
    lost = ledger.acknowledged - whole
    found = [f"acknowledged and lost: {sorted(lost)}"] if lost else []
    return found + ([f"half there: {sorted(half)}"] if half else [])


def kill_again_and_again(
    arguments: Sequence[str], token: str, times: int, seed: int = 1
) -> tuple[list[str], list[float], int]:
    """Kill so many times; what was wrong afterwards, the seconds until the service wrote again, and
    how many writes were acknowledged."""
    chance = random.Random(seed)  # noqa: S311 # moments, no secret
    ledger, wrong, seconds = Ledger(), list[str](), list[float]()
    done = 0
    while done < times:
        began = time.monotonic()
        with serving(arguments, token) as service:
            wrong += faults(service, ledger)
            if done:
                seconds.append(time.monotonic() - began)
            while done < times and service.process.poll() is None:
                victim = VICTIMS[done % len(VICTIMS)]
                done += 1
                ended = threading.Event()
                threads = [
                    threading.Thread(target=_load, args=(service, ledger, ended))
                    for _ in range(_WRITERS)
                ]
                for thread in threads:
                    thread.start()
                time.sleep(chance.uniform(0.02, 0.5))
                for process in service.processes(victim):
                    with suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)
                if victim in ("front", "all"):
                    service.process.wait()
                ended.set()
                for thread in threads:
                    thread.join()
                if service.process.poll() is None:
                    seconds.append(_answering(service, ledger))
                    wrong += faults(service, ledger)
    with serving(arguments, token) as service:
        wrong += faults(service, ledger)
    return wrong, seconds, len(ledger.acknowledged)


def main() -> int:
    """Kill, and print what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    program = Path(sys.executable).with_name("spacepolicy")
    with tempfile.TemporaryDirectory() as folder:
        store = ["--store", f"{folder}/store"]
        made = [str(program), "token", "new", "--scope", "write", *store]
        told = subprocess.run(made, capture_output=True, text=True, check=True)  # noqa: S603
        token = told.stdout.strip()
        wrong, seconds, count = kill_again_and_again(store, token, given.times, given.seed)
    slow = [each for each in seconds if each > READY_SECONDS]
    print(f"{given.times} kills, {count} writes acknowledged; wrong: {wrong or 'nothing'}")
    print(
        f"writing again after {max(seconds):.2f} s at most; {len(slow)} beyond {READY_SECONDS:g} s"
    )
    return 1 if wrong or slow else 0


if __name__ == "__main__":
    sys.exit(main())
