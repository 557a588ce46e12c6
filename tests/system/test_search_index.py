"""The search index of a revision is the same whether it is made anew or of that of another one."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextvars import Context
from pathlib import Path
from typing import Final

import pytest

from spacepolicy.errors import EngineError, ProblemError, ResultLimitError, TimeLimitError
from spacepolicy.namespaces import Base
from spacepolicy.web import search, search_texts
from spacepolicy.web.answering.app_state import AppState, make_app_state
from spacepolicy.web.request_context import read_on
from spacepolicy.web.search import SearchService
from spacepolicy.web.search_index import SearchIndex
from spacepolicy.web.service import Service

from ..engine.processes import PATIENCE_SECONDS, state, within
from .test_writing import Site, built, open_site  # noqa: F401 # a fixture

G: Final = "urn:g"
PAGE_BYTES: Final = 10_000
"""Less than the shipped texts have."""
WORDS: Final = ("rocket", "火箭", "lighthouse", "beacon", "sat", "resuable", "develop")


@pytest.fixture(scope="module")
def site(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:  # noqa: F811
    """A store that tests share; statements that break rules are taken, so that few are needed."""
    path = tmp_path_factory.mktemp("searched") / "store"
    site = open_site(Path(shutil.copytree(built, path)), "warn")
    yield site
    site.close()


@pytest.fixture
def service(site: Site) -> Service:
    return Service(site.pool, site.history, (), timeout_seconds=60, max_page_bytes=PAGE_BYTES)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The revisions of which an index was made anew."""
    found: list[int] = []

    async def counted(app_state: AppState, copies: Mapping[str, str]) -> SearchIndex:
        found.append(app_state.number)
        return await search_texts.index_of_all(app_state, copies)

    monkeypatch.setattr(search, "index_of_all", counted)
    return found


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def index_at(loop: asyncio.Runner, service: SearchService, number: int) -> SearchIndex:
    """The index of a revision, as a request that reads it gets it."""

    async def asked() -> SearchIndex:
        read_on(service.app_state.service.history.get(number))
        return await service.index()

    return loop.run(asked(), context=Context())


def all_of(index: SearchIndex) -> list[object]:
    """Everything that an index has and finds."""
    tables = [
        sorted(index._rows(f"SELECT {columns} FROM {table}"))  # noqa: S608 # constants
        for table, columns in (
            ("text", "thing, role, language, text"),
            ("name", "text, thing"),
            ("type", "thing, value"),
            ("source", "thing, value"),
            ("vocabulary", "term, doc, cnt"),
        )
    ]
    return [*tables, *(index.find(word, limit=100) for word in WORDS)]


def test_an_index_follows_what_is_written(
    site: Site,
    service: Service,
    made: list[int],
    loop: asyncio.Runner,
) -> None:
    base = Base(str(site.history.current.base))
    thing, passage = f"<{base.iri}id/lighthouse>", f"<{base.iri}source/lights#char=0,9>"
    first = site.number
    kept = SearchService(make_app_state(service))
    indexes = {first: index_at(loop, kept, first)}
    labels = f"{thing} rdfs:label 'lighthouse'@en, '灯塔'@zh"
    says = f"GRAPH {passage} {{ {thing} a :Facility }}"
    for text in (
        f"INSERT DATA {{ GRAPH <{G}> {{ {thing} a :Facility . {labels} }} }}",
        f"DELETE DATA {{ GRAPH <{G}> {{ {thing} rdfs:label 'lighthouse'@en }} }} ; "
        f"INSERT DATA {{ GRAPH <{G}> {{ {thing} rdfs:label 'beacon'@en }} }}",
        f"INSERT DATA {{ {says} }}",
        f"INSERT DATA {{ GRAPH <{G}> {{ {passage} :source <{base.iri}source/lights> }} }}",
        f"DELETE DATA {{ GRAPH <{G}> {{ {passage} :source <{base.iri}source/lights> }} }}",
        f"INSERT DATA {{ GRAPH <{G}> {{ _:b rdfs:label 'no thing of its own' }} }}",
        f"DROP GRAPH {passage} ; DROP GRAPH <{G}>",
    ):
        number = site.update(text).revision.number
        indexes[number] = index_at(loop, kept, number)
    assert made == [first]
    found = [[hit.thing for hit in each.find("beacon").hits] for each in indexes.values()]
    assert [thing[1:-1] in each for each in found] == [False, False, *5 * [True], False]
    sources = [each.find("灯塔").hits[0].sources for each in list(indexes.values())[1:-1]]
    assert [len(each) for each in sources] == [0, 0, 0, 1, 0, 0]
    for number, index in indexes.items():
        anew = index_at(loop, SearchService(make_app_state(service)), number)
        assert all_of(index) == all_of(anew), number
    back = index_at(loop, kept, first + 2)
    assert all_of(back) == all_of(indexes[first + 2])
    assert index_at(loop, kept, number) is index


