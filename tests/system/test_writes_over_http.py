"""Writes as clients meet them: over HTTP, to the program as users start it."""

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest

from .conftest import Program, Serve, Server
from .stores_elsewhere import free_port

EMPTY = ("--content", "none", "--default-graph", "stored")
G = "/graphs?graph=urn:g"
TURTLE = {"Content-Type": "text/turtle"}
ENTITIES = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 8}">' for n in range(30))
BOMB = f"""<?xml version="1.0"?><!DOCTYPE rdf:RDF [<!ENTITY a0 "aaaaaaaaaa">{ENTITIES}]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="urn:e:">
<rdf:Description rdf:about="urn:x"><e:p>&a30;</e:p></rdf:Description></rdf:RDF>"""


@dataclass
class Written:
    """A running service, and a client that may write it."""

    server: Server
    client: httpx.Client

    def values(self, query: str = "") -> list[str]:
        """The objects in the graph."""
        answer = self.client.get(f"{G}&format=nt{query}")
        return sorted(line.split(" ", 2)[2][:-2] for line in answer.text.splitlines())


Start = Callable[..., Written]


@pytest.fixture
def start(serve: Serve, program: Program) -> Iterator[Start]:
    """Starts a service over the store, which keeps what was written before."""

    def started(*arguments: str) -> Written:
        server = serve(*EMPTY, *arguments)
        made = program.run("token", "new", "--scope", "write", "--store", str(program.store))
        bearing = {"Authorization": f"Bearer {made.stdout.strip()}"}
        client = httpx.Client(base_url=server.url, headers=bearing, timeout=30)
        clients.append(client)
        return Written(server, client)

    clients: list[httpx.Client] = []
    yield started
    for client in clients:
        client.close()


def put(client: httpx.Client, value: int | str, **headers: str) -> httpx.Response:
    fields = TURTLE | {name.replace("_", "-"): text for name, text in headers.items()}
    return client.put(G, content=f"<urn:a> <urn:b> {value} .", headers=fields)


def test_what_was_written_is_there_after_a_restart_and_so_is_what_was(start: Start) -> None:
    first = start()
    for number, status in ((1, 201), (2, 204), (3, 204)):
        assert put(first.client, f'"{number}"').status_code == status
    etag = first.client.get(G).headers["etag"]
    newest = first.client.get("/readyz").json()["revision"]
    assert first.server.end() == 0
    second = start()
    assert second.values() == ['"3"']
    assert second.values(f"&revision={newest - 1}") == ['"2"']
    assert [each["number"] for each in second.client.get("/revisions").json()["revisions"]] == [
        *range(newest, 0, -1)
    ]
    assert put(second.client, '"4"', If_Match=etag).status_code == 204
    assert put(second.client, '"5"', If_Match=etag).status_code == 412
    assert second.values() == ['"4"']


def test_a_graph_may_be_empty_and_is_there_until_it_is_deleted(start: Start) -> None:
    written = start()
    server, client = written.server, written.client
    assert client.get(G).status_code == 404
    assert client.put(G, content="", headers=TURTLE).status_code == 201
    assert client.put(G, content="", headers=TURTLE).status_code == 204
    empty = client.get(f"{G}&format=nt")
    assert (empty.status_code, empty.text) == (200, "")
    server.end()
    client = start().client
    number = client.get("/readyz").json()["revision"]
    assert client.put(G, content="", headers=TURTLE).headers["x-dataset-revision"] == str(number)
    assert client.delete(G).status_code == 204
    assert client.get(G).status_code == 404


def test_what_is_not_well_formed_changes_nothing(start: Start) -> None:
    written = start()
    put(written.client, '"before"')
    number = written.client.get("/readyz").json()["revision"]
    document = (
        '<?xml version="1.0"?><rdf:RDF xmlns:x="urn:" '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="urn:a">'
        "<x:b>after</x:b></rdf:Description></rdf:RDF>"
    )
    for method in ("PUT", "POST"):
        for end in [at + 1 for at, sign in enumerate(document[:-1]) if sign == ">"]:
            sent = written.client.request(
                method, G, content=document[:end], headers={"Content-Type": "application/rdf+xml"}
            )
            assert (sent.status_code, sent.json()["line"]) == (400, 1), document[:end]
    assert written.values() == ['"before"']
    assert written.client.get("/readyz").json()["revision"] == number


def test_of_many_writers_with_the_same_tag_one_succeeds(start: Start) -> None:
    written = start()
    put(written.client, '"before"')
    etag = written.client.get(G).headers["etag"]
    barrier, statuses = threading.Barrier(6), list[int]()

    def write(number: int) -> None:
        barrier.wait()
        statuses.append(put(written.client, f'"{number}"', If_Match=etag).status_code)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [204, 412, 412, 412, 412, 412]
    assert len(written.values()) == 1
    assert written.values() != ['"before"']


