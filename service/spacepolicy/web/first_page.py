"""The documents that the first page offers to read: policies, and the sources that report them."""

from spacepolicy.namespaces import RDFS, Base
from spacepolicy.web.answering import asking
from spacepolicy.web.answering.desk import Desk
from spacepolicy.web.linked_data.vocabulary import cell_of
from spacepolicy.web.reading import reader
from spacepolicy.web.tables import Cell


async def documents(desk: Desk) -> list[Cell]:
    """Whatever has parts and is part of nothing, then whatever passages are quoted from."""
    own = desk.service.revision.base
    if own is None:
        return []
    part_of, source = Base(own).term("isPartOf"), Base(own).term("source")
    found = await asking.rows(
        desk,
        "SELECT ?thing ?place ?name { "
        f"{{ SELECT DISTINCT ?thing (1 AS ?place) {{ [] {part_of} ?thing "
        f"FILTER NOT EXISTS {{ ?thing {part_of} [] }} }} }} UNION "
        f"{{ SELECT DISTINCT ?thing (2 AS ?place) {{ [] {source} ?thing }} }} "
        f"?thing <{RDFS}label>|<http://purl.org/dc/terms/title> ?name "
        "} ORDER BY ?place ?thing ?name",
    )
    names: dict[str, dict[str, str]] = {}
    for row in found:
        language = getattr(row["name"], "language", None) or ""
        names.setdefault(row["thing"].value, {}).setdefault(language, row["name"].value)
    return [cell_of(desk.service, iri, each, reader().language) for iri, each in names.items()]
