"""`/llms.txt`: what the service is and how to query it, for language models and their users.

Spec: https://llmstxt.org/
"""

from collections.abc import Iterator
from typing import Final

from fastapi import Request

from spacepolicy import formats
from spacepolicy.formats import Format
from spacepolicy.namespaces import DCTERMS
from spacepolicy.saved_queries import SavedQuery
from spacepolicy.web.answering.representation import (
    DeferredRepresentation,
    Representation,
    representation,
)
from spacepolicy.web.harvesting.dataset_metadata import DatasetMetadata, MetadataCache
from spacepolicy.web.i18n import WORDS
from spacepolicy.web.locale import LANGUAGES
from spacepolicy.web.routes import Handler
from spacepolicy.web.service import Service

LLMS: Final = "/llms.txt"
MARKDOWN: Final = Format("markdown", "Markdown", "page", "text/markdown", "md")
_ENGLISH: Final = LANGUAGES[0]


def llms_file(metadata: MetadataCache) -> Handler:
    """Return the handler of `/llms.txt`."""
    state = metadata.state

    @representation(state, offers=(MARKDOWN,), negotiated=False)
    async def llms(request: Request) -> DeferredRepresentation:
        """What the service is and how it is asked, for language models."""
        origin = state.service.url(request.scope, "")

        async def make() -> Representation:
            lines = _lines(state.service, origin, await metadata.get())
            return Representation("\n".join(lines).encode() + b"\n")

        return DeferredRepresentation(LLMS, make)

    return llms


def _lines(service: Service, origin: str, own: DatasetMetadata) -> Iterator[str]:
    yield f"# {_one_line(own.text(f'{DCTERMS}title', _ENGLISH) or 'spacepolicy')}"
    yield ""
    yield f"> {WORDS[_ENGLISH]['lead']}"
    yield ""
    description = own.text(f"{DCTERMS}description", _ENGLISH)
    if description is not None:
        yield from (_one_line(description), "")
    counts = service.revision.counts
    yield (
        f"Revision {service.revision.number} of {service.revision.time[:10]} has "
        f"{counts.record:,} statements that were made and {counts.inferred:,} that follow from "
        f"them. Names of things are in {', '.join(own.languages) or 'no language that is marked'}."
    )
    yield from _asking(service, origin)
    yield from _saved(service.catalogue, origin)
    yield from _descriptions(origin)


def _asking(service: Service, origin: str) -> Iterator[str]:
    """How to query, search and resolve IRIs."""
    names = ", ".join(each.name for each in formats.offered("solutions", "columns", "graph"))
    prefixes = ", ".join(
        f"`{prefix}:` <{iri}>" for prefix, iri in service.revision.prefixes.items()
    )
    yield from ("", "## How to ask", "")
    yield f"- [SPARQL 1.1]({origin}/sparql): `GET {origin}/sparql?query=…&format=csv`, or by POST."
    yield f"  Formats: {names}. A query has {service.timeout_seconds:g} s."
    yield f"  Prefixes that need no declaration: {prefixes or 'none'}."
    yield "  The default graph holds all that is stated and what follows from it;"
    yield "  `GRAPH ?passage { … }` leads from a statement to the words that make it."
    yield f"- Search: `{origin}/search?q=…&format=json` finds things by their names and words,"
    yield "  in any language, misspelt or only begun."
    yield f"- [Saved questions]({origin}/queries): each has a name, parameters and columns;"
    yield f"  `{origin}/queries/NAME?PARAMETER=…&format=csv`."
    if service.revision.base is not None:
        yield f"- Every IRI below <{service.revision.base}> answers at the same path here, with"
        yield "  `Accept: text/turtle` or `application/ld+json`. An IRI that is not known is a 404;"
        yield "  do not guess others: search."
    yield f"- Proofs: `{origin}/explain?s=…&p=…&o=…` says why a statement holds."
    yield f"- Names in tables: `{origin}/reconcile` (Reconciliation Service API 0.2) says"
    yield "  which things they mean; an IRI that is not known is nothing there, never a near one."
    yield f"- Tools for agents: `{origin}/mcp` speaks the Model Context Protocol (streamable HTTP)."
    yield "- Errors are JSON (RFC 9457) and say what to do. `?revision=N` asks an earlier state;"
    yield "  the field X-Dataset-Revision says which one an answer is of: cite it."


def _saved(catalogue: tuple[SavedQuery, ...], origin: str) -> Iterator[str]:
    """The saved queries with their titles."""
    if not catalogue:
        return
    yield from ("", "## Saved questions", "")
    for query in catalogue:
        title = _one_line(query.title[_ENGLISH])
        taken = ", ".join(each.name for each in query.parameters)
        yield f"- [{title}]({origin}/queries/{query.name}){f': {taken}' if taken else ''}"


def _descriptions(origin: str) -> Iterator[str]:
    """The machine-readable descriptions."""
    yield from ("", "## Descriptions", "")
    for title, path in (
        ("OpenAPI", "/openapi.json"),
        ("DCAT-AP catalogue", "/catalog"),
        ("VoID, with counts by class and property", "/.well-known/void"),
        ("The ontology", "/ontology"),
        ("The whole dataset in N-Quads", "/dump.nq"),
        ("Changes between revisions", "/revisions"),
        ("Pages", "/sitemap.xml"),
    ):
        yield f"- [{title}]({origin}{path})"


def _one_line(text: str) -> str:
    return " ".join(text.split())
