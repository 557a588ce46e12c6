"""The results of a search for its page: one page of hits, and facets, whose links keep the other
filters."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, final
from urllib.parse import urlencode

from spacepolicy.web import pages
from spacepolicy.web.i18n import BORROWED, WORDS
from spacepolicy.web.linked_data.jsonld import language_tag
from spacepolicy.web.linked_data.labels import Link
from spacepolicy.web.request_context import current_locale
from spacepolicy.web.search_index import Hit, SearchFilter, SearchIndex, SearchResult
from spacepolicy.web.service import Service
from spacepolicy.web.tables import short_name

SHOWN_VALUES: Final = 7
"""How many values of a facet are shown unfolded, as on other pages."""
_NAMES: Final = {"kind": "type", "source": "source", "language": "language"}
"""The parameters of the filters."""
_LANGUAGES: Final = {"en": "English", "zh": "中文"}


@final
@dataclass(frozen=True, slots=True)
class ResultPage:
    """A page of results: the search and its filter, the limit if one was given, the number of the
    page, and how many results a page has."""

    asked: str
    only: SearchFilter
    limit: int | None
    number: int
    size: int

    def address(self, root: str) -> str:
        """Return the address of the page."""
        given = {
            "q": self.asked,
            **{_NAMES[name]: value for name in _NAMES if (value := getattr(self.only, name))},
            **({"limit": self.limit} if self.limit else {}),
            **({"page": self.number} if self.number > 1 else {}),
        }
        return current_locale().kept(f"{root}/search?{urlencode(given)}")

    def around(self, total: int) -> Iterator[tuple[str, int]]:
        """Yield the relations and numbers of the previous and next page, if they exist."""
        last = -(-total // self.size)
        if 1 < self.number <= last:
            yield "prev", self.number - 1
        if self.number < last:
            yield "next", self.number + 1


@final
@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet with its number of results. Its link leads to the results with this value,
    or, where it `is_chosen`, to those without this filter."""

    link: Link
    count: int
    is_chosen: bool


@final
@dataclass(frozen=True, slots=True)
class Facet:
    """The values of a facet, the chosen one and those with the most results first; `name` is the
    key of its label."""

    name: str
    values: tuple[FacetValue, ...]


@final
@dataclass(frozen=True, slots=True)
class FoundThing:
    """A result: the thing, its most specific class, the snippet in three parts, empty where the
    match is the shown name, the snippet's language, and the sources with statements about it."""

    link: Link
    kind: Link | None
    is_quotation: bool
    snippet: tuple[str, str, str]
    language: str | None
    sources: tuple[Link, ...]


@final
@dataclass(frozen=True, slots=True)
class ResultView:
    """What the page shows. `first` and `last` are the positions of its results among all; `near`
    are things proposed where nothing was found; `whole` is the address of the results without any
    filter; `is_of_source`: they are filtered by a source."""

    found: tuple[FoundThing, ...]
    total: int
    first: int
    last: int
    corrected: str | None
    facets: tuple[Facet, ...]
    pages: Mapping[str, str]
    near: tuple[Link, ...]
    whole: str | None
    is_of_source: bool


def view(
    service: Service,
    index: SearchIndex,
    page: ResultPage,
    result: SearchResult,
) -> ResultView:
    """Return what the page shows."""
    names = _Names(service, index)
    before = page.size * (page.number - 1)
    return ResultView(
        tuple(_found(names, index, hit) for hit in result.hits),
        result.total,
        before + 1,
        before + len(result.hits),
        result.corrected,
        tuple(_facets(service, names, page, result)),
        {
            relation: replace(page, number=number).address(service.root)
            for relation, number in page.around(result.total)
        },
        tuple(map(names.link, result.near)),
        None
        if page.only == SearchFilter() and page.number == 1
        else replace(page, only=SearchFilter(), number=1).address(service.root),
        page.only.source is not None,
    )


@final
class _Names:
    """Links to things, with their names in the index."""

    def __init__(self, service: Service, index: SearchIndex) -> None:
        self._service = service
        self._index = index
        self._language = current_locale().language

    def link(self, iri: str, otherwise: str | None = None) -> Link:
        """Return the link to the thing, with `otherwise` as text where it has no name."""
        href, names = pages.href(self._service, iri), self._index.names(iri)
        borrowed = BORROWED.get(iri, {}).get(self._language)
        for language in dict.fromkeys((self._language, *(() if borrowed else ("en", *names)))):
            if language in names:
                return Link(names[language], href, iri, language_tag(language) or None)
        return Link(borrowed or otherwise or short_name(self._service, iri), href, iri)


def _found(names: _Names, index: SearchIndex, hit: Hit) -> FoundThing:
    thing = names.link(hit.thing, hit.by.text)
    kind = index.kind_of(hit.thing)
    return FoundThing(
        thing,
        names.link(kind) if kind else None,
        hit.by.role == "words",
        ("", "", "") if hit.by.text == thing.text else hit.snippet,
        language_tag(hit.by.language) if hit.by.language else None,
        tuple(map(names.link, hit.sources)),
    )


def _facets(
    service: Service, names: _Names, page: ResultPage, result: SearchResult
) -> Iterator[Facet]:
    for name, counts in (
        ("kind", result.types),
        ("source", result.sources),
        ("language", result.languages),
    ):
        chosen = getattr(page.only, name)
        shown = {**({chosen: 0} if chosen else {}), **counts}
        values = [
            FacetValue(
                replace(
                    _value(names, name, value),
                    href=_toggled(page, name, value).address(service.root),
                ),
                count,
                value == chosen,
            )
            for value, count in shown.items()
        ]
        values.sort(key=lambda each: (not each.is_chosen, -each.count, each.link.text))
        # A value that all results have filters nothing; the chosen one has to be removable.
        if values := [each for each in values if each.is_chosen or each.count < result.total]:
            yield Facet(name, tuple(values))


def _value(names: _Names, name: str, value: str) -> Link:
    if name != "language":
        return names.link(value)
    tag = language_tag(value) if value else ""
    other = WORDS[current_locale().language]["any"]
    return Link(_LANGUAGES.get(tag, tag or other), None, value, tag if tag in _LANGUAGES else None)


def _toggled(page: ResultPage, name: str, value: str) -> ResultPage:
    """The first page of results with the value added to the filter, or removed from it."""
    chosen = None if getattr(page.only, name) == value else value
    only = SearchFilter(
        **{each: chosen if each == name else getattr(page.only, each) for each in _NAMES}
    )
    return replace(page, only=only, number=1)
