"""Hints: likely mistakes in a query that is valid SPARQL, with texts in every language."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final, final

_WORDS: Final[Mapping[str, Mapping[str, str]]] = tomllib.loads(
    files(__package__).joinpath("hints.toml").read_text(encoding="utf-8")
)
KINDS: Final = frozenset(_WORDS)
MAX_HINTS: Final = 8
"""More of them help nobody, and each is a field of the answer's head."""
_MAX_VALUE: Final = 120
"""A value of a hint is cut to this length, so that a hint is one line."""


@final
@dataclass(frozen=True, slots=True)
class Hint:
    """A hint: its kind, which is a key of `hints.toml`, and the values that it names."""

    kind: str
    values: tuple[tuple[str, str], ...] = ()

    def worded(self, language: str = "en") -> str:
        """The hint in the language."""
        return _WORDS[self.kind][language].format_map(dict(self.values))


def hint(kind: str, **values: str) -> Hint:
    """Make a hint of that kind; its values are on one line and short enough to be read."""
    return Hint(kind, tuple((name, _short(value)) for name, value in values.items()))


def _short(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= _MAX_VALUE else f"{line[:_MAX_VALUE]}…"
