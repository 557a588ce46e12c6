"""A cache of documents and of the ontologies' contents, for the served revision."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, final

from pyoxigraph import NamedNode

from spacepolicy.errors import NotFoundError
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.revision_cache import RevisionCache
from spacepolicy.web.iri_routing import Address
from spacepolicy.web.linked_data.axioms import TermAxioms, read_axioms
from spacepolicy.web.linked_data.comparison import SharedAspects, comparables, shared_aspects
from spacepolicy.web.linked_data.constraints import Constraints, read_constraints
from spacepolicy.web.linked_data.context import JsonLdContext, read_context
from spacepolicy.web.linked_data.documents import ThingDocument, document
from spacepolicy.web.linked_data.hierarchy import TermTrees, below, hierarchy, read_terms
from spacepolicy.web.linked_data.terms import TermIn, TermPage, kind_of, term_page
from spacepolicy.web.linked_data.vocabulary import OntologyWords, read_vocabulary
from spacepolicy.web.request_context import current_locale

_DOCUMENTS_HELD: Final = 64
"""How many documents are cached, for clients that read one in several formats or languages; one has
up to some MiB."""


def _called(near: Mapping[str, Any]) -> str:
    """The name of a thing, in the reader's language if it has one."""
    names: Mapping[str, str] = near["names"]
    return names.get(current_locale().language) or next(iter(names.values()), near["iri"])


Near = Callable[[str], Awaitable[list[dict[str, Any]]]]
"""Finds things with names similar to a path."""


@final
class KnowledgeCache:
    """Caches documents, the JSON-LD context and the ontologies' contents of the served revision."""

    def __init__(self, app_state: AppState, near: Near) -> None:
        self.app_state = app_state
        self._near = near
        self._documents: RevisionCache[ThingDocument] = RevisionCache(_DOCUMENTS_HELD)
        self._bare_documents: RevisionCache[ThingDocument] = RevisionCache(_DOCUMENTS_HELD)
        self._contexts: RevisionCache[JsonLdContext] = RevisionCache(1)
        self._vocabularies: RevisionCache[OntologyWords] = RevisionCache(1)
        self._axioms: RevisionCache[TermAxioms] = RevisionCache(1)
        self._constraints: RevisionCache[Constraints] = RevisionCache(1)
        self._terms: RevisionCache[TermTrees] = RevisionCache(1)
        self._comparables: RevisionCache[tuple[NamedNode, ...]] = RevisionCache(1)
        self._shared: RevisionCache[SharedAspects] = RevisionCache(1)

    async def context(self) -> JsonLdContext:
        """Return the JSON-LD context."""
        return await self._contexts.get(
            self.app_state.edition, "", lambda: read_context(self.app_state)
        )

    async def vocabulary(self) -> OntologyWords:
        """Return the definitions and modules of the ontology's terms."""
        return await self._vocabularies.get(
            self.app_state.edition, "", lambda: read_vocabulary(self.app_state)
        )

    async def axioms(self) -> TermAxioms:
        """Return the axioms of the ontologies."""
        return await self._axioms.get(
            self.app_state.edition, "", lambda: read_axioms(self.app_state)
        )

    async def constraints(self) -> Constraints:
        """Return the constraints of the shapes."""
        return await self._constraints.get(
            self.app_state.edition, "", lambda: read_constraints(self.app_state)
        )

    async def terms(self) -> TermTrees:
        """Return the terms that the ontologies define."""
        return await self._terms.get(self.app_state.edition, "", lambda: read_terms(self.app_state))

    async def term(self, found: ThingDocument) -> TermPage | None:
        """Return what the page of a term shows besides its document; None for other things."""
        kind, app_state = kind_of(found), self.app_state
        if kind is None:
            return None
        axioms, constraints = await self.axioms(), await self.constraints()
        tree = hierarchy(app_state.service, await self.vocabulary(), await self.terms())
        narrower = below(tree, found.thing.value)
        return await term_page(app_state, found, TermIn(kind, axioms, constraints, narrower))

    async def comparables(self) -> tuple[NamedNode, ...]:
        """Return the things that can be compared with each other."""
        return await self._comparables.get(
            self.app_state.edition, "", lambda: comparables(self.app_state)
        )

    async def shared_aspects(self) -> SharedAspects:
        """Return how many aspects each pair of comparable things shares."""
        things = await self.comparables()
        return await self._shared.get(
            self.app_state.edition, "", lambda: shared_aspects(self.app_state, things)
        )

    async def not_found(self, asked: Address) -> NotFoundError:
        """Return the problem for an unknown IRI, which lists things with similar names."""
        near = await self._near(asked.path)
        named = [_called(each) for each in near]
        hint = f" Near it: {', '.join(named)}." if named else ""
        older = self.app_state.number != self.app_state.service.history.current.number
        then = f" in revision {self.app_state.number}" if older else ""
        return NotFoundError(
            f"Nothing is known of <{asked.iri.value}>{then}.{hint}", extras={"near": near}
        )

    async def document(self, thing: NamedNode, iri: str) -> ThingDocument:
        """Return the document with the IRI `iri` about the thing.

        Raises: NotFoundError where the dataset says nothing of it.
        """
        return await self._documents.get(
            self.app_state.edition, iri, lambda: document(self.app_state, thing, iri)
        )

    async def bare_document(self, thing: NamedNode, iri: str) -> ThingDocument:
        """Return the document without the links to the thing, for pages, which count the links.

        Raises: NotFoundError where the dataset says nothing of it.
        """
        return await self._bare_documents.get(
            self.app_state.edition,
            iri,
            lambda: document(self.app_state, thing, iri, max_incoming=0),
        )
