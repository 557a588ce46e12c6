"""The documentation site in a browser: it loads nothing from elsewhere, and search finds."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.system.test_docs import built

pytestmark = pytest.mark.debian


def test_a_browser_asks_no_other_site(browser: Browser, tmp_path: Path) -> None:
    site = built(tmp_path / "site")
    asked: list[str] = []
    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    for name in ("index.html", "architecture/query.html", "search.html?q=proxy"):
        page.goto(f"{site.as_uri()}/{name}", wait_until="load")
    page.wait_for_selector("#search-results a")
    page.close()
    assert [each for each in asked if not each.startswith(("file:", "data:"))] == []
    assert any("query.svg" in each for each in asked)
