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


@pytest.mark.parametrize(("language", "shown", "left_out"), [
    ("en", "cited by reference", "美国总统行政令"),
    ("zh", "美国总统行政令", "cited by reference"),
])  # fmt: skip
def test_what_a_source_is_stands_in_the_language_of_the_reader(
    shipped: httpx.Client, language: str, shown: str, left_out: str
) -> None:
    page = shipped.get(f"/source/us-eo-14369?lang={language}", headers={"Accept": "text/html"}).text
    assert shown in page
    assert left_out not in page
    assert "Ensuring American Space Superiority" in page  # which has no other language
    whole = shipped.get("/source/us-eo-14369", headers={"Accept": "text/turtle"}).text
    assert shown in whole
    assert left_out in whole
