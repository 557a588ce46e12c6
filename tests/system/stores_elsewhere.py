"""Stores elsewhere that tests ask, serve and publish into, and a proxy between that cuts."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import httpx
from pyoxigraph import RdfFormat, Store, parse

from spacepolicy.engine.snapshot import CHANGES, GENERATION
from spacepolicy.store.digest import RecordDigest
from spacepolicy.store.history import History
from spacepolicy.store.patch import patch
from spacepolicy.store.revision import Change, Counts, Revision

from .conftest import PROGRAM

CLIENT = httpx.Client(timeout=60, verify=False)  # noqa: S501 # of loopback; certificates take long
"""One client for all requests: to make one takes longer than a request."""
VIRTUOSO_BUFFERS = 4_000
"""Some 32 MB of memory: tests hold little."""


def history(folder: Path, *datasets: str) -> History:
    """A history of revisions, each of a dataset in N-Quads."""
    revisions: list[Revision] = []
    before: set[object] = set()
    for number, text in enumerate(datasets, 1):
        directory = folder / f"{number:06}"
        directory.mkdir(exist_ok=True)
        store = Store()
        store.extend(parse(text, RdfFormat.N_QUADS, rename_blank_nodes=False))
        store.dump(str(directory / GENERATION), RdfFormat.N_QUADS)
        quads = set(store)
        removed = tuple(quad for quad in before if quad not in quads)
        added = tuple(quad for quad in quads if quad not in before)
        (directory / CHANGES).write_bytes(patch(Change(removed, added)))  # type: ignore[arg-type]
        digest = RecordDigest(quads).hexdigest()
        counts = Counts(record=len(quads))
        time = f"2026-01-02T03:04:{number:02}+00:00"
        revisions.append(
            Revision(number, time, "test", "test", counts, digest, "", None, {}, directory)
        )
        before = set(quads)
    return History(revisions)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def listens(port: int) -> None:
    """Wait until somebody listens; patient, since a database may first be made."""
    transport = httpx.HTTPTransport(retries=10)  # each waits twice as long as the one before
    with httpx.Client(transport=transport, timeout=60) as client:
        client.get(f"http://127.0.0.1:{port}/")


@contextmanager
def oxigraph(*options: str) -> Iterator[str]:
    """The address of an empty `oxigraph serve`; it takes queries at /query, updates at /update."""
    port = free_port()
    program = str(Path(sys.executable).with_name("oxigraph"))
    command = [program, "serve", "--bind", f"127.0.0.1:{port}", *options]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        try:
            listens(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()


@dataclass
class Proxy:
    """Passes requests on to a store, and notes the updates and the queries; `answered` is called
    with each query once the store has answered it, before that is passed on.

    The update of the number `cut` is not passed on, or its response is not, where it is `late`;
    after it nothing is passed on, until `cut` is set anew.
    """

    url: str = ""
    to: str = ""
    updates: list[str] = field(default_factory=list)
    cut: int | None = None
    late: bool = False
    queries: list[str] = field(default_factory=list)
    answered: Callable[[str], None] = lambda _: None


@contextmanager
def proxy(to: str) -> Iterator[Proxy]:
    """A proxy in front of the store at the address."""
    state = Proxy(to=to)

    class Passing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kind = self.headers["Content-Type"]
            is_update = kind.startswith("application/sparql-update")
            gone = state.cut is not None and len(state.updates) > state.cut
            if is_update and not gone:
                state.updates.append(body.decode())
            broken = state.cut is not None and len(state.updates) > state.cut
            if gone or (broken and not state.late):
                self.close_connection = True
                return
            headers = {"Content-Type": kind, "Accept": self.headers["Accept"]}
            response = CLIENT.post(state.to + self.path, content=body, headers=headers)
            if broken:
                self.close_connection = True
                return
            if not is_update:
                query = parse_qs(body.decode())["query"][0]
                state.queries.append(query)
                state.answered(query)
            self.send_response(response.status_code)
            self.send_header("Content-Type", response.headers.get("Content-Type", "text/plain"))
            self.send_header("Content-Length", str(len(response.content)))
            self.end_headers()
            self.wfile.write(response.content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Passing) as server:
        state.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def served(store: str, folder: Path) -> Iterator[str]:
    """The address of a service over the store, without content of its own; all of them have one
    public address."""
    port = free_port()
    command = [PROGRAM, "serve", "--store", store, "--content", "none", "--port", str(port)]
    command += ["--public-url", "https://data.example.org"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stderr=subprocess.DEVNULL
    ) as process:
        try:
            listens(port)
            front = f"http://127.0.0.1:{port}"
            while "/starting" in CLIENT.get(f"{front}/readyz").text:
                time.sleep(0.05)
            yield front
        finally:
            process.kill()
