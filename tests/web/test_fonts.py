"""Fonts of pages come from the service itself, where they could be had."""

import re

import httpx

from spacepolicy.web import pages
from spacepolicy.web.asset_files import ASSETS

FONTS = {"serif.woff2", "sans.woff2", "mono.woff2"}
LARGEST_BYTES = 115_000
"""All fonts together: a page may weigh 150 kB with them, compressed."""


def style(site: httpx.Client) -> str:
    page = site.get("/", headers={"Accept": "text/html"}).text
    (path,) = re.findall(r'<link rel="stylesheet" href="[^"]*(/assets/style[^"]+)">', page)
    return site.get(path).text


def test_fonts_are_built_and_named_by_the_style_sheet(site: httpx.Client) -> None:
    assert set(ASSETS) >= FONTS
    found = set(re.findall(r"src: url\(([^)]+)\) format\(\"woff2\"\)", style(site)))
    assert {f"/assets/{name}" for name in found} == {ASSETS[name].path for name in FONTS}
    size = 0
    for name in found:
        answer = site.get(f"/assets/{name}", headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "font/woff2"
        assert "content-encoding" not in answer.headers
        assert "immutable" in answer.headers["cache-control"]
        assert answer.content[:4] == b"wOF2"
        size += len(answer.content)
    assert size < LARGEST_BYTES


def test_pages_allow_fonts_of_the_service_alone(site: httpx.Client) -> None:
    for path in ("/", "/sparql", "/nowhere"):
        answer = site.get(path, headers={"Accept": "text/html"})
        assert "font-src 'self';" in answer.headers["content-security-policy"]


def test_notices_have_the_licences_of_fonts(site: httpx.Client) -> None:
    text = site.get(ASSETS["notices.txt"].path).text
    assert text.count("(OFL-1.1)") == len(FONTS)
    assert text.upper().count("SIL OPEN FONT LICENSE VERSION 1.1") >= len(FONTS)


def test_a_style_sheet_without_fonts_names_none() -> None:
    bare = pages._templates.get_template("style.css").render(assets={})
    assert "woff2" not in bare
    assert "--serif:" in bare
