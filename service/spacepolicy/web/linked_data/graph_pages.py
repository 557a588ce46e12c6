"""Sources, ontologies and named graphs as pages."""

from collections.abc import Iterable, Sequence
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy import formats
from spacepolicy.web import pages
from spacepolicy.web.linked_data.graph_documents import GraphDocument, Passage
from spacepolicy.web.linked_data.resource_pages import (
    Group,
    Link,
    Names,
    Statements,
    Value,
    alternates,
)
from spacepolicy.web.service import Service

MAX_LISTED: Final = 500


def described_page(service: Service, found: GraphDocument) -> str:
    """The page of a description that is not in the dataset; its formats are chosen by Accept and
    by `?format=`."""
    rows = [(f"?format={each.name}", each) for each in formats.offered("graph")]
    return _page(service, found, rows)


def graph_page(service: Service, found: GraphDocument, path: str) -> str:
    """The page about the graph that answers at the path: what it says of itself, its passages
    where it is a source, and the things of which it speaks."""
    return _page(service, found, alternates(service, path))


def _page(
    service: Service, found: GraphDocument, formats_: Sequence[tuple[str, formats.Format]]
) -> str:
    names = Names(service, (*found.names, *found.statements))
    about = Statements(names, found.statements)
    things = sorted(_things(found, names), key=lambda link: link.text)
    return pages.render(
        "graph.html",
        service,
        thing=names.link(found.thing),
        other_names=names.others(found.thing),
        groups=about.groups(found.thing),
        count=len(found.statements),
        passages=[_shown(names, passage) for passage in found.passages],
        things=[] if found.passages else things[:MAX_LISTED],
        more=0 if found.passages else max(len(things) - MAX_LISTED, 0),
        alternates=formats_,
    )


def _things(found: GraphDocument, names: Names) -> Iterable[Link]:
    """What the graph speaks of, beside itself."""
    subjects = {triple.subject for triple in found.statements} - {found.thing}
    return (names.link(each) for each in subjects if isinstance(each, NamedNode))


def _shown(names: Names, passage: Passage) -> tuple[str, str, Literal, list[tuple[Link, Group]]]:
    """The passage's fragment, its IRI, its words, and what it says."""
    fragment = passage.iri.value.partition("#")[2]
    said = [found for triple in passage.statements if (found := _statement(names, triple))]
    return fragment, passage.iri.value, passage.words, said


def _statement(names: Names, triple: Triple) -> tuple[Link, Group] | None:
    if not isinstance(triple.subject, NamedNode):
        return None
    value = Value(text=str(triple.object))
    if isinstance(triple.object, NamedNode):
        value = Value(link=names.link(triple.object))
    elif isinstance(triple.object, Literal):
        value = Value(text=triple.object.value, language=triple.object.language)
    return names.link(triple.subject), Group(names.link(triple.predicate), (value,))
