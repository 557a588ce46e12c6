"""Views of the workbench: what columns are drawn as, with nothing from elsewhere."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import ROOT, running
from tests.browser.workbench import NEEDS_SCRIPTS, ask

pytestmark = NEEDS_SCRIPTS
LANGUAGES = pytest.mark.parametrize("lang", ["en", "zh"])
STATEMENTS = """PREFIX : <https://w3id.org/spacepolicy/def/>
CONSTRUCT { ?m ?p ?o } {
 ?m :isMeasureOf <https://w3id.org/spacepolicy/id/policy/shanghai-2022-spatial-information/task/2> .
 ?m ?p ?o
 VALUES ?p { :isMeasureOf :concerns :develops :builds } }"""
WKT = "http://www.opengis.net/ont/geosparql#wktLiteral"
SHANGHAI = "https://w3id.org/spacepolicy/id/region/shanghai"
GEO = "http://www.opengis.net/ont/geosparql#"
AT = "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(31.23 121.47)"
BARS = 'SELECT * { VALUES (?name ?n) { ("a" 1) ("b" 2) } }'


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page that breaks no rule of its Content-Security-Policy, and whose script has no error."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda each: found.append(each.text) if each.type == "error" else None)
    yield page
    assert found == []


def show(page: Page, query: str, view: str | None = None, lang: str = "en") -> None:
    """Open the workbench with the answer of the query, in the view."""
    asked = f"&view={view}" if view else ""
    page.goto(f"/sparql?lang={lang}{asked}&query={quote(query)}")


@LANGUAGES
def test_numbers_by_names_are_bars(page: Page, lang: str, requested: list[str]) -> None:
    page.goto(f"/sparql?lang={lang}")
    assert not any("library" in each for each in requested)
    ask(page, BARS, f"/sparql?lang={lang}")
    bars = page.locator(".wb-marks .mark-rect path")
    expect(bars).to_have_count(2)
    bars.last.hover()
    expect(page.locator(".wb-tip")).to_have_text("n 2name b")
    assert [each for each in requested if "library" in each] == [
        each for each in requested if "/assets/chart-library-" in each
    ]


def test_the_mark_and_the_columns_of_a_chart_are_chosen(page: Page) -> None:
    rows = '(2020 3 "a") (2021 5 "b") (2022 4 "a")'
    show(page, f"SELECT * {{ VALUES (?year ?n ?kind) {{ {rows} }} }}", "chart")
    page.get_by_label("By", exact=True).select_option("year")
    expect(page.get_by_label("Mark")).to_have_value("line")
    expect(page.locator(".wb-marks .mark-line path")).to_have_count(1)
    page.get_by_label("Mark").select_option("point")
    expect(page.locator(".wb-marks .mark-line path")).to_have_count(0)
    expect(page.locator(".wb-marks .mark-symbol.role-mark path")).to_have_count(3)
    page.get_by_label("Colour").select_option("kind")
    expect(page.locator(".wb-marks .role-legend").first).to_be_visible()


def test_a_charts_specification_stands_alone(page: Page) -> None:
    show(page, BARS, "chart")
    page.get_by_text("Vega-Lite specification").click()
    spec = json.loads(page.get_by_label("Vega-Lite specification").inner_text())
    assert spec["$schema"] == "https://vega.github.io/schema/vega-lite/v6.json"
    assert spec["data"]["values"] == [{"name": "a", "n": 1}, {"name": "b", "n": 2}]
    assert (spec["mark"]["type"], spec["encoding"]["x"]["field"]) == ("bar", "n")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save").click()
    assert saved.value.suggested_filename == "chart.vl.json"
    assert json.loads(saved.value.path().read_text()) == spec


@LANGUAGES
def test_statements_are_drawn_as_a_graph_of_links(page: Page, lang: str) -> None:
    show(page, STATEMENTS, lang=lang)
    pressed = page.locator(".wb-controls button[aria-pressed=true]")
    expect(pressed).to_have_text({"en": "Graph", "zh": "关系图"}[lang])
    name, other = {"en": ("rocket", "火箭"), "zh": ("火箭", "rocket")}[lang]
    node = page.locator(".wb-graph").get_by_role("link", name=name, exact=True)
    expect(node.locator("title")).to_have_text(f"{name} · {other}")
    stated, follows = page.locator(".wb-graph .stated"), page.locator(".wb-graph .follows")
    assert stated.count() > 0
    assert follows.count() > 0
    page.locator("summary", has_text={"en": "as a list", "zh": "列表"}[lang]).click()
    line = page.locator(".wb-said li li", has=page.get_by_role("link", name=name, exact=True))
    expect(line.first).to_contain_text({"en": "∴ inferred", "zh": "∴ 推断"}[lang])
    node.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name, ignore_case=True)


def test_a_graph_of_more_than_sixty_things_says_what_is_not_drawn(page: Page) -> None:
    show(page, "SELECT ?c ?s { ?s a ?c } LIMIT 100")
    expect(page.locator(".wb tbody tr")).to_have_count(100)
    page.get_by_role("button", name="Graph").click()
    expect(page.locator(".wb-graph circle")).to_have_count(60)
    expect(page.get_by_text("more are not.")).to_contain_text("The 60 things with most links")


def test_a_graph_is_drawn_the_same_each_time(page: Page) -> None:
    drawn = []
    for _ in range(2):
        show(page, STATEMENTS)
        expect(page.locator(".wb-graph circle").first).to_be_visible()
        drawn.append(
            page.locator(".wb-graph circle").evaluate_all("all => all.map(c => c.outerHTML)")
        )
    assert drawn[0] == drawn[1]


@LANGUAGES
def test_coordinates_are_a_map_whose_marks_are_links(page: Page, lang: str) -> None:
    rows = f'(<{SHANGHAI}> "POINT(121.47 31.23)"^^<{WKT}>) (<urn:x> "POINT(80.2 13.7)"^^<{WKT}>)'
    show(page, f"SELECT * {{ VALUES (?place ?at) {{ {rows} }} }}", lang=lang)
    expect(page.locator(".wb-map circle")).to_have_count(2)
    expect(page.locator(".wb-places li")).to_have_count(2)
    name = {"en": "Shanghai", "zh": "上海"}[lang]
    mark = page.locator(".wb-map").get_by_role("link", name=name)
    east, south = mark.bounding_box(), page.locator(".wb-map circle").last.bounding_box()
    assert east is not None
    assert south is not None
    assert (east["x"] > south["x"], east["y"] < south["y"]) == (True, True)
    page.get_by_role("button", name={"en": "Whole world", "zh": "全球"}[lang]).click()
    expect(page.locator(".wb-map circle")).to_have_count(2)
    mark.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_latitude_and_longitude_are_a_map_and_what_is_nowhere_is_told(page: Page) -> None:
    rows = '("a" 31.2 121.4) ("b" 95 10) ("c" 10.5 20)'
    show(page, f"SELECT * {{ VALUES (?name ?lat ?long) {{ {rows} }} }}")
    expect(page.locator(".wb-map circle")).to_have_count(2)
    expect(page.get_by_text("1 more have no coordinates")).to_be_visible()


def test_things_without_columns_of_coordinates_are_where_the_dataset_says(
    browser: Browser, tmp_path: Path
) -> None:
    program = str(Path(sys.executable).with_name("spacepolicy"))
    label = "http://www.w3.org/2000/01/rdf-schema#label"
    pier, here = "<https://example.org/pier>", "<https://example.org/here>"
    place = (
        f'{pier} <{label}> "Pier"@en ; <{GEO}hasGeometry> {here} .'
        f'{here} <{GEO}asWKT> "{AT}"^^<{WKT}> .'
    )
    with running(ROOT, tmp_path) as url:
        new = [program, "token", "new", "--scope", "write", "--store", str(tmp_path)]
        token = subprocess.run(new, capture_output=True, text=True, check=True)
        asked = f"{url}/sparql?query={quote(f'SELECT ?r {{ VALUES ?r {{ {pier} }} }}')}"
        page = browser.new_page()
        page.goto(f"{asked}&view=map")
        expect(page.get_by_text("None of these things has coordinates")).to_be_visible()
        fields = {"Authorization": f"Bearer {token.stdout.strip()}", "Content-Type": "text/turtle"}
        graph = {"graph": "urn:places"}
        put = httpx.put(f"{url}/graphs", params=graph, content=place, headers=fields, timeout=60)
        put.raise_for_status()
        page.reload()
        expect(page.locator(".wb-map").get_by_role("link", name="Pier")).to_be_visible()
        page.close()


def test_dates_are_a_timeline(page: Page) -> None:
    day = "http://www.w3.org/2001/XMLSchema#date"
    rows = f'("b" "2025-06-01"^^<{day}>) ("a" "2022-01-11"^^<{day}>)'
    show(page, f"SELECT * {{ VALUES (?name ?when) {{ {rows} }} }}")
    expect(page.get_by_role("button", name="Timeline")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".wb-drawn rect")).to_have_count(2)
    expect(page.locator(".wb-drawn title").first).to_have_text("a: 2022-01-11")


@pytest.mark.parametrize("view", ["table", "chart", "map", "graph", "timeline", "raw"])
def test_the_address_chooses_the_view(page: Page, view: str) -> None:
    day = "http://www.w3.org/2001/XMLSchema#date"
    cells = f'<urn:a> <urn:b> 1 2 3 "2022-01-11"^^<{day}>'
    show(page, f"SELECT * {{ VALUES (?a ?b ?n ?lat ?long ?on) {{ ({cells}) ({cells}) }} }}", view)
    pressed = page.locator(".wb-controls button[aria-pressed=true]").first
    expect(pressed).to_have_text(view.capitalize())
    shown = {"table": ".wb tbody tr", "chart": ".wb-marks svg", "map": ".wb-map", "raw": ".wb-raw"}
    expect(page.locator(shown.get(view, ".wb-drawn, .wb-graph")).first).to_be_visible()
