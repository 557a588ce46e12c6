"""Words of English and Chinese that the rules need: numerals, months, units, words for parts.

They are in `language.toml`, and belong to the languages alone: the subjects of texts are in the
data.
"""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

_TABLE: Final[Mapping[str, Any]] = tomllib.loads(
    files("spacepolicy.annotation").joinpath("language.toml").read_text(encoding="utf-8")
)
ONES: Final[tuple[str, ...]] = tuple(_TABLE["ones"])
"""The English numbers from zero to twenty."""
ORDINALS: Final[tuple[str, ...]] = tuple(_TABLE["ordinals"])
"""The English ordinals from the first on."""
MONTHS: Final[tuple[str, ...]] = tuple(_TABLE["months"])
STOPS: Final[frozenset[str]] = frozenset(_TABLE["stops"])
"""Words that end the counted noun."""
PRONOUNS: Final[frozenset[str]] = frozenset(_TABLE["pronouns"])
"""Words that are not names of parties."""
CLASSIFIERS: Final[str] = _TABLE["classifiers"]
"""Characters between a number and the counted noun."""
UNITS: Final[Mapping[str, str]] = _TABLE["units"]
"""The code of a unit (UCUM), by its name."""
MONEY: Final[Mapping[str, str]] = _TABLE["money"]
"""The code of a currency (ISO 4217), by its sign or name."""
PARTS: Final[Mapping[str, str]] = _TABLE["parts"]
"""The first part of a locator, by the word for the part."""
SCALES: Final[Mapping[str, int]] = _TABLE["scales"]
"""The factor of a number, by the word after it."""
SPANS: Final[Mapping[str, str]] = _TABLE["spans"]
"""The letter of a span of time (ISO 8601)."""
IRREGULAR: Final[Mapping[str, tuple[str, ...]]] = {
    verb: tuple(forms) for verb, forms in _TABLE["irregular"].items()
}
"""Forms of irregular verbs."""
