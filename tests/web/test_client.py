"""The client: rows, frames and graphs of this service and of plain endpoints; what goes wrong."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from spacepolicy.engine.pool import Pool
from spacepolicy.engine.snapshot import GENERATION
from spacepolicy.store.history import History
from spacepolicy.web.service import Service
from spacepolicy_client import (
    IRI,
    BlankNode,
    BrokenTransferError,
    BusyError,
    Client,
    ClientError,
    Literal,
    QuerySyntaxError,
    ServiceError,
)

from .conftest import serve

XSD = "http://www.w3.org/2001/XMLSchema#"
EVERY = f"""PREFIX xsd: <{XSD}>
SELECT ?int ?big ?dec ?dbl ?nan ?bool ?date ?old ?utc ?zone ?local ?year ?text ?en ?tags ?iri ?node
       ?none ?ill ?mixed ?number
{{ VALUES (?int ?big ?dec ?dbl ?nan ?bool ?date ?old ?utc ?zone ?local ?year ?text ?en ?tags ?iri
          ?none ?ill ?mixed ?number) {{
  (1 5 1.25 1.5e3 1e0 true "2026-01-20"^^xsd:date "2026-01-20"^^xsd:date
   "2026-01-20T08:30:00Z"^^xsd:dateTime "2026-01-20T08:30:00.5+08:00"^^xsd:dateTime
   "2026-01-20T08:30:00"^^xsd:dateTime "2026"^^xsd:gYear "a,\\"b\\"\\n卫" "x"@en "x"@en <urn:a>
   UNDEF 3 <urn:m> 1)
  (-2 "123456789012345678901234567890"^^xsd:integer "123456789012345678901234.5"^^xsd:decimal
   "INF"^^xsd:double "NaN"^^xsd:double false "2024-02-29"^^xsd:date "-0044-03-15"^^xsd:date
   "1999-12-31T23:59:59.123456Z"^^xsd:dateTime "2026-01-20T08:30:00Z"^^xsd:dateTime
   "2026-02-30T00:00:00"^^xsd:dateTime "1999"^^xsd:gYear "" "y"@en "y"@zh <urn:b>
   UNDEF "x"^^xsd:integer "m" 2.5)
  (UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF
   UNDEF UNDEF 7 4e0)
}} ?node <urn:is> <urn:blank> }} ORDER BY DESC(?int)"""
"""Every datatype with a type of its own, and cells that fit none; ?node is a blank node's."""


