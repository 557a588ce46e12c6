"""The pages as people meet them: the program over the shipped content, and Debian's Chromium."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from bench.axioms import lay_out_both
from bench.documents import remove_references
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT: Final = Path(__file__).parents[2]
CHROMIUM: Final = "/usr/bin/chromium"
QUIET: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""What keeps Chromium from asking the network for anything of its own; it runs as root in CI."""
_PATIENCE_MILLISECONDS: Final = 30_000
"""Pages answer in less than a second; but the library's five seconds were the shortest wait of all
tests, and CI has run on machines that took twice as long as others."""

expect.set_options(timeout=_PATIENCE_MILLISECONDS)


@contextmanager
def running(content: Path, store: Path) -> Iterator[str]:
    """The address of a `serve` over the content, until the block ends."""
    program = str(Path(sys.executable).with_name("spacepolicy"))
    with subprocess.Popen(
        [program, "serve", "--content", str(content), "--store", str(store), "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stderr is not None
        found = None
        for line in server.stderr:
            if found := re.search(r"revision \d+ at (http\S+)", line):
                break
        assert found is not None
        rest = threading.Thread(target=server.stderr.read)
        rest.start()
        try:
            yield found[1]
        finally:  # otherwise a test that fails would wait for the server for ever
            server.terminate()
            server.wait(20)
            rest.join()


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running `serve` over the shipped content."""
    with running(ROOT, tmp_path_factory.mktemp("store")) as address:
        yield address


@pytest.fixture(scope="session")
def url_of_two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running `serve` over the quoted policy and the invented one."""
    content = tmp_path_factory.mktemp("two") / "content"
    content.mkdir()
    lay_out_both(content)
    remove_references(content)
    with running(content, tmp_path_factory.mktemp("store")) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def requested() -> list[str]:
    """The addresses that the page asked for."""
    return []


@pytest.fixture
def context(browser: Browser, url: str, requested: list[str]) -> Iterator[BrowserContext]:
    """A browser in English; it fails the test where a request leaves the service."""
    context = browser.new_context(
        base_url=url, locale="en", viewport={"width": 1200, "height": 900}
    )
    context.on("request", lambda request: requested.append(request.url))
    yield context
    context.close()
    assert [each for each in requested if not each.startswith((url, "data:"))] == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
