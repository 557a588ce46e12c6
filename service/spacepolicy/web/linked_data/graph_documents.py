"""Documents of named graphs: sources with their passages, ontologies, and all others.

Each has the statements of the named graph with its IRI. The IRI of an ontology's current version
returns the ontology, that of an earlier version the earlier statements; both keep their blank
nodes, so that they can be read as OWL. In other documents blank nodes become IRIs.

Spec: https://www.w3.org/TR/owl2-syntax/#Ontology_Documents, https://www.rfc-editor.org/rfc/rfc5147
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from spacepolicy.errors import NotFoundError
from spacepolicy.namespaces import OWL, Base
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import graph, rows
from spacepolicy.web.answering.service_graph import service_graph
from spacepolicy.web.answering.verifying import cited_in, words_of_copies
from spacepolicy.web.linked_data.documents import names_of
from spacepolicy.web.linked_data.part_statements import natural
from spacepolicy.web.linked_data.skolem import skolemised

ONTOLOGY: Final = "/ontology"
SOURCE: Final = "/source/"
_VERSION: Final = f"<{OWL}versionIRI>"


@final
@dataclass(frozen=True, slots=True)
class PassageDocument:
    """A passage of a source, its words and offsets, and its statements."""

    iri: NamedNode
    words: Literal
    start: int
    end: int
    statements: tuple[Triple, ...]


@final
@dataclass(frozen=True, slots=True)
class ReferenceDocument:
    """A passage by reference: its locator and address, its words in a copy, and its statements."""

    iri: NamedNode
    locator: str
    address: str | None
    words: str | None
    statements: tuple[Triple, ...]


@final
@dataclass(frozen=True, slots=True)
class GraphDocument:
    """The statements of a named graph; `version` is the IRI of the ontology's version. A source has
    passages in the order of the text, and references in the order of their locators. `names` are
    the names of all linked things."""

    thing: NamedNode
    statements: tuple[Triple, ...]
    version: str | None
    passages: tuple[PassageDocument, ...]
    references: tuple[ReferenceDocument, ...]
    names: tuple[Triple, ...]


async def graph_document(
    app_state: AppState, path: str, asked: NamedNode, iri: str
) -> GraphDocument:
    """Return the document of the graph `asked`, which is served at `iri`.

    Raises: NotFoundError where there is no graph of that name.
    """
    ontology = path == ONTOLOGY or path.startswith(f"{ONTOLOGY}/")
    thing = await _ontology_of(app_state, asked) if ontology else asked
    stated = await _statements(app_state, thing)
    if not stated:
        raise NotFoundError(f"There is no graph <{asked.value}>.")
    statements = stated if ontology else tuple(skolemised(stated, iri))
    passages: tuple[PassageDocument, ...] = ()
    references: tuple[ReferenceDocument, ...] = ()
    if path.startswith(SOURCE):
        by_passage = await _passage_statements(app_state, thing)
        passages = await _passages(app_state, thing, by_passage)
        references = await _references(app_state, thing, by_passage)
    stated_in = (*(each.statements for each in passages), *(each.statements for each in references))
    linked = (*statements, *(triple for triples in stated_in for triple in triples))
    return GraphDocument(
        thing=thing,
        statements=tuple(sorted(statements, key=str)),
        version=await _version(app_state, thing, statements),
        passages=passages,
        references=references,
        names=await names_of(app_state, linked),
    )


async def _statements(app_state: AppState, thing: NamedNode) -> tuple[Triple, ...]:
    """The statements of the graph; the service graph is not in the dataset."""
    if thing.value == service_graph(app_state.service):
        lines = await app_state.service_graph.of(app_state.service)
        return tuple(quad.triple for quad in parse(lines, format=RdfFormat.N_TRIPLES))
    return await graph(app_state, f"CONSTRUCT {{ ?s ?p ?o }} FROM {thing} {{ ?s ?p ?o }}")


async def _ontology_of(app_state: AppState, asked: NamedNode) -> NamedNode:
    """The ontology whose current version is asked for; else the requested graph itself."""
    found = await rows(app_state, f"SELECT ?o {{ GRAPH ?o {{ ?o {_VERSION} {asked} }} }} LIMIT 1")
    ontology = found[0]["o"] if found else asked
    return ontology if isinstance(ontology, NamedNode) else asked


async def _version(
    app_state: AppState, thing: NamedNode, statements: Iterable[Triple]
) -> str | None:
    """The IRI of the ontology's current version, also for statements of an earlier version."""
    versions = [t for t in statements if str(t.predicate) == _VERSION]
    for ontology, _, version in versions:
        if version == thing:
            query = f"SELECT ?version {{ GRAPH {ontology} {{ {ontology} {_VERSION} ?version }} }}"
            return next((row["version"].value for row in await rows(app_state, query)), None)
        if ontology == thing and isinstance(version, NamedNode):
            return version.value
    return None


SaidIn = Mapping[str, Sequence[Triple]]
"""The statements of each passage, by its IRI."""


async def _passage_statements(app_state: AppState, source: NamedNode) -> SaidIn:
    own = app_state.service.revision.base
    stated: dict[str, list[Triple]] = {}
    for row in await rows(app_state, _passage_statements_query(source, Base(own))) if own else ():
        triple = Triple(row["s"], row["p"], row["o"])  # type: ignore[arg-type] # as in data
        stated.setdefault(row["passage"].value, []).append(triple)
    return stated


async def _passages(
    app_state: AppState, source: NamedNode, by_passage: SaidIn
) -> tuple[PassageDocument, ...]:
    own = app_state.service.revision.base
    found: dict[NamedNode, PassageDocument] = {}
    for row in await rows(app_state, _passages_query(source, Base(own))) if own else ():
        passage, words = row["passage"], row["words"]
        if isinstance(passage, NamedNode) and isinstance(words, Literal):
            start, end = int(row["start"].value), int(row["end"].value)
            statements = tuple(by_passage.get(passage.value, ()))
            found.setdefault(passage, PassageDocument(passage, words, start, end, statements))
    return tuple(found.values())


async def _references(
    app_state: AppState, source: NamedNode, by_passage: SaidIn
) -> tuple[ReferenceDocument, ...]:
    cited = [each for each in await cited_in(app_state, source.value) if each.locator is not None]
    words = await words_of_copies(app_state) if cited else {}
    return tuple(
        ReferenceDocument(
            NamedNode(each.passage),
            each.locator or "",
            each.address,
            words.get(each.passage),
            tuple(by_passage.get(each.passage, ())),
        )
        for each in sorted(cited, key=lambda each: natural(each.locator or ""))
    )


def _passages_query(source: NamedNode, own: Base) -> str:
    in_source, words, start, end = map(own.term, ("source", "exactText", "start", "end"))
    return (
        "SELECT ?passage ?words ?start ?end { "
        f"?passage {in_source} {source} ; {words} ?words ; {start} ?start ; {end} ?end }} "
        "ORDER BY ?start DESC(?end)"
    )


def _passage_statements_query(source: NamedNode, own: Base) -> str:
    return (
        f"SELECT ?passage ?s ?p ?o {{ ?passage {own.term('source')} {source} "
        "GRAPH ?passage { ?s ?p ?o } } ORDER BY ?passage ?s ?p ?o"
    )
