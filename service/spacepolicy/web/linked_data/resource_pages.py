"""Documents about things as pages: names in place of IRIs, and the words beside what they say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy import formats
from spacepolicy.web import pages
from spacepolicy.web.linked_data.addresses import document_path, local_path
from spacepolicy.web.linked_data.documents import CUT, NAMES, TYPE, Document, Origin
from spacepolicy.web.linked_data.jsonld import language_tag
from spacepolicy.web.linked_data.skolem import FRAGMENT
from spacepolicy.web.service import Service

_LANGUAGES: Final = ("en", "")
"""The languages that a name is taken from before any other."""


@final
@dataclass(frozen=True, slots=True)
class Link:
    """A thing as a reader sees it: its name, where that leads, and the IRI behind it."""

    text: str
    href: str | None
    iri: str
    language: str | None = None


@final
@dataclass(frozen=True, slots=True)
class Source:
    """Where a statement stands: the words of a passage, or a graph by name."""

    link: Link
    words: str | None
    language: str | None


@final
@dataclass(frozen=True, slots=True)
class Value:
    """A value of a property: a link, a text, or a node without a name with its own groups."""

    link: Link | None = None
    text: str | None = None
    language: str | None = None
    groups: "tuple[Group, ...]" = ()
    sources: tuple[Source, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class Group:
    """A property and its values."""

    property: Link
    values: tuple[Value, ...]


def resource_page(service: Service, found: Document, path: str) -> str:
    """The page about the thing that answers at the path."""
    names = Names(service, (*found.names, *found.statements))
    writer = Statements(names, (*found.statements, *found.nodes), found.origins)
    about = writer.groups(found.thing)
    return pages.render(
        "resource.html",
        service,
        thing=names.link(found.thing),
        other_names=names.others(found.thing),
        types=[names.link(NamedNode(iri)) for iri in found.types],
        deprecated=found.deprecated,
        replacements=[names.link(NamedNode(iri)) for iri in found.replacements],
        groups=about,
        incoming=_incoming(names, found),
        passages=_passages(names, found.origins),
        cut=CUT if found.cut else None,
        alternates=alternates(service, path),
    )


def alternates(service: Service, path: str) -> list[tuple[str, formats.Format]]:
    """The same document in the formats for programs, and where."""
    return [(service.root + document_path(path, f), f) for f in formats.offered("graph")]


@final
class Names:
    """The names of things by IRI, in the reader's language where there is one."""

    def __init__(self, service: Service, named: Iterable[Triple]) -> None:
        self._service = service
        self._of: dict[object, list[tuple[int, Literal]]] = {}
        for triple in named:
            if triple.predicate in NAMES and isinstance(triple.object, Literal):
                place = NAMES.index(triple.predicate)
                self._of.setdefault(triple.subject, []).append((place, triple.object))

    def link(self, thing: NamedNode) -> Link:
        """The thing by its name."""
        path = local_path(self._service, thing.value)
        href: str | None = thing.value if path is None else self._service.root + path
        if path is None and not thing.value.startswith(("http:", "https:")):
            href = None
        name = self._best(thing)
        if name is None:
            return Link(pages.short_name(self._service, thing.value), href, thing.value)
        return Link(name.value, href, thing.value, name.language)

    def others(self, thing: NamedNode) -> list[Literal]:
        """The other names of the thing, one a language and wording."""
        best = self._best(thing)
        found = {literal: None for _, literal in sorted(self._of.get(thing, ()), key=_place)}
        return [literal for literal in found if literal != best]

    def _best(self, thing: NamedNode) -> Literal | None:
        found = sorted(self._of.get(thing, ()), key=_place)
        return found[0][1] if found else None


def _place(named: tuple[int, Literal]) -> tuple[int, int, str, str]:
    place, literal = named
    language = literal.language or ""
    first = _LANGUAGES.index(language) if language in _LANGUAGES else len(_LANGUAGES)
    return first, place, language, literal.value


@final
class Statements:
    """Groups what is said of a thing by property."""

    def __init__(
        self, names: Names, said: Iterable[Triple], origins: Iterable[Origin] = ()
    ) -> None:
        self._names = names
        self._said: dict[object, list[Triple]] = {}
        for triple in said:
            self._said.setdefault(triple.subject, []).append(triple)
        self._sources: dict[Triple, list[Source]] = {}
        for origin in origins:
            self._sources.setdefault(origin.statement, []).append(_source(names, origin))

    def groups(self, thing: object, above: tuple[object, ...] = ()) -> tuple[Group, ...]:
        """The properties of the thing by name, each with its values by name."""
        gathered: dict[NamedNode, list[Triple]] = {}
        for triple in self._said.get(thing, ()):
            if triple.predicate != TYPE and (above or triple.predicate not in NAMES):
                gathered.setdefault(triple.predicate, []).append(triple)
        found = [
            Group(
                self._names.link(predicate),
                tuple(sorted((self._value(t, (*above, thing)) for t in triples), key=_value_order)),
            )
            for predicate, triples in gathered.items()
        ]
        return tuple(sorted(found, key=lambda group: group.property.text))

    def _value(self, triple: Triple, above: tuple[object, ...]) -> Value:
        sources = tuple(self._sources.get(triple, ()))
        term = triple.object
        if isinstance(term, NamedNode):
            if FRAGMENT in term.value and term not in above:
                return Value(groups=self.groups(term, above))
            return Value(link=self._names.link(term), sources=sources)
        if isinstance(term, Literal):
            tag = language_tag(term.language) if term.language else None
            return Value(text=term.value, language=tag, sources=sources)
        return Value(text=str(term))


def _value_order(value: Value) -> tuple[str, str]:
    return value.language or "", value.link.text if value.link else value.text or ""


def _source(names: Names, origin: Origin) -> Source:
    graph = names.link(NamedNode(origin.graph))
    if origin.words is None:
        return Source(graph, None, None)
    return Source(graph, origin.words.value, origin.words.language)


def _incoming(names: Names, found: Document) -> list[tuple[Link, list[Link]]]:
    gathered: dict[NamedNode, list[Link]] = {}
    for triple in found.incoming:
        if isinstance(triple.subject, NamedNode):
            gathered.setdefault(triple.predicate, []).append(names.link(triple.subject))
    pairs = [(names.link(p), sorted(each, key=_text)) for p, each in gathered.items()]
    return sorted(pairs, key=lambda pair: pair[0].text)


def _text(link: Link) -> str:
    return link.text


def _passages(names: Names, origins: Sequence[Origin]) -> list[Source]:
    """The passages that speak of the thing, each once, in the order of the text."""
    found: Mapping[str, Source] = {
        origin.graph: _source(names, origin) for origin in origins if origin.words is not None
    }
    return list(found.values())
