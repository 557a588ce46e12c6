"""The words of the pages themselves, in every language they are written in.

They stand in `templates/interface.toml`, one table a word with one line a language; what a dataset
is about is not among them: it brings its own labels.
"""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from spacepolicy.web.reading import LANGUAGES


def _read() -> Mapping[str, Mapping[str, str]]:
    text = files("spacepolicy.web").joinpath("templates", "interface.toml").read_text("utf-8")
    table = tomllib.loads(text)
    return {
        language: {name: words[language] for name, words in table.items()} for language in LANGUAGES
    }


WORDS: Final = _read()
"""The words by language, then by name."""
