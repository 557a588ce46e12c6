"""The page of limits has what settings limit, as they are declared."""

import re

import pytest

from spacepolicy.setting_fields import Limit, NumberShape, Setting
from spacepolicy.settings import SETTINGS

from ..limits_page import LIMITS, PAGE, current, row_of


def test_every_number_limits_something_or_is_known_not_to() -> None:
    numbers = {each.name for each in SETTINGS.values() if isinstance(each.shape, NumberShape)}
    assert numbers - {each.name for each, _ in LIMITS} == {"port", "keep_revisions"}


@pytest.mark.parametrize(("setting", "limit"), LIMITS, ids=lambda each: getattr(each, "name", ""))
def test_a_limit_has_its_row(setting: Setting, limit: Limit) -> None:
    found = row_of(PAGE.read_text(encoding="utf-8"), setting)
    assert found is not None
    assert limit.why in found[0]


def test_the_page_is_the_one_of_the_settings() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert current(page) == page, "python -m tests.limits_page writes the page anew"


def test_no_row_is_of_an_option_that_does_not_limit() -> None:
    options = re.findall(r"\| `(--[a-z-]+)` \|", PAGE.read_text(encoding="utf-8"))
    assert sorted(options) == sorted(each.option for each, _ in LIMITS)


def test_a_row_that_is_missing_comes_below_the_one_before_it() -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, missing = (row_of(page, setting) for setting, _ in LIMITS[:2])
    assert before is not None
    assert missing is not None
    lines = current(page.replace(f"{missing[0]}\n", "")).splitlines()
    assert lines[lines.index(before[0]) + 1] == missing[0]
