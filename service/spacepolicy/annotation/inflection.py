"""Words in their forms: regular inflection of English; Chinese characters are unchanged."""

import re
from functools import cache
from typing import Final

from spacepolicy.annotation.language import IRREGULAR

CJK: Final = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD: Final = re.compile(rf"[{CJK}]|[^\W_{CJK}]+")
_VOWELS: Final = frozenset("aeiou")
_SHORTEST_PLURAL: Final = 4
"""“gas” and “bus” are no plurals."""


def is_cjk(text: str) -> bool:
    """Whether a text contains Chinese characters.

    >>> is_cjk("第3条")
    True
    """
    return re.search(rf"[{CJK}]", text) is not None


def words_in(text: str) -> list[tuple[int, int]]:
    """Where the words of a text begin and end; each Chinese character is a word."""
    return [found.span() for found in _WORD.finditer(text)]


@cache
def singular(word: str) -> str:
    """The word without the ending of a plural, in lower case unless it is an abbreviation.

    >>> [singular(each) for each in ("Technologies", "buses", "NASA", "status")]
    ['technology', 'bus', 'NASA', 'status']
    """
    if len(word) > 1 and word.isupper():
        return word
    word = word.lower()
    if len(word) < _SHORTEST_PLURAL or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "sses", "xes", "zes", "uses")):
        return word[:-2]
    return word[:-1]


@cache
def forms(word: str) -> frozenset[str]:
    """The word with the endings that English verbs and nouns take.

    >>> sorted(forms("carry"))
    ['carried', 'carries', 'carry', 'carrying', 'carrys']
    """
    found = {word, f"{word}s", f"{word}ing", *IRREGULAR.get(word, ())}
    if word.endswith("e"):
        found = (found - {f"{word}ing"}) | {f"{word}d", f"{word[:-1]}ing"}
    elif word.endswith("y") and word[-2:-1] not in _VOWELS:
        found |= {f"{word[:-1]}ies", f"{word[:-1]}ied"}
    elif word not in IRREGULAR:
        found |= {f"{word}ed"}
    if word.endswith(("s", "x", "z", "ch", "sh", "o")):
        found |= {f"{word}es"}
    if re.fullmatch(r"(?:.*[^aeiou])?[aeiou][bdgmnprt]", word):
        found |= {f"{word}{word[-1]}ing", f"{word}{word[-1]}ed"}
    return frozenset(found)
