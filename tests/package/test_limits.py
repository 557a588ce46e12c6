"""Every limit that an operator can set stands in the documentation, with its default."""

from dataclasses import fields
from pathlib import Path

import pytest

from spacepolicy.settings import Settings

DOCUMENT = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")
LIMITS = (
    "timeout", "max_timeout", "write_timeout", "import_timeout", "max_running", "max_waiting",
    "cache_mib", "memory_mib", "memory_budget_mib", "upload_mib", "memory_quads", "max_connections",
    "max_connections_per_address", "head_timeout", "body_timeout",
    "idle_timeout", "send_timeout", "min_rate",
)  # fmt: skip


def rows_of(name: str) -> list[str]:
    """The rows of the tables that have the option."""
    option = f"`--{name.replace('_', '-')}`"
    return [row for row in DOCUMENT.splitlines() if row.startswith("| ") and option in row]


def test_every_number_that_limits_is_looked_for() -> None:
    numbers = {each.name for each in fields(Settings) if isinstance(each.default, int | float)}
    flags = {each.name for each in fields(Settings) if isinstance(each.default, bool)}
    assert numbers - flags - {"port", "keep_revisions"} == set(LIMITS)


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_documented_with_its_default(name: str) -> None:
    default = getattr(Settings(), name)
    unset = "three quarters" if name == "memory_budget_mib" else "half of all"
    shown = f"{int(default):,}" if default else unset
    assert any(shown in row for row in rows_of(name))
