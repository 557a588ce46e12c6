"""An update in parts with one prologue each, as the engine takes them.

The grammar has a prologue before every operation; the engine's parser takes one at the beginning
alone. Where a prologue follows a semicolon the text is split, and the earlier declarations are
passed to the parts that follow.

Spec: https://www.w3.org/TR/sparql11-query/#rUpdate (rule 29)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, final

from spacepolicy.engine.lexer import without_escapes
from spacepolicy.engine.tokens import Declared, SparqlToken, depth_after, tokens
from spacepolicy.errors import QuerySyntaxError

_PROLOGUE: Final = frozenset({"PREFIX", "BASE", "VERSION"})


@final
@dataclass(frozen=True, slots=True)
class UpdatePart:
    """Operations after one prologue, at the line and column where they stand in the whole text; the
    prefixes and the base are those declared before them."""

    text: str
    prefixes: Mapping[str, str]
    base: str | None


def parts(text: str, prefixes: Mapping[str, str], base: str | None) -> list[UpdatePart]:
    """The parts of an update, to be carried out one after the other; the text itself where only its
    beginning has a prologue.

    Raises: QuerySyntaxError where parts share the label of a blank node (grammar note 10).

    >>> [part.text.strip() for part in parts("CLEAR ALL; BASE <urn:a> CLEAR ALL", {}, None)]
    ['CLEAR ALL', 'BASE <urn:a> CLEAR ALL']
    """
    found = tokens(text)
    starts = _starts(found)
    if not starts:
        return [UpdatePart(text, prefixes, base)]
    _check_labels(found, starts)
    declared = Declared(prefixes, base)
    split = []
    for first, last in pairwise((0, *starts, len(found))):
        start = found[first].start if first else 0
        end = found[last - 1].start if last < len(found) else len(text)
        piece = _in_place(text, start, end)
        split.append(UpdatePart(piece, dict(declared.prefixes), declared.base or None))
        _declare(declared, found[first:last])
    return split


def _starts(found: Sequence[SparqlToken]) -> list[int]:
    """The numbers of the tokens where prologues begin that follow a semicolon between
    operations."""
    depth, starts = 0, []
    for place, (before, token, after) in enumerate(zip(found, found[1:], found[2:], strict=False)):
        depth = depth_after(depth, before)
        ends = depth == 0 and token.text == ";" and before.text != ";"
        if ends and after.word in _PROLOGUE:
            starts.append(place + 2)
    return starts


def _check_labels(found: Sequence[SparqlToken], starts: Sequence[int]) -> None:
    seen: set[str] = set()
    for first, last in pairwise((0, *starts, len(found))):
        labels = {token.text.rstrip(".") for token in found[first:last] if token.kind == "blank"}
        if shared := seen & labels:
            raise QuerySyntaxError(
                f"The blank node {min(shared)} cannot be shared by several operations."
            )
        seen |= labels


def _in_place(text: str, start: int, end: int) -> str:
    """The piece after as many line breaks and blanks as keep its line and column."""
    line = text.rfind("\n", 0, start) + 1
    return "\n" * text.count("\n", 0, start) + " " * (start - line) + text[start:end]


def _declare(declared: Declared, found: Sequence[SparqlToken]) -> None:
    """Record the declarations that a part begins with."""
    plain = [
        token._replace(text=without_escapes(token.text)) if token.kind == "iri" else token
        for token in found
    ]
    place = 0
    while place + 1 < len(plain) and plain[place].word in _PROLOGUE:
        if plain[place].word != "VERSION":
            declared.declare(plain, place)
        place += 3 if plain[place].word == "PREFIX" else 2
