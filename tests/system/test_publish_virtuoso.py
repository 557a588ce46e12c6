"""`publish` into Virtuoso from Debian's packages, which is killed meanwhile."""

import random
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest
from bench.other_peers import configure_virtuoso

from spacepolicy.engine.publication_description import GRAPH
from spacepolicy.engine.remote_protocol import RemoteEndpoints
from spacepolicy.errors import StoreError
from spacepolicy.publishing import description
from spacepolicy.publishing.publication import PublicationOutcome, RemotePublication
from spacepolicy.publishing.virtuoso import DATATYPE
from spacepolicy.store.history import History

from .stores_elsewhere import CLIENT, VIRTUOSO_BUFFERS, free_port, history, listens, served

pytestmark = pytest.mark.debian
XSD = "http://www.w3.org/2001/XMLSchema#"
FIRST = "".join(
    f'<urn:s{number}> <urn:p> "{number}" <urn:g{number % 7}> .\n' for number in range(2_500)
)
SECOND = FIRST.replace("<urn:s1", "<urn:t1", 300) + "<urn:s1> <urn:p> <urn:o> .\n"
KINDS = f"""<urn:a> <urn:p> "P120D"^^<{XSD}duration> <urn:kinds> .
<urn:a> <urn:p> "100"^^<{XSD}decimal> <urn:kinds> .
<urn:a> <urn:p> "1.50"^^<{XSD}decimal> <urn:kinds> .
<urn:a> <urn:p> "true"^^<{XSD}boolean> <urn:kinds> .
<urn:a> <urn:p> "-0044-03-15"^^<{XSD}date> <urn:kinds> .
<urn:a> <urn:p> "10:00:00"^^<{XSD}time> <urn:kinds> .
<urn:a> <urn:p> "99999999999999999999"^^<{XSD}decimal> <urn:kinds> .
<urn:a> <urn:p> "two\\nlines, a \\"quote\\" \\\\ and \u96ea"@zh <urn:kinds> .
<urn:a> <urn:p> _:b <urn:kinds> .
_:b <urn:p> "" .
"""
_SEED = 25
_KILLS = 4
"""Each costs a start of some seconds; ten were tried once."""


@dataclass
class Virtuoso:
    """A Virtuoso whose endpoint anybody may write to."""

    folder: Path
    http: int
    sql: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def store(self) -> RemoteEndpoints:
        url = f"http://127.0.0.1:{self.http}/sparql"
        return RemoteEndpoints(url, url, 60)

    def start(self) -> None:
        ini = str(self.folder / "virtuoso.ini")
        command = ["/usr/bin/virtuoso-t", "+foreground", "+configfile", ini]
        self.process = subprocess.Popen(command, cwd=self.folder, stderr=subprocess.DEVNULL)
        listens(self.http)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def tell(self, statement: str) -> None:
        command = ["/usr/bin/isql-vt", f"127.0.0.1:{self.sql}", "dba", "dba", f"exec={statement}"]
        subprocess.run(command, check=True, capture_output=True)

    def publish(self, history: History, *, replace: bool = False) -> PublicationOutcome:
        said: list[str] = []
        return RemotePublication(self.store, history, said.append, replace=replace).run()


@pytest.fixture(scope="module")
def virtuoso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Virtuoso]:
    folder = tmp_path_factory.mktemp("virtuoso")
    server = Virtuoso(folder, free_port(), free_port())
    configure_virtuoso(folder, server.http, server.sql, VIRTUOSO_BUFFERS)
    server.start()
    try:
        server.tell('GRANT SPARQL_UPDATE TO "SPARQL"; checkpoint;')
        yield server
    finally:
        server.kill()


