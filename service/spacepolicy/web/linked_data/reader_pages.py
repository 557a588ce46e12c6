"""The reader page of a source: its text, sentence by sentence, with its passages marked and their
statements beside them.

The text is assembled from the words of the passages; text that no passage quotes is left out.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final
from urllib.parse import urlencode

from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy.namespaces import Base
from spacepolicy.web import pages
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.linked_data.graph_documents import (
    GraphDocument,
    PassageDocument,
    ReferenceDocument,
)
from spacepolicy.web.linked_data.labels import Labels, Link
from spacepolicy.web.linked_data.resource_pages import PropertyGroups, alternates
from spacepolicy.web.request_context import current_locale
from spacepolicy.web.service import Service

HUES: Final = 8
"""How many kinds of passages have distinct colours."""
Kinds = Mapping[str, str]
"""The kind of each passage: the class of the subjects of most of its statements."""


@final
@dataclass(frozen=True, slots=True)
class PassageStatement:
    """A statement of a passage; the value is a link, or a text with its language."""

    subject: Link
    property: Link
    value: Link | None
    text: str | None
    language: str | None


@final
@dataclass(frozen=True, slots=True)
class SentencePiece:
    """A piece of a sentence: text outside any marked passage, or a marked passage with the pieces
    inside it."""

    text: str
    fragment: str | None = None
    hue: int = 0
    pieces: "tuple[SentencePiece, ...]" = ()


@final
@dataclass(frozen=True, slots=True)
class PassageNote:
    """The statements of a passage, shown beside it."""

    fragment: str
    words: str
    hue: int
    statements: tuple[PassageStatement, ...]


@final
@dataclass(frozen=True, slots=True)
class Referred:
    """A passage by reference, for the page: its locator and address, the words in a copy, and its
    statements."""

    fragment: str
    locator: str
    address: str | None
    words: str | None
    statements: tuple[PassageStatement, ...]


@final
@dataclass(frozen=True, slots=True)
class MapMark:
    """A passage on the strip that maps the whole text; start and width are in hundredths of the
    text."""

    fragment: str
    words: str
    hue: int
    start: float
    width: float


@final
@dataclass(frozen=True, slots=True)
class Sentence:
    """An outermost passage, with the passages inside it and their statements."""

    fragment: str
    pieces: tuple[SentencePiece, ...]
    notes: tuple[PassageNote, ...]
    language: str | None


@final
@dataclass(frozen=True, slots=True)
class PassageKind:
    """A kind of passage: its name, count and colour, and the address of the page with it alone."""

    link: Link
    count: int
    hue: int
    href: str
    shown: bool


async def kinds(app_state: AppState, source: NamedNode) -> Kinds:
    """Return the kind of each passage of the source."""
    own = app_state.service.revision.base
    if own is None:
        return {}
    base = Base(own)
    in_source = base.term("source")
    found = await rows(
        app_state,
        f"SELECT ?passage ?kind (COUNT(*) AS ?n) {{ ?passage {in_source} {source} "
        "GRAPH ?passage { ?s ?p ?o } GRAPH ?g { ?s a ?kind } "
        "} GROUP BY ?passage ?kind "
        "ORDER BY ?passage DESC(?n) ?kind",
    )
    first: dict[str, str] = {}
    for row in found:
        first.setdefault(row["passage"].value, row["kind"].value)
    return first


def reader_page(
    service: Service, found: GraphDocument, path: str, kinds: Kinds, only: str | None
) -> str:
    """Return the page of the source served at the path; with `only`, just that kind of passage is
    marked."""
    names = Labels(service, (*found.names, *found.statements))
    counted = Counter(kinds.get(each.iri.value, "") for each in found.passages if each.statements)
    hues = {kind: n % HUES + 1 for n, (kind, _) in enumerate(counted.most_common()) if kind}
    marks = _Marks(names, kinds, hues, only if only in hues else None)
    quoted = sum(end - start for start, end in _joined(found.passages))
    length = max((each.end for each in found.passages), default=0)
    return pages.render(
        "reader.html",
        service,
        thing=names.link(found.thing),
        other_names=names.others(found.thing),
        groups=PropertyGroups(names, _for_reader(found)).groups(found.thing),
        references=[marks.referred(each) for each in found.references],
        sentences=[marks.sentence(*each) for each in _sentences(found.passages)],
        strip=marks.strip(found.passages, length),
        kinds=[
            PassageKind(
                names.link(NamedNode(kind)),
                count,
                hues[kind],
                current_locale().kept(f"{service.root}{path}?{urlencode({'kind': kind})}"),
                kind == marks.only,
            )
            for kind, count in counted.most_common()
            if kind
        ],
        everything=pages.href(service, found.thing.value),
        only=marks.only,
        covered=f"{100 * quoted / max(length, 1):.1f} %",
        query=f"SELECT ?passage ?s ?p ?o {{ GRAPH ?passage {{ ?s ?p ?o }} "
        f"FILTER STRSTARTS(STR(?passage), {Literal(found.thing.value + '#')}) }}",
        alternates=alternates(service, path),
    )


def _for_reader(found: GraphDocument) -> Iterator[Triple]:
    """The statements without texts about the source in other languages than the reader's, where
    there are some in that; the page of the source as a thing has all."""
    language = current_locale().language
    about = [each for each in found.statements if each.subject == found.thing]
    told = {each.predicate for each in about if _is_in(each.object, language)}
    for each in found.statements:
        other = _is_in(each.object, None) and not _is_in(each.object, language)
        if not (other and each.subject == found.thing and each.predicate in told):
            yield each


def _is_in(term: object, language: str | None) -> bool:
    """Whether the term is a text in the language; None: in any."""
    own = term.language if isinstance(term, Literal) else None
    return own is not None and (language is None or own.partition("-")[0] == language)


def _joined(passages: Iterable[PassageDocument]) -> Iterator[tuple[int, int]]:
    """The ranges covered by passages with statements, overlapping ones joined."""
    start = end = 0
    for each in sorted(passages, key=lambda each: each.start):
        if not each.statements:
            continue
        if each.start > end:
            yield start, end
            start, end = each.start, each.end
        end = max(end, each.end)
    yield start, end


def _sentences(
    passages: Sequence[PassageDocument],
) -> Iterator[tuple[PassageDocument, list[PassageDocument]]]:
    """The outermost passages, each with the passages inside it, in the order of the text."""
    outer: PassageDocument | None = None
    inner: list[PassageDocument] = []
    for each in sorted(passages, key=lambda each: (each.start, -each.end)):
        if outer is not None and each.end <= outer.end:
            inner.append(each)
            continue
        if outer is not None:
            yield outer, inner
        outer, inner = each, []
    if outer is not None:
        yield outer, inner


@final
class _Marks:
    """Marks passages in their sentences, and lists their statements."""

    def __init__(
        self, names: Labels, kinds: Kinds, hues: Mapping[str, int], only: str | None
    ) -> None:
        self._names = names
        self._kinds = kinds
        self._hues = hues
        self.only = only

    def sentence(self, outer: PassageDocument, inner: Sequence[PassageDocument]) -> Sentence:
        """Return the sentence with its marks and its notes."""
        marked = [each for each in (outer, *inner) if self._is_shown(each)]
        notes = tuple(note for each in marked if (note := self._note(each)).statements)
        inside = [each for each in marked if each is not outer] or marked
        pieces = tuple(self._pieces(outer.words.value, outer.start, outer.end, inside))
        return Sentence(_fragment(outer), pieces, notes, outer.words.language)

    def strip(self, passages: Iterable[PassageDocument], length: int) -> list[MapMark]:
        """Return the shown passages on a strip as long as the text, the longest first, so that
        inner ones are drawn on top."""
        shown = [each for each in passages if each.statements and self._is_shown(each)]
        return [
            MapMark(
                _fragment(each),
                each.words.value,
                self._hue(each),
                round(100 * each.start / length, 3),
                round(100 * (each.end - each.start) / length, 3),
            )
            for each in sorted(shown, key=lambda each: each.start - each.end)
        ]

    def referred(self, reference: ReferenceDocument) -> Referred:
        """Return the passage by reference with its statements."""
        statements = (self._statement(triple) for triple in reference.statements)
        return Referred(
            reference.iri.value.partition("#")[2],
            reference.locator,
            reference.address,
            reference.words,
            tuple(each for each in statements if each is not None),
        )

    def _is_shown(self, passage: PassageDocument) -> bool:
        return self.only is None or self._kinds.get(passage.iri.value) == self.only

    def _pieces(
        self, text: str, start: int, end: int, inner: Sequence[PassageDocument]
    ) -> Iterator[SentencePiece]:
        """The text from start to end, split where the passages in it begin and end."""
        at = start
        for n, each in enumerate(inner):
            if each.start < at or each.end > end:
                continue
            if each.start > at:
                yield SentencePiece(text[at - start : each.start - start])
            words = text[each.start - start : each.end - start]
            below = [other for other in inner[n + 1 :] if other.end <= each.end]
            pieces = tuple(self._pieces(words, each.start, each.end, below)) if below else ()
            yield SentencePiece(words, _fragment(each), self._hue(each), pieces)
            at = each.end
        if at < end:
            yield SentencePiece(text[at - start :])

    def _hue(self, passage: PassageDocument) -> int:
        return self._hues.get(self._kinds.get(passage.iri.value, ""), 0)

    def _note(self, passage: PassageDocument) -> PassageNote:
        named = (self._statement(triple) for triple in passage.statements)
        statements = tuple(each for each in named if each is not None)
        return PassageNote(_fragment(passage), passage.words.value, self._hue(passage), statements)

    def _statement(self, triple: Triple) -> PassageStatement | None:
        if not isinstance(triple.subject, NamedNode):
            return None
        subject, role = self._names.link(triple.subject), self._names.link(triple.predicate)
        if isinstance(triple.object, NamedNode):
            return PassageStatement(subject, role, self._names.link(triple.object), None, None)
        if isinstance(triple.object, Literal):
            return PassageStatement(
                subject, role, None, triple.object.value, triple.object.language
            )
        return None


def _fragment(passage: PassageDocument) -> str:
    return passage.iri.value.partition("#")[2]
