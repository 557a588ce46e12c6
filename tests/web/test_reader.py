"""The page of a source: its text with its passages marked, and a strip that stands for it."""

import re

import httpx
import pytest

SOURCE = "/source/shanghai-2022-opinions"


def test_a_strip_shows_where_each_passage_stands_in_the_text(shipped: httpx.Client) -> None:
    page = shipped.get(SOURCE, headers={"Accept": "text/html"}).text
    (strip,) = re.findall(r'<svg class="strip".*?</svg>', page, re.DOTALL)
    link = r'<a href="#(char=(\d+),(\d+))" tabindex="-1"><rect class="h(\d)" x="([\d.]+)%"'
    marks = re.findall(link, strip)
    assert len(marks) > 50
    length = max(int(end) for _, _, end, *_ in marks)
    for fragment, start, _, _, place in marks:
        assert float(place) == pytest.approx(100 * int(start) / length, abs=1)
        assert f'id="{fragment}"' in page
    assert {hue for *_, hue, _ in marks} > {"1", "2", "3"}


def test_a_strip_has_the_kind_that_is_asked_for_alone(shipped: httpx.Client) -> None:
    page = shipped.get(SOURCE, headers={"Accept": "text/html"}).text
    kind = re.findall(r'href="([^"]+[?]kind=[^"]+)"', page)[0]
    one = shipped.get(kind, headers={"Accept": "text/html"}).text
    (strip,) = re.findall(r'<svg class="strip".*?</svg>', one, re.DOTALL)
    assert len(set(re.findall(r'<rect class="(h\d)"', strip))) == 1
