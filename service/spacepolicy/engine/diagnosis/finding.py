"""The mistake of a text: the first that a rule finds."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Final

from spacepolicy.engine.diagnosis.blocks import BLOCKS
from spacepolicy.engine.diagnosis.clauses import CLAUSES
from spacepolicy.engine.diagnosis.expressions import EXPRESSIONS
from spacepolicy.engine.diagnosis.marks import MARKS
from spacepolicy.engine.diagnosis.meaning import MEANINGS
from spacepolicy.engine.diagnosis.mistake import Mistake, at
from spacepolicy.engine.diagnosis.ordering import ORDERING
from spacepolicy.engine.diagnosis.patterns import BRACKETS, PATTERNS
from spacepolicy.engine.diagnosis.reading import SyntaxStop, WholeText, read
from spacepolicy.engine.diagnosis.strings import EARLIER
from spacepolicy.engine.diagnosis.updates import UPDATES

_AT_A_STOP: Final = (
    *MARKS,
    *UPDATES,
    *EXPRESSIONS,
    *CLAUSES,
    *ORDERING,
    *BLOCKS,
    *PATTERNS,
    *BRACKETS,
)


def find_mistake(text: str, prefixes: Mapping[str, str], *, based: bool) -> Mistake | None:
    """The first mistake in the text; None where no rule knows what is wrong with it.

    `prefixes` need no declaration; `based`: relative IRIs have a base outside of the text.
    """
    found = read(text, prefixes, based=based)
    if found is None:
        return None
    if isinstance(found, WholeText):
        return _first(_meanings(found))
    earlier = _first(_earlier(found, found.at + (found.here.kind == "string")))
    if earlier is not None:
        return earlier
    at_the_stop = (rule(found) for rule in _AT_A_STOP)
    mistake = next((each for each in at_the_stop if each is not None), None)
    mistake = mistake or _first(_earlier(found, found.at + 1)) or _unexpected(found)
    return mistake if _leads_on(found, mistake, prefixes) else replace(mistake, edit=None)


def _unexpected(stop: SyntaxStop) -> Mistake:
    if stop.here.kind == "end":
        return at("unexpected-end", stop.here)
    return at("unexpected", stop.here, found=stop.here.text)


def _leads_on(stop: SyntaxStop, mistake: Mistake, prefixes: Mapping[str, str]) -> bool:
    """Whether the text can be read further after the mistake's edit."""
    if mistake.edit is None:
        return True
    mended = read(mistake.edit.applied(stop.text), prefixes)
    if not isinstance(mended, SyntaxStop):
        return True
    behind = len(mended.text) - mended.here.start
    return behind < len(stop.text) - stop.here.start


def _earlier(found: SyntaxStop | WholeText, upto: int) -> Iterator[Mistake]:
    for rule in EARLIER:
        yield from islice(rule(found, min(upto, len(found.tokens))), 1)


def _meanings(whole: WholeText) -> Iterator[Mistake]:
    yield from _earlier(whole, len(whole.tokens))
    for rule in MEANINGS:
        yield from islice(rule(whole), 1)


def _first(mistakes: Iterable[Mistake]) -> Mistake | None:
    return min(mistakes, key=lambda mistake: mistake.start, default=None)
