"""What several policies aim at and reach stands on one axis where the numbers may be compared."""

import html
import re

import httpx
import pytest

POLICY = "https://w3id.org/spacepolicy/id/policy/"
SHANGHAI_2023, SHANGHAI_2025, BEIJING, JAPAN, GERMANY = (
    POLICY + name
    for name in (
        "shanghai-2023-commercial-space",
        "shanghai-2025-commercial-space",
        "beijing-2024-commercial-space",
        "japan-2023-basic-plan",
        "germany-2023-space-strategy",
    )
)


def section(shipped: httpx.Client, language: str, *policies: str) -> str:
    """The part of the comparison that shows numbers."""
    first, second, *others = policies
    answer = shipped.get(
        "/compare",
        params={"a": first, "b": second, "also": others},
        headers={"Accept": "text/html", "Accept-Language": language},
    )
    found = re.search(r'<section id="values">(.*?)</section>', answer.text, re.DOTALL)
    return found[1] if found else ""


def texts(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def axes(page: str, indicator: str) -> list[str]:
    """The axes of what is measured under that name."""
    (found,) = (part for part in page.split("<h3>")[1:] if indicator in part.partition("</h3>")[0])
    return found.split('<div class="lanes values">')[1:]


def test_numbers_of_one_unit_and_scope_share_an_axis(shipped: httpx.Client) -> None:
    (axis,) = axes(section(shipped, "en", SHANGHAI_2023, SHANGHAI_2025), "satellites built a year")
    told = texts(axis)
    assert "exactly 600 satellite/a · 2025-12-31" in told
    assert "exactly 1,000 satellite/a · 2027-12-31" in told
    assert len(re.findall("<circle", axis)) == 3
    places = [float(each) for each in re.findall(r'<svg x="([\d.]+)%"', axis)]
    assert places[0] == places[1] == pytest.approx(places[2] * 0.6, abs=0.1)


def test_a_number_that_is_reported_stands_beside_its_target(shipped: httpx.Client) -> None:
    (axis,) = axes(section(shipped, "en", SHANGHAI_2023, SHANGHAI_2025), "rockets built a year")
    assert axis.count('class="kind-outcome"') == 1
    assert axis.count('class="kind-target"') == 2


def test_a_bound_goes_on_to_the_end_of_the_axis(shipped: httpx.Client) -> None:
    shared, *_ = axes(section(shipped, "en", SHANGHAI_2025, BEIJING), "enterprises")
    assert "at least 100 enterprise" in texts(shared)
    (bound,) = re.findall(r'<rect class="up" x="([\d.]+)%" width="([\d.]+)%"', shared)
    assert sum(map(float, bound)) == pytest.approx(100)


def test_where_units_or_scopes_differ_a_word_says_so(shipped: httpx.Client) -> None:
    page = section(shipped, "en", SHANGHAI_2025, JAPAN)
    assert len(axes(page, "size of an industry")) == 2
    assert (
        "cannot stand on one axis: they count for different scopes, their units differ."
        in texts(page)
    )
    assert "适用范围不同，单位不同。" in texts(section(shipped, "zh", SHANGHAI_2025, JAPAN))


def test_each_number_leads_to_the_words_that_set_it(shipped: httpx.Client) -> None:
    page = section(shipped, "en", SHANGHAI_2023, SHANGHAI_2025)
    numbers = page.count("<li>")
    assert numbers > 5
    assert len(re.findall(r'<a href="/source/[^"]+#loc=[^"]+">source</a>', page)) == numbers


def test_things_that_measure_nothing_alike_are_said_to(shipped: httpx.Client) -> None:
    told = texts(section(shipped, "en", SHANGHAI_2025, f"{POLICY}india-2023-space-policy"))
    assert "They set no numbers for the same thing." in told
    assert section(shipped, "en", GERMANY, f"{POLICY}uk-2021-space-strategy") == ""
