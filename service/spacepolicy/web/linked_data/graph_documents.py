"""IRIs that name documents and graphs: sources with their passages, ontologies, named graphs.

Each answers itself with the statements of the named graph of that IRI. An ontology's version
answers as the ontology whose current version it is; its blank nodes are kept, so that it is read
as OWL. In other documents they are IRIs.

Spec: https://www.w3.org/TR/owl2-syntax/#Ontology_Documents, https://www.rfc-editor.org/rfc/rfc5147
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, final

from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy.errors import NotFoundError
from spacepolicy.namespaces import OWL, Base
from spacepolicy.web.answering.asking import graph, rows
from spacepolicy.web.answering.desk import Desk
from spacepolicy.web.linked_data.documents import names_of
from spacepolicy.web.linked_data.skolem import skolemised

ONTOLOGY: Final = "/ontology"
SOURCE: Final = "/source/"
_VERSION: Final = f"<{OWL}versionIRI>"


@final
@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of a source, its words, and what it says."""

    iri: NamedNode
    words: Literal
    start: int
    end: int
    statements: tuple[Triple, ...]


@final
@dataclass(frozen=True, slots=True)
class GraphDocument:
    """The statements of a named graph; `version` is the IRI of the ontology's version. Of a
    source there are its passages in the order of the text. `names` name whatever is linked."""

    thing: NamedNode
    statements: tuple[Triple, ...]
    version: str | None
    passages: tuple[Passage, ...]
    names: tuple[Triple, ...]


async def graph_document(desk: Desk, path: str, asked: NamedNode, iri: str) -> GraphDocument:
    """The document of that IRI, which answers at `iri`.

    Raises: NotFoundError where there is no graph of that name.
    """
    ontology = path == ONTOLOGY or path.startswith(f"{ONTOLOGY}/")
    thing = await _ontology_of(desk, asked) if ontology else asked
    said = await graph(desk, f"CONSTRUCT {{ ?s ?p ?o }} FROM {thing} {{ ?s ?p ?o }}")
    if not said:
        raise NotFoundError(f"There is no graph <{asked.value}>.")
    statements = said if ontology else tuple(skolemised(said, iri))
    passages = await _passages(desk, thing) if path.startswith(SOURCE) else ()
    linked = (*statements, *(t for passage in passages for t in passage.statements))
    return GraphDocument(
        thing=thing,
        statements=tuple(sorted(statements, key=str)),
        version=_version(thing, statements),
        passages=passages,
        names=await names_of(desk, linked),
    )


async def _ontology_of(desk: Desk, asked: NamedNode) -> NamedNode:
    """The ontology whose version is asked for; else what is asked for itself."""
    found = await rows(desk, f"SELECT ?o {{ GRAPH ?o {{ ?o {_VERSION} {asked} }} }} LIMIT 1")
    ontology = found[0]["o"] if found else asked
    return ontology if isinstance(ontology, NamedNode) else asked


def _version(thing: NamedNode, statements: Iterable[Triple]) -> str | None:
    found = (
        t.object.value
        for t in statements
        if t.subject == thing and str(t.predicate) == _VERSION and isinstance(t.object, NamedNode)
    )
    return next(found, None)


async def _passages(desk: Desk, source: NamedNode) -> tuple[Passage, ...]:
    own = desk.service.revision.base
    if own is None:
        return ()
    found: dict[NamedNode, Passage] = {}
    said: dict[NamedNode, list[Triple]] = {}
    for row in await rows(desk, _passages_query(source, Base(own))):
        passage, words = row["passage"], row["words"]
        if isinstance(passage, NamedNode) and isinstance(words, Literal):
            start, end = int(row["start"].value), int(row["end"].value)
            found.setdefault(passage, Passage(passage, words, start, end, ()))
    for row in await rows(desk, _said_query(source, Base(own))):
        if isinstance(passage := row["passage"], NamedNode):
            triple = Triple(row["s"], row["p"], row["o"])  # type: ignore[arg-type] # as in data
            said.setdefault(passage, []).append(triple)
    return tuple(replace(each, statements=tuple(said.get(iri, ()))) for iri, each in found.items())


def _passages_query(source: NamedNode, own: Base) -> str:
    in_source, words, start, end = map(own.term, ("source", "exactText", "start", "end"))
    return (
        "SELECT ?passage ?words ?start ?end { "
        f"?passage {in_source} {source} ; {words} ?words ; {start} ?start ; {end} ?end }} "
        "ORDER BY ?start DESC(?end)"
    )


def _said_query(source: NamedNode, own: Base) -> str:
    return (
        f"SELECT ?passage ?s ?p ?o {{ ?passage {own.term('source')} {source} "
        "GRAPH ?passage { ?s ?p ?o } } ORDER BY ?passage ?s ?p ?o"
    )
