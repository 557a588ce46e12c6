"""Named graphs as pages."""

from collections.abc import Iterable, Sequence
from typing import Final

from markupsafe import Markup
from pyoxigraph import NamedNode

from spacepolicy import formats
from spacepolicy.web import pages
from spacepolicy.web.linked_data.graph_documents import GraphDocument
from spacepolicy.web.linked_data.labels import Labels, Link
from spacepolicy.web.linked_data.resource_pages import PropertyGroups, alternates
from spacepolicy.web.service import Service

MAX_LISTED: Final = 500
"""How many things the page of a graph lists; its other formats have all."""


def described_page(service: Service, found: GraphDocument, dataset: Markup | None = None) -> str:
    """Return the page of a description outside the dataset; other formats are linked by
    `?format=`. `dataset` is a data block of JSON-LD."""
    rows = [(f"?format={each.name}", each) for each in formats.offered("graph")]
    return _page(service, found, rows, dataset=dataset)


def graph_page(service: Service, found: GraphDocument, path: str) -> str:
    """Return the page about the graph served at the path: its statements about itself, and the
    other things it describes."""
    query = f"SELECT ?s ?p ?o FROM {found.thing} {{ ?s ?p ?o }}"  # noqa: S608 # SPARQL, and an IRI
    return _page(service, found, alternates(service, path), query)


def _page(
    service: Service,
    found: GraphDocument,
    formats_: Sequence[tuple[str, formats.Format]],
    query: str | None = None,
    dataset: Markup | None = None,
) -> str:
    names = Labels(service, (*found.names, *found.statements))
    about = PropertyGroups(names, found.statements)
    things = sorted(_things(found, names), key=lambda link: link.text)
    return pages.render(
        "graph.html",
        service,
        thing=names.link(found.thing),
        other_names=names.others(found.thing),
        groups=about.groups(found.thing),
        count=len(found.statements),
        things=things[:MAX_LISTED],
        more=max(len(things) - MAX_LISTED, 0),
        query=query,
        dataset=dataset,
        alternates=formats_,
    )


def _things(found: GraphDocument, names: Labels) -> Iterable[Link]:
    """The other things that the graph describes."""
    subjects = {triple.subject for triple in found.statements} - {found.thing}
    return (names.link(each) for each in subjects if isinstance(each, NamedNode))