def test_writes_at_once_are_all_made_in_some_order(start: Start) -> None:
    written = start()
    before = written.client.get("/readyz").json()["revision"]

    def write(number: int) -> None:
        text = f"INSERT DATA {{ GRAPH <urn:g> {{ <urn:a> <urn:b> {number} }} }}"
        answer = written.client.post("/sparql", data={"update": text})
        assert answer.status_code == 204
        seen.append((int(answer.headers["x-dataset-revision"]), number))

    seen: list[tuple[int, int]] = []
    threads = [threading.Thread(target=write, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == len(written.values()) == 12
    assert max(seen)[0] <= before + 12
    for revision, number in seen:
        answer = written.client.get(f"{G}&format=nt&revision={revision}")
        assert f'"{number}"' in answer.text


def test_a_service_that_takes_no_writes_refuses_whatever_the_token(start: Start) -> None:
    first = start()
    put(first.client, '"1"')
    assert first.server.end() == 0
    reading = start("--read-only")
    refused = put(reading.client, '"2"')
    assert (refused.status_code, "PUT" in refused.headers["allow"]) == (405, False)
    assert reading.client.post("/sparql", data={"update": "CLEAR ALL"}).status_code == 403
    assert reading.values() == ['"1"']


HARMFUL: list[tuple[str, str | bytes]] = [
    ("application/rdf+xml", BOMB),
    ("application/ld+json", '{"@graph": ' * 15_000 + "1" + "}" * 15_000),
    ("application/ld+json", '{"@context": "http://127.0.0.1:1/c.jsonld", "a": 1}'),
    ("application/trig", "<urn:other> { <urn:a> <urn:b> 1 }"),
    ("application/n-quads", "<urn:a> <urn:b> <urn:c> <urn:other> .\n"),
    ("text/turtle", "@base <file:///etc/> . <passwd> <urn:b> "),
    ("text/turtle", b"\xff\xfe"),
]


def test_an_upload_that_would_do_harm_does_none(start: Start) -> None:
    written = start()
    put(written.client, '"1"')
    revision = written.client.get("/readyz").json()["revision"]
    for media_type, body in HARMFUL:
        answer = written.client.put(G, content=body, headers={"Content-Type": media_type})
        told = (answer.status_code, answer.json()["type"].rpartition("/")[2])
        assert told in {
            (400, "bad-parameter"),
            (400, "query-too-complex"),
            (403, "egress-refused"),
            (503, "memory-limit"),
        }, (media_type, body[:80], answer.text)
        assert written.client.get("/readyz").json()["revision"] == revision
        assert ("egress-refused" in answer.text) == ("@context" in str(body[:20]))
    assert put(written.client, '"2"').status_code == 204
    assert written.values() == ['"2"']


def test_blank_nodes_nested_deeply_are_taken_and_given(start: Start) -> None:
    written = start()
    nested = (
        f'<urn:a> <urn:b> {"[ <urn:b> " * 15_000}"1"{" ]" * 15_000} , {"(" * 9_000}{")" * 9_000} .'
    )
    assert put(written.client, '"1"').status_code in {201, 204}
    media_type = {"Content-Type": "text/turtle"}
    assert written.client.put(G, content=nested, headers=media_type).status_code == 204
    for form in ("nt", "ttl"):
        answer = written.client.get(f"{G}&format={form}")
        assert answer.status_code == 200
        assert '"1"' in answer.text
    assert put(written.client, '"2"').status_code == 204
    assert written.values() == ['"2"']


def test_an_update_that_would_do_harm_does_none(start: Start) -> None:
    written = start()
    put(written.client, '"1"')
    for text, status in (
        ("INSERT { ?s ?p ?o } WHERE { " + "OPTIONAL { " * 120 + "}" * 121, (400, 204)),
        ("DELETE { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(" + "!" * 20_000 + "true) }", (400,)),
        ("LOAD <http://127.0.0.1:1/>; CLEAR ALL", (403,)),
        ("CLEAR ALL; LOAD SILENT <file:///etc/passwd>", (403,)),
    ):
        assert written.client.post("/sparql", data={"update": text}).status_code in status
    assert written.values() == ['"1"']


def test_an_update_is_stopped_at_its_time_and_others_go_on(start: Start) -> None:
    written = start()
    triples = " ".join(f"<urn:{n}> <urn:p> {n} ." for n in range(400))
    inserted = written.client.post(
        "/sparql", data={"update": f"INSERT DATA {{ GRAPH <urn:g> {{ {triples} }} }}"}
    )
    assert inserted.status_code == 204
    cross = " ".join(f"GRAPH <urn:g> {{ ?a{n} ?b{n} ?c{n} }}" for n in range(4))
    counted = f"SELECT (COUNT(*) AS ?n) {{ {cross} }}"
    text = f"INSERT {{ GRAPH <urn:h> {{ <urn:n> <urn:p> ?n }} }} WHERE {{ {counted} }}"
    answer = written.client.post("/sparql?timeout=0.5", data={"update": text})
    assert answer.status_code == 504
    told = answer.json()
    assert told["type"].endswith("/problems/time-limit")
    assert told["limit_seconds"] == 0.5
    assert "nothing was written" in told["detail"]
    assert "spacepolicy import" in told["detail"]
    assert "query" not in f"{told['title']} {told['detail']}"
    page = written.client.post(
        "/sparql?timeout=0.5", data={"update": text}, headers={"Accept": "text/html"}
    )
    assert "Narrow the query" not in page.text
    assert written.client.get("/graphs?graph=urn:h").status_code == 404
    assert put(written.client, '"after"').status_code == 204


def test_an_answer_from_disk_is_not_taken_for_the_one_from_memory(start: Start) -> None:
    client = start().client
    put(client, '"1"')
    number = client.get("/readyz").json()["revision"]
    query = {"query": "SELECT * { GRAPH <urn:g> { ?s ?p ?o } }", "revision": str(number)}
    newest = client.get("/sparql", params=query)
    put(client, '"2"')
    client.get("/sparql", params={"query": "ASK {}"})  # what was kept of the older is forgotten
    older = client.get("/sparql", params=query)
    assert older.json() == newest.json()
    assert older.headers["etag"] != newest.headers["etag"]
    again = client.get("/sparql", params=query, headers={"If-None-Match": older.headers["etag"]})
    assert again.status_code == 304


def test_an_answer_has_its_entity_tag_again_after_a_restart(start: Start) -> None:
    """Rows come in another order after writes than they would had those been loaded, so that the
    first restart makes other answers of the same data; the next ones do not."""
    asked = [
        {"query": "SELECT * { GRAPH ?g { ?s ?p ?o } }", "format": "csv", **more}
        for more in ({}, {"revision": "3"})
    ]
    port = str(free_port())  # relative IRIs are resolved against the address
    tags: list[list[str]] = []
    bodies: list[list[bytes]] = []
    for number in range(3):
        written = start("--port", port)
        if number == 0:
            for n in (7, 2, 9, 4):
                quads = " ".join(f"<urn:{(n * i) % 31}> <urn:b> {i}." for i in range(12))
                update = f"INSERT DATA {{ GRAPH <urn:g> {{ {quads} }} }}"
                assert written.client.post("/sparql", data={"update": update}).status_code == 204
        answers = [written.client.get("/sparql", params=each) for each in asked]
        tags.append([each.headers["etag"] for each in answers])
        bodies.append([each.content for each in answers])
        assert written.server.end() == 0
    assert tags[1] == tags[2]
    assert bodies[1] == bodies[2]
    for first, second in zip(bodies[0], bodies[1], strict=True):
        assert sorted(first.split()) == sorted(second.split())
    assert not set(tags[0]) & set(tags[1])


def test_a_write_has_a_time_limit_of_its_own(start: Start) -> None:
    short = start("--timeout", "1", "--write-timeout", "0.02")
    client = short.client
    triples = "".join(f"<urn:{n}> <urn:p> {n} .\n" for n in range(20_000))
    late = client.put(G, content=triples, headers=TURTLE)
    assert late.status_code == 504, late.text
    assert late.json()["limit_seconds"] == 0.02
    assert "--write-timeout" in late.json()["detail"]
    assert client.get(G).status_code == 404
    too_long = client.put(f"{G}&timeout=5", content=triples, headers=TURTLE)
    assert too_long.status_code == 400
    short.server.end()
    longer = start("--timeout", "0.01", "--write-timeout", "120").client
    assert longer.put(f"{G}&timeout=60", content=triples, headers=TURTLE).status_code == 201


def test_a_slow_answer_is_of_the_revision_that_it_names(start: Start) -> None:
    site = start()
    numbers = " . ".join(f"<urn:s:{number}> <urn:p> {number}" for number in range(1200))
    more = {"Content-Type": "application/sparql-update"}
    site.client.post("/sparql", content=f"INSERT DATA {{ {numbers} }}", headers=more)
    values = {put(site.client, 0).headers["x-dataset-revision"]: "0"}
    ended = threading.Event()

    def write() -> None:
        with httpx.Client(base_url=site.server.url, headers=site.client.headers) as client:
            for value in itertools.count(1):
                answer = put(client, value)
                values[answer.headers["x-dataset-revision"]] = str(value)
                if ended.wait(0.01):
                    return

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    for number in range(5):  # a quarter of a second each, in which others are published; no two
        # have the same shape, of which the second would be known to be slow, and begin elsewhere
        query = f"""SELECT ?value (COUNT(*) AS ?n) {{
          GRAPH <urn:g> {{ ?s <urn:b> ?value }} ?a <urn:p> ?b . ?c <urn:p> ?d
          FILTER(STRLEN(STR(?a)) + ?b = ?d {"+ 1 " * number}) }} GROUP BY ?value"""
        answer = site.client.get("/sparql", params={"query": query, "format": "csv"})
        assert answer.status_code == 200, answer.text
        value = answer.text.split()[1].partition(",")[0]
        seen.append((answer.headers["x-dataset-revision"], value))
    ended.set()
    writer.join()
    assert [(revision, values.get(revision, value)) for revision, value in seen] == seen
    assert len({value for _, value in seen}) > 1
