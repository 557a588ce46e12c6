"""`serve --store URL` over a store into which revisions are published."""

import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from spacepolicy.engine.publication_description import DEFAULT_GRAPH, GRAPH, QUERY
from spacepolicy.engine.remote_protocol import RemoteEndpoints
from spacepolicy.errors import StoreError
from spacepolicy.publishing.publication import RemotePublication
from spacepolicy.store.history import History

from .conftest import PROGRAM
from .stores_elsewhere import CLIENT, Proxy, history, oxigraph, proxy, served

ONE = "<urn:a> <urn:p> 'one' <urn:g> .\n<urn:a> <urn:p> 'one' .\n".replace("'", '"')
TWO = ONE.replace("one", "two")
MANY = "".join(f'<urn:s{n}> <urn:p> "{n}" <urn:many> .\n' for n in range(2_500))
LONG = "".join(f'<urn:s{n}> <urn:p> "{n:04}{"x" * 1_000}" <urn:g> .\n' for n in range(1_500))
WORDS = "SELECT ?o { ?s <urn:p> ?o } ORDER BY ?o"


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """A store whose default graph is its own."""
    with oxigraph() as url:
        yield url


@pytest.fixture(scope="module")
def between(elsewhere: str) -> Iterator[Proxy]:
    with proxy(elsewhere) as state:
        yield state


