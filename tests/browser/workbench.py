"""What tests of the workbench share: when they run, and how a query is written and run."""

import os
import re

import pytest
from playwright.sync_api import Page

from spacepolicy.assets.built import built_assets

NEEDS_SCRIPTS = [
    pytest.mark.debian,
    pytest.mark.skipif(
        built_assets().missing is not None and os.environ.get("CI") != "true",
        reason="the scripts of pages are not built here",
    ),
]
LIBRARIES = ("chart-library.js", "graph-library.js", "map-library.js")
"""What views load when they are asked for."""


def write(page: Page, query: str) -> None:
    """Put the query into the editor in the place of what is there."""
    editor = page.get_by_role("textbox", name=re.compile("^(Query|查询)$"))
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(query)


def ask(page: Page, query: str, path: str = "/sparql") -> None:
    """Open the workbench and run the query by the keyboard."""
    page.goto(path)
    write(page, query)
    page.keyboard.press("Control+Enter")
