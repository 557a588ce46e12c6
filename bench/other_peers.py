"""Other engines, where they are installed: Virtuoso from Debian, rdflib-endpoint from PyPI.

They are asked the same queries as `oxigraph serve`, one after the other. Virtuoso's default graph
is the merge of all graphs; the queries find the same in it, for what stands in named graphs has
other properties. Where an answer differs all the same, the row says so.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

from bench import tables
from bench.answers import DifferentAnswersError, compare_values
from bench.graphs import Things, Written
from bench.servers import BESIDE, Server, free_port, started, wait_for_answer
from bench.workloads import Workload
from bench.wrk import Endpoint, Load, Measured, WrkError, measure

HEADINGS: Final = ("query", "peer", "c", "answers/s", "oxigraph serve/s", "p99 ms", "answers")
_CLIENTS: Final = 8
_QUERIES: Final = 200_000
_MOST_FOR_RDFLIB: Final = 100_000
"""rdflib holds triples as Python objects: a million take minutes to load, and a join a minute."""
_DEFAULT: Final = "urn:default"
_N_QUADS: Final = 512
"""The flag of TTLP for N-Quads (Virtuoso's documentation of DB.DBA.TTLP)."""
_INI: Final = """[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
[TempDatabase]
DatabaseFile = {folder}/temp.db
TransactionFile = {folder}/temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
CaseMode = 2
DisableUnixSocket = 1
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty}
DirsAllowed = {folder}
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerThreads = 40
MaxClientConnections = 40
"""

_BUFFERS: Final = 340_000
"""For 4 GiB of memory, as Virtuoso's own configuration file advises."""

Peer = Callable[[Path, Path], AbstractContextManager[Server]]
"""Starts a peer that holds the N-Quads of a file, with a folder of its own."""


def installed(statements: int) -> Mapping[str, Peer]:
    """The peers that are installed and made for so many statements."""
    found: dict[str, Peer] = {}
    if shutil.which("virtuoso-t") and shutil.which("isql-vt"):
        found["Virtuoso"] = virtuoso
    if (BESIDE / "rdflib-endpoint").exists() and statements <= _MOST_FOR_RDFLIB:
        found["rdflib-endpoint"] = rdflib_endpoint
    return found


def configure_virtuoso(folder: Path, http: int, sql: int, buffers: int) -> Path:
    """Write the configuration of a Virtuoso with its files in the folder, on the ports `http` and
    `sql` of this machine, with so many buffers of 8 KiB; return its file."""
    configuration = folder / "virtuoso.ini"
    dirty = buffers * 3 // 4
    text = _INI.format(folder=folder, http=http, sql=sql, buffers=buffers, dirty=dirty)
    configuration.write_text(text, encoding="utf-8")
    return configuration


def tell_virtuoso(sql: int, statements: str) -> None:
    """Have the Virtuoso on the port carry out statements of SQL.

    Raises: subprocess.CalledProcessError where it does not.
    """
    login = [f"127.0.0.1:{sql}", "dba", "dba"]  # what a new database has
    isql = ["isql-vt", *login, f"exec={statements}"]
    subprocess.run(isql, check=True, capture_output=True)  # noqa: S603


@contextmanager
def virtuoso(folder: Path, file: Path) -> Iterator[Server]:
    """A Virtuoso with the file's statements, those of the default graph in one of their own."""
    http, sql = free_port(), free_port()
    os.link(file, folder / "graphs.nq")
    configuration = configure_virtuoso(folder, http, sql, _BUFFERS)
    with started(["virtuoso-t", "+foreground", "+configfile", str(configuration)]) as process:
        server = Server("Virtuoso", process.pid, Endpoint(http, "/sparql"))
        wait_for_answer(server, "ASK { GRAPH ?g { ?s ?p ?o } }")
        load = (
            f"log_enable(2,1); DB.DBA.TTLP(file_open('{folder}/graphs.nq'), '', '{_DEFAULT}', "
            f"{_N_QUADS}); checkpoint;"
        )
        tell_virtuoso(sql, load)
        yield server


@contextmanager
def rdflib_endpoint(_: Path, file: Path) -> Iterator[Server]:
    """An rdflib-endpoint with the file's statements, in memory."""
    port = free_port()
    program = str(BESIDE / "rdflib-endpoint")
    command = [program, "serve", "--host", "127.0.0.1", "--port", str(port), str(file)]
    with started(command) as process:
        server = Server("rdflib-endpoint", process.pid, Endpoint(port, "/"))
        wait_for_answer(server, "ASK { ?s ?p ?o }")
        yield server


def rows(
    folder: Path, written: Written, wanted: Sequence[Workload], peer: Server, seconds: float
) -> Iterator[str]:
    """The rows of the table, of each peer that is installed and each kind of query."""
    for name, start in installed(written.statements).items():
        own = folder / name
        own.mkdir()
        with start(own, written.path) as other:
            for workload in wanted:
                yield _row(workload, written.things, other, peer, seconds)


def _row(workload: Workload, things: Things, other: Server, peer: Server, seconds: float) -> str:
    answers = _compared(workload, things, other, peer)
    load = Load(max(seconds, workload.seconds), _CLIENTS, workload.accept)
    queries = list(islice(workload.queries(things, 7), 1 if workload.again else _QUERIES))
    theirs = _measured(other, queries, load)
    reference = _measured(peer, queries, load)
    if isinstance(theirs, str) or isinstance(reference, str):
        return tables.row((workload.name, other.name, _CLIENTS, "", "", "", f"{theirs}"))
    rates = (tables.number(theirs.rate), tables.number(reference.rate))
    notes = ", ".join(filter(None, (answers, theirs.errors)))
    cells = (workload.name, other.name, _CLIENTS, *rates, tables.number(theirs.p99_ms), notes)
    return tables.row(cells)


def _measured(server: Server, queries: Sequence[str], load: Load) -> Measured | str:
    try:
        return measure(server.endpoint, queries, load)
    except WrkError as error:
        return str(error).splitlines()[-1]


def _compared(workload: Workload, things: Things, other: Server, peer: Server) -> str:
    try:
        compare_values(other, peer, workload, things, 6)
    except DifferentAnswersError:
        return "others"
    except (RuntimeError, ValueError, KeyError, OSError) as error:
        return f"none: {str(error)[:80]}"
    return "the same"
