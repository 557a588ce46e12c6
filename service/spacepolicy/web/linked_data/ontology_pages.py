"""The pages of the ontology: its terms as trees and diagrams, or the whole of it to read and
print."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from pyoxigraph import NamedNode

from spacepolicy.namespaces import RDFS, SKOS
from spacepolicy.web import pages
from spacepolicy.web.linked_data.axioms import Axiom
from spacepolicy.web.linked_data.class_diagram_svg import (
    relation_diagram,
    relations,
    tree_diagram,
)
from spacepolicy.web.linked_data.graph_documents import ONTOLOGY, GraphDocument
from spacepolicy.web.linked_data.hierarchy import Term, deprecation, flat, hierarchy
from spacepolicy.web.linked_data.knowledge_cache import KnowledgeCache
from spacepolicy.web.linked_data.labels import Labels
from spacepolicy.web.linked_data.resource_pages import PropertyGroups, alternates
from spacepolicy.web.request_context import current_locale

_QUERY: Final = f"""SELECT ?term ?name ?definition {{
  ?term <{RDFS}isDefinedBy> ?module ; <{RDFS}label> ?name ; <{SKOS}definition> ?definition
}} ORDER BY ?module ?term"""
WHOLE: Final = "whole"
"""The value of `?view=` for the whole ontology on one page."""


@final
@dataclass(frozen=True, slots=True)
class TermEntry:
    """A term and the axioms about it."""

    term: Term
    axioms: tuple[Axiom, ...]


async def ontology_page(
    knowledge_cache: KnowledgeCache, found: GraphDocument, view: str | None
) -> str:
    """Return the page of the ontology: the whole of it, or an overview of its terms."""
    service = knowledge_cache.app_state.service
    axioms, terms = await knowledge_cache.axioms(), await knowledge_cache.terms()
    names = Labels(service, terms.named)
    vocabulary = await knowledge_cache.vocabulary()
    tree = hierarchy(service, vocabulary, terms)

    def entries(tops: Sequence[Term]) -> list[TermEntry]:
        return [
            TermEntry(term, axioms.about.get(NamedNode(term.link.iri), ())) for term in flat(tops)
        ]

    own = Labels(service, (*found.names, *found.statements))
    shown: dict[str, Any] = {
        "thing": own.link(found.thing),
        "other_names": own.others(found.thing),
        "groups": PropertyGroups(own, found.statements).groups(found.thing),
        "hierarchy": tree,
        "names": names,
        "query": _QUERY,
        "alternates": alternates(service, ONTOLOGY),
        "whole_href": current_locale().kept(f"{service.root}{ONTOLOGY}?view={WHOLE}"),
        "glance_href": current_locale().kept(f"{service.root}{ONTOLOGY}"),
    }
    if view == WHOLE:
        return pages.render(
            "ontology-whole.html",
            service,
            classes=entries(tree.classes),
            properties=entries(tree.properties),
            **shown,
        )
    related = relations(axioms, names, tree.classes)
    return pages.render(
        "ontology.html",
        service,
        tree_drawn=tree_diagram(tree.classes),
        relations=related,
        deprecated={iri: deprecation(names, each) for iri, each in vocabulary.deprecated.items()},
        relations_drawn=relation_diagram(related),
        **shown,
    )
