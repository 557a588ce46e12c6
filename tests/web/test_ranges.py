"""One byte range of a whole answer; answers that are made whole, and dumps with their length."""

import asyncio
import gzip
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import quote

import httpx
import pyarrow.parquet as pq
import pytest

from spacepolicy.http.byte_ranges import selected
from spacepolicy.web.answering import evaluation
from spacepolicy.web.answering.kept_files import gather
from spacepolicy.web.service import Service

from .conftest import serve

FEW = "/sparql?format=csv&query=" + quote("SELECT * { ?s ?p ?o } LIMIT 5")
WIDE = """SELECT ?s ?p ?s2 ?p2 (SHA512(CONCAT(STR(?s), STR(?p), STR(?s2), STR(?p2))) AS ?sum)
{ ?s ?p ?o . ?s2 ?p2 ?o2 FILTER(STRENDS(STR(?s2), '7')) } LIMIT 20000"""
LARGE = "/sparql?format=csv&query=" + quote(WIDE)
PARQUET = "/sparql?format=parquet&query=" + quote(WIDE)
WHOLE = (
    FEW, "/queries/how-many?format=json", "/.well-known/void?format=turtle", "/dump.nq",
    "/dump.trig", "/context.jsonld", "/queries", PARQUET,
)  # fmt: skip


def part(site: httpx.Client, path: str, range_: str, **more: str) -> httpx.Response:
    plain = {"Accept-Encoding": "identity", "Range": range_}
    return site.get(path, headers={**plain, **{n.replace("_", "-"): v for n, v in more.items()}})


@pytest.mark.parametrize("path", WHOLE)
def test_a_part_of_a_whole_answer_is_those_bytes(site: httpx.Client, path: str) -> None:
    whole = site.get(path, headers={"Accept-Encoding": "identity"}, follow_redirects=True)
    assert whole.status_code == 200, whole.text
    assert whole.headers["accept-ranges"] == "bytes"
    path, size = str(whole.url), len(whole.content)
    for range_, start, stop in (
        ("bytes=0-9", 0, 10), ("bytes=10-", 10, size), ("bytes=-7", size - 7, size),
        (f"bytes={size - 1}-{size + 99}", size - 1, size), ("bytes=3-3", 3, 4),
    ):  # fmt: skip
        answer = part(site, path, range_)
        assert answer.status_code == 206
        assert answer.content == whole.content[start:stop]
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{size}"
        assert answer.headers["content-length"] == str(stop - start)
        assert answer.headers["etag"] == whole.headers["etag"]


@pytest.mark.parametrize("path", [FEW, "/dump.nq", PARQUET])
def test_a_part_behind_the_end_is_416_with_the_length(site: httpx.Client, path: str) -> None:
    size = len(site.get(path, headers={"Accept-Encoding": "identity"}).content)
    for range_ in (f"bytes={size}-", "bytes=-0", "bytes=99999999999-99999999999"):
        answer = part(site, path, range_)
        assert answer.status_code == 416
        assert answer.headers["content-range"] == f"bytes */{size}"
        assert answer.json()["type"].endswith("/problems/range-not-satisfiable")
    assert site.get("/problems/range-not-satisfiable").status_code == 200


@pytest.mark.parametrize(
    "range_", ["bytes=0-1,3-4", "rows=0-1", "bytes=4-2", "bytes=-", "bytes=a-b", "0-4", "bytes"]
)
def test_what_is_no_range_gets_the_whole(site: httpx.Client, range_: str) -> None:
    answer = part(site, FEW, range_)
    assert answer.status_code == 200
    assert "content-range" not in answer.headers


def test_a_range_is_of_the_answer_that_the_client_has(site: httpx.Client) -> None:
    tag = site.get(FEW, headers={"Accept-Encoding": "identity"}).headers["etag"]
    assert part(site, FEW, "bytes=0-3", If_Range=tag).status_code == 206
    for other in ('"other"', f"W/{tag}", "Thu, 01 Jan 2026 00:00:00 GMT"):
        assert part(site, FEW, "bytes=0-3", If_Range=other).status_code == 200
    assert part(site, FEW, "bytes=0-3", If_None_Match=tag).status_code == 304


def test_only_get_takes_a_range(site: httpx.Client) -> None:
    head = site.head(FEW, headers={"Range": "bytes=0-3", "Accept-Encoding": "identity"})
    whole = site.get(FEW, headers={"Accept-Encoding": "identity"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))
    posted = site.post("/sparql", data={"query": WIDE}, headers={"Range": "bytes=0-3"})
    assert posted.status_code == 200


