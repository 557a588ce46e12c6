"""A leader of a replica that serves a store's files as they are, but for what a test alters."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from spacepolicy import checksums
from spacepolicy.store import current_revision


@dataclass
class FolderLeader:
    """A store over HTTP, as an instance gives its files; `altered` are bytes in the place of files,
    `asked` what was asked for, `wait` is called before each answer."""

    store: Path
    url: str = ""
    newest: int | None = None
    altered: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    authorised: set[str] = field(default_factory=set)
    redirect: str | None = None
    wait: Callable[[str], None] = lambda _: None

    def alter(self, number: int, name: str, content: bytes, *, honest: bool) -> None:
        """Give other bytes for a file; `honest`: with the checksums that fit them."""
        self.altered[f"/revisions/{number}/files/{name}"] = content
        if honest:
            folder = current_revision.folder(self.store, number)
            place = folder.parent / "altered" / name
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(content)
            sums = {**(checksums.read(folder) or {}), name: checksums.of_file(place)}
            self.alter(number, checksums.NAME, checksums.text(sums), honest=False)

    def content(self, path: str) -> bytes | None:
        """The answer to a request; None where there is none."""
        if path in self.altered:
            return self.altered[path]
        if path == "/revisions?limit=1":
            newest = self.newest or current_revision.in_force(self.store)
            return json.dumps({"current": newest}).encode()
        _, _, number, _, name = path.split("/", 4)
        file = current_revision.folder(self.store, int(number)) / name
        return file.read_bytes() if file.is_file() else None


@contextmanager
def leading(leader: FolderLeader) -> Iterator[FolderLeader]:
    """Serve the leader on a free port of loopback."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            leader.wait(self.path)
            leader.asked.append(self.path)
            leader.authorised.add(self.headers.get("Authorization", ""))
            body = leader.content(self.path)
            status = 302 if leader.redirect else 404 if body is None else 200
            self.send_response(status)
            if leader.redirect:
                self.send_header("Location", leader.redirect + self.path)
            self.send_header("Content-Length", str(len(body or b"")))
            with suppress(BrokenPipeError):  # who asked was killed meanwhile
                self.end_headers()
                self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        leader.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield leader
        server.shutdown()
