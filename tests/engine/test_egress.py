"""No query reaches a listener: the engine's own lock, without anybody reading the text before."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from pyoxigraph import Store

from spacepolicy.engine.port import Engine, ask
from spacepolicy.engine.requests import Query
from spacepolicy.errors import ProblemError

FORMS = [
    "SELECT * { SERVICE <@> { ?s ?p ?o } }",
    "select * { service silent <@> { ?s ?p ?o } }",
    "SELECT * { sErViCe # SILENT\n <@> { ?s ?p ?o } }",
    "SELECT * { \\u0053ERVICE <@> { ?s ?p ?o } }",
    "SELECT*{SERVICESILENT<@>{?s ?p ?o}}",
    "PREFIX out: <@> SELECT * { SERVICE out: { ?s ?p ?o } }",
    "BASE <@> SELECT * { SERVICE <> { ?s ?p ?o } }",
    "SELECT * { VALUES ?where { <@> } SERVICE ?where { ?s ?p ?o } }",
    "SELECT * { ?a ?b ?c OPTIONAL { SERVICE SILENT <@> { ?s ?p ?o } } } LIMIT 3",
    "ASK { FILTER EXISTS { SERVICE <@> { ?s ?p ?o } } }",
    "ASK { FILTER NOT EXISTS { SERVICE SILENT <@> { ?s ?p ?o } } }",
    "SELECT * { { SELECT * { SERVICE <@> { SERVICE <@> { ?s ?p ?o } } } } }",
    "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <@> { ?s ?p ?o } }",
    "DESCRIBE ?s { SERVICE <@> { ?s ?p ?o } }",
    "SELECT * FROM <@> { ?s ?p ?o }",
    "INSERT { ?s ?p ?o } WHERE { SERVICE <@> { ?s ?p ?o } }",
    "LOAD <@>",
    "LOAD SILENT <@> INTO GRAPH <urn:g>",
]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """One that would take any connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def at(text: str, listener: socket.socket) -> str:
    return text.replace("@", f"http://127.0.0.1:{listener.getsockname()[1]}/")


@pytest.mark.parametrize("text", FORMS)
def test_the_engine_alone_lets_no_query_out(
    local: Engine, listener: socket.socket, text: str
) -> None:
    with suppress(ProblemError):
        list(ask(local, Query(at(text, listener)), 20))
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_the_listener_would_see_a_query_that_is_let_out(listener: socket.socket) -> None:
    def ask_unlocked() -> None:
        with suppress(OSError):
            Store().query(at(FORMS[0], listener))

    listener.settimeout(10)
    asking = threading.Thread(target=ask_unlocked)
    asking.start()
    connection, _ = listener.accept()
    connection.close()
    asking.join()
