"""Hints that were found for queries, cached for other queries that would get the same."""

import re
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final, final

from spacepolicy.engine.hints import Hint
from spacepolicy.engine.tokens import TOKEN

_MOST: Final = 1_000
"""Each takes some 2 KB with its key: 2 MB in each worker."""
_OWN_PREFIXES: Final = re.compile("prefix", re.IGNORECASE)


@final
class HintCache:
    """Hints by what they depend on: a query's tokens, except numbers and those names that occur in
    the data.

    Finding hints takes 3 to 20 ms (reading the text and looking for near names); a key 0.05 ms.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[Hashable, tuple[Hint, ...]] = OrderedDict()

    def get(self, key: Hashable) -> tuple[Hint, ...] | None:
        """The hints under the key; None where they are not cached."""
        found = self._held.get(key)
        if found is not None:
            self._held.move_to_end(key)
        return found

    def keep(self, key: Hashable, found: tuple[Hint, ...]) -> None:
        """Store the hints, in the place of those that were not used for longest."""
        self._held[key] = found
        if len(self._held) > _MOST:
            self._held.popitem(last=False)


def what_hints_depend_on(text: str, is_unremarkable: Callable[[str], bool]) -> tuple[str, ...]:
    """The tokens of the text, with one mark in the place of numbers and of names that cannot lead
    to a hint. A name in a text that declares prefixes of its own is always kept, for it may be
    another IRI than it seems."""
    kept = ("iri",) if _OWN_PREFIXES.search(text) else ("iri", "name")
    marks = list[str]()
    for token in TOKEN.finditer(text):
        kind = token.lastgroup or "other"
        mark = token[kind]
        plain = kind == "number" or (kind in kept and is_unremarkable(mark))
        marks.append("0" if plain else mark)
    return tuple(marks)
