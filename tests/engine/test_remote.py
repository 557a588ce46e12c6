"""What holds of the engine over an endpoint, when that endpoint fails."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from spacepolicy.engine.answer_frames import Data, Header
from spacepolicy.engine.port import ask
from spacepolicy.engine.remote import Remote
from spacepolicy.engine.remote_protocol import Credentials, basic, bearer
from spacepolicy.engine.requests import Query
from spacepolicy.errors import EngineError, QuerySyntaxError, TimeLimitError, UsageError

from ..receiving import receive
from .processes import PATIENCE_SECONDS

JSON = "application/sparql-results+json"
ROW = b'{"x":{"type":"literal","value":"1"}}'
WHOLE = b'{"head":{"vars":["x"]},"results":{"bindings":[' + ROW + b"]}}"
Answering = Callable[[socket.socket], None]


def received(client: socket.socket) -> bytes:
    """The whole of a request."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += receive(client, 1 << 16)
    head, _, body = request.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split()[0])
    while len(body) < length:
        body += receive(client, 1 << 16)
    return head + b"\r\n\r\n" + body


@contextmanager
def endpoint(answering: Answering, seconds: float = 5) -> Iterator[Remote]:
    """An engine over a server that answers each request so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client:
                        received(client)
                        answering(client)

        threading.Thread(target=serve, daemon=True).start()
        remote = Remote(f"http://127.0.0.1:{listener.getsockname()[1]}/sparql", seconds)
        yield remote
        remote.close()
        listener.shutdown(socket.SHUT_RDWR)


def saying(status: str, media_type: str, body: bytes, length: int | None = None) -> Answering:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: "
    head += f"{len(body) if length is None else length}\r\n\r\n"
    return lambda client: client.sendall(head.encode() + body)


def body_of(remote: Remote, text: str = "SELECT * {}", seconds: float = 5) -> bytes:
    frames = ask(remote, Query(text, prefixes={"ex": "http://example.org/"}), seconds)
    return b"".join(frame.payload for frame in frames if isinstance(frame, Data))


def test_an_answer_is_written_again_in_the_format_asked_for() -> None:
    with endpoint(saying("200 OK", JSON, WHOLE)) as remote:
        header, data = ask(remote, Query("SELECT * {}", solutions_format="csv"), 5)
    assert header == Header("solutions", "csv")
    assert data == Data(b"x\r\n1\r\n")


@pytest.mark.parametrize(
    ("media_type", "body", "length"),
    [
        (JSON, WHOLE[:-3], None),
        (JSON, b"", None),
        (JSON, b'{"head":{"vars":["x"]},"results":{"bindings":[' + ROW + b",{}", None),
        ("application/n-triples", b"<x:s> <x:p> <x:o> .\n", 100),
        ("application/n-triples", b"<x:s> <x:p>", None),
        ("text/html", b"<p>Sorry</p>", None),
        ("text/plain; charset=", b"Sorry", None),
    ],
)
def test_a_body_that_is_no_whole_answer_is_a_failure(
    media_type: str, body: bytes, length: int | None
) -> None:
    answering = saying("200 OK", media_type, body, length)
    with endpoint(answering) as remote, pytest.raises(EngineError):
        body_of(remote)


def test_a_stream_that_is_not_ended_is_a_failure() -> None:
    def answering(client: socket.socket) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nTransfer-Encoding: chunked\r\n\r\n"
        client.sendall(head.encode() + b"%x\r\n%b\r\n" % (len(WHOLE), WHOLE))

    with endpoint(answering) as remote, pytest.raises(EngineError):
        body_of(remote)


@pytest.mark.parametrize("began", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n{"])
def test_an_endpoint_that_says_no_more_is_left_in_time(began: bytes) -> None:
    def answering(client: socket.socket) -> None:
        client.sendall(began)
        client.recv(1)

    with endpoint(answering, seconds=0.2) as remote, pytest.raises(TimeLimitError) as caught:
        body_of(remote)
    assert caught.value.extras == {"limit_seconds": 0.2}


def test_a_connection_that_is_closed_hangs_up_at_the_endpoint() -> None:
    asked, hung_up = threading.Event(), threading.Event()

    def answering(client: socket.socket) -> None:
        asked.set()
        if client.recv(1) == b"":
            hung_up.set()

    with endpoint(answering) as remote:
        connection = remote.connect()
        connection.sendall(Query("SELECT * {}").to_bytes())
        assert asked.wait(PATIENCE_SECONDS)
        remote.release(connection, reusable=False)
        assert hung_up.wait(PATIENCE_SECONDS)


@pytest.mark.parametrize(
    "message",
    [
        "error at 2:10: expected something",
        "Lexical error at line 2, column 10.  Encountered: x",
        "Parse error: line 2, col 10: no",
    ],
)
def test_the_place_of_a_syntax_error_is_found(message: str) -> None:
    answering = saying("400 Bad Request", "text/plain", message.encode())
    with endpoint(answering) as remote, pytest.raises(QuerySyntaxError) as caught:
        body_of(remote, "SELECT *\n{ ?s ?p ?o }")
    assert (caught.value.extras["line"], caught.value.extras["column"]) == (2, 10)


@pytest.mark.parametrize(
    ("status", "error"),
    [("504 Gateway Timeout", TimeLimitError), ("500 Oh", EngineError), ("302 Found", EngineError)],
)
def test_a_failure_of_the_endpoint_is_told(status: str, error: type[Exception]) -> None:
    with endpoint(saying(status, "text/plain", b"no")) as remote, pytest.raises(error):
        body_of(remote)


def test_dataset_and_prefixes_go_with_the_query() -> None:
    requests = []
    answering = saying("200 OK", JSON, json.dumps({"head": {}, "boolean": True}).encode())

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                requests.append(received(client))
                answering(client)

        thread = threading.Thread(target=serve)
        thread.start()
        remote = Remote(f"http://127.0.0.1:{listener.getsockname()[1]}/sparql?a=b", 5)
        query = Query(
            "ASK { ex:a ?p ?o }",
            prefixes={"ex": "http://x/", "no": "http://y/"},
            default_graphs=("http://g/",),
            named_graphs=("http://h/",),
        )
        header, _ = ask(remote, query, 5)
        thread.join()
    assert header == Header("boolean", "json")
    assert requests[0].startswith(b"POST /sparql?a=b HTTP/1.1\r\n")
    form = "PREFIX+ex%3A+%3Chttp%3A%2F%2Fx%2F%3E%0AASK+%7B+ex%3Aa+%3Fp+%3Fo+%7D"
    graphs = "&default-graph-uri=http%3A%2F%2Fg%2F&named-graph-uri=http%3A%2F%2Fh%2F"
    assert requests[0].endswith(f"query={form}{graphs}".encode())


@pytest.mark.parametrize("credentials", [None, basic("Aladdin", "open sesame"), bearer("abc")])
def test_credentials_go_with_each_query(credentials: Credentials | None) -> None:
    asked = list[bytes]()
    nothing = b'{"head":{"vars":["p","o"]},"results":{"bindings":[]}}'
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in range(2):
                client, _ = listener.accept()
                with client:
                    asked.append(received(client))
                    saying("200 OK", JSON, nothing)(client)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/sparql"
        remote = Remote(url, 5, credentials=credentials)
        body_of(remote)
        assert remote.description() is None
        thread.join()
    heads = [request.partition(b"\r\n\r\n")[0].decode().split("\r\n") for request in asked]
    found = [[line for line in head if line.startswith("Authorization:")] for head in heads]
    wanted = [f"Authorization: {credentials.value}"] if credentials else []
    assert found == [wanted, wanted]


def test_nobody_there_is_told() -> None:
    with pytest.raises(EngineError, match="cannot be asked"):
        body_of(Remote("http://127.0.0.1:1/sparql", 5))
    with pytest.raises(UsageError):
        Remote("file:///etc/passwd", 5)