def test_what_is_new_each_time_has_no_parts(site: httpx.Client) -> None:
    answer = part(site, "/sparql?query=" + quote("SELECT (UUID() AS ?x) {}"), "bytes=0-3")
    assert answer.status_code == 200
    assert "accept-ranges" not in answer.headers


def test_a_range_is_of_the_coded_bytes(site: httpx.Client) -> None:
    with site.stream("GET", "/dump.nq", headers={"Accept-Encoding": "gzip"}) as answer:
        whole = b"".join(answer.iter_raw())
        assert answer.headers["content-length"] == str(len(whole))
    assert b"<urn:a> <urn:b> <urn:c> <https://example.org/graph> ." in gzip.decompress(whole)
    headers = {"Accept-Encoding": "gzip", "Range": "bytes=5-20"}
    with site.stream("GET", "/dump.nq", headers=headers) as answer:
        assert b"".join(answer.iter_raw()) == whole[5:21]


def test_parquet_is_whole_with_its_length_and_is_not_coded(site: httpx.Client) -> None:
    answer = site.get(PARQUET, headers={"Accept-Encoding": "gzip, zstd"})
    assert answer.headers["content-length"] == str(len(answer.content))
    assert "content-encoding" not in answer.headers
    assert pq.read_table(io.BytesIO(answer.content)).num_rows == 20000
    head = site.head(PARQUET, headers={"Accept-Encoding": "identity"})
    assert head.headers["content-length"] == answer.headers["content-length"]
    again = part(site, PARQUET, "bytes=-8", If_Range=answer.headers["etag"])
    assert again.content.endswith(b"PAR1")


def test_what_is_beyond_memory_is_kept_in_a_file(service: Service) -> None:
    with serve(replace(service, max_cache_bytes=1 << 20)) as small:
        whole = small.client.get(PARQUET)
        middle = part(small.client, PARQUET, "bytes=100-199")
        assert middle.status_code == 206
        assert middle.content == whole.content[100:200]
        assert len(whole.content) > 1 << 17  # more than memory may have of one answer
        etag = whole.headers["etag"]
        assert small.client.get(PARQUET, headers={"If-None-Match": etag}).status_code == 304


def test_a_large_answer_has_a_length_for_who_asks_for_one(site: httpx.Client) -> None:
    plain = {"Accept-Encoding": "identity"}
    streamed = site.get(LARGE + quote(" # streamed"), headers=plain)
    assert "content-length" not in streamed.headers
    head = site.head(LARGE, headers=plain)
    assert head.headers["accept-ranges"] == "bytes"
    assert head.headers["content-length"] == str(len(streamed.content))
    assert part(site, LARGE, "bytes=100-199").content == streamed.content[100:200]


def test_columns_that_were_streamed_are_kept_and_have_parts(site: httpx.Client) -> None:
    address = "/sparql?format=arrow&query=" + quote(WIDE)
    plain = {"Accept-Encoding": "identity"}
    streamed = site.get(address, headers=plain)
    assert "content-length" not in streamed.headers
    again = site.get(address, headers=plain)
    assert again.headers["content-length"] == str(len(streamed.content))
    assert again.content == streamed.content
    assert part(site, address, "bytes=-8").content == streamed.content[-8:]


def test_parquet_beyond_its_size_is_a_limit_and_csv_is_streamed(
    site: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "MAX_FILE_BYTES", 1 << 12)
    answer = site.get(PARQUET + quote(" # too large"))
    assert answer.status_code == 503
    assert answer.json()["type"].endswith("/problems/result-limit")
    streamed = part(site, LARGE + quote(" # too large"), "bytes=0-3")
    assert streamed.status_code == 200
    assert "content-length" not in streamed.headers
    assert len(streamed.text.splitlines()) == 20001


def test_what_is_not_whole_after_half_its_time_is_streamed() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for number in range(20):
            await asyncio.sleep(0.01)
            yield b"%02d" % number

    async def gathered(seconds: float) -> tuple[bool, bytes]:
        until = asyncio.get_running_loop().time() + seconds
        found = await gather(pieces(), 4, 100, until)
        return found.rest is None, b"".join([piece async for piece in found.everything()])

    everything = b"".join(b"%02d" % number for number in range(20))
    assert asyncio.run(gathered(0.05)) == (False, everything)
    assert asyncio.run(gathered(60)) == (True, everything)


def test_a_range_says_the_same_for_all_sizes() -> None:
    data = b"abcdefghij"
    for first in range(12):
        for last in range(first, 12):
            if first < len(data):
                found = selected(f"bytes={first}-{last}", None, '"t"', len(data))
                assert found is not None
                assert data[found.start : found.stop] == data[first : last + 1]
