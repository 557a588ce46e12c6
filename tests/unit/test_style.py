"""The colours of the pages: what is written in one can be read on what lies below it."""

import re
from typing import Final

import pytest

from spacepolicy.web.pages import STYLE

LEAST: Final = 4.5
"""The contrast of text that WCAG 2.2 asks for at level AA (success criterion 1.4.3)."""
HUES: Final = tuple(f"k{n}" for n in range(1, 9))
PAIRS: Final = {
    "paper": ("ink", "soft", "accent", "alert", *HUES),
    "raised": ("ink", "soft", "accent", "alert", *HUES),
    "tint": ("ink", "soft", "accent", "alert"),
    "accent-tint": ("ink", "accent"),
    "alert-tint": ("ink", "alert"),
    "accent": ("paper",),
}
"""By background, the colours in which there is text on it."""


def schemes() -> dict[str, dict[str, str]]:
    """The variables of the light scheme, and of the dark one."""
    light, dark = re.findall(
        r":root \{([^}]*--ink[^}]*)\}", STYLE.body.decode().partition("@media print")[0]
    )
    colours = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", each)) for each in (light, dark))
    return dict(zip(("light", "dark"), colours, strict=True))


def luminance(colour: str) -> float:
    """The relative luminance, as WCAG 2.2 defines it."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def test_black_on_white_has_the_greatest_contrast() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_on_what_lies_below_it(scheme: str) -> None:
    colours = schemes()[scheme]
    faint = {
        (text, below): round(contrast(colours[text], colours[below]), 2)
        for below, texts in PAIRS.items()
        for text in texts
        if contrast(colours[text], colours[below]) < LEAST
    }
    assert faint == {}