@pytest.fixture(scope="module")
def site(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The site of all tests, with a blank node."""
    folder = tmp_path_factory.mktemp("blank")
    quads = (service.history.current.directory / GENERATION).read_text(encoding="utf-8")
    (folder / GENERATION).write_text(f"{quads}_:b <urn:is> <urn:blank> .\n", encoding="utf-8")
    revision = replace(service.history.current, directory=folder)
    engine = Pool(revision.dataset, memory_bytes=256 << 20)
    with serve(replace(service, engine=engine, history=History([revision]))) as site:
        yield site.client
    engine.close()


@pytest.fixture(scope="module")
def client(site: httpx.Client) -> Client:
    return Client(str(site.base_url))


Answers = Callable[[str, dict[str, str]], tuple[int, dict[str, str], bytes]]


@contextmanager
def endpoint(answer: Answers) -> Iterator[str]:
    """A plain endpoint that answers a form of POST so, at an address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the library's name
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, fields, body = answer(form, dict(self.headers))
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | fields).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/sparql"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def without_arrow(site: httpx.Client) -> Iterator[Client]:
    """A client of an endpoint over the same data that has only JSON."""

    def answer(form: str, _: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        fields = {"Accept": "application/sparql-results+json",
                  "Content-Type": "application/x-www-form-urlencoded"}  # fmt: skip
        told = site.post("/sparql", content=form, headers=fields)
        return told.status_code, {"Content-Type": told.headers["content-type"]}, told.content

    with endpoint(answer) as address:
        yield Client(address)


def test_rows_have_values_of_python(client: Client) -> None:
    first, second, third = client.select(EVERY).rows()
    assert first | {"node": None} == {
        "int": 1, "big": 5, "dec": Decimal("1.25"), "dbl": 1500.0, "nan": 1.0, "bool": True,
        "date": date(2026, 1, 20), "old": date(2026, 1, 20),
        "utc": datetime(2026, 1, 20, 8, 30, tzinfo=UTC),
        "zone": datetime(2026, 1, 20, 0, 30, 0, 500000, tzinfo=UTC),
        "local": datetime(2026, 1, 20, 8, 30), "year": Literal("2026", datatype=f"{XSD}gYear"),
        "text": 'a,"b"\n卫', "en": Literal("x", language="en"), "tags": Literal("x", language="en"),
        "iri": IRI("urn:a"), "node": None, "none": None, "ill": 3, "mixed": IRI("urn:m"),
        "number": 1,
    }  # fmt: skip
    assert isinstance(first["iri"], IRI)
    assert isinstance(first["node"], BlankNode)
    assert second["big"] == 123456789012345678901234567890
    assert second["old"] == Literal("-0044-03-15", datatype=f"{XSD}date")
    assert second["ill"] == Literal("x", datatype=f"{XSD}integer")
    assert second["ill"] != "y"
    assert third["int"] is None


def test_rows_that_are_streamed_are_the_same(client: Client) -> None:
    selection = client.select(EVERY)
    streamed = list(selection.stream())
    assert [repr(row) for row in streamed] == [repr(row) for row in selection.rows()]


def test_frames_of_json_are_those_of_arrow(client: Client, site: httpx.Client) -> None:
    expected = client.select(EVERY).polars()
    with without_arrow(site) as plain:
        assert_frame_equal(plain.select(EVERY).polars(), expected)
        there, here = plain.select(EVERY).arrow(), client.select(EVERY).arrow()
        assert there.schema.equals(here.schema)
        assert repr(there.to_pylist()) == repr(here.to_pylist())
        assert repr(list(plain.select(EVERY).stream())) == repr(client.select(EVERY).rows())
    assert expected.schema["int"] == pl.Int64
    assert expected["ill.term"].to_list()[1]["value"] == "x"


def test_frames_of_pandas_keep_integers_with_nulls(client: Client) -> None:
    frame = client.select(EVERY).pandas()
    assert str(frame["int"].dtype).startswith("int64")
    assert frame["int"].isna().tolist() == [False, False, True]
    assert frame["dec"][0] == Decimal("1.25")


def test_a_selection_without_rows_has_its_columns(client: Client, site: httpx.Client) -> None:
    nothing = "SELECT ?a ?b { FILTER(false) }"
    assert client.select(nothing).polars().columns == ["a", "b"]
    assert client.select(nothing).rows() == []
    assert client.select(nothing).columns == ("a", "b")
    with without_arrow(site) as plain:
        assert plain.select(nothing).polars().shape == (0, 2)


def test_ask_and_construct(client: Client) -> None:
    assert client.ask("ASK { ?s ?p ?o }") is True
    assert client.ask("ASK { FILTER(false) }") is False
    graph = client.construct("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } LIMIT 7")
    assert len(graph) == 7


def test_parameters_are_bound_as_terms(client: Client) -> None:
    query = """SELECT ?o { # VALUES ?s { UNDEF }
    VALUES ?s { UNDEF } ?s <https://example.org/p1> ?o }"""
    one = client.select(query, s=IRI("https://example.org/s1"))
    assert [str(row["o"]) for row in one] == ["<b>1</b> 1"]
    both = client.select(query, s=[IRI("https://example.org/s1"), IRI("https://example.org/s2")])
    assert len(both) == 2
    injected = 'x" } UNION { ?s ?p ?o } #'
    assert len(client.select(query, s=injected)) == 0
    with pytest.raises(ValueError, match="takes 'other'"):
        client.select(query, other=1)
    with pytest.raises(ValueError, match="no IRI"):
        client.select(query, s=IRI("urn:a> ?p ?o"))


def test_saved_queries_are_called_by_name(client: Client) -> None:
    assert client.queries["how-many"]().rows() == [{"number_of_things": 1001}]
    assert client.queries.how_many().polars()["number_of_things"].to_list() == [1001]
    assert "How many things are there?" in str(client.queries.how_many.__doc__)
    with pytest.raises(TypeError, match="no parameter 'colour'"):
        client.queries.how_many(colour="red")
    with pytest.raises(AttributeError):
        client.queries.nothing  # noqa: B018 # it is asked for


def test_an_answer_says_its_revision_and_how_it_is_cited(
    client: Client, site: httpx.Client
) -> None:
    selection = client.select("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
    cited = selection.citation()
    assert selection.revision == 7
    assert cited.endswith("(revision 7)")
    again = site.get(cited.partition(" ")[0], headers={"Accept": "text/csv"})
    assert again.text == "n\r\n1001\r\n"
    assert client.at(7).select("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").rows() == [{"n": 1001}]
    with pytest.raises(ServiceError, match="404"):
        client.at(99).select("SELECT * {}").rows()


def test_a_mistake_is_shown_in_its_place(client: Client) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        client.select("SELECT *\n{ ?s ?p }").rows()
    assert (caught.value.line, caught.value.column) == (2, 9)
    assert str(caught.value).splitlines()[-2:] == ["  { ?s ?p }", "          ^"]


@pytest.mark.parametrize("wait", ["0", "Thu, 01 Jan 2026 00:00:00 GMT"])
def test_a_busy_service_is_asked_again_when_it_says(wait: str) -> None:
    asked: list[str] = []

    def answer(form: str, _: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        asked.append(form)
        if len(asked) < 3:
            return 503, {"Retry-After": wait}, b"busy"
        said = {"head": {"vars": ["x"]}, "results": {"bindings": []}}
        return 200, {"Content-Type": "application/sparql-results+json"}, json.dumps(said).encode()

    with endpoint(answer) as address:
        assert Client(address).select("SELECT * {}").rows() == []
        assert len(set(asked)) == 1
        asked.clear()
        with pytest.raises(BusyError, match="503: busy"):
            Client(address, retries=1).select("SELECT * {}").rows()
        assert len(asked) == 2


def test_a_pause_that_is_too_long_is_not_made() -> None:
    def answer(_form: str, _: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        return 429, {"Retry-After": "3600"}, b"later"

    with endpoint(answer) as address, pytest.raises(BusyError):
        Client(address).select("SELECT * {}").rows()


def test_what_does_not_come_whole_is_an_exception(client: Client) -> None:
    many = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    endless = client.select(many)
    with pytest.raises(BrokenTransferError):
        for _ in endless.stream():
            pass

    def short(_form: str, _: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        fields = {"Content-Type": "application/sparql-results+json", "Content-Length": "999"}
        return 200, fields, b'{"head": {"vars": []}, "results": {"bindings": []}}'

    with endpoint(short) as address, pytest.raises(BrokenTransferError):
        Client(address).select("SELECT * {}").rows()


def test_a_service_that_is_not_there_is_told_with_its_address() -> None:
    with pytest.raises(ClientError, match=r"127\.0\.0\.1:9"):
        Client("http://127.0.0.1:9").select("SELECT * {}").rows()
    with pytest.raises(ClientError, match="no address of HTTP"):
        Client("file:///etc/passwd").select("SELECT * {}").rows()


def test_a_chart_is_a_drawing_of_its_numbers(client: Client) -> None:
    query = 'SELECT ?x ?y { VALUES (?x ?y) { ("<one>" 1) ("two" -2.5) } }'
    svg = client.select(query).chart("x", "y").svg()
    assert "&lt;one&gt;" in svg
    assert svg.count("<rect") == 2
    assert ">-2.5<" in svg


def test_a_notebook_asks_by_a_magic(site: httpx.Client) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell: Any = InteractiveShell()  # type: ignore[no-untyped-call] # it has no types
    shell.run_line_magic("load_ext", "spacepolicy_client")
    line = f"--url {site.base_url} --to found --chart s n"
    cell = "SELECT (STR(?s) AS ?s) (1 AS ?n) { ?s <https://example.org/p1> ?o } LIMIT 3"
    cell = cell.replace("(STR(?s) AS ?s)", "?s")
    shown = shell.run_cell_magic("sparql", line, cell)
    assert shown._repr_html_().count("<tr>") == 4
    assert len(shell.user_ns["found"]) == 3
    with pytest.raises(ClientError, match="%%sparql"):
        shell.run_cell_magic("sparql", "--colour red", cell)
