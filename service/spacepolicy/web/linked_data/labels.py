"""The names of things, in the reader's language where they have one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, final
from urllib.parse import urlencode

from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy.web import pages
from spacepolicy.web.i18n import BORROWED
from spacepolicy.web.iri_routing import local_path
from spacepolicy.web.linked_data.documents import NAMES
from spacepolicy.web.request_context import current_locale
from spacepolicy.web.service import Service
from spacepolicy.web.tables import short_name

_OTHERS: Final = ("en", "")
"""The languages that names are taken from where there is none in the reader's."""


@final
@dataclass(frozen=True, slots=True)
class Link:
    """A link to a thing: its name, the address, and the IRI."""

    text: str
    href: str | None
    iri: str
    language: str | None = None


@final
class Labels:
    """The names of things, preferably in the given language, else in the reader's."""

    def __init__(
        self, service: Service, named: Iterable[Triple], language: str | None = None
    ) -> None:
        self._service = service
        self._language = language or current_locale().language
        self._links: dict[NamedNode, Link] = {}
        self._of: dict[object, list[tuple[int, Literal]]] = {}
        for triple in named:
            if triple.predicate in NAMES and isinstance(triple.object, Literal):
                place = NAMES.index(triple.predicate)
                self._of.setdefault(triple.subject, []).append((place, triple.object))

    def link(self, thing: NamedNode) -> Link:
        """Return the link to the thing."""
        if thing not in self._links:
            self._links[thing] = self._link(thing)
        return self._links[thing]

    def _link(self, thing: NamedNode) -> Link:
        path = local_path(self._service, thing.value)
        href: str | None = pages.href(self._service, thing.value)
        if path is None and not thing.value.startswith(("http:", "https:")):
            href = None
        name = self._best(thing)
        if name is None and thing.value in BORROWED:
            name_here = BORROWED[thing.value][self._language]
            return Link(name_here, href, thing.value, self._language)
        if name is None:
            return Link(short_name(self._service, thing.value), href, thing.value)
        return Link(name.value, href, thing.value, name.language)

    def name(self, thing: NamedNode) -> str | None:
        """Return the name of the thing; None where it has none."""
        found = self._best(thing)
        return found.value if found else None

    def why(self, statement: Triple) -> str:
        """Return the address of the statement's proof."""
        asked = {"s": str(statement.subject), "p": str(statement.predicate)}
        asked["o"] = str(statement.object)
        return current_locale().kept(f"{self._service.root}/explain?{urlencode(asked)}")

    def others(self, thing: NamedNode) -> list[Literal]:
        """Return the other names of the thing, without duplicates."""
        best = self._best(thing)
        found = {
            literal: None
            for _, literal in sorted(self._of.get(thing, ()), key=_liking(self._language))
        }
        return [literal for literal in found if literal != best]

    def _best(self, thing: NamedNode) -> Literal | None:
        found = sorted(self._of.get(thing, ()), key=_liking(self._language))
        return found[0][1] if found else None


def _liking(language: str) -> Callable[[tuple[int, Literal]], tuple[int, int, str, str]]:
    """The sort key of names: by language, then by the property that gives the name."""
    languages = (language, *_OTHERS)

    def place(named: tuple[int, Literal]) -> tuple[int, int, str, str]:
        place, literal = named
        tag = literal.language or ""
        first = languages.index(tag) if tag in languages else len(languages)
        return first, place, tag, literal.value

    return place
