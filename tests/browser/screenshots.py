"""Takes the pictures in docs/pages/: `python -m tests.browser.screenshots URL [NAME …]` of a site
over both policies, the shipped one and that of the tests; all, or those of the names."""

import sys
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

from playwright.sync_api import Page, sync_playwright
from tests.browser.conftest import CHROMIUM, QUIET, ROOT

PAGES: Final = {
    "home": "/",
    "policy": "/doc/id/policy/shanghai-2022-spatial-information#parts",
    "thing": "/doc/id/technology/reusable-rocket",
    "region": "/doc/id/region/china#where",
    "measure": "/doc/id/policy/shanghai-2022-spatial-information/task/12/measure/1",
    "questions": "/queries",
    "answer": "/queries/targets#answer",
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
_PREFIXES: Final = """PREFIX : <https://w3id.org/spacepolicy/def/>
"""
_SITES: Final = """PREFIX geo: <http://www.opengis.net/ont/geosparql#>
SELECT ?place ?at { VALUES (?place ?at) {
  (<https://w3id.org/spacepolicy/id/region/shanghai> "POINT(121.47 31.23)"^^geo:wktLiteral)
  ("Wenchang"@en "POINT(110.95 19.61)"^^geo:wktLiteral)
  ("Jiuquan"@en "POINT(100.30 40.96)"^^geo:wktLiteral)
  ("Xichang"@en "POINT(102.03 28.25)"^^geo:wktLiteral)
  ("Tanegashima"@en "POINT(130.97 30.40)"^^geo:wktLiteral)
} }"""
"""The data have no launch sites: these are well-known, to a hundredth of a degree."""
WORKBENCH: Final = {
    "table": _PREFIXES
    + """SELECT ?task ?technology ?kind {
  ?task a :Task ; :concerns ?technology .
  ?technology :isKindOf ?kind
} ORDER BY ?task LIMIT 12""",
    "chart": _PREFIXES
    + """SELECT ?theme (COUNT(?task) AS ?tasks) {
  ?task a :Task ; :hasTheme ?theme
} GROUP BY ?theme ORDER BY DESC(?tasks)""",
    "map": _SITES,
    "graph": _PREFIXES
    + """CONSTRUCT { ?measure ?relation ?thing } {
  ?measure :isMeasureOf <id/policy/shanghai-2022-spatial-information/task/2> ; ?relation ?thing
  VALUES ?relation { :isMeasureOf :concerns :develops :builds }
}""".replace("<id/", "<https://w3id.org/spacepolicy/id/"),
}
"""The queries that the views of the workbench are shown with."""
PAGES_OF_THE_WORKBENCH: Final = {
    f"workbench-{view}": f"/sparql?view={view}&query={quote(query)}"
    for view, query in WORKBENCH.items()
}
DRAWN: Final = ".wb tbody tr, .wb-marks svg, .wb-map svg, .wb-graph svg"
SETTLED_MILLISECONDS: Final = 1500
"""Names come with one more query after what is drawn."""
Scheme = Literal["light", "dark"]
LOOKS: Final[tuple[tuple[str, int, Scheme, str], ...]] = (
    ("wide", 1100, "light", "en"),
    ("narrow", 400, "dark", "zh"),
)


def main(url: str, folder: Path, names: list[str]) -> None:
    """Take one picture of each page in each look."""
    pages = {**PAGES, **PAGES_OF_THE_WORKBENCH}
    chosen = {name: path for name, path in pages.items() if not names or name in names}
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for look, width, scheme, language in LOOKS:
            context = chromium.new_context(
                viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language
            )
            page = context.new_page()
            for name, path in chosen.items():
                take(page, url + path, folder / f"{name}-{look}.jpg")
        chromium.close()


def take(page: Page, address: str, picture: Path) -> None:
    """Take the picture of a page: of its first screen, or of all of the workbench once drawn."""
    page.goto(address)
    of_workbench = picture.name.startswith("workbench-")
    if of_workbench:
        page.wait_for_selector(DRAWN)
        page.wait_for_timeout(SETTLED_MILLISECONDS)
    page.screenshot(path=picture, type="jpeg", quality=60, full_page=of_workbench)


if __name__ == "__main__":
    main(sys.argv[1], ROOT / "docs" / "pages", sys.argv[2:])
