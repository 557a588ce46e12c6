"""The words of the pages themselves, in every language they are written in.

They stand in `templates/interface.toml`, one table a word with one line a language; what a dataset
is about is not among them: it brings its own labels. Terms of common vocabularies, which no dataset
labels, are called as `templates/borrowed.toml` says, by namespace; terms of the vocabularies among
its `prefixes` by these. `templates/problems.toml` has the titles and remedies of problems in the
languages other than English, by what they are in English; `templates/details.toml` their details.
"""

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

from spacepolicy.web.locale import LANGUAGES


def _table(name: str) -> dict[str, dict[str, Any]]:
    return tomllib.loads(
        files("spacepolicy.web").joinpath("templates", name).read_text(encoding="utf-8")
    )


def _read() -> Mapping[str, Mapping[str, str]]:
    table = _table("interface.toml")
    return {
        language: {name: words[language] for name, words in table.items()} for language in LANGUAGES
    }


WORDS: Final = _read()
"""The words by language, then by name."""
_BORROWED: Final = _table("borrowed.toml")
PREFIXES: Final[Mapping[str, str]] = dict(_BORROWED.pop("prefixes"))
"""Namespaces of common vocabularies, by their prefix."""
BORROWED: Final[Mapping[str, Mapping[str, str]]] = {
    namespace + name: names
    for namespace, terms in _BORROWED.items()
    for name, names in terms.items()
}
"""What terms of common vocabularies are called, by their IRI, then by language."""
_PROBLEMS: Final = _table("problems.toml")
_VARIES: Final = "{}"
"""What stands in a detail for what varies."""
DETAILS: Final[tuple[Mapping[str, str], ...]] = tuple(
    tomllib.loads(
        files("spacepolicy.web").joinpath("templates", "details.toml").read_text(encoding="utf-8")
    )["detail"]
)
"""Details of problems by language; those in English have `{}` for what varies."""
_PIECES: Final = tuple((each["en"].split(_VARIES), each) for each in DETAILS)


def of_problem(words: str, language: str) -> str:
    """The title or remedy of a problem in the language; in English where it is not known in it.

    >>> of_problem("The engine failed", "zh")
    '引擎出错'
    """
    found: str = _PROBLEMS.get(words, {}).get(language, words)
    return found


def of_detail(words: str, language: str) -> str:
    """The detail of a problem in the language; as it is where it is not known in it.

    >>> of_detail("There is no graph <urn:a>.", "zh"), of_detail("No.", "zh")
    ('没有图 <urn:a>。', 'No.')
    """
    for pieces, detail in _PIECES if language != "en" else ():
        varying = _varying(words, pieces)
        if varying is not None and language in detail:
            return detail[language].format(*varying)
    return words


def _varying(words: str, pieces: Sequence[str]) -> list[str] | None:
    """What stands between the pieces of a detail; None where it is another detail. Each piece is
    found at its first place, so that a long text takes no longer than its length."""
    first, *rest = pieces
    if not words.startswith(first) or not words.endswith(pieces[-1]):
        return None
    found, at = [], len(first)
    for piece in rest[:-1]:
        place = words.find(piece, at)
        if place < 0:
            return None
        found.append(words[at:place])
        at = place + len(piece)
    end = len(words) - len(pieces[-1])
    if not rest:
        return found if words == first else None
    return [*found, words[at:end]] if at <= end else None
