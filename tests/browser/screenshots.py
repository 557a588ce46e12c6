"""Takes the pictures in docs/pages/: `python -m tests.browser.screenshots URL` of a site over both
policies, the shipped one and that of the tests."""

import sys
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import sync_playwright
from tests.browser.conftest import CHROMIUM, QUIET, ROOT

PAGES: Final = {
    "home": "/",
    "policy": "/doc/id/policy/shanghai-2022-spatial-information#parts",
    "thing": "/doc/id/technology/reusable-rocket",
    "measure": "/doc/id/policy/shanghai-2022-spatial-information/task/12/measure/1",
    "questions": "/queries",
    "source": "/source/shanghai-2022-opinions#char=1510,1534",
    "compare": "/compare",
    "ontology": "/ontology",
    "links": "/ontology#links",
    "term": "/doc/def/isDueBy",
    "status": "/status",
    "search": "/search?q=satellite",
    "explain": "/explain?s=%3Cid/policy/shanghai-2022-spatial-information%3E"
    "&p=:concerns&o=%3Cid/technology/reusable-rocket%3E",
    "difference": "/revisions/0..1",
    "components": "/components",
    "error": "/sparql?query=SELECT%20*%20%7B%20%3Fs%20%3Fp%20%3F%20%7D",
}
Scheme = Literal["light", "dark"]
LOOKS: Final[tuple[tuple[str, int, Scheme, str], ...]] = (
    ("wide", 1100, "light", "en"),
    ("narrow", 400, "dark", "zh"),
)


def main(url: str, folder: Path) -> None:
    """Take one picture of each page in each look."""
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for look, width, scheme, language in LOOKS:
            context = chromium.new_context(
                viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language
            )
            page = context.new_page()
            for name, path in PAGES.items():
                page.goto(url + path)
                picture = folder / f"{name}-{look}.jpg"
                page.screenshot(path=picture, type="jpeg", quality=60)
        chromium.close()


if __name__ == "__main__":
    main(sys.argv[1], ROOT / "docs" / "pages")
