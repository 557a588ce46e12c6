"""The rows of `docs/limits.md` that are settings, written from how the settings are declared:
`python -m tests.limits_page`.

The order of rows, and those of limits that nobody can set, are the page's own.
"""

import re
from pathlib import Path
from typing import Final

from spacepolicy.setting_fields import Limit, NumberShape, Setting
from spacepolicy.settings import SETTINGS

PAGE: Final = Path(__file__).parents[1] / "docs" / "limits.md"
LIMITS: Final = tuple((each, each.limit) for each in SETTINGS.values() if each.limit is not None)
"""Each setting that limits something, with its row."""


def row(setting: Setting, limit: Limit) -> str:
    """The row of a setting: what, default, setting, answer, why."""
    shown = limit.shown or _with_unit(setting)
    return f"| {limit.what} | {shown} | `{setting.option}` | {limit.answer} | {limit.why} |"


def _with_unit(setting: Setting) -> str:
    assert isinstance(setting.shape, NumberShape)
    assert isinstance(setting.default, int | float)
    whole = int(setting.default) if setting.default % 1 == 0 else setting.default
    return f"{whole:,} {setting.shape.unit}".strip()


def row_of(page: str, setting: Setting) -> re.Match[str] | None:
    """Where the page has the row of the setting."""
    return re.search(rf"^\|[^|]*\|[^|]*\| `{setting.option}` \|.*$", page, re.MULTILINE)


def current(page: str) -> str:
    """The page with the rows as they are declared; a new one stands below that of the setting
    declared before it."""
    place = page.index("|")
    for setting, limit in LIMITS:
        found = row_of(page, setting)
        text = row(setting, limit)
        if found is None:
            page = f"{page[:place]}\n{text}{page[place:]}"
            place += len(text) + 1
        else:
            page = page[: found.start()] + text + page[found.end() :]
            place = found.start() + len(text)
    return page


def main() -> None:
    """Write the page."""
    PAGE.write_text(current(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
