"""The translations of the pages' own texts.

`templates/interface.toml` has one table per text with one line per language; the dataset's terms
are not among them: the dataset brings its own labels. `templates/borrowed.toml` has the names of
terms of common vocabularies, which no dataset labels, by namespace, and prefixes for other
vocabularies. `templates/problems.toml` translates the English titles and remedies of problems,
`templates/details.toml` their details.
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
"""The texts by language, then by name."""
_BORROWED: Final = _table("borrowed.toml")
PREFIXES: Final[Mapping[str, str]] = dict(_BORROWED.pop("prefixes"))
"""Namespaces of common vocabularies, by their prefix."""
BORROWED: Final[Mapping[str, Mapping[str, str]]] = {
    namespace + name: names
    for namespace, terms in _BORROWED.items()
    for name, names in terms.items()
}
"""The names of terms of common vocabularies, by IRI, then by language."""
_PROBLEMS: Final = _table("problems.toml")
_VARIES: Final = "{}"
"""The placeholder in a detail."""
DETAILS: Final[tuple[Mapping[str, str], ...]] = tuple(
    tomllib.loads(
        files("spacepolicy.web").joinpath("templates", "details.toml").read_text(encoding="utf-8")
    )["detail"]
)
"""Details of problems by language, with `{}` as placeholder."""
_PIECES: Final = tuple((each["en"].split(_VARIES), each) for each in DETAILS)


def of_problem(words: str, language: str) -> str:
    """Return the title or remedy of a problem in the language; in English where it has no
    translation.

    >>> of_problem("The engine failed", "zh")
    '引擎出错'
    """
    found: str = _PROBLEMS.get(words, {}).get(language, words)
    return found


def of_detail(words: str, language: str) -> str:
    """Return the detail of a problem in the language; unchanged where it has no translation.

    >>> of_detail("There is no graph <urn:a>.", "zh"), of_detail("No.", "zh")
    ('没有图 <urn:a>。', 'No.')
    """
    for pieces, detail in _PIECES if language != "en" else ():
        varying = _varying(words, pieces)
        if varying is not None and language in detail:
            return detail[language].format(*varying)
    return words


def _varying(words: str, pieces: Sequence[str]) -> list[str] | None:
    """The texts between the pieces of a detail; None where it is another detail. Each piece is
    matched at its first occurrence, so that the time is linear in the length of the text."""
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
