"""Documents about things as pages: names in place of IRIs, and statements with their sources."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from spacepolicy import formats
from spacepolicy.namespaces import Base
from spacepolicy.saved_queries import SavedQuery
from spacepolicy.store.history import SubjectChange
from spacepolicy.web import pages
from spacepolicy.web.iri_routing import document_path
from spacepolicy.web.linked_data.documents import (
    CUT,
    NAMES,
    TYPE,
    StatementOrigin,
    ThingDocument,
)
from spacepolicy.web.linked_data.hierarchy import deprecation
from spacepolicy.web.linked_data.inbound_links import Incoming
from spacepolicy.web.linked_data.jsonld import language_tag
from spacepolicy.web.linked_data.labels import Labels, Link
from spacepolicy.web.linked_data.matrix import Matrix
from spacepolicy.web.linked_data.neighbourhood_svg import Neighbour, drawing
from spacepolicy.web.linked_data.part_tree import PartTree
from spacepolicy.web.linked_data.place_inset import PlaceInset
from spacepolicy.web.linked_data.places import Places
from spacepolicy.web.linked_data.quotations import QuotedText, quoted_texts
from spacepolicy.web.linked_data.siblings import Siblings
from spacepolicy.web.linked_data.skolem import FRAGMENT
from spacepolicy.web.linked_data.terms import TermPage
from spacepolicy.web.linked_data.timeline_svg import Timeline
from spacepolicy.web.linked_data.vocabulary import OntologyWords, Replacements
from spacepolicy.web.request_context import current_locale
from spacepolicy.web.service import Service


@final
@dataclass(frozen=True, slots=True)
class StatementSource:
    """The source of a statement: the words of a passage, the locator of one by reference, or the
    name of another graph."""

    link: Link
    words: str | None
    language: str | None
    locator: str | None = None
    address: str | None = None


@final
@dataclass(frozen=True, slots=True)
class Value:
    """A value of a property: a link, a text, or a blank node with its own groups."""

    link: Link | None = None
    text: str | None = None
    language: str | None = None
    groups: "tuple[PropertyGroup, ...]" = ()
    sources: tuple[StatementSource, ...] = ()
    inferred: bool = False
    why: str | None = None


@final
@dataclass(frozen=True, slots=True)
class PropertyGroup:
    """A property, its values, and its definition."""

    property: Link
    values: tuple[Value, ...]
    definition: str | None = None


@final
@dataclass(frozen=True, slots=True)
class PropertySection:
    """The properties that one module of the ontology defines; `title` is None for all others."""

    title: str | None
    groups: tuple[PropertyGroup, ...]


@final
@dataclass(frozen=True, slots=True)
class ResourceContext:
    """What the page of a thing shows besides its document: its parts, its comparisons with others,
    the address where those that refer to it are compared, the comparing queries with their
    addresses for it alone, the links to it, a term's own content, its times, its places and their
    map, the topics of its parts, the revisions that changed it, and its place among its
    siblings."""

    parts: PartTree | None = None
    compared: Sequence[Link] = ()
    referring: str | None = None
    views: Sequence[tuple[SavedQuery, str]] = ()
    incoming: Sequence[Incoming] = ()
    term: TermPage | None = None
    timeline: Timeline | None = None
    places: Places | None = None
    inset: PlaceInset | None = None
    matrix: Matrix | None = None
    history: Sequence[SubjectChange] = ()
    siblings: Siblings | None = None


def resource_page(
    service: Service,
    found: ThingDocument,
    path: str,
    vocabulary: OntologyWords,
    beside: ResourceContext,
) -> str:
    """Return the page about the thing served at the path."""
    names = Labels(service, (*found.names, *found.statements))
    writer = PropertyGroups(names, (*found.statements, *found.nodes), found.origins, vocabulary)
    about = writer.groups(found.thing)
    following = tuple(group for group in about if _follows(group))
    stated = tuple(group for group in about if not _follows(group))
    return pages.render(
        "resource.html",
        service,
        thing=names.link(found.thing),
        other_names=names.others(found.thing),
        definition=vocabulary.definition(found.thing.value, current_locale().language),
        types=[names.link(NamedNode(iri)) for iri in found.types],
        deprecation=deprecation(names, _replacements(found, vocabulary)),
        sections=_sections(stated, vocabulary),
        following=following,
        following_count=sum(len(group.values) for group in following),
        count=len(found.statements),
        siblings=beside.siblings,
        tree=beside.parts,
        compared=beside.compared,
        referring=beside.referring,
        views=beside.views,
        term=beside.term,
        module=_module(service, vocabulary, found.thing.value),
        incoming=beside.incoming,
        timeline=beside.timeline,
        places=beside.places,
        inset=beside.inset,
        matrix=beside.matrix,
        history=beside.history,
        quoted=_quoted(service, names, found, beside.parts),
        drawing=drawing(
            names.link(found.thing).text,
            *_neighbours(about, beside.incoming),
            unseen=sum(each.count - len(each.subjects) for each in beside.incoming),
        ),
        query=f"SELECT ?property ?value {{ {found.thing} ?property ?value }}",
        cut=CUT if found.cut else None,
        alternates=alternates(service, path),
    )


def _follows(group: PropertyGroup) -> bool:
    """Whether all values are only inferred."""
    return all(value.inferred for value in group.values)


def _quoted(
    service: Service, names: Labels, found: ThingDocument, tree: PartTree | None
) -> tuple[QuotedText, ...]:
    own = service.revision.base
    return () if own is None else quoted_texts(names, found, tree, Base(own).term("isPartOf"))


def _replacements(found: ThingDocument, vocabulary: OntologyWords) -> Replacements | None:
    """What replaces the thing where it is deprecated. Things other than terms have the same
    replacements in queries as in statements."""
    known = vocabulary.deprecated.get(found.thing.value)
    return known or (Replacements(found.replacements) if found.deprecated else None)


def _module(service: Service, vocabulary: OntologyWords, term: str) -> Link | None:
    """The module of the ontology that defines the term."""
    title = vocabulary.module(term, current_locale().language)
    iri = vocabulary.modules.get(term)
    return None if iri is None or title is None else Link(title, pages.href(service, iri), iri)


def _neighbours(
    groups: Iterable[PropertyGroup], incoming: Iterable[Incoming]
) -> tuple[list[Neighbour], list[Neighbour]]:
    """The neighbours by links to the thing, and by links from it."""
    left = [
        Neighbour(each.property.text, subject.link.text, subject.link.href)
        for each in incoming
        for subject in each.subjects
    ]
    right = [
        Neighbour(group.property.text, value.link.text, value.link.href, value.inferred)
        for group in groups
        for value in group.values
        if value.link
    ]
    return left, sorted(right, key=lambda each: each.inferred)


def _sections(groups: Iterable[PropertyGroup], vocabulary: OntologyWords) -> list[PropertySection]:
    """The groups by the module of the ontology that defines their property, others last."""
    gathered: dict[str | None, list[PropertyGroup]] = {}
    for group in groups:
        title = vocabulary.module(group.property.iri, current_locale().language)
        gathered.setdefault(title, []).append(group)
    order = sorted(gathered, key=lambda title: (title is None, title or ""))
    return [PropertySection(title, tuple(gathered[title])) for title in order]


def alternates(service: Service, path: str) -> list[tuple[str, formats.Format]]:
    """Return the addresses of the document in the formats for programs."""
    return [(service.root + document_path(path, f), f) for f in formats.offered("graph")]


@final
class PropertyGroups:
    """Groups the statements about a thing by property."""

    def __init__(
        self,
        names: Labels,
        statements: Iterable[Triple],
        origins: Iterable[StatementOrigin] = (),
        vocabulary: OntologyWords | None = None,
    ) -> None:
        self._names = names
        self._vocabulary = vocabulary
        self._by_subject: dict[object, list[Triple]] = {}
        for triple in statements:
            self._by_subject.setdefault(triple.subject, []).append(triple)
        self._sources: dict[Triple, list[StatementSource]] = {}
        self._stated: set[Triple] = set()
        for origin in origins:
            self._stated.add(origin.statement)
            self._sources.setdefault(origin.statement, []).append(_source(names, origin))

    def groups(self, thing: object, above: tuple[object, ...] = ()) -> tuple[PropertyGroup, ...]:
        """Return the properties of the thing with their values, both sorted by name."""
        gathered: dict[NamedNode, list[Triple]] = {}
        for triple in self._by_subject.get(thing, ()):
            if triple.predicate != TYPE and (above or triple.predicate not in NAMES):
                gathered.setdefault(triple.predicate, []).append(triple)
        found = [
            PropertyGroup(
                self._names.link(predicate),
                tuple(sorted((self._value(t, (*above, thing)) for t in triples), key=_value_order)),
                self._meaning(predicate),
            )
            for predicate, triples in gathered.items()
        ]
        return tuple(sorted(found, key=lambda group: group.property.text))

    def _meaning(self, predicate: NamedNode) -> str | None:
        if self._vocabulary is None:
            return None
        return self._vocabulary.definition(predicate.value, current_locale().language)

    def _value(self, triple: Triple, above: tuple[object, ...]) -> Value:
        sources = tuple(self._sources.get(triple, ()))
        term = triple.object
        inferred = bool(self._stated) and not above[1:] and triple not in self._stated
        why = self._names.why(triple) if inferred else None
        if isinstance(term, NamedNode):
            if FRAGMENT in term.value and term not in above:
                return Value(groups=self.groups(term, above))
            link = self._names.link(term)
            return Value(link=link, sources=sources, inferred=inferred, why=why)
        if isinstance(term, BlankNode) and term not in above:
            return Value(groups=self.groups(term, above))
        if isinstance(term, Literal):
            tag = language_tag(term.language) if term.language else None
            return Value(text=term.value, language=tag, sources=sources, inferred=inferred, why=why)
        return Value(text=str(term))


def _value_order(value: Value) -> tuple[str, str]:
    return value.language or "", value.link.text if value.link else value.text or ""


def _source(names: Labels, origin: StatementOrigin) -> StatementSource:
    graph = names.link(NamedNode(origin.graph))
    if origin.words is None:
        locator, address = (each and each.value for each in (origin.locator, origin.address))
        return StatementSource(graph, origin.copy_words, None, locator, address)
    return StatementSource(graph, origin.words.value, origin.words.language)