def test_much_that_was_written_is_read_anew(
    site: Site,
    service: Service,
    made: list[int],
    loop: asyncio.Runner,
) -> None:
    kept = SearchService(make_app_state(service))
    first = site.number
    index_at(loop, kept, first)
    things = " ".join(
        f"<urn:{n}> rdfs:label 'buoy {n}' ." for n in range(search_texts.MAX_CHANGED + 1)
    )
    number = site.update(f"INSERT DATA {{ GRAPH <{G}> {{ {things} }} }}").revision.number
    assert index_at(loop, kept, number).find("buoy").total > 1
    assert made == [first, number]


def test_more_texts_than_are_searched_are_a_problem(
    site: Site,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    loop: asyncio.Runner,
) -> None:
    monkeypatch.setattr(search_texts, "MAX_TEXTS", 10)
    with pytest.raises(ResultLimitError, match="more than the 10 texts"):
        index_at(loop, SearchService(make_app_state(service)), site.number)


def test_an_index_is_made_though_nobody_waits_for_it(
    site: Site,
    service: Service,
    made: list[int],
    monkeypatch: pytest.MonkeyPatch,
    loop: asyncio.Runner,
) -> None:
    kept = SearchService(make_app_state(service))
    free = asyncio.Event()

    async def held(app_state: AppState, copies: Mapping[str, str]) -> SearchIndex:
        await free.wait()
        made.append(app_state.number)
        return await search_texts.index_of_all(app_state, copies)

    monkeypatch.setattr(search, "index_of_all", held)
    monkeypatch.setattr(search, "time_left", lambda _: 0.05)

    async def asked() -> SearchIndex:
        for _ in range(2):
            with pytest.raises(TimeLimitError, match="ask again"):
                await kept.index()
        monkeypatch.undo()
        waiting = asyncio.create_task(kept.index())
        await asyncio.sleep(0)
        free.set()
        return await waiting

    assert loop.run(asked()).find("rocket").total
    assert made == [site.number]


def test_an_index_that_fails_is_made_again(
    site: Site,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    loop: asyncio.Runner,
) -> None:
    kept = SearchService(make_app_state(service))
    with monkeypatch.context() as patched:
        patched.setattr(search_texts, "MAX_TEXTS", 10)
        with pytest.raises(ProblemError):
            index_at(loop, kept, site.number)
    assert index_at(loop, kept, site.number).find("rocket").total


def test_a_process_that_fails_is_told_and_leaves_nothing(
    site: Site,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    loop: asyncio.Runner,
    tmp_path: Path,
) -> None:
    kept = SearchService(make_app_state(service))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with monkeypatch.context() as patched:
        patched.setattr(search_texts, "_WRITING", "spacepolicy.no_such_module")
        with pytest.raises(EngineError, match="failed"):
            index_at(loop, kept, site.number)
    assert index_at(loop, kept, site.number).find("rocket").total
    assert list(tmp_path.iterdir()) == []


def test_the_process_that_writes_an_index_gives_way_and_ends_with_its_parent() -> None:
    parent = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', sys.argv[1], '/'], stdin=-1)\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent, "spacepolicy.web.search_index_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        assert within(PATIENCE_SECONDS, lambda: os.getpriority(os.PRIO_PROCESS, child) == 10)
        process.kill()
    assert within(PATIENCE_SECONDS, lambda: state(child) in "XZ")
