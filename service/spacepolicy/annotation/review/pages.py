"""The pages of a review: the text by passages, with the proposals of each beside it."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from typing import Final, final

from jinja2 import Environment, PackageLoader, StrictUndefined

from spacepolicy.annotation.inflection import is_cjk
from spacepolicy.annotation.numbered_parts import find_parts
from spacepolicy.annotation.proposals import Proposal
from spacepolicy.annotation.review.session import Decision, ReviewSession

_PACKAGE: Final = files("spacepolicy.annotation.review")
WORDS: Final[Mapping[str, Mapping[str, str]]] = tomllib.loads(
    _PACKAGE.joinpath("words.toml").read_text(encoding="utf-8")
)
"""The texts of the pages, by language."""
STYLE: Final = _PACKAGE.joinpath("style.css").read_bytes()
_TEMPLATES: Final = Environment(
    loader=PackageLoader("spacepolicy.annotation.review", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_MARKED: Final = ("mention", "date", "quantity")
"""The kinds whose words are marked in the text; the other kinds cover whole clauses."""
_SHOWN: Final = 90
"""Characters of the words that a proposal shows: about a line; the whole text is beside it."""


@final
@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `kind` is that of the proposal that marks it."""

    text: str
    kind: str = ""


@final
@dataclass(frozen=True, slots=True)
class Row:
    """A proposal for display."""

    number: int
    kind: str
    words: str
    said: str
    name: str
    rule: str
    score: str
    decision: Decision
    property: str
    object: str
    changeable: bool


@final
@dataclass(frozen=True, slots=True)
class PageSection:
    """A passage, or the text between two, with its proposals."""

    start: int
    end: int
    language: str
    pieces: tuple[Piece, ...]
    rows: tuple[Row, ...]


def review_page(session: ReviewSession, language: str, message: str = "") -> str:
    """The page with all proposals."""
    words = WORDS[language]
    counts = {str(key): value for key, value in session.counts().items()}
    return _TEMPLATES.get_template("page.html").render(
        lang=language,
        w=words,
        name=session.name,
        message=message,
        counts=words["counts"].format(**counts),
        sections=[*_sections(session)],
    )


def notice_page(language: str, heading: str, text: str = "", *, leads_back: bool = False) -> str:
    """A page with a single message."""
    back = WORDS[language]["back"] if leads_back else ""
    return _TEMPLATES.get_template("notice.html").render(
        lang=language, heading=heading, text=text, back=back
    )


def _sections(session: ReviewSession) -> Iterator[PageSection]:
    text, proposals = session.annotation.text, session.proposals
    bounds = sorted({0, len(text), *_starts(session)})
    for start, end in pairwise(bounds):
        if text[start:end].strip():
            held = [number for number, each in enumerate(proposals) if start <= each.start < end]
            yield PageSection(
                start,
                end,
                "zh" if is_cjk(text[start:end]) else "en",
                tuple(_pieces(text, start, end, [proposals[each] for each in held])),
                tuple(_row(session, each) for each in held),
            )


def _starts(session: ReviewSession) -> Iterator[int]:
    """Where sections begin: at labels of parts, and at clauses without a label before them."""
    text = session.annotation.text
    parts = find_parts(text)
    yield from (each.start for each in parts)
    for proposal in session.proposals:
        if proposal.kind == "passage":
            led = any(not text[each.heading_end : proposal.start].strip() for each in parts
                      if each.heading_end <= proposal.start)  # fmt: skip
            if not led:
                yield proposal.start


def _pieces(text: str, start: int, end: int, held: Sequence[Proposal]) -> Iterator[Piece]:
    at = start
    for each in held:
        if each.kind in _MARKED and each.start >= at and each.end <= end:
            yield Piece(text[at : each.start])
            yield Piece(text[each.start : each.end], each.kind)
            at = each.end
    yield Piece(text[at:end])


def _row(session: ReviewSession, number: int) -> Row:
    proposal, base = session.proposals[number], session.background.base
    predicate = proposal.predicate.removeprefix(f"{base}def/")
    value = proposal.object.removeprefix(base)
    shown = proposal.label if proposal.kind == "part" else proposal.words
    words = " ".join(shown.split())
    is_named = proposal.object in session.background.iris
    return Row(
        number,
        proposal.kind,
        words if len(words) <= _SHOWN else f"{words[:_SHOWN].rpartition(' ')[0]} …",
        " ".join(filter(None, (predicate.rpartition("#")[2], value))),
        proposal.label if is_named and proposal.label != proposal.words else "",
        proposal.rule,
        f"{proposal.score:g}",
        session.decision(number),
        predicate,
        value,
        proposal.kind not in ("passage", "part"),
    )
