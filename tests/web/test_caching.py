"""Answers kept, tagged, coded: the same bytes, without asking the engine again."""

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import httpx
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from spacepolicy.http.content_codings import CODINGS, IDENTITY, Encoder, encoded, wish
from spacepolicy.http.etags import matching
from spacepolicy.http.response_cache import CachedResponse, RequestKey, ResponseCache
from spacepolicy.sparql_service.response_body_key import BodyKey
from spacepolicy.store.history import History
from spacepolicy.web.service import Service

from .conftest import serve
from .counting import Counting

ALL = "SELECT * { ?s ?p ?o } ORDER BY ?s ?p"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
LONG = "SELECT * { ?a :p1 ?b . ?c :p2 ?d . ?e :p3 ?f } LIMIT 30000"


@dataclass
class Counted:
    """A site of its own, and what its engine was asked."""

    site: httpx.Client
    engine: Counting

    def get(self, query: str, accept_encoding: str = IDENTITY, **fields: str) -> httpx.Response:
        headers = {"Accept-Encoding": accept_encoding, **fields}
        return self.site.get("/sparql", params={"query": query}, headers=headers)


@pytest.fixture
def counted(service: Service) -> Iterator[Counted]:
    counting = Counting(service.engine)
    with serve(replace(service, engine=counting)) as site:
        yield Counted(site.client, counting)


def test_the_same_request_is_evaluated_once(counted: Counted) -> None:
    first, second = counted.get(COUNT), counted.get(COUNT)
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    assert first.headers["x-query-id"] != second.headers["x-query-id"]
    assert counted.engine.asked == 1


def test_the_same_query_by_another_method_or_accept_is_evaluated_once(counted: Counted) -> None:
    first = counted.get(COUNT)
    posted = counted.site.post("/sparql", data={"query": COUNT})
    liked = counted.get(COUNT, Accept="application/sparql-results+json;q=0.9, */*;q=0.1")
    assert first.content == posted.content == liked.content
    assert counted.engine.asked == 1


def test_what_was_kept_is_not_taken_for_an_answer_in_another_order(counted: Counted) -> None:
    first = counted.get(ALL)
    counted.engine.loads += 1  # as when the dataset has been loaded into memory
    second = counted.get(ALL, Accept="application/sparql-results+json;q=0.9, */*;q=0.1")
    assert first.headers["etag"] != second.headers["etag"]
    assert counted.engine.asked == 2


def test_another_format_dataset_or_query_is_another_answer(counted: Counted) -> None:
    answers = [
        counted.get(COUNT),
        counted.get(COUNT, Accept="text/csv"),
        counted.get(COUNT + " "),
        counted.site.get("/sparql", params={"query": COUNT, "default-graph-uri": "urn:none"}),
        counted.site.get("/sparql", params={"query": COUNT, "named-graph-uri": "urn:none"}),
    ]
    assert len({answer.headers["etag"] for answer in answers}) == len(answers)
    assert answers[3].json()["results"]["bindings"][0]["n"]["value"] == "0"


@pytest.mark.parametrize(
    "text",
    [
        '{etag}', 'W/{etag}', '"other", {etag}', '"a,b" ,\tW/{etag} , "c"', '*',
    ],
)  # fmt: skip
def test_what_the_client_has_is_not_sent_again(counted: Counted, text: str) -> None:
    first = counted.get(ALL)
    condition = text.format(etag=first.headers["etag"])
    again = counted.get(ALL, **{"If-None-Match": condition})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["cache-control"] == "no-cache"
    assert "content-type" not in again.headers
    assert counted.engine.asked == 1


def test_a_tag_holds_without_evaluating_when_nothing_is_kept(service: Service) -> None:
    counting = Counting(service.engine)
    named = replace(service, public_url="https://data.example.org")
    alike = replace(named, engine=counting)
    with serve(named) as site:
        tag = Counted(site.client, counting).get(ALL, "gzip").headers["etag"]
    with serve(alike) as site:
        again = Counted(site.client, counting).get(ALL, "gzip", **{"If-None-Match": tag})
    assert again.status_code == 304
    assert counting.asked == 0


