"""Files of quotations: `data/<name>.quotes`, read with the text of the source of that name.

The words of each passage are searched after the last quotation, so that a file follows the text.
Where they occur once, that is the passage; where they occur in no place or in several, a finding
shows the places: none of several is chosen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from pyoxigraph import Literal

from spacepolicy.errors import Finding, FindingsError
from spacepolicy.knowledge.loading.quotations import SearchedText
from spacepolicy.knowledge.loading.record import GraphFile
from spacepolicy.knowledge.loading.sources import SourceDocument
from spacepolicy.namespaces import Base
from spacepolicy.turtle_format.quotes import (
    OMITTED,
    Mark,
    NotationError,
    QuotedSection,
    expand,
    read_sections,
)
from spacepolicy.turtle_format.quotes_layout import implied_prefixes

SUFFIX: Final = ".quotes"
_NEAR: Final = 40
"""Characters of the text that are shown where words depart from it: enough to see the
difference."""


class MisquotedError(Exception):
    """Words that are not in the one place where they should be."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


@final
@dataclass(frozen=True, slots=True)
class Found:
    """The place of a passage, and the offset after which the next one is searched."""

    start: int
    end: int
    next: int


def read_quotes(
    path: Path,
    name: str,
    text: str,
    *,
    source: SourceDocument | None,
    base: Base,
    prefixes: Mapping[str, str],
) -> GraphFile:
    """Parse a file of quotations into a file of graphs.

    Raises: FindingsError with the lines and columns where it is not valid.
    """
    if source is None:
        message = f"there is no source {path.stem}, from which the file could quote."
        remedy = f"Describe it in seeds/{path.stem}.toml."
        raise FindingsError([Finding(name, None, "source", message, remedy)])
    try:
        sections = read_sections(text)
        if source.text is None and any(map(_needs_text, sections)):
            raise FindingsError([_without_text(name, source)])
        marks = [section.mark for section in sections if section.mark]
        graphs = [f"{source.iri}#{fragment}" for fragment in _fragments(name, marks, source)]
        expansion = expand(
            sections,
            base=source.iri,
            graphs=graphs,
            described=[_described(*each, base) for each in zip(marks, graphs, strict=True)],
            prefixes=implied_prefixes(prefixes),
        )
        return GraphFile(path, name, expansion.quads(), trig=expansion.trig, moved=expansion.moved)
    except NotationError as error:
        reason = f"{error.msg} (column {error.offset})."
        raise FindingsError([Finding(name, error.lineno, "syntax", reason)]) from error


NO_TEXT: Final = "no-text"
"""The rule that a file violates where it quotes from a text that is missing."""


def _needs_text(section: QuotedSection) -> bool:
    mark = section.mark
    return mark is not None and mark.sign != "@" and mark.end is None


def _without_text(name: str, source: SourceDocument) -> Finding:
    message = f"the text of {source.name} is not here, so that its quotations have no places."
    remedy = f"Put it into seeds/{source.name}.txt, or name passages by locators (`@ sec.3`)."
    return Finding(name, None, NO_TEXT, message, remedy)


def _described(mark: Mark, graph: str, base: Base) -> str:
    says = [f"<{graph}> a {base.term('Passage')}"]
    if mark.locator:
        says.append(f"{base.term('locator')} {Literal(mark.locator)}")
    if mark.fingerprint:
        says.append(f"{base.term('fingerprint')} {Literal(mark.fingerprint)}")
    return " ; ".join(says) + " ."


def _fragments(name: str, marks: Sequence[Mark], source: SourceDocument) -> list[str]:
    """The fragment that names each passage. Raises: FindingsError with all that are not found."""
    findings: list[Finding] = []
    fragments: list[str] = []
    searched = None if source.text is None else SearchedText(source.text)
    after = 0
    for mark in marks:
        try:
            if mark.sign == "@":
                fragments.append(f"loc={mark.locator}")
            else:
                found = find(mark, searched, after)
                after = found.next
                fragments.append(f"char={found.start},{found.end}")
        except MisquotedError as error:
            column = len(str(mark)) - len(mark.words) + 1
            message = f"Column {column}: {error.message}."
            findings.append(Finding(name, mark.line, "quotation", message, error.remedy))
    if findings:
        raise FindingsError(findings)
    return fragments


