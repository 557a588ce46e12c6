"""Splits texts into words for search: letters folded, ideographs separate or as runs."""

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from spacepolicy.similar_words import distance

_IDEOGRAPH: Final = r"[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_WORD: Final = re.compile(rf"{_IDEOGRAPH}+|[^\W_]+")
_IDEOGRAPHS: Final = re.compile(rf"({_IDEOGRAPH})")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_CUTOFF: Final = 0.72
"""The least similarity (`difflib`) of a proposed word: one wrong letter of four gives 0.75, of
five 0.8."""
_MAX_CANDIDATES: Final = 20000
"""How many words are compared; 20,000 take about 10 ms."""


def folded(text: str) -> str:
    """Return the text in lower case, in compatibility normal form, without accents.

    >>> folded("Ｒéusable")
    'reusable'
    """
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", plain).lower()


def normalised(text: str) -> str:
    """Return the folded text with single spaces, the form in which names are compared.

    >>> normalised("  Open  Data ")
    'open data'
    """
    return " ".join(folded(text).split())


def spaced(text: str) -> str:
    """Return the folded text with spaces around each ideograph.

    >>> spaced("数据 ok").split()
    ['数', '据', 'ok']
    """
    return _IDEOGRAPHS.sub(r" \1 ", folded(text))


def words(text: str) -> list[str]:
    """Return the words of a text in their order, a run of ideographs as one word.

    >>> words("Open-source, 数据!")
    ['open', 'source', '数据']
    """
    return _WORD.findall(folded(text))


def spaced_words(text: str) -> list[str]:
    """Return the words of a text in their order, each ideograph as one word.

    >>> spaced_words("Open 数据!")
    ['open', '数', '据']
    """
    return words(spaced(text))


def words_of_name(name: str) -> list[str]:
    """Return the words of a local name.

    >>> words_of_name("hasActionKind/in-use")
    ['has', 'action', 'kind', 'in', 'use']
    """
    return words(_HUMP.sub(" ", name))


def corrected(word: str, vocabulary: Iterable[str]) -> list[str]:
    """Return the words that the word may be a misspelling of, the closest first. One in four
    letters may be wrong, so that an unknown word is not taken for a different one.

    >>> corrected("comercial", ["commercial"])
    ['commercial']
    >>> corrected("asteroid", ["mastered"]) + corrected("mining", ["finding"])
    []
    """
    near = [w for w in vocabulary if abs(len(w) - len(word)) <= 2 and set(w[:2]) & set(word[:2])]
    found = get_close_matches(word, near[:_MAX_CANDIDATES], n=3, cutoff=_CUTOFF)
    wrong = max(len(word) // 4, 1)
    return [each for each in found if distance(word, each, wrong) <= wrong]