def test_a_tag_of_another_answer_is_no_reason(counted: Counted) -> None:
    tag = counted.get(COUNT).headers["etag"]
    assert counted.get(ALL, **{"If-None-Match": tag}).status_code == 200
    assert counted.get(COUNT, **{"If-None-Match": tag.strip('"')}).status_code == 200


def test_whatever_there_is_matches_a_star_only_where_there_is_something(counted: Counted) -> None:
    star = {"If-None-Match": "*"}
    assert counted.get(ALL, **star).status_code == 304
    assert counted.get(LONG, **star).status_code == 304
    assert counted.get("SELECT", **star).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "SELECT (NOW() AS ?x) {}", "SELECT (rand() AS ?x) {}", "SELECT (STRUUID() AS ?x) {}",
        "SELECT (BNODE() AS ?x) {}", "CONSTRUCT { [] ?p ?o } { :s1 ?p ?o }",
    ],
)  # fmt: skip
def test_what_differs_each_time_is_not_kept(counted: Counted, query: str) -> None:
    for asked in (1, 2):
        answer = counted.get(query)
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers
        assert counted.engine.asked == asked


def test_errors_are_not_kept(counted: Counted) -> None:
    for asked in (1, 2):
        answer = counted.get("SELECT * {")
        assert (answer.status_code, answer.headers["cache-control"]) == (400, "no-store")
        assert counted.engine.asked == asked


def test_a_publication_drops_what_was_kept(service: Service) -> None:
    cache = ResponseCache(1 << 20)
    key, body = a_request(b"q"), BodyKey("q", None, None, "json", "")
    cache.keep_body(1, body, b"old")
    cache.keep_response(1, key, CachedResponse(body, IDENTITY, '"t"', ()), key.size)
    assert cache.response(1, key) is not None
    assert cache.response(2, key) is None
    cache.keep_body(1, body, b"old")
    assert cache.body(2, body) is None
    assert cache.body(1, body) is None
    newer = replace(service, history=History([replace(service.revision, number=8)]))
    with serve(service) as old, serve(newer) as new:
        tags = [
            site.client.get("/sparql", params={"query": COUNT}).headers["etag"]
            for site in (old, new)
        ]
    assert tags[0] != tags[1]