@pytest.fixture(scope="module")
def front(between: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service over the store, which holds a revision, by way of the proxy."""
    folder = tmp_path_factory.mktemp("front")
    publish(between.to, history(folder, ONE))
    with served(f"{between.url}/query", folder) as url:
        yield url


@pytest.fixture(autouse=True)
def passing(between: Proxy) -> Iterator[None]:
    """The proxy passes everything on."""
    between.cut, between.answered = None, lambda _: None
    yield
    between.cut, between.answered = None, lambda _: None


def publish(store: str, history: History, *, replace: bool = True) -> None:
    endpoints = RemoteEndpoints(f"{store}/query", f"{store}/update", 60)
    outcome = RemotePublication(endpoints, history, lambda _: None, replace=replace).run()
    assert not outcome.faults


def ask(front: str, query: str = WORDS, **headers: str) -> httpx.Response:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return CLIENT.get(f"{front}/sparql", params={"query": query, "format": "csv"}, headers=fields)


def words(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return response.text.split()[1:]


def restated(elsewhere: str, times: int = 1) -> Callable[[str], None]:
    """Has the store hold another publication after a query, so many times."""
    left = [times]

    def answered(query: str) -> None:
        if query != QUERY and left[0]:
            left[0] -= 1
            update = (
                f"WITH <{GRAPH}> DELETE {{ ?d <{GRAPH}#state> ?s }} "
                f"INSERT {{ ?d <{GRAPH}#state> '{left[0]} to go' }} "
                f"WHERE {{ ?d <{GRAPH}#state> ?s }}"
            )
            CLIENT.post(f"{elsewhere}/update", data={"update": update}).raise_for_status()

    return answered


def test_an_answer_is_of_the_published_revision_and_kept_with_its_tag(
    elsewhere: str, between: Proxy, front: str, tmp_path: Path
) -> None:
    publish(elsewhere, history(tmp_path, ONE))
    first = ask(front)
    assert words(first) == ["one"]
    assert first.headers["x-dataset-revision"] == "1"
    assert first.headers["cache-control"] == "no-cache"
    assert first.headers["etag"].startswith('W/"1.')
    assert "accept-ranges" not in first.headers
    between.queries.clear()
    again = ask(front)
    assert (again.text, again.headers["etag"]) == (first.text, first.headers["etag"])
    known = ask(front, If_None_Match=first.headers["etag"])
    assert (known.status_code, known.headers["etag"]) == (304, first.headers["etag"])
    assert set(between.queries) == {QUERY}

    publish(elsewhere, history(tmp_path, ONE, TWO), replace=False)
    newer = ask(front, If_None_Match=first.headers["etag"])
    assert words(newer) == ["two"]
    assert newer.headers["x-dataset-revision"] == "2"
    assert newer.headers["etag"] != first.headers["etag"]
    gone = CLIENT.get(f"{front}/sparql", params={"query": WORDS, "revision": "1"})
    assert gone.status_code == 404


def test_a_store_that_went_back_is_answered_as_it_is(
    elsewhere: str, front: str, tmp_path: Path
) -> None:
    publish(elsewhere, history(tmp_path, ONE, TWO))
    newer = ask(front)
    publish(elsewhere, history(tmp_path, TWO, ONE))  # another history, whose second is another
    other = ask(front, If_None_Match=newer.headers["etag"])
    assert (words(newer), words(other)) == (["two"], ["one"])
    publish(elsewhere, history(tmp_path, ONE.replace("one", "three")))
    first = ask(front)
    assert (words(first), first.headers["x-dataset-revision"]) == (["three"], "1")
    assert ask(front, If_None_Match=first.headers["etag"]).status_code == 304


def test_a_store_is_not_answered_while_it_holds_a_revision_in_part(
    elsewhere: str, between: Proxy, front: str, tmp_path: Path
) -> None:
    publish(elsewhere, history(tmp_path, ONE))
    before = ask(front)
    between.updates.clear()
    between.cut = 2
    with pytest.raises(StoreError):
        publish(between.url, history(tmp_path, ONE, TWO + MANY), replace=False)
    between.cut = None
    refused = ask(front, If_None_Match=before.headers["etag"])
    assert refused.status_code == 503
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "2"
    assert refused.json()["type"].endswith("/publication-incomplete")
    assert "Revision 2 is being published" in refused.json()["detail"]
    assert CLIENT.get(f"{front}/status").status_code == 503
    ready = CLIENT.get(f"{front}/readyz")
    assert (ready.status_code, ready.json()["status"]) == (503, "publication-incomplete")
    assert ready.json()["reason"] == refused.json()["detail"]
    assert CLIENT.get(f"{front}/livez").status_code == 200

    publish(elsewhere, history(tmp_path, ONE, TWO + MANY), replace=False)
    assert words(ask(front)) == ["two"]
    ready = CLIENT.get(f"{front}/readyz")
    assert (ready.status_code, ready.json()["revision"]) == (200, 2)
    assert ready.json()["store"] == f"{between.url}/query"


def test_a_store_that_cannot_be_asked_is_unavailable_until_it_can(
    elsewhere: str, between: Proxy, front: str, tmp_path: Path
) -> None:
    publish(elsewhere, history(tmp_path, ONE))
    assert words(ask(front)) == ["one"]
    between.cut = -1
    refused = ask(front)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert refused.json()["type"].endswith("/store-unavailable")
    assert CLIENT.get(f"{front}/readyz").json()["status"] == "store-unavailable"
    between.cut = None
    assert words(ask(front)) == ["one"]


def test_an_answer_whose_revision_changed_is_asked_again_before_it_is_sent(
    elsewhere: str, between: Proxy, front: str, tmp_path: Path
) -> None:
    publish(elsewhere, history(tmp_path, ONE))
    old, between.answered = ask(front).headers["etag"], restated(elsewhere)
    between.queries.clear()
    assert words(ask(front, WORDS + " LIMIT 10")) == ["one"]
    assert sum(query != QUERY for query in between.queries) == 2
    between.answered = restated(elsewhere)
    posted = CLIENT.post(f"{front}/sparql", data={"query": WORDS, "format": "csv"})
    assert words(posted) == ["one"]
    assert old.split(".")[1] != posted.headers["etag"].split(".")[1]


def test_a_revision_that_changes_each_time_is_told_and_not_answered(
    elsewhere: str, between: Proxy, front: str, tmp_path: Path
) -> None:
    publish(elsewhere, history(tmp_path, ONE))
    between.answered = restated(elsewhere, 3)
    refused = ask(front)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json()["type"].endswith("/revision-changed")
    assert words(ask(front)) == ["one"]


def test_an_answer_that_was_begun_breaks_off_where_its_revision_changed(
    elsewhere: str, between: Proxy, front: str, tmp_path: Path
) -> None:
    publish(elsewhere, history(tmp_path, LONG))
    every = "SELECT ?o { GRAPH <urn:g> { ?s <urn:p> ?o } }"
    assert len(words(ask(front, every))) == 1_500
    between.answered = restated(elsewhere)
    with pytest.raises(httpx.RemoteProtocolError):
        ask(front, every + " OFFSET 0")
    assert len(words(ask(front, every + " OFFSET 0"))) == 1_500


def test_two_services_over_a_store_answer_one_revision(
    elsewhere: str, front: str, tmp_path: Path
) -> None:
    publish(elsewhere, history(tmp_path, ONE))
    with served(f"{elsewhere}/query", tmp_path) as second:
        for revisions in ((ONE,), (ONE, TWO)):
            publish(elsewhere, history(tmp_path, *revisions), replace=False)
            answers = [ask(each) for each in (front, second)]
            assert len({answer.text for answer in answers}) == 1
            assert len({answer.headers["etag"] for answer in answers}) == 1
            known = ask(front, If_None_Match=answers[1].headers["etag"])
            assert known.status_code == 304


@pytest.mark.parametrize("options", [("--union-default-graph",), ()])
def test_the_dataset_is_the_one_that_was_published(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    with oxigraph(*options) as store, served(f"{store}/query", tmp_path) as front:
        assert words(ask(front)) == []
        publish(store, history(tmp_path, ONE, ONE + '<urn:b> <urn:p> "more" <urn:h> .\n'))
        until_described(front)
        assert words(ask(front)) == ["one"]
        graphs = "SELECT ?g { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g"
        assert words(ask(front, graphs)) == ["urn:g", "urn:h"]
        assert words(ask(front, "SELECT ?o { GRAPH <urn:h> { ?s ?p ?o } }")) == ["more"]
        dataset, said = f"FROM NAMED <{GRAPH}>", f"?s <{GRAPH}#revision> ?o"
        description = f"SELECT ?o {dataset} {{ GRAPH ?g {{ {said} }} }}"
        assert words(ask(front, description)) == ["2"]
        for hidden in (GRAPH, DEFAULT_GRAPH):
            assert words(ask(front, f"SELECT ?o {{ GRAPH <{hidden}> {{ ?s ?p ?o }} }}")) == []
        assert words(ask(front, WORDS.replace("{", "FROM <urn:h> {", 1))) == ["more"]
        members = CLIENT.get(f"{front}/status", headers={"Accept": "application/json"}).json()
        assert [graph["iri"] for graph in members["graphs"]] == ["urn:g", "urn:h"]
        assert members["statements"] == {"record": 3, "inferred": 0, "default graph": 0}
        assert members["store"] == f"{store}/query"
        dump = CLIENT.get(f"{front}/dump.nq").text
        assert dump.count("\n") == 3
        command = [PROGRAM, "query", "-", "--endpoint", f"{store}/query", "-f", "csv"]
        ended = subprocess.run(
            [*command, "--content", "none"], input=WORDS, capture_output=True, text=True, check=True
        )
        assert ended.stdout.split() == ["o", "one"]


def until_described(front: str) -> None:
    """Wait until the service has seen that its store has a description now."""
    for _ in range(100):
        if CLIENT.get(f"{front}/readyz").json().get("revision"):
            return
        time.sleep(0.1)
    raise AssertionError(front)


def test_readers_meanwhile_get_one_revision_or_the_other_and_no_mixture(
    elsewhere: str, front: str, tmp_path: Path
) -> None:
    texts = {
        word: "".join(f'<urn:s{n}> <urn:p> "{word}" <urn:g{n % 5}> .\n' for n in range(1_500))
        for word in ("one", "two")
    }
    one, both = history(tmp_path, texts["one"]), history(tmp_path, texts["one"], texts["two"])
    publish(elsewhere, one)
    ended = threading.Event()
    seen: set[tuple[str, frozenset[str]]] = set()
    statuses: set[int] = set()

    def read(query: str) -> None:
        number = 0
        while not ended.is_set():
            number += 1
            found = ask(front, query.replace("{", f"{{ BIND ({number} AS ?n) ", 1))
            statuses.add(found.status_code)
            if found.status_code == 200:
                seen.add((found.headers["x-dataset-revision"], frozenset(words(found))))

    def dump() -> None:
        while not ended.is_set():
            found = CLIENT.get(f"{front}/dump.nq")
            statuses.add(found.status_code)
            if found.status_code == 200:
                rows = frozenset(re.findall('"(.*)"', found.text))
                seen.add((found.headers["x-dataset-revision"], rows))

    every = "SELECT DISTINCT ?o { GRAPH ?g { ?s <urn:p> ?o } }"
    readers = [threading.Thread(target=read, args=(every,)), threading.Thread(target=dump)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(4):
            publish(elsewhere, both, replace=False)
            publish(elsewhere, one)
    finally:
        ended.set()
        for reader in readers:
            reader.join()
    assert seen == {("1", frozenset({"one"})), ("2", frozenset({"two"}))}
    assert statuses <= {200, 503}
