"""The page of all components has each that pages share, made as they make it."""

import re
from pathlib import Path

import httpx

TEMPLATES = Path(__file__).parents[2] / "service/spacepolicy/web/templates"
SHARED = ("changes", "diagram", "hierarchy", "inset", "lanes", "links", "macros")
"""The templates whose macros several pages use, or one page for each of its parts."""


def macros() -> dict[str, str]:
    """The macros of the shared templates, by name, with what stands in them."""
    texts = [(TEMPLATES / f"{name}.html").read_text(encoding="utf-8") for name in SHARED]
    return {
        name: body
        for text in texts
        for name, body in re.findall(r"{% macro (\w+)\(.*?%}(.*?){%-? endmacro %}", text, re.DOTALL)
    }


def called(text: str, among: dict[str, str]) -> set[str]:
    """The macros that are called where `{{ }}` or `{% if %}` stands, with those that they call."""
    reached: set[str] = set()
    waiting = [text]
    while waiting:
        here = waiting.pop()
        new = {name for name in among if re.search(rf"{{{{[^}}]*\b{name}\(", here)} - reached
        reached |= new
        waiting += (among[name] for name in new)
    return reached


def test_every_shared_macro_stands_on_the_page_of_components() -> None:
    page = (TEMPLATES / "components.html").read_text(encoding="utf-8")
    known = macros()
    assert len(known) > 15
    assert set(known) - called(page, known) == set()


def test_the_page_shows_them_in_both_languages(shipped: httpx.Client) -> None:
    for language, words in (("en", "Components of the pages"), ("zh", "页面组件")):
        headers = {"Accept": "text/html", "Accept-Language": language}
        answer = shipped.get("/components", headers=headers)
        assert answer.status_code == 200
        for each in (
            words,
            '<svg class="diagram"',
            'class="lanes"',
            '<svg class="inset"',
            '<li class="removed">',
        ):
            assert each in answer.text
        targets = set(re.findall(r'href="#([\w-]+)"', answer.text))
        assert targets <= set(re.findall(r'id="([\w-]+)"', answer.text))


def test_the_page_is_described_and_not_offered_to_crawlers(shipped: httpx.Client) -> None:
    described = shipped.get("/openapi.json").json()["paths"]["/components"]["get"]
    assert "text/html" in described["responses"]["200"]["content"]
    assert shipped.options("/components").headers["allow"]
    assert "/components" not in shipped.get("/robots.txt").text
    assert 'href="/components"' in shipped.get("/api", headers={"Accept": "text/html"}).text
