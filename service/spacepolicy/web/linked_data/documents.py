"""Documents about things: the statements about an IRI, and the words that state them.

A document has the statements about its thing in the default graph, the links to it up to a limit,
the passages about it with their words, and the names of all linked things.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from spacepolicy.errors import NotFoundError
from spacepolicy.namespaces import DCTERMS, OWL, RDF, RDFS, SKOS, XSD, Base
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import boolean, graph, rows
from spacepolicy.web.answering.verifying import words_of_copies
from spacepolicy.web.linked_data.skolem import skolemised
from spacepolicy.web.solution_rows import Term

MAX_STATEMENTS: Final = 5000
"""How many statements about a thing its document lists: some 500 KiB of Turtle."""
MAX_INCOMING: Final = 500
"""How many links to a thing its document lists. A class has as many as instances; `/links` lists
all."""
MAX_PASSAGES: Final = 500
"""How many passages its page names: the longest modelled documents have fewer."""
_MAX_NODES: Final = 20000
"""How many statements about blank nodes are read for a document; a thing with more is a dataset of
its own."""
_MAX_NAMED: Final = 2000
"""How many things one query asks the names of: their IRIs have some 200 KiB together, far below the
limit of a query."""
FOAF: Final = "http://xmlns.com/foaf/0.1/"
VOID: Final = "http://rdfs.org/ns/void#"
TYPE: Final = NamedNode(f"{RDF}type")
LABEL: Final = NamedNode(f"{RDFS}label")
NAMES: Final = (LABEL, NamedNode(f"{SKOS}prefLabel"), NamedNode(f"{DCTERMS}title"))
"""The properties that name a thing, the preferred first."""
CUT: Final = (
    f"Of the statements about a thing {MAX_STATEMENTS} are listed, and of the links to it "
    f"{MAX_INCOMING}; there are more. Ask /sparql for all of them."
)
_DEPRECATED: Final = NamedNode(f"{OWL}deprecated")
_REPLACED: Final = NamedNode(f"{DCTERMS}isReplacedBy")


@final
@dataclass(frozen=True, slots=True)
class StatementOrigin:
    """A graph that states a statement; the words where the graph is a passage by quotation;
    locator, address and the words in a copy where it is a passage by reference."""

    statement: Triple
    graph: str
    words: Literal | None
    start: Literal | None
    end: Literal | None
    locator: Literal | None = None
    address: Literal | None = None
    copy_words: str | None = None

    @property
    def is_passage(self) -> bool:
        """Whether the graph is a passage of either kind."""
        return self.words is not None or self.locator is not None

    @property
    def source(self) -> str:
        """The IRI of a passage's source; for any other graph, its own IRI."""
        return self.graph.partition("#")[0]


@final
@dataclass(frozen=True, slots=True)
class ThingDocument:
    """What is known of a thing: the statements about it and about blank nodes reached from it
    (`nodes`), the links to it, the graphs of the statements, the words of passages, and the names
    of all linked things. `cut`: not all is listed."""

    thing: NamedNode
    iri: str
    statements: tuple[Triple, ...]
    nodes: tuple[Triple, ...]
    incoming: tuple[Triple, ...]
    origins: tuple[StatementOrigin, ...]
    passages: tuple[Triple, ...]
    names: tuple[Triple, ...]
    cut: bool

    @property
    def types(self) -> tuple[str, ...]:
        """The classes of the thing, sorted by IRI."""
        return self._linked(TYPE)

    @property
    def deprecated(self) -> bool:
        """Whether the thing is deprecated."""
        return any(
            triple.predicate == _DEPRECATED and str(triple.object).startswith('"true"')
            for triple in self.statements
        )

    @property
    def replacements(self) -> tuple[str, ...]:
        """The things that replace it."""
        return self._linked(_REPLACED)

    def _linked(self, predicate: NamedNode) -> tuple[str, ...]:
        found = (
            t.object for t in self.statements if (t.subject, t.predicate) == (self.thing, predicate)
        )
        return tuple(sorted(term.value for term in found if isinstance(term, NamedNode)))


async def document(
    app_state: AppState, thing: NamedNode, iri: str, max_incoming: int = MAX_INCOMING
) -> ThingDocument:
    """Return the document with the IRI `iri` about the thing, with up to `max_incoming` links to
    it.

    Raises: NotFoundError where the dataset says nothing of it.
    """
    found = await graph(app_state, about_query(thing, max_incoming)) or await graph(
        app_state, _elsewhere(thing)
    )
    if not (found or await is_known(app_state, thing)):
        raise NotFoundError(f"Nothing is known of <{thing.value}>.")
    incoming = tuple(t for t in found if t.object == thing and t.subject != thing)
    statements = tuple(t for t in found if t.object != thing or t.subject == thing)
    nodes = await _nodes(app_state, thing, statements)
    kept = tuple(skolemised((*statements[:MAX_STATEMENTS], *nodes), iri))
    origins = await _origins(app_state, thing)
    own = app_state.service.revision.base
    passages = _passages(Base(own), origins) if own else ()
    return ThingDocument(
        thing=thing,
        iri=iri,
        statements=_sorted(t for t in kept if _about_thing(t, thing)),
        nodes=_sorted(t for t in kept if not _about_thing(t, thing)),
        incoming=_sorted(incoming[:max_incoming]),
        origins=origins,
        passages=_sorted(passages),
        names=await names_of(app_state, (*kept, *incoming[:max_incoming], *_mentioned(origins))),
        cut=len(statements) > MAX_STATEMENTS or len(incoming) > max_incoming > 0,
    )


