"""Texts for mistakes: what is wrong and the remedy, in every language of `messages.toml`."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

ENGLISH: Final = "en"
_PLACE: Final = {"en": "Line {line}, column {column}: ", "zh": "第 {line} 行第 {column} 列："}
LANGUAGES: Final = tuple(_PLACE)


MESSAGES: Final[Mapping[str, Mapping[str, list[str]]]] = tomllib.loads(
    files(__package__).joinpath("messages.toml").read_text(encoding="utf-8")
)
"""What is wrong and the remedy, by the kind of mistake, then by language. Read at the start: a
worker opens no files."""


def worded(kind: str, values: Mapping[str, str], language: str = ENGLISH) -> tuple[str, str]:
    """What is wrong, and the remedy.

    Raises: KeyError where there is no such kind or language, or a value is missing.
    """
    wrong, cure = MESSAGES[kind][language]
    return wrong.format_map(values), cure.format_map(values)


def detail(
    kind: str, values: Mapping[str, str], line: int, column: int, language: str = ENGLISH
) -> tuple[str, str]:
    """The place, what is wrong and the remedy in one text; and the remedy alone."""
    wrong, cure = worded(kind, values, language)
    place = _PLACE[language].format(line=line, column=column)
    joint = " " if language == ENGLISH else ""
    return f"{place}{wrong}{joint}{cure}", cure