def a_request(target: bytes) -> RequestKey:
    return RequestKey(target, b"", b"", b"", b"", "", "")


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3000)), max_size=200))
def test_the_cache_stays_within_its_bytes(operations: list[tuple[int, int]]) -> None:
    cache = ResponseCache(20_000)
    for number, size in operations:
        body = BodyKey(str(number), None, None, "json", "")
        cache.keep_body(1, body, b"x" * size)
        cache.keep_body(1, body, b"y" * (size // 2), coding="gzip")
        request = a_request(b"%d" % number)
        cache.keep_response(1, request, CachedResponse(body, IDENTITY, ""), request.size)
        cache.response(1, a_request(b"%d" % (number // 2)))
        assert 0 <= cache.held_bytes <= 20_000
        kept = cache.body(1, body)
        assert kept is None or set(kept) <= {ord("x")}


def test_a_cache_of_no_bytes_keeps_nothing(service: Service) -> None:
    counting = Counting(service.engine)
    with serve(replace(service, engine=counting, max_cache_bytes=0)) as site:
        for asked in (1, 2):
            answer = site.client.get("/sparql", params={"query": COUNT})
            assert answer.headers["cache-control"] == "no-store"
            assert counting.asked == asked


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("query", [ALL, LONG], ids=["whole", "streamed"])
def test_a_large_answer_comes_in_the_coding_asked_for(
    counted: Counted, coding: str, query: str
) -> None:
    plain = counted.get(query)
    bodies = [raw(counted, query, coding), raw(counted, query, coding)]
    for headers, body in bodies:
        assert headers["content-encoding"] == coding
        assert "Accept-Encoding" in headers["vary"]
        assert headers["etag"] != plain.headers["etag"]
        assert decoded(body, coding) == plain.content
        assert len(body) < len(plain.content) / 3
    assert bodies[0][1] == bodies[1][1]


def raw(counted: Counted, query: str, coding: str) -> tuple[httpx.Headers, bytes]:
    headers = {"Accept-Encoding": coding}
    with counted.site.stream("GET", "/sparql", params={"query": query}, headers=headers) as answer:
        return answer.headers, b"".join(answer.iter_raw())


def decoded(body: bytes, coding: str) -> bytes:
    if coding == "gzip":
        return gzip.decompress(body)
    return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(body)).read()


def test_a_small_answer_is_left_alone(counted: Counted) -> None:
    answer = counted.get(COUNT, "gzip, zstd")
    assert "content-encoding" not in answer.headers
    assert counted.get(COUNT, "gzip, identity;q=0").headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("field", "coding"),
    [
        (None, IDENTITY), ("", IDENTITY), ("gzip", "gzip"), ("x-gzip", "gzip"), ("GZIP", "gzip"),
        ("gzip, zstd", "zstd"), ("gzip, zstd;q=0.9", "gzip"), ("br", IDENTITY), ("*", "zstd"),
        ("*, zstd;q=0", "gzip"), ("identity, gzip;q=0.5", IDENTITY), ("gzip;q=0", IDENTITY),
        ("identity;q=0, gzip;q=0.001", "gzip"), ("gzip;q=nonsense", IDENTITY),
        ("gzip;q=0.5, identity;q=0.5", "gzip"), ("deflate, gzip;q=1.0, *;q=0.5", "gzip"),
    ],
)  # fmt: skip
def test_the_coding_liked_best_is_chosen(field: str | None, coding: str) -> None:
    chosen = wish(field)
    assert chosen is not None
    assert chosen.coding == coding


def test_no_coding_at_all_is_not_acceptable(counted: Counted) -> None:
    answer = counted.get(COUNT, "identity;q=0, *;q=0")
    assert answer.status_code == 406
    assert answer.json()["available"] == [*CODINGS, IDENTITY]


@given(
    st.sampled_from(list(CODINGS)),
    st.lists(st.integers(0, 600_000), max_size=5),
    st.binary(min_size=1, max_size=64),
)
def test_a_coded_body_does_not_depend_on_its_pieces(
    coding: str, cuts: list[int], unit: bytes
) -> None:
    body = unit * (600_000 // len(unit))
    encoder = Encoder(coding)
    bounds = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    pieces = [body[start:stop] for start, stop in pairwise(bounds)]
    coded = b"".join([*map(encoder.feed, pieces), encoder.finish()])
    assert coded == encoded(body, coding)
    assert decoded(coded, coding) == body


@pytest.mark.parametrize("coding", CODINGS)
def test_a_coded_body_that_breaks_off_has_no_end(counted: Counted, coding: str) -> None:
    query = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
    target = {"query": query, "timeout": "1"}
    headers = {"Accept-Encoding": coding}
    received = bytearray()
    with counted.site.stream("GET", "/sparql", params=target, headers=headers) as answer:
        assert (answer.status_code, answer.headers["content-encoding"]) == (200, coding)
        pieces = answer.iter_raw()
        with pytest.raises(httpx.RemoteProtocolError):
            received.extend(byte for piece in pieces for byte in piece)
    if coding == "gzip":
        decompressor = zlib.decompressobj(31)
        decompressor.decompress(bytes(received))
        assert not decompressor.eof


@given(st.text(max_size=60))
def test_no_text_in_the_condition_matches_by_chance(text: str) -> None:
    tag = '"AAAAAAAAAAAAAAAAAAAA"'
    assert (matching(text, [tag]) is not None) <= (tag in text)