async def is_known(app_state: AppState, thing: NamedNode) -> bool:
    """Whether the thing occurs anywhere in the dataset, or is the name of a graph; the one test for
    every answer that nothing is known of a thing."""
    places = (f"{thing} ?p ?o", f"?s ?p {thing}", f"?s {thing} ?o")
    patterns = [pattern for place in places for pattern in (place, f"GRAPH ?g {{ {place} }}")]
    patterns.append(f"GRAPH {thing} {{ ?s ?p ?o }}")
    return await boolean(
        app_state, f"ASK {{ {' UNION '.join(f'{{ {each} }}' for each in patterns)} }}"
    )


def _about_thing(triple: Triple, thing: NamedNode) -> bool:
    return thing in (triple.subject, triple.predicate, triple.object)


def _sorted(triples: Iterable[Triple]) -> tuple[Triple, ...]:
    return tuple(sorted(set(triples), key=str))


def about_query(thing: NamedNode, max_incoming: int = MAX_INCOMING) -> str:
    """Return a query for the default graph's statements about the thing, and the links to it."""
    about = f"BIND ({thing} AS ?s) ?s ?p ?o"
    incoming = f"BIND ({thing} AS ?o) ?s ?p ?o FILTER (isIRI(?s) && ?s != ?o)"
    return (
        "CONSTRUCT { ?s ?p ?o } { "
        f"{{ SELECT ?s ?p ?o {{ {about} }} ORDER BY ?p ?o LIMIT {MAX_STATEMENTS + 1} }} UNION "
        f"{{ SELECT ?s ?p ?o {{ {incoming} }} ORDER BY ?p ?s LIMIT {max_incoming + 1} }} }}"
    )


def _elsewhere(thing: NamedNode) -> str:
    """A query for the statements about a thing that does not occur in the default graph."""
    patterns = (
        f"GRAPH ?g {{ ?s ?p ?o }} VALUES ?s {{ {thing} }}",
        f"GRAPH ?g {{ ?s ?p ?o }} VALUES ?o {{ {thing} }} FILTER isIRI(?s)",
        f"?s ?p ?o VALUES ?p {{ {thing} }}",
        f"GRAPH ?g {{ ?s ?p ?o }} VALUES ?p {{ {thing} }}",
    )
    union = " UNION ".join(f"{{ {pattern} }}" for pattern in patterns)
    return (
        f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ SELECT DISTINCT ?s ?p ?o {{ {union} }} "
        f"ORDER BY ?s ?p ?o LIMIT {MAX_INCOMING} }}"
    )


async def _nodes(
    app_state: AppState, thing: NamedNode, statements: Iterable[Triple]
) -> tuple[Triple, ...]:
    """The statements about the blank nodes reached from the statements, at any depth."""
    waiting = [t.object for t in statements if isinstance(t.object, BlankNode)]
    if not waiting:
        return ()
    by_node: dict[BlankNode, list[Triple]] = {}
    for triple in await graph(app_state, _blank_nodes(thing)):
        if isinstance(triple.subject, BlankNode):
            by_node.setdefault(triple.subject, []).append(triple)
    found: list[Triple] = []
    while waiting:
        triples = by_node.pop(waiting.pop(), [])
        found += triples
        waiting += (t.object for t in triples if isinstance(t.object, BlankNode))
    return tuple(found)


def _blank_nodes(thing: NamedNode) -> str:
    """A query for the statements about blank nodes in the graphs that link the thing to one: a
    blank node belongs to one graph."""
    return (
        "CONSTRUCT { ?s ?p ?o } WHERE { { SELECT DISTINCT ?g { "
        f"GRAPH ?g {{ {thing} ?q ?b }} FILTER isBlank(?b) }} }} "
        f"GRAPH ?g {{ ?s ?p ?o FILTER isBlank(?s) }} }} LIMIT {_MAX_NODES}"
    )


