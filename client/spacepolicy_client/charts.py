"""A bar chart as SVG, which notebooks show without a library.

Spec: https://www.w3.org/TR/SVG2/
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Final

_ROW: Final = 22
_LABEL: Final = 240
_BARS: Final = 360
_LETTERS: Final = 36


@dataclass(frozen=True)
class BarChart:
    """Bars with their labels and values, in their order; `title` names the values."""

    bars: tuple[tuple[str, float], ...]
    title: str

    def _repr_svg_(self) -> str:
        return self.svg()

    def svg(self) -> str:
        """The chart as SVG."""
        height = _ROW * (len(self.bars) + 1) + 8
        width = _LABEL + _BARS + 80
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'role="img" aria-label="{escape(self.title)}" font-family="sans-serif" '
            f'font-size="12"><text x="{_LABEL}" y="15" font-weight="600">{escape(self.title)}'
            f"</text>{''.join(self._bars())}</svg>"
        )

    def _bars(self) -> Iterator[str]:
        numbers = [number for _, number in self.bars]
        low, high = min([0.0, *numbers]), max([0.0, *numbers])
        scale = _BARS / ((high - low) or 1.0)
        for place, (text, number) in enumerate(self.bars, 1):
            y, start = _ROW * place, _LABEL + (min(number, 0.0) - low) * scale
            short = text if len(text) <= _LETTERS else text[: _LETTERS - 1] + "…"
            yield (
                f'<text x="{_LABEL - 8}" y="{y + 15}" text-anchor="end">{escape(short)}'
                f"<title>{escape(text)}</title></text>"
                f'<rect x="{start:.1f}" y="{y + 3}" width="{abs(number) * scale:.1f}" height="16" '
                f'fill="#3b6ea5"/><text x="{start + abs(number) * scale + 5:.1f}" y="{y + 15}">'
                f"{number:g}</text>"
            )
