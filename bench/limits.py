"""Whether limits hold: of time, on runaway queries; of memory, on large answers and many requests.

    python -m bench.limits [--size 100000] [--requests 100000]

Each runaway query has two seconds. It must end within 2.3 with a 504 (or a 503 where its memory is
used up first), or with a body that curl calls unterminated; and a second after its client has left,
no worker may use a processor. A million rows must begin in 50 ms and cost all processes together
less than 100 MB; the mixed requests must leave memory and processes where they were.
Exits with 1 where something does not hold.
"""

import argparse
import http.client
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bench import graphs, servers
from bench.graphs import actor, region, technology
from bench.processes import busy, proportional_bytes, tree
from bench.vocabulary import DEF, LABEL, RDF_TYPE
from bench.workloads import cross_product
from bench.wrk import RESULTS, Endpoint

RUNAWAYS: Final = {
    "count over a triple cross product": cross_product(0),
    "runaway path": f"SELECT (COUNT(*) AS ?n) {{ ?a (!<{DEF}none>|!^<{DEF}none>)* ?b . ?b ?p ?c }}",
    "huge ORDER BY": "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?f ?c ?a",
    "giant REGEX": (
        "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f "
        f'FILTER(REGEX(CONCAT(STR(?c), STR(?f)), "({"|".join(f"x{i}.*y" for i in range(200))})+"))'
        " }"
    ),
    "10M rows": "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 10000000",
}
MIXED: Final = (
    lambda i: f"SELECT ?p ?o {{ {technology(i % graphs.TECHNOLOGIES)} ?p ?o }} LIMIT {i + 100}",
    lambda i: f"ASK {{ {actor(i % graphs.ACTORS)} {RDF_TYPE} ?k FILTER(?k != {i}) }}",
    lambda i: f"DESCRIBE {technology(i % graphs.TECHNOLOGIES)}",
    lambda i: f"SELECT ?s {{ ?s ?p {region(i % graphs.REGIONS)} ; {LABEL} ?l }} LIMIT {i + 5}",
    lambda _: "no query",
    lambda i: "SELECT * " + "{" * (i % 300) + "}" * (i % 300),
)
_TIMEOUT: Final = "&timeout=2"
_MB: Final = 1 << 20


def ended(endpoint: Endpoint, text: str) -> tuple[str, float]:
    """How the answer ends for curl, and after how many seconds."""
    address = f"http://127.0.0.1:{endpoint.port}{endpoint.path}?query={quote(text)}{_TIMEOUT}"
    started = time.monotonic()
    curl = subprocess.run(  # noqa: S603 # curl, over the loopback
        ["/usr/bin/env", "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", address],
        capture_output=True,
        text=True,
        check=False,
    )
    taken = time.monotonic() - started
    return (
        f"{curl.stdout}, curl exits {curl.returncode}" if curl.returncode else curl.stdout
    ), taken


def runaways(endpoint: Endpoint, front: int) -> bool:
    """Whether each ends as it must, and leaves the processors idle."""
    held = True
    for name, text in RUNAWAYS.items():
        how, taken = ended(endpoint, text)
        idle = left_idle(endpoint, front, text)
        held &= taken < 2.3 and how in ("504", "503", "200, curl exits 18") and idle
        print(f"{name:36}{how:24}{taken:6.2f} s  {'idle' if idle else 'BUSY'} when its client left")
    return held


def left_idle(endpoint: Endpoint, front: int, text: str) -> bool:
    """Whether no worker is busy a second after the client has left."""
    with closing(socket.create_connection(("127.0.0.1", endpoint.port))) as client:
        client.sendall(
            f"GET {endpoint.path}?query={quote(text)} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        )
        time.sleep(0.5)
    time.sleep(1)
    for _ in range(10):  # a worker may just be forked
        if busy(front) == 0:
            return True
        time.sleep(0.02)
    return False


def million_rows(endpoint: Endpoint, front: int) -> bool:
    """Whether a large answer begins soon and costs little."""
    before, most, done = proportional_bytes(front), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.3):
            most[0] = max(most[0], proportional_bytes(front))

    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.monotonic()
    client = _client(endpoint)
    text = f"SELECT ?n ?a ?b ?c {{ VALUES ?n {{ {' '.join(map(str, range(20)))} }} ?a ?b ?c }}"
    text += " LIMIT 1000000"
    client.request("GET", f"{endpoint.path}?query={quote(text)}", headers={"Accept": RESULTS})
    answer = client.getresponse()
    answer.read(1)
    first, size = time.monotonic() - started, 1
    while piece := answer.read(1 << 16):
        size += len(piece)
    done.set()
    watcher.join()
    client.close()
    more = (most[0] - before) / _MB
    print(
        f"a million rows: first byte after {1000 * first:.0f} ms, {size / _MB:.0f} MB in "
        f"{time.monotonic() - started:.1f} s, {more:.0f} MB more memory"
    )
    return first < 0.05 and more < 100


def mixed(endpoint: Endpoint, front: int, requests: int) -> bool:
    """Whether many requests of many kinds leave memory and processes where they were."""

    def ask(seed: int, count: int) -> None:
        chance = random.Random(seed)  # noqa: S311 # queries, no secret
        client = _client(endpoint)
        for _ in range(count):
            text = chance.choice(MIXED)(chance.randrange(500))
            client.request("GET", f"{endpoint.path}?query={quote(text)}{_TIMEOUT}")
            answer = client.getresponse()
            answer.read()
            if answer.status not in (200, 400):
                raise RuntimeError(f"{answer.status}: {text[:80]}")
        client.close()

    def round_of(count: int) -> tuple[int, float]:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(ask, range(4), [count // 4] * 4))
        time.sleep(1)
        return len(tree(front)), proportional_bytes(front) / _MB

    before = round_of(max(requests // 5, 400))  # the cache and the spare workers are filled
    after = round_of(requests)
    print(
        f"{requests} mixed requests: {before[0]} processes and {before[1]:.0f} MB before, "
        f"{after[0]} and {after[1]:.0f} MB after"
    )
    return after[0] <= before[0] + 4 and after[1] < before[1] * 1.2 + 20


def _client(endpoint: Endpoint) -> http.client.HTTPConnection:
    """A connection that is kept."""
    return http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=120)


def run(chosen: argparse.Namespace) -> bool:
    """Print what was seen; whether everything held."""
    with tempfile.TemporaryDirectory() as folder:
        file, store = Path(folder) / "graphs.nq", Path(folder) / "store"
        graphs.write(file, chosen.size)
        with servers.service(store, *servers.STORED) as service:
            servers.import_file(store, file)
            endpoint, front = service.endpoint, service.process
            return all(
                [
                    runaways(endpoint, front),
                    million_rows(endpoint, front),
                    mixed(endpoint, front, chosen.requests),
                ]
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=100_000)
    try:
        sys.exit(0 if run(parser.parse_args()) else 1)
    except http.client.HTTPException as error:
        sys.exit(f"the service hung up: {error}")
