"""Views of the workbench: what columns are drawn as, with nothing from elsewhere."""

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect
from tests.browser.workbench import NEEDS_SCRIPTS, ask

pytestmark = NEEDS_SCRIPTS
LANGUAGES = pytest.mark.parametrize("lang", ["en", "zh"])
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
