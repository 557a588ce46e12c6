"""Columns over HTTP: negotiated, linked to their types, whole or visibly broken."""

import io
import json
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spacepolicy import formats

from .conftest import MakeService, serve

ALL = "SELECT * { ?s ?p ?o }"
MANY = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
NDJSON = "application/x-ndjson"


def asked(site: httpx.Client, query: str, accept: str = "*/*", **more: str) -> httpx.Response:
    return site.get("/sparql", params={"query": query, **more}, headers={"Accept": accept})


@pytest.mark.parametrize(
    ("media_type", "name"), [(ARROW, "arrow"), (PARQUET, "parquet"), (NDJSON, "ndjson")]
)
def test_solutions_come_as_columns_by_accept_or_format(
    site: httpx.Client, media_type: str, name: str
) -> None:
    by_accept, by_name = asked(site, ALL, media_type), asked(site, ALL, format=name)
    assert by_accept.headers["content-type"] == media_type
    assert by_accept.content == by_name.content
    assert by_accept.headers["etag"] == by_name.headers["etag"]
    assert "charset" not in by_accept.headers["content-type"]


def test_arrow_parquet_and_lines_have_the_rows_of_csv(site: httpx.Client) -> None:
    count = len(asked(site, ALL, "text/csv").text.splitlines()) - 1
    assert pa.ipc.open_stream(asked(site, ALL, ARROW).content).read_all().num_rows == count
    assert pq.read_table(io.BytesIO(asked(site, ALL, PARQUET).content)).num_rows == count
    lines = asked(site, ALL, NDJSON).text.splitlines()
    assert json.loads(lines[-1]) == {"@last": True, "rows": count, "columns": ["o", "p", "s"]}
    assert len(lines) == count + 1


def test_terms_are_asked_for_by_a_parameter(site: httpx.Client) -> None:
    values, terms = asked(site, ALL, ARROW), asked(site, ALL, ARROW, columns="terms")
    assert values.headers["etag"] != terms.headers["etag"]
    (term,) = {row["o"]["language"] for row in
               pa.ipc.open_stream(terms.content).read_all().to_pylist()}  # fmt: skip
    assert term == "en"
    wrong = asked(site, ALL, ARROW, columns="rows")
    assert wrong.status_code == 400
    assert "`values` or `terms`" in wrong.json()["detail"]


@pytest.mark.parametrize("query", ["ASK {}", "CONSTRUCT WHERE { ?s ?p ?o }"])
@pytest.mark.parametrize("accept", [ARROW, PARQUET, NDJSON])
def test_only_solutions_have_columns(site: httpx.Client, query: str, accept: str) -> None:
    answer = asked(site, query, accept)
    assert answer.status_code == 406
    assert accept not in answer.json()["available"]


def test_what_parquet_cannot_say_is_406(site: httpx.Client) -> None:
    assert asked(site, "SELECT * {}", PARQUET).status_code == 406
    assert asked(site, "SELECT * {}", ARROW).status_code == 200


def test_a_saved_query_comes_as_columns_whole_or_in_parts(site: httpx.Client) -> None:
    whole = site.get("/queries/how-many", params={"format": "arrow"})
    assert pa.ipc.open_stream(whole.content).read_all().to_pylist() == [{"number_of_things": 1000}]
    part = site.get("/queries/how-many", params={"format": "parquet", "limit": "5"})
    assert pq.read_table(io.BytesIO(part.content)).to_pylist() == [{"number_of_things": 1000}]
    terms = site.get("/queries/how-many", params={"format": "ndjson", "columns": "terms"})
    assert json.loads(terms.text.splitlines()[0])["number_of_things"]["type"] == "literal"
    by_accept = site.get("/queries/how-many", headers={"Accept": ARROW})
    assert by_accept.content == whole.content


@pytest.mark.parametrize("path", ["/sparql?query=" + quote(ALL), "/queries/how-many?lang=en"])
@pytest.mark.parametrize("times", [1, 2])
def test_csv_leads_to_what_says_its_types(site: httpx.Client, path: str, times: int) -> None:
    for _ in range(times):
        table = site.get(f"{path}&format=csv")
    link = table.links["describedby"]
    assert link["type"] == "application/csvm+json"
    metadata = site.get(str(table.url.join(link["url"])))
    assert metadata.headers["content-type"] == "application/csvm+json"
    said = metadata.json()
    assert metadata.url.join(said["url"]) == table.url
    heading = table.text.splitlines()[0].split(",")
    assert [column["titles"] for column in said["tableSchema"]["columns"]] == heading
    assert said["tableSchema"]["columns"][0]["datatype"] in ("string", "integer")


def test_csv_without_an_address_or_with_a_long_one_leads_nowhere(site: httpx.Client) -> None:
    posted = site.post("/sparql", data={"query": ALL}, headers={"Accept": "text/csv"})
    long = asked(site, "#" * 2000 + "\n" + ALL, "text/csv")
    assert posted.status_code == long.status_code == 200
    assert "describedby" not in posted.links
    assert "describedby" not in asked(site, "ASK {}", "text/csv").links
    assert "describedby" not in long.links


@pytest.mark.parametrize(("accept", "columns"), [(ARROW, "terms"), (NDJSON, "values")])
def test_a_limit_after_the_first_byte_breaks_the_transfer(
    site: httpx.Client, accept: str, columns: str
) -> None:
    parameters = {"query": f"{MANY} # {accept}", "timeout": "2", "columns": columns}
    received = bytearray()
    with site.stream("GET", "/sparql", params=parameters, headers={"Accept": accept}) as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):  # noqa: PT012 # the pieces before it count
            for piece in answer.iter_raw():
                received += piece
    assert received
    assert b"@last" not in received
    if accept == ARROW:
        with pytest.raises((pa.ArrowInvalid, OSError)):
            pa.ipc.open_stream(bytes(received)).read_all()


@pytest.fixture
def without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The installation has no pyarrow."""
    monkeypatch.setattr(formats, "find_spec", lambda _: None)
    formats._missing.cache_clear()  # it was asked before
    yield
    monkeypatch.undo()
    formats._missing.cache_clear()


@pytest.mark.usefixtures("without_pyarrow")
def test_columns_that_cannot_be_made_are_406_with_what_to_install(
    make_service: MakeService,
) -> None:
    with serve(make_service("<urn:a> <urn:b> <urn:c> .")) as fresh:
        site = fresh.client
        for each in ({"accept": f"{ARROW};q=0.9"}, {"format": "parquet"}):
            answer = asked(site, ALL, **each)
            assert answer.status_code == 406
            assert "pip install 'spacepolicy[columns]'" in answer.json()["detail"]
            assert ARROW not in answer.json()["available"]
        second = asked(site, ALL, f"{ARROW};q=0.8, text/csv;q=0.1")
        assert second.headers["content-type"].startswith("text/csv")
