"""Search: words in any language and form find the right things, and only of this revision."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacepolicy.errors import OverloadedError
from spacepolicy.sparql_service.admission import query_identifier
from spacepolicy.store.history import History
from spacepolicy.web.answering.app_state import make_app_state
from spacepolicy.web.search import SearchService
from spacepolicy.web.search_index import Text
from spacepolicy.web.service import Service

from .conftest import SHIPPED_BASE, MakeService, serve
from .search_indexes import changed, index_of

ROCKET = f"{SHIPPED_BASE}id/technology/reusable-rocket"
STATION = f"{SHIPPED_BASE}id/facility/information-and-customs-station"
PAGE = {"Accept": "text/html"}


def find(site: httpx.Client, q: str, **more: object) -> dict[str, Any]:
    answer = site.get("/search", params={"q": q, **more})  # type: ignore[dict-item] # all texts
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def iris(found: dict[str, Any]) -> list[str]:
    return [hit["iri"] for hit in found["results"]]


@pytest.mark.parametrize(
    ("q", "thing"),
    [
        ("火箭", f"{SHIPPED_BASE}id/technology/rocket"),
        ("箭", f"{SHIPPED_BASE}id/technology/rocket"),
        ("可重复使用火箭", ROCKET),
        ("reus", ROCKET),
        ("REUSABLE ROCKET", ROCKET),
        ("rockets", f"{SHIPPED_BASE}id/technology/rocket"),
        ("rockets reusable", ROCKET),
        ("resuable rocket", ROCKET),
        ("reusable roket", ROCKET),
        ("information and customs stations", STATION),
        ("gateway station", STATION),
        ("relation that links a policy resource with an entity", f"{SHIPPED_BASE}def/concerns"),
    ],
)
def test_words_find_the_right_thing_first(shipped: httpx.Client, q: str, thing: str) -> None:
    assert thing in iris(find(shipped, q))[:3]


def test_an_ideograph_finds_every_word_that_has_it(shipped: httpx.Client) -> None:
    assert ROCKET in iris(find(shipped, "箭", limit=100))


def test_the_best_comes_first_and_tells_what_it_is(shipped: httpx.Client) -> None:
    best = find(shipped, "reusable rocket")["results"][0]
    assert best["iri"] == ROCKET
    assert best["names"] == {"en": "reusable rocket", "zh": "可重复使用火箭"}
    assert best["url"] == f"{shipped.base_url}/id/technology/reusable-rocket"
    assert "technology" in {each["name"] for each in best["types"]}
    assert shipped.get(best["url"], follow_redirects=True).status_code == 200


def test_quotations_are_found_as_passages(shipped: httpx.Client) -> None:
    found = find(shipped, "develop reusable rockets")
    passage = f"{SHIPPED_BASE}source/shanghai-2022-opinions#char=1510,1534"
    assert iris(found)[0] == passage
    assert found["results"][0]["found_in"] == "words"


def test_a_misspelling_is_told(shipped: httpx.Client) -> None:
    found = find(shipped, "resuable rocket")
    assert found["corrected"] == "reusable rocket"
    assert find(shipped, "reusable rocket")["corrected"] is None
    assert "here is what has" in shipped.get(
        "/search", params={"q": "resuable rocket"}, headers=PAGE
    ).text  # fmt: skip


def test_facets_count_all_and_narrow(shipped: httpx.Client) -> None:
    every = find(shipped, "satellite")
    assert every["total"] > len(every["results"]) or every["total"] > 5
    kind = next(each for each in every["types"] if each["name"] == "technology")
    narrowed = find(shipped, "satellite", type=kind["iri"])
    assert narrowed["total"] == kind["count"]
    chinese = find(shipped, "卫星", language="zh")
    assert {hit["language"] for hit in chinese["results"]} == {"zh"}
    assert len(find(shipped, "satellite", limit=2)["results"]) == 2


def test_suggestions_complete_what_is_typed(shipped: httpx.Client) -> None:
    for begun in ("reusable r", "reusab", "可重"):
        answer = shipped.get("/suggest", params={"q": begun})
        assert ROCKET in [hit["iri"] for hit in answer.json()["suggestions"]], begun
    again = {"If-None-Match": answer.headers["etag"]}
    assert shipped.get("/suggest", params={"q": "可重"}, headers=again).status_code == 304


@pytest.mark.parametrize("q", ['"', "*", "a OR b", "NEAR(a b)", "text:x", "-", "(", "火\x00", "^a"])
def test_signs_of_the_index_are_only_signs(shipped: httpx.Client, q: str) -> None:
    assert shipped.get("/search", params={"q": q}).status_code == 200


def test_what_is_missing_or_wrong_is_told(shipped: httpx.Client) -> None:
    for wrong in ({}, {"q": " "}, {"q": "x" * 201}, {"q": "x", "limit": "0"}):
        assert shipped.get("/search", params=wrong).status_code == 400
    assert "<form" in shipped.get("/search", headers=PAGE).text


def test_what_is_not_there_is_not_taken_for_something_else(shipped: httpx.Client) -> None:
    """`asteroid` is no misspelling of `mastered`, nor `mining` of `finding`."""
    found = find(shipped, "asteroid mining")
    assert found["corrected"] is None
    assert found["results"] == []


def test_what_is_not_there_is_told_with_what_is_near(shipped: httpx.Client) -> None:
    answer = shipped.get("/id/technology/resuable-rockets")
    assert answer.status_code == 404
    assert answer.json()["near"][0]["iri"] == ROCKET
    page = shipped.get("/doc/def/Taks", headers=PAGE)
    assert page.status_code == 404
    assert 'href="/def/Task"' in page.text


@pytest.fixture
def two_revisions(make_service: MakeService) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    label = f'<{SHIPPED_BASE}id/a> <http://www.w3.org/2000/01/rdf-schema#label> "{{}}"@en .'
    older, newer = make_service(label.format("apple")), make_service(label.format("pear"))
    newer = replace(newer, history=History([replace(newer.revision, number=8)]))
    with serve(older) as first, serve(newer) as second:
        yield first.client, second.client


def test_a_revision_is_searched_by_its_own_texts(
    two_revisions: tuple[httpx.Client, httpx.Client],
) -> None:
    older, newer = two_revisions
    assert iris(find(older, "apple")) == [f"{SHIPPED_BASE}id/a"]
    assert iris(find(newer, "apple")) == []
    assert iris(find(newer, "pear")) == [f"{SHIPPED_BASE}id/a"]


@given(st.text(max_size=40))
def test_any_text_finds_itself(text: str) -> None:
    index = index_of([Text("urn:a", "name", "en", text)])
    found = index.find(text)
    assert [hit.thing for hit in found.hits] in ([], ["urn:a"])
    if found.hits:
        assert "".join(found.hits[0].snippet).strip("…") in text


texts = st.lists(
    st.builds(
        Text,
        st.sampled_from(("urn:a", "urn:b", "urn:c")),
        st.sampled_from(("name", "other name", "definition", "words")),
        st.sampled_from(("", "en", "zh")),
        st.text("ab 火c", max_size=6),
    ),
    max_size=8,
    unique=True,
)
pairs = st.lists(
    st.tuples(st.sampled_from(("urn:a", "urn:b", "urn:c")), st.sampled_from(("urn:x", "urn:y"))),
    max_size=6,
    unique=True,
)


@given(texts, pairs, texts, pairs, st.sets(st.sampled_from(("urn:a", "urn:b", "urn:d"))))
def test_an_index_that_was_changed_finds_what_one_made_anew_finds(
    before: list[Text],
    kinds: list[tuple[str, str]],
    after: list[Text],
    later: list[tuple[str, str]],
    things: set[str],
) -> None:
    kept = [each for each in before if each.thing not in things]
    come = [each for each in after if each.thing in things]
    of_kept = [each for each in kinds if each[0] not in things]
    of_come = [each for each in later if each[0] in things]
    index = index_of(before, kinds, kinds)
    after_change = changed(index, things, come, of_come, of_come)
    anew = index_of([*kept, *come], [*of_kept, *of_come], [*of_kept, *of_come])
    for asked in ("a", "b c", "火", "ab", "c 火"):
        assert after_change.find(asked) == anew.find(asked)
        assert after_change.near_names(asked, 9) == anew.near_names(asked, 9)
        assert sorted(after_change.named_exactly(asked)) == sorted(anew.named_exactly(asked))
    assert after_change.type_counts() == anew.type_counts()
    for thing in ("urn:a", "urn:b", "urn:c"):
        assert after_change.names(thing) == anew.names(thing)
        assert after_change.types_of(thing) == anew.types_of(thing)
        assert after_change.kind_of(thing) == anew.kind_of(thing)
        assert after_change.texts_of(thing) == anew.texts_of(thing)
    assert index.find("a") == index_of(before, kinds, kinds).find("a")


def test_searches_wait_for_each_other_and_are_refused_after_a_while(
    shipped_service: Service,
) -> None:
    async def asked() -> list[str]:
        state = make_app_state(replace(shipped_service, max_wait_seconds=0.05))
        search = SearchService(state)
        async with AsyncExitStack() as stack:
            for _ in range(state.searches.max_running):
                seat = state.searches.admitted(query_identifier(None), 1)
                await stack.enter_async_context(seat)
            with pytest.raises(OverloadedError):
                await search.looked(lambda: "too soon")
            waiting = asyncio.create_task(search.looked(lambda: "found"))
            await asyncio.sleep(0)
        return [await waiting, await search.looked(lambda: "again")]

    assert asyncio.run(asked()) == ["found", "again"]