async def _origins(app_state: AppState, thing: NamedNode) -> tuple[StatementOrigin, ...]:
    own = app_state.service.revision.base
    if own is None:
        return ()
    found = await rows(app_state, _origins_query(thing, Base(own)))
    of_copies = await words_of_copies(app_state)
    return tuple(
        StatementOrigin(
            Triple(row["s"], row["p"], row["o"]),  # type: ignore[arg-type] # as it stands in data
            row["g"].value,
            _literal(row.get("words")),
            _literal(row.get("start")),
            _literal(row.get("end")),
            _literal(row.get("locator")),
            _literal(row.get("address")),
            of_copies.get(row["g"].value),
        )
        for row in found
    )


def _mentioned(origins: Iterable[StatementOrigin]) -> Iterator[Triple]:
    """Statements with the graphs and sources as terms, so that these get names too."""
    graphs = (name for each in origins for name in (each.graph, each.source))
    return (Triple(NamedNode(name), TYPE, NamedNode(name)) for name in graphs)


def _literal(term: Term | None) -> Literal | None:
    return term if isinstance(term, Literal) else None


def _origins_query(thing: NamedNode, own: Base) -> str:
    words, start, end = map(own.term, ("exactText", "start", "end"))
    passage, locator, address = map(own.term, ("Passage", "locator", "officialAddress"))
    return (
        "SELECT DISTINCT ?s ?p ?o ?g ?words ?start ?end ?locator ?address { "
        f"{{ VALUES ?s {{ {thing} }} GRAPH ?g {{ ?s ?p ?o }} }} UNION "
        f"{{ VALUES ?o {{ {thing} }} GRAPH ?g {{ ?s ?p ?o }} ?g a {passage} FILTER isIRI(?s) }} "
        "FILTER (!isBlank(?o)) "
        f"OPTIONAL {{ ?g {words} ?words }} OPTIONAL {{ ?g {start} ?start }} "
        f"OPTIONAL {{ ?g {end} ?end }} OPTIONAL {{ ?g {locator} ?locator }} "
        f"OPTIONAL {{ ?g {address} ?address }} "
        '} ORDER BY STRBEFORE(STR(?g), "#") ?start ?end ?g ?s ?p ?o '
        f"LIMIT {MAX_PASSAGES}"
    )


async def names_of(app_state: AppState, triples: Iterable[Triple]) -> tuple[Triple, ...]:
    """Return the statements that name the IRIs in the triples."""
    linked = _linked(triples)
    pieces = [linked[at : at + _MAX_NAMED] for at in range(0, len(linked), _MAX_NAMED)]
    found = [triple for piece in pieces for triple in await graph(app_state, _names(piece))]
    return _sorted(found)


def _linked(triples: Iterable[Triple]) -> list[NamedNode]:
    """The IRIs in the statements, each once."""
    terms = {term for t in triples for term in (t.subject, t.predicate, t.object)}
    return sorted((term for term in terms if isinstance(term, NamedNode)), key=str)


def _names(iris: Iterable[NamedNode]) -> str:
    """A query for the names of the things. It filters all statements about each, since a second
    VALUES would be joined with all names in the dataset."""
    return (
        "CONSTRUCT { ?s ?p ?o } WHERE { "
        f"VALUES ?s {{ {' '.join(map(str, iris))} }} ?s ?p ?o "
        f"FILTER (?p IN ({', '.join(map(str, NAMES))})) }}"
    )


def triples(found: ThingDocument, dataset: str, modified: str) -> tuple[Triple, ...]:
    """Return all statements of the document, and those about itself: its topic, its dataset, the
    time of its last change, and the passages it is based on."""
    itself = NamedNode(found.iri)
    passages = {triple.subject for triple in found.passages}
    about = [
        Triple(itself, TYPE, NamedNode(f"{FOAF}Document")),
        Triple(itself, NamedNode(f"{FOAF}primaryTopic"), found.thing),
        Triple(itself, NamedNode(f"{VOID}inDataset"), NamedNode(dataset)),
        Triple(
            itself,
            NamedNode(f"{DCTERMS}modified"),
            Literal(modified, datatype=NamedNode(f"{XSD}dateTime")),
        ),
        *(Triple(itself, NamedNode(f"{DCTERMS}source"), passage) for passage in passages),
    ]
    if found.cut:
        about.append(Triple(itself, NamedNode(f"{RDFS}comment"), Literal(CUT, language="en")))
    return _sorted((*_all_statements(found), *found.names, *found.passages, *about))


def _all_statements(found: ThingDocument) -> tuple[Triple, ...]:
    return (*found.statements, *found.nodes, *found.incoming)


def _passages(own: Base, origins: Iterable[StatementOrigin]) -> Iterator[Triple]:
    """The statements about the passages among the graphs: their words and offsets, or locators."""
    for origin in origins:
        if origin.is_passage:
            passage = NamedNode(origin.graph)
            yield Triple(passage, TYPE, own.term("Passage"))
            for name, value in (
                ("exactText", origin.words),
                ("start", origin.start),
                ("end", origin.end),
                ("locator", origin.locator),
                ("officialAddress", origin.address),
            ):
                if value is not None:
                    yield Triple(passage, own.term(name), value)
