"""What a reader does with the pages, in a browser."""

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.debian


def test_from_a_question_to_the_words_and_back(page: Page) -> None:
    page.goto("/queries")
    page.get_by_role("link", name="What in the data goes by the name").first.click()
    page.get_by_role("region", name="Answer").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.locator("q a").first.click()
    target = page.locator(":target")
    expect(target).to_be_in_viewport()
    words = target.inner_text()
    target.click()
    note = page.locator("details:target")
    note.locator("summary").click()
    expect(note.locator("li").first).to_be_visible()
    note.get_by_role("link", name="back to the words").click()
    assert page.locator(":target").inner_text() == words


def test_a_technology_leads_to_exactly_its_words(page: Page) -> None:
    page.goto("/search?q=reusable+rocket")
    page.get_by_role("link", name="reusable rocket", exact=True).first.click()
    page.get_by_role("link", name="develop reusable rockets").first.click()
    assert page.url.endswith("#char=1510,1534")
    assert page.locator(":target").inner_text() == "develop reusable rockets"


def test_an_inference_leads_to_its_proof_and_the_words_it_rests_on(page: Page) -> None:
    page.goto("/search?q=reusable+rocket")
    page.get_by_role("link", name="reusable rocket", exact=True).first.click()
    page.get_by_role("link", name="task 2: build digital", exact=False).first.click()
    page.get_by_text("Everything that is said of it").click()
    page.locator("summary", has_text="inferred statements").click()
    inference = page.locator("dd", has=page.get_by_role("link", name="reusable rocket", exact=True))
    inference.get_by_role("link", name="why?").first.click()
    expect(page.get_by_role("heading", name="Why does a statement hold?")).to_be_visible()
    page.get_by_role("link", name="develop reusable rockets").first.click()
    assert page.locator(":target").inner_text() == "develop reusable rockets"


def test_a_search_in_chinese(page: Page) -> None:
    page.goto("/?lang=zh")
    page.get_by_role("searchbox").fill("火箭")
    page.get_by_role("searchbox").press("Enter")
    assert "lang=zh" in page.url
    expect(page.get_by_role("link", name="可重复使用火箭").first).to_be_visible()


def test_the_language_is_switched_and_stays(page: Page) -> None:
    page.goto("/queries")
    page.get_by_role("link", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh")
    page.get_by_role("link", name="搜索").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "zh")
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_all_of_it_works_without_scripts(browser: Browser, url: str) -> None:
    context = browser.new_context(base_url=url, java_script_enabled=False, locale="en")
    page = context.new_page()
    page.goto("/queries/tasks-by-technology")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("table")).to_be_visible()
    page.goto("/sparql")
    page.get_by_label("Query", exact=True).fill("SELECT (1 + 1 AS ?two) {}")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("cell", name="2")).to_be_visible()
    context.close()


def show_what_is_shared(page: Page) -> None:
    for box in page.get_by_label("Show what all of them have too").all():
        box.check()


def test_two_policies_are_compared_from_the_first_page_to_the_words(
    browser: Browser, url_of_two: str
) -> None:
    context = browser.new_context(base_url=url_of_two, java_script_enabled=False, locale="en")
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="Compare them").click()
    heading = page.get_by_role("heading", name="cooperation with other countries")
    theme = page.locator(".row", has=heading)
    show_what_is_shared(page)
    expect(theme).to_contain_text("in both")
    page.get_by_label("Compare this").select_option(index=1)
    page.get_by_label("with", exact=True).select_option(index=0)
    page.get_by_role("button", name="Compare").click()
    show_what_is_shared(page)
    expect(theme.locator(".side").first).to_contain_text("People and partners")
    theme.get_by_role("link", name="Twelfth").click()
    assert page.locator(":target").inner_text().startswith("Twelfth, expand the depth")
    context.close()


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("satellite")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Search")).to_be_visible()


def test_a_term_is_understood_by_keyboard(page: Page) -> None:
    page.goto("/doc/id/technology/reusable-rocket")
    page.get_by_label("What this means: is kind of").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("relation that links an entity with a more general")).to_be_visible()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="is kind of", level=1)).to_be_visible()
    expect(page.get_by_text("leads in several steps, it leads at once")).to_be_visible()
    more = page.locator("summary", has_text="It is mentioned in")
    more.focus()
    page.keyboard.press("Enter")
    expect(page.locator("details[open] .axioms li").first).to_be_visible()