def find(mark: Mark, searched: SearchedText | None, after: int) -> Found:
    """Find the place of the passage, after `after`.

    Raises: MisquotedError where the words do not determine one place.
    """
    if mark.start is not None and mark.end is not None:
        start, end = mark.start, mark.end
        _check_range(mark, searched)
        if mark.words and searched and _end(mark, searched, start) != end:
            raise _elsewhere(mark, searched, start)
    elif searched is None:
        raise MisquotedError("the text of the source is not here", "Say start and end.")
    else:
        start = _start(mark, searched, after)
        end = _end(mark, searched, start)
    return Found(start, end, start if mark.sign == "#" else end)


def _check_range(mark: Mark, searched: SearchedText | None) -> None:
    start, end = mark.start or 0, mark.end or 0
    if start >= end:
        raise MisquotedError(f"a passage from {start} to {end} has no words", "Mend the places.")
    if searched is not None and end > len(searched.text):
        message = f"{end} is behind the end of the text, which has {len(searched.text)} characters"
        raise MisquotedError(message, "Mend the places.")


def _halves(mark: Mark) -> tuple[str, str]:
    """The first and the last words of a part; a quotation is whole."""
    first, omitted, last = mark.words.partition(OMITTED)
    if mark.sign != "#" or not omitted:
        return mark.words, ""
    return first, last


def _start(mark: Mark, searched: SearchedText, after: int) -> int:
    words, _ = _halves(mark)
    if mark.start is not None:
        if searched.stands(words, mark.start) is None:
            raise _elsewhere(mark, searched, mark.start)
        return mark.start
    places = [*searched.places(words, after)]
    if len(places) == 1:
        return places[0][0]
    if places:
        raise _ambiguous(words, mark, searched, places, "the last quotation")
    raise _missing(words, searched, after)


def _end(mark: Mark, searched: SearchedText, start: int) -> int:
    words, last = _halves(mark)
    end = searched.stands(words, start)
    if end is None:
        raise _elsewhere(mark, searched, start)
    if not last:
        return end
    places = [*searched.places(last, end)]
    if len(places) == 1:
        return places[0][1]
    if places:
        raise _ambiguous(last, mark, searched, places, "the first words of the part")
    raise _missing(last, searched, end)


def _ambiguous(
    words: str, mark: Mark, searched: SearchedText, places: list[tuple[int, int]], behind: str
) -> MisquotedError:
    message = (
        f"“{words}” stands in {len(places)} places of the text behind {behind}: "
        f"{searched.listed(places)}"
    )
    if behind == "the last quotation":
        remedy = f"Say where it starts, as in `{mark.sign}{places[0][0]} {mark.words}`."
    else:
        remedy = "Take more of the last words of the part."
    return MisquotedError(message, remedy)


def _missing(words: str, searched: SearchedText, after: int) -> MisquotedError:
    message = f"“{words}” stands nowhere in the text behind character {after}"
    if earlier := [*searched.places(words)]:
        remedy = "Quote in the order of the text, or say where it starts."
        return MisquotedError(f"{message}, but before it: {searched.listed(earlier)}", remedy)
    agreed, end = searched.agreeing(words, after)
    if agreed:
        there = " ".join(searched.text[end : end + _NEAR].split())
        message += f"; after “{agreed}” the text goes on with “{there}” at {searched.shown(end)}"
    return MisquotedError(message, "Copy the words from the text; `spacepolicy cite` finds them.")


def _elsewhere(mark: Mark, searched: SearchedText, start: int) -> MisquotedError:
    words, _ = _halves(mark)
    there = " ".join(searched.text[start : start + max(len(words), _NEAR)].split())
    places = [*searched.places(words)]
    found = f"it stands at {searched.listed(places)}" if places else "it stands nowhere in the text"
    message = f"“{words}” does not stand at character {start}, where “{there}” does; {found}"
    return MisquotedError(message, "Mend the words or the place.")
