"""The workbench at /sparql: the script is there, and what a reader does with it works."""

import csv
import gzip
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from tests.browser.workbench import LIBRARIES, NEEDS_SCRIPTS, ask, write

from spacepolicy.assets.built import FOLDER, built_assets

pytestmark = NEEDS_SCRIPTS
MOST_BYTES = 400_000


def test_the_script_is_built_and_light() -> None:
    assert built_assets().missing is None
    first = set(built_assets().files) - set(LIBRARIES)
    size = sum(len(gzip.compress((FOLDER / name).read_bytes())) for name in first)
    assert size <= MOST_BYTES


@pytest.mark.parametrize(("lang", "said"), [("en", "2 rows in"), ("zh", "2 行，")])
def test_a_query_is_run_by_the_keyboard_alone(page: Page, lang: str, said: str) -> None:
    ask(page, "SELECT ?n { VALUES ?n { 10 9 } }", f"/sparql?lang={lang}")
    expect(page.get_by_role("status")).to_contain_text(said)
    cells = page.locator(".wb td")
    assert cells.all_inner_texts() == ["10", "9"]
    page.locator(".wb th button").press("Enter")
    assert cells.all_inner_texts() == ["9", "10"]


def test_a_mistake_is_marked_where_the_service_puts_it(page: Page) -> None:
    ask(page, "SELECT * {\n ?s ?p ?\n}")
    expect(page.get_by_role("status")).to_contain_text("Line ")
    expect(page.locator(".cm-lintRange-error, .cm-lintPoint")).to_have_count(1)


def test_a_property_is_completed_with_its_prefix(page: Page) -> None:
    page.goto("/sparql")
    write(page, "SELECT * { ?t a :Task ; 期限")
    page.keyboard.press("Control+Space")
    option = page.locator(".cm-tooltip-autocomplete li").first
    expect(option).to_contain_text("期限")
    term = option.locator(".cm-completionLabel").inner_text()
    option.click()
    expect(page.locator(".cm-content")).to_contain_text("PREFIX :")
    expect(page.locator(".cm-content")).to_contain_text(f"?t a :Task ; {term}")


def test_tabs_and_history_survive_a_reload(page: Page) -> None:
    ask(page, "ASK { ?a ?b ?c }")
    expect(page.locator(".wb-boolean")).to_have_text("Yes")
    page.get_by_role("button", name="New query").click()
    write(page, "SELECT (1 AS ?one) {}")
    for _ in range(50):
        if "?one" in page.evaluate("localStorage.getItem('spacepolicy-workbench')"):
            break
        page.wait_for_timeout(100)
    page.goto("/sparql")
    expect(page.locator(".cm-content")).to_contain_text("?one")
    page.get_by_role("button", name="Query 1", exact=True).click()
    expect(page.locator(".cm-content")).to_contain_text("ASK")
    page.locator("summary", has_text="History").click()
    expect(page.locator(".wb-fold").get_by_role("button", name="ASK { ?a ?b ?c }")).to_be_visible()


def test_ten_thousand_rows_stay_a_hundred_in_the_page(page: Page) -> None:
    ask(page, "SELECT * { GRAPH ?g { ?s ?p ?o } } LIMIT 10000")
    expect(page.get_by_role("status")).to_contain_text("10000 rows in")
    expect(page.locator(".wb tbody tr")).to_have_count(100)


def test_an_example_is_opened_and_answered(page: Page) -> None:
    page.goto("/sparql")
    page.locator("summary", has_text="Examples").click()
    page.locator(".wb-fold li button").first.click()
    expect(page.locator(".cm-content")).to_contain_text("SELECT")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_contain_text("rows in")


def test_a_query_is_cancelled(page: Page) -> None:
    ask(page, "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_have_text("Cancelled.")
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)


def test_a_shared_link_keeps_query_view_and_revision(page: Page) -> None:
    ask(page, "SELECT ?n { VALUES ?n { 10 9 } }")
    page.get_by_role("button", name="Raw").click()
    page.get_by_role("button", name="Copy link").click()
    shared = page.get_by_role("status").get_by_role("link").get_attribute("href")
    assert shared is not None
    asked = parse_qs(urlsplit(shared).query)
    assert asked["revision"] == [page.request.get("/sparql").headers["x-dataset-revision"]]
    assert asked["view"] == ["raw"]
    page.goto(shared)
    expect(page.locator(".cm-content")).to_contain_text("VALUES ?n { 10 9 }")
    expect(page.locator(".wb-raw")).to_contain_text('"bindings"')
    expect(page.get_by_role("status")).to_contain_text("2 rows in")


def test_a_hint_of_the_service_stands_below_the_editor(page: Page) -> None:
    ask(page, "SELECT * { ?t <https://w3id.org/spacepolicy/def/hasDeadlin> ?when }")
    expect(page.locator(".wb-hint")).to_contain_text("hasDeadlin")


PROGRAMS = ("curl", "Python", "R", "JavaScript", "DuckDB")
QUERY = 'SELECT ?name ?n { VALUES (?name ?n) { ("it\'s" 1) ("b \\"2\\"" 2) } } ORDER BY ?n'
ROWS = [["name", "n"], ["it's", "1"], ['b "2"', "2"]]


def test_the_query_is_there_as_code_that_runs(page: Page) -> None:
    ask(page, QUERY)
    page.locator("summary", has_text="As code").click()
    programs = page.locator(".wb-panels pre")
    expect(programs).to_have_count(5)
    code = {name: page.get_by_label(name, exact=True).inner_text() for name in PROGRAMS}
    assert all("it" in each for each in code.values())
    answer = subprocess.run(["sh", "-c", code["curl"]], capture_output=True, text=True, check=True)
    assert list(csv.reader(answer.stdout.splitlines())) == ROWS
    printing = code["Python"].replace("print(", "print(*", 1).replace("))", ").values.tolist())")
    answer = subprocess.run(
        [sys.executable, "-c", printing], capture_output=True, text=True, check=True
    )
    assert answer.stdout.split("] ") == ['["it\'s", 1', "['b \"2\"', 2]\n"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_workbench_is_accessible_on_a_telephone(
    browser: Browser, url: str, scheme: str
) -> None:
    context = browser.new_context(
        base_url=url,
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": 390, "height": 800},
        bypass_csp=True,
    )
    page = context.new_page()
    page.goto(f"/sparql?query={quote('SELECT * { ?s a ?c } LIMIT 20')}")
    expect(page.locator(".wb tbody tr")).to_have_count(20)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}})
    context.close()
    assert [
        (each["id"], [node["target"] for node in each["nodes"][:3]])
        for each in found.response["violations"]
    ] == []


def test_only_the_workbench_may_have_a_script(page: Page) -> None:
    for path, allowed in (("/sparql", True), ("/", False), ("/queries", False)):
        fields = page.request.get(path, headers={"Accept": "text/html"}).headers
        assert ("script-src 'self'" in fields["content-security-policy"]) is allowed


def test_scripts_are_not_in_the_repository() -> None:
    root = Path(__file__).parents[2]
    kept = subprocess.run(
        ["git", "ls-files", "--error-unmatch", str(FOLDER / "workbench.js")],
        cwd=root,
        check=False,
        capture_output=True,
    )
    assert kept.returncode == 1
    subprocess.run(["git", "check-ignore", "-q", str(FOLDER)], cwd=root, check=True)