def test_what_virtuoso_cannot_keep_is_kept_under_another_datatype(
    virtuoso: Virtuoso, tmp_path: Path
) -> None:
    assert not virtuoso.publish(history(tmp_path, KINDS), replace=True).faults
    rows = virtuoso.store.select("SELECT ?o { GRAPH <urn:kinds> { <urn:a> ?p ?o } }")
    assert f'"P120D"^^<{DATATYPE}duration>' in {str(term) for (term,) in rows}
    changed = KINDS.replace('"100"', '"200"').replace("_:b", "_:c")
    patched = virtuoso.publish(history(tmp_path, KINDS, changed))
    assert (patched.way, patched.faults) == ("patch", ())
    again = changed.replace("P120D", "P7D")  # which no operation of two graphs takes away
    patched = virtuoso.publish(history(tmp_path, KINDS, changed, again))
    assert (patched.way, patched.faults) == ("full", ())


def test_a_service_over_a_virtuoso_answers_the_revision_that_was_published(
    virtuoso: Virtuoso, tmp_path: Path
) -> None:
    first = (
        '<urn:a> <urn:p> "own" .\n<urn:a> <urn:p> "one" <urn:g> .\n'
        '<urn:g> <urn:p> "g" <urn:h> .\n<urn:a> <urn:q> "P7D"'
        f"^^<{XSD}duration> <urn:h> .\n"
    )
    second = first.replace('"own"', '"newer"')
    virtuoso.publish(history(tmp_path, first), replace=True)
    with served(virtuoso.store.query_url, tmp_path) as front:

        def ask(query: str) -> list[str]:
            found = CLIENT.get(f"{front}/sparql", params={"query": query, "format": "csv"})
            assert found.status_code == 200, found.text
            number.append(found.headers["x-dataset-revision"])
            return found.text.split()[1:]

        number: list[str] = []
        assert ask("SELECT ?o { ?s <urn:p> ?o }") == ["own"]
        assert ask("SELECT ?g { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g") == [
            "urn:g", "urn:h",
        ]  # fmt: skip
        assert ask("SELECT ?o { GRAPH <urn:g> { ?s <urn:p> ?o } }") == ["one"]
        joined = "SELECT ?o { GRAPH ?g { ?s <urn:p> ?o } GRAPH <urn:h> { ?g <urn:p> 'g' } }"
        assert ask(joined) == ["one"]
        assert ask(f"SELECT ?o {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}") == []
        assert ask("SELECT ?o FROM <urn:h> { ?s <urn:p> ?o }") == ["g"]
        broken = CLIENT.get(f"{front}/sparql", params={"query": "\nSELECT * { ?s ?p }"})
        assert (broken.status_code, broken.json()["line"]) == (400, 2)
        virtuoso.publish(history(tmp_path, first, second))
        assert ask("SELECT ?o { ?s <urn:p> ?o }") == ["newer"]
        assert set(number) == {"1", "2"}


def test_a_publication_into_a_virtuoso_that_is_killed_ends_complete_or_invisible(
    virtuoso: Virtuoso, tmp_path: Path
) -> None:
    moments = random.Random(_SEED)  # noqa: S311 # no secret
    one, both = history(tmp_path, FIRST), history(tmp_path, FIRST, SECOND)
    began = monotonic()
    virtuoso.publish(one, replace=True)
    virtuoso.publish(both)
    seconds = monotonic() - began
    broken = 0
    for number in range(_KILLS):
        target = (both, one)[number % 2]
        killer = threading.Timer(moments.uniform(0, seconds / 2), virtuoso.kill)
        killer.start()
        try:
            virtuoso.publish(target, replace=target is one)
        except StoreError:
            broken += 1
        killer.join()
        virtuoso.start()
        there = description.read(virtuoso.store)
        assert there is not None
        if there.complete:  # it is one of the two, and whole
            is_there = (one, both)[there.target - 1]
            assert virtuoso.publish(is_there) == PublicationOutcome("none", 0, 0, 0)
        outcome = virtuoso.publish(target, replace=target is one)
        assert not outcome.faults
    assert broken
