"""The tool that lists the vocabulary: prefixes, classes, properties, concepts, saved queries."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Annotated, Any, Final, Literal, final

from pydantic import Field
from pyoxigraph import NamedNode

from spacepolicy.namespaces import RDFS
from spacepolicy.saved_queries import SavedQuery
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.linked_data import hierarchy
from spacepolicy.web.linked_data.vocabulary import OntologyWords
from spacepolicy.web.mcp.answer import Answer, fitted
from spacepolicy.web.mcp.evidence import named
from spacepolicy.web.mcp.tool_request import Arguments, ToolRequest
from spacepolicy.web.tables import short_name

_QUERIES: Final = {
    "classes": hierarchy.CLASSES,
    "properties": hierarchy.PROPERTIES,
    "concepts": hierarchy.CONCEPTS,
}
_ENDS: Final = (
    f'SELECT DISTINCT ?term ?end ?class {{ VALUES (?end ?by) {{ ("domain" <{RDFS}domain>) '
    f'("range" <{RDFS}range>) }} GRAPH ?ontology {{ ?term ?by ?class FILTER isIRI(?class) }} }} '
    "ORDER BY ?term ?end ?class"
)
"""The stated domains and ranges of properties; inference would add all wider classes."""


@final
class DescribeVocabulary(Arguments):
    """The arguments of `describe_vocabulary`."""

    part: Annotated[
        Literal["classes", "properties", "concepts", "saved_queries"],
        Field(description="what to list"),
    ]
    text: Annotated[
        str, Field(max_length=200, description="list only what has this in its name or meaning")
    ] = ""
    start: Annotated[int, Field(ge=0, description="how many to pass over")] = 0
    limit: Annotated[int, Field(ge=1, le=500, description="the most to list")] = 100


async def described_vocabulary(request: ToolRequest, given: DescribeVocabulary) -> Answer:
    """Return a part of the vocabulary."""
    if given.part == "saved_queries":
        query, every = request.address("/queries"), [*_saved(request.service.catalogue)]
    else:
        query, every = _QUERIES[given.part], await _terms(request, given.part)
    fitting = (each for each in every if _has(each, given.text.casefold()))
    listed, more = fitted(islice(fitting, given.start, None), given.limit)
    members: dict[str, Any] = {"prefixes": dict(request.service.revision.prefixes)}
    members[given.part] = listed
    if more:
        members["next_start"] = given.start + len(listed)
    return Answer("found" if listed else "none", query, members, more)


def _has(value: object, text: str) -> bool:
    match value:
        case str():
            return text in value.casefold()
        case dict():
            return not text or any(_has(each, text) for each in value.values())
        case list():
            return any(_has(each, text) for each in value)
        case _:
            return False


def _saved(catalogue: Iterable[SavedQuery]) -> Iterator[dict[str, Any]]:
    for query in catalogue:
        yield {
            "name": query.name,
            "title": dict(query.title),
            "description": dict(query.description),
            "parameters": [
                {"name": each.name, "type": each.type, "required": each.required}
                | ({} if each.default is None else {"default": each.default})
                for each in query.parameters
            ],
            "columns": list(query.columns),
        }


async def _terms(request: ToolRequest, part: str) -> list[dict[str, Any]]:
    """The terms of the part with names and definitions, sorted by IRI."""
    terms, meanings = (
        await request.knowledge_cache.terms(),
        await request.knowledge_cache.vocabulary(),
    )
    tree = terms.trees[tuple(_QUERIES).index(part)]
    ends = await _ends(request) if part == "properties" else {}
    names = named(terms.named, [NamedNode(iri) for iri in tree.counts])
    return [
        {
            **_meaning(request, iri, names, meanings),
            "count": tree.counts[iri],
            "parents": [short_name(request.service, each) for each in sorted(tree.parents[iri])],
            **ends.get(iri, {}),
        }
        for iri in sorted(tree.counts)
    ]


def _meaning(
    request: ToolRequest,
    iri: str,
    names: Mapping[str, Mapping[str, str]],
    meanings: OntologyWords,
) -> dict[str, Any]:
    replaced = meanings.deprecated.get(iri)
    return {
        "iri": iri,
        "name": short_name(request.service, iri),
        "labels": names.get(iri, {}),
        "definition": meanings.definitions.get(iri, {}),
        **({"replaced_by": [*replaced.stated, *replaced.asked]} if replaced else {}),
    }


async def _ends(request: ToolRequest) -> dict[str, dict[str, list[str]]]:
    """The domain and range of properties, as names."""
    found: dict[str, dict[str, list[str]]] = {}
    for row in await rows(request.app_state, _ENDS):
        name = short_name(request.service, row["class"].value)
        found.setdefault(row["term"].value, {}).setdefault(row["end"].value, []).append(name)
    return found
