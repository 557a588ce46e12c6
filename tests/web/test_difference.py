"""What changed between two revisions, as a page."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import httpx
import pytest

from spacepolicy.store.changed_things import MAX_LINES, MAX_THINGS
from spacepolicy.store.history import History

from .conftest import SHIPPED_BASE, MakeService, serve

BASE: Final = SHIPPED_BASE
PAGE: Final = {"Accept": "text/html", "Accept-Language": "en"}
DATA: Final = f"""
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix : <{BASE}def/> .
@base <{BASE}> .
<id/a> a :Act , :Plan ; rdfs:label "plan A"@en , "计划甲"@zh ; :concerns <id/b> .
<id/b> a :Thing ; rdfs:label "thing B"@en .
:Act rdfs:label "act"@en , "行为"@zh . :Plan rdfs:label "plan"@en ; rdfs:subClassOf :Act .
:concerns rdfs:label "concerns"@en , "涉及"@zh .
<source/text#char=1,9> a :Passage ; :exactText "of B <now>"@en .
<source/act#loc=sec.2> a :Passage ; :locator "sec.2" .
"""
Change = Callable[[Sequence[str]], str]
LABEL: Final = "<http://www.w3.org/2000/01/rdf-schema#label>"
TYPE: Final = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"


@pytest.fixture(scope="module")
def site(make_service: MakeService) -> Iterator[tuple[httpx.Client, Change]]:
    """A site with revisions 6 and 7, and what changes what the second one changed."""
    service = make_service(DATA)
    revision = service.revision
    history = History([replace(revision, number=6), revision])

    def change(lines: Sequence[str]) -> str:
        """The path of the page of the difference that these lines make; `~` stands for the base."""
        ordered = sorted((line.replace("~", BASE) for line in lines), key=lambda each: each[2:])
        ordered.sort(key=lambda each: each[0], reverse=True)
        text = "".join(f"{line} .\n" for line in ["TX", *ordered, "TC"])
        revision.changes.write_text(text, encoding="utf-8")
        return "/revisions/6..7"

    # What is kept of an answer is kept for its revision, whose changes are others in each test.
    with serve(replace(service, history=history, max_cache_bytes=0)) as served:
        yield served.client, change


def section(page: str, name: str) -> str:
    """The card of the thing of that name."""
    found = re.findall(r'<li class="card">.*?(?=<li class="card">|</section>)', page, re.DOTALL)
    (card,) = (each for each in found if f">{name}</a></h3>" in each)
    return str(card)


def test_each_thing_has_what_went_and_what_came_with_a_sign_and_a_word(
    site: tuple[httpx.Client, Change],
) -> None:
    client, change = site
    path = change(
        [
            "A <~id/a> <~def/concerns> <~id/b> <~source/text#char=1,9>",
            'D <~id/a> <~def/concerns> "<b>"@en <~source/text#char=1,9>',
        ]
    )
    page = client.get(path, headers=PAGE).text
    told = section(page, "plan A")
    assert f'href="{BASE}' not in told
    assert 'href="/id/a"' in told
    gone, come = told.index("− removed</del>"), told.index("+ added</ins>")
    assert gone < told.index("&lt;b&gt;") < come < told.index(">thing B</a>")
    assert told.count('<a href="/source/text#char=1,9"') == 2
    assert told.count("of B &lt;now&gt;") == 2


def test_a_passage_by_reference_shows_its_place_also_where_it_is_gone(
    site: tuple[httpx.Client, Change],
) -> None:
    client, change = site
    path = change(
        [
            "A <~id/a> <~def/concerns> <~id/b> <~source/act#loc=sec.2>",
            "D <~id/a> <~def/concerns> <~id/c> <~source/act#loc=sec.3>",
            'D <~source/act#loc=sec.3> <~def/locator> "sec.3" <~source/act>',
        ]
    )
    told = section(client.get(path, headers=PAGE).text, "plan A")
    for place in ("sec.2", "sec.3"):
        assert re.search(rf'href="/source/act#loc={place}"[^>]*>passage <code>{place}</code>', told)


def test_things_stand_below_the_most_specific_of_their_classes(
    site: tuple[httpx.Client, Change],
) -> None:
    client, change = site
    path = change(['A <~id/a> <~def/p> "1"', 'A <~id/b> <~def/p> "1"'])
    page = client.get(path, headers=PAGE).text
    assert re.findall(r"<h2>(\S+)", page) == [":Thing", "plan"]


def test_the_names_are_those_of_the_language_of_the_reader(
    site: tuple[httpx.Client, Change],
) -> None:
    client, change = site
    path = change(["A <~id/a> <~def/concerns> <~id/b>"])
    page = client.get(f"{path}?lang=zh", headers=PAGE).text
    for words in ("计划甲", "涉及", "+ 新增", "变更内容"):
        assert words in page
    assert 'href="/id/a?lang=zh"' in page


def test_what_is_gone_has_the_name_and_class_that_it_had(
    site: tuple[httpx.Client, Change],
) -> None:
    client, change = site
    path = change([f'D <~id/gone> {LABEL} "the lost one"@en', f"D <~id/gone> {TYPE} <~def/Act>"])
    page = client.get(path, headers=PAGE).text
    assert "the lost one</a>" in section(page, "the lost one")
    assert "<h2>act" in page


def test_what_stands_elsewhere_now_is_neither_gone_nor_new(
    site: tuple[httpx.Client, Change],
) -> None:
    client, change = site
    path = change(['D <~id/a> <~def/p> "1" <~graph/one>', 'A <~id/a> <~def/p> "1" <~graph/other>'])
    told = section(client.get(path, headers=PAGE).text, "plan A")
    assert ("moved" in told, "added" in told, "removed" in told) == (True, False, False)
    assert "graph/other" in told
    assert "graph/one" not in told


def test_what_only_follows_stands_behind_a_fold(site: tuple[httpx.Client, Change]) -> None:
    client, change = site
    path = change(
        [
            'A <~id/a> <~def/p> "1"',
            'A <~id/b> <~def/p> "1" <~graph/inferred>',
            'A <~id/b> <~def/p> "1"',
        ]
    )
    first, _, behind = client.get(path, headers=PAGE).text.partition("what only follows (1)")
    assert "plan A" in first
    assert "thing B" not in first
    assert "thing B" in behind
    assert behind.count("∴ inferred") == 1


def test_after_seven_the_rest_stands_behind_a_fold(site: tuple[httpx.Client, Change]) -> None:
    client, change = site
    path = change([f'A <~id/a> <~def/p> "{number}"' for number in range(9)])
    shown, _, behind = client.get(path, headers=PAGE).text.partition("<summary>all 9")
    assert (shown.count('<li class="added">'), behind.count('<li class="added">')) == (7, 2)


def test_a_large_difference_is_read_to_a_bound_and_leads_to_the_patch(
    site: tuple[httpx.Client, Change],
) -> None:
    client, change = site
    path = change([f'A <~id/x{number:04}> <~def/p> "1"' for number in range(MAX_THINGS + 1250)])
    page = client.get(path, headers=PAGE).text
    assert page.count('<li class="card">') == MAX_THINGS
    assert "1,250 other things changed too." in page
    assert f'href="{path}?format=rdfpatch"' in page
    path = change([f'A <~id/a> <~def/p> "{number:05}"' for number in range(MAX_LINES + 1)])
    page = client.get(path, headers=PAGE).text
    assert page.count('<li class="added">') == MAX_LINES
    assert "More changed than one page shows." in page


def test_nodes_without_a_name_and_values_of_any_kind_are_shown(
    site: tuple[httpx.Client, Change],
) -> None:
    client, change = site
    long = "x" * 5000
    path = change(
        [
            'A _:b1 <~def/p> "1"',
            f'A <~id/a> <~def/p> "{long}"',
            "A <~id/a> <~def/p> _:b1",
            "A <~id/a> <~def/p> <<( <~id/a> <~def/p> <~id/b> )>>",
        ]
    )
    page = client.get(path, headers=PAGE).text
    assert "a node without a name" in page
    assert long not in page
    assert "_:b1" in page


def test_no_difference_is_told_and_programs_get_the_patch(
    site: tuple[httpx.Client, Change],
) -> None:
    client, change = site
    path = change([])
    assert "Nothing differs between them." in client.get(path, headers=PAGE).text
    assert "Nothing differs" in client.get("/revisions/7..7", headers=PAGE).text
    answer = client.get(path)
    assert answer.headers["content-type"] == "application/rdf-patch"
    assert "Accept" in answer.headers["vary"]
    for between in ("6..9", "6..", "x..7"):
        assert client.get(f"/revisions/{between}", headers=PAGE).status_code == 404


def test_the_list_of_revisions_draws_what_each_changed_and_leads_there(
    site: tuple[httpx.Client, Change],
) -> None:
    client, _ = site
    page = client.get("/revisions", headers=PAGE).text
    assert page.count('<rect class="came"') == 2
    assert page.count('href="/revisions/6..7"') == 2
    assert 'href="/revisions/6..7"' in client.get("/revisions/7", headers=PAGE).text
