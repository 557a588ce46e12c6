"""Clients that ask a server as fast as it answers: `wrk`, with a list of requests.

A client in Python would cost as much as an answer that a server keeps. Each thread of `wrk` walks
through its own part of the list.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final
from urllib.parse import quote

RESULTS: Final = "application/sparql-results+json"
TRIPLES: Final = "application/n-triples"
INSTALL: Final = "wrk is not installed: `apt-get install wrk`"
_SUMMARY: Final = "summary: "
_ERRORS: Final = ("status", "connect", "read", "write", "timeout")
_SCRIPT: Final = """
local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(arguments)
  local path, parts, accept = arguments[1], tonumber(arguments[2]), arguments[3]
  local tail = " HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nAccept: " .. accept .. "\\r\\n\\r\\n"
  requests, at, rounds = {}, 0, 0
  local line_number = 0
  for line in io.lines(path) do
    if line_number % parts == number then requests[#requests + 1] = "GET " .. line .. tail end
    line_number = line_number + 1
  end
end

function request()
  at = at + 1
  if at > #requests then at = 1; rounds = rounds + 1 end
  return requests[at]
end

function done(summary, latency)
  local most = 0
  for _, thread in ipairs(threads) do most = math.max(most, thread:get("rounds")) end
  local errors = summary.errors
  io.write(string.format(
    'summary: {"requests":%d,"microseconds":%d,"bytes":%d,"p50":%d,"p99":%d,"rounds":%d,' ..
    '"status":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}\\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50),
    latency:percentile(99), most, errors.status, errors.connect, errors.read, errors.write,
    errors.timeout))
end
"""


@final
@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where queries are answered, on this machine."""

    port: int
    path: str

    def target(self, query: str) -> str:
        """The target of a request for the query."""
        return f"{self.path}?query={quote(query, safe='')}"

    @property
    def url(self) -> str:
        """The address of the endpoint."""
        return f"http://127.0.0.1:{self.port}{self.path}"


@final
@dataclass(frozen=True, slots=True)
class Load:
    """How the clients ask: for how long, how many of them, in threads, for which media type."""

    seconds: float
    clients: int
    accept: str = RESULTS
    threads: int = 1


@final
@dataclass(frozen=True, slots=True)
class Measured:
    """What the clients met; `repeated`: the list came to its end, and was begun again."""

    requests: int
    seconds: float
    bytes: int
    p50_ms: float
    p99_ms: float
    repeated: bool
    errors: str

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds if self.seconds else 0.0


class WrkError(Exception):
    """`wrk` is missing, or did not do what it was asked to."""


def is_installed() -> bool:
    """Whether there is a `wrk`."""
    return shutil.which("wrk") is not None


def measure(endpoint: Endpoint, queries: Sequence[str], load: Load) -> Measured:
    """What clients meet that ask these queries, each the next of the list.

    Raises: WrkError.
    """
    if not is_installed():
        raise WrkError(INSTALL)
    with tempfile.TemporaryDirectory() as folder:
        script, targets = Path(folder) / "script.lua", Path(folder) / "targets"
        script.write_text(_SCRIPT, encoding="utf-8")
        with targets.open("w", encoding="utf-8") as file:
            file.writelines(f"{endpoint.target(query)}\n" for query in queries)
        command = _command(endpoint, load, script, targets)
        ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return parse(ended.stdout + ended.stderr)


def _command(endpoint: Endpoint, load: Load, script: Path, targets: Path) -> list[str]:
    threads = min(load.threads, load.clients)
    duration = f"{max(round(load.seconds), 1)}s"  # wrk takes whole seconds
    numbers = ["-t", str(threads), "-c", str(load.clients), "-d", duration, "--timeout", "120s"]
    arguments = [str(targets), str(threads), load.accept]
    return ["wrk", *numbers, "-s", str(script), endpoint.url, "--", *arguments]


def parse(told: str) -> Measured:
    """Read the last line that the script writes.

    Raises: WrkError where there is none.
    """
    line = told.rpartition(_SUMMARY)[2]
    try:
        values: dict[str, int] = json.loads(line)
    except ValueError as error:
        raise WrkError(told.strip() or "wrk said nothing") from error
    errors = ", ".join(f"{values[name]} {name}" for name in _ERRORS if values[name])
    return Measured(
        requests=values["requests"],
        seconds=values["microseconds"] / 1e6,
        bytes=values["bytes"],
        p50_ms=values["p50"] / 1000,
        p99_ms=values["p99"] / 1000,
        repeated=values["rounds"] > 0,
        errors=errors,
    )
