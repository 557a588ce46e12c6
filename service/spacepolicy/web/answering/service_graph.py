"""The service's description of itself, for query editors: prefixes, saved queries as examples, and
which classes and properties are used together.

It is not part of the dataset, and so not counted. It is generated on demand, once per revision;
`engine/description_terms.py` decides which queries use it.

Spec: https://www.w3.org/TR/void/, http://ldf.fi/void-ext, https://www.w3.org/TR/shacl-af/
"""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final, final

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, serialize

from spacepolicy.engine.answer_frames import Data
from spacepolicy.engine.description_terms import (
    VOID,
    VOID_EXT,
    asks_description,
    may_ask_description,
)
from spacepolicy.engine.port import ask
from spacepolicy.engine.requests import Query
from spacepolicy.errors import ResultLimitError, TimeLimitError
from spacepolicy.namespaces import RDF, RDFS, SH, XSD, Base
from spacepolicy.saved_queries import SavedQuery
from spacepolicy.web.i18n import WORDS
from spacepolicy.web.service import Service

_log: Final = logging.getLogger(__name__)
_TYPE: Final = NamedNode(f"{RDF}type")
_TYPES: Final = """{{ SELECT ?{0} (GROUP_CONCAT(STR(?class); separator=" ") AS ?{1})
    {{ ?{0} a ?class FILTER isIRI(?class) }} GROUP BY ?{0} }}"""
"""The classes of a resource as one value: counting resources with the same classes together takes a
tenth of the time of counting each class of a subject with each class of an object."""
_ENTITIES: Final = f"SELECT ?of (COUNT(*) AS ?n) {{ {_TYPES.format('s', 'of')} }} GROUP BY ?of"
_USES: Final = f"""SELECT ?of ?property ?to ?datatype (COUNT(*) AS ?n) {{
  {_TYPES.format("s", "of")}
  ?s ?property ?o BIND(DATATYPE(?o) AS ?datatype)
  OPTIONAL {{ {_TYPES.format("o", "to")} }}
}} GROUP BY ?of ?property ?to ?datatype"""
_BROADER: Final = f"""SELECT ?class ?broader {{
  ?class <{RDFS}subClassOf> ?broader FILTER(isIRI(?class) && isIRI(?broader) && ?class != ?broader)
}}"""
_LABELS: Final = f"""SELECT ?term ?label {{
  VALUES ?term {{ %s }} ?term <{RDFS}label> ?label
}} ORDER BY ?term LANG(?label)"""
_BETWEEN_LANGUAGES: Final = " · "
"""Editors ask for one label without a language: it joins those of all languages, English first."""
Rows = list[dict[str, Any]]


@final
@dataclass(slots=True)
class ClassUses:
    """How many instances each class has, how often these use each property, and how often with
    objects of which class or datatype."""

    entities: Counter[str] = field(default_factory=Counter)
    properties: Counter[tuple[str, str]] = field(default_factory=Counter)
    objects: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    datatypes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def terms(self) -> set[str]:
        """The classes and properties."""
        return {*self.entities, *(name for _, name in self.properties)}


@final
class ServiceGraph:
    """Caches the description of the revision asked about last."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._known: tuple[int, str] | None = None

    async def of(self, service: Service) -> str:
        """Return the description as N-Triples; empty where there is no such graph."""
        base = service.revision.base
        if base is None or service_graph(service) is None:
            return ""
        edition = service.revision.edition
        async with self._lock:
            if self._known is None or self._known[0] != edition:
                self._known = edition, await asyncio.to_thread(_written, service, Base(base))
            return self._known[1]

    async def added(self, service: Service, query: Query) -> Query:
        """Return the query, with the description attached where the query uses it."""
        graph = service_graph(service)
        if graph is None or not asks_description(query, graph):
            return query
        return replace(query, description=(graph, await self.of(service)))


def service_graph(service: Service) -> str | None:
    """Return the IRI of the graph. None where the dataset has no base IRI, in a plain store, which
    holds only what clients put there, and over a remote store, which has no such graph."""
    base = service.revision.base
    if base is None or service.mode != "merged" or service.published is not None:
        return None
    return Base(base).service.value


def is_for_service_graph(service: Service, text: str, graphs: Iterable[str]) -> bool:
    """Whether a query with that text and those graphs may use the description."""
    graph = service_graph(service)
    return graph is not None and (may_ask_description(text) or graph in graphs)


def _written(service: Service, base: Base) -> str:
    """The description as N-Triples.

    Where the data are too large to be counted within a query's timeout, it has only prefixes and
    examples.
    """
    try:
        uses = _class_uses(service)
    except (TimeLimitError, ResultLimitError) as error:
        _log.warning("the uses of classes were not counted: %s", error)
        uses = ClassUses()
    statements = sorted(set(_statements(service, base, uses)), key=str)
    return (serialize(statements, format=RdfFormat.N_TRIPLES) or b"").decode()


def _class_uses(service: Service) -> ClassUses:
    broader: dict[str, set[str]] = {}
    for row in _rows(service, _BROADER):
        broader.setdefault(row["class"]["value"], set()).add(row["broader"]["value"])
    uses = ClassUses()
    for row in _rows(service, _ENTITIES):
        uses.entities.update(dict.fromkeys(row["of"]["value"].split(), int(row["n"]["value"])))
    for row in _rows(service, _USES):
        _take(uses, row, broader)
    listed = " ".join(sorted(f"<{term}>" for term in uses.terms))
    labels: dict[str, list[str]] = {}
    for row in _rows(service, _LABELS % listed):
        labels.setdefault(row["term"]["value"], []).append(row["label"]["value"])
    return replace(
        uses, labels={term: _BETWEEN_LANGUAGES.join(each) for term, each in labels.items()}
    )


def _take(uses: ClassUses, row: Mapping[str, Any], broader: Mapping[str, set[str]]) -> None:
    """Add a row to the counts; of an object's classes, only the most specific are counted."""
    name, number = row["property"]["value"], int(row["n"]["value"])
    to = set(row["to"]["value"].split()) if "to" in row else set()
    narrowest = to - {above for each in to for above in broader.get(each, ()) if above in to}
    for each in row["of"]["value"].split():
        uses.properties[each, name] += number
        for other in narrowest:
            uses.objects[each, name, other] += number
        if "datatype" in row:
            uses.datatypes[each, name, row["datatype"]["value"]] += number


def _rows(service: Service, text: str) -> Rows:
    query = Query(text, max_bytes=service.max_cache_bytes)
    frames = ask(service.engine, query, service.timeout_seconds, service.revision.dataset)
    body = b"".join(frame.payload for frame in frames if isinstance(frame, Data))
    found: Rows = json.loads(body)["results"]["bindings"]
    return [row for row in found if row]


def _statements(service: Service, base: Base, uses: ClassUses) -> Iterator[Triple]:
    yield Triple(base.service, _TYPE, NamedNode(f"{VOID}Dataset"))
    for language, words in WORDS.items():
        name = Literal(words["service_graph"], language=language)
        yield Triple(base.service, NamedNode(f"{RDFS}label"), name)
    for prefix, namespace in service.revision.prefixes.items():
        node = NamedNode(f"{base.service.value}#prefix-{prefix}")
        yield Triple(base.service, NamedNode(f"{SH}declare"), node)
        yield Triple(node, NamedNode(f"{SH}prefix"), Literal(prefix))
        uri = Literal(namespace, datatype=NamedNode(f"{XSD}anyURI"))
        yield Triple(node, NamedNode(f"{SH}namespace"), uri)
    for query in service.catalogue:
        yield from _example(query, base)
    yield from _partitions(uses, base.service)
    for term, label in uses.labels.items():
        yield Triple(NamedNode(term), NamedNode(f"{RDFS}label"), Literal(label))


def _example(query: SavedQuery, base: Base) -> Iterator[Triple]:
    """A saved query, under its address, with its title in all languages."""
    node = NamedNode(f"{base.iri}queries/{query.name}")
    for kind in ("SPARQLExecutable", "SPARQLSelectExecutable"):
        yield Triple(node, _TYPE, NamedNode(SH + kind))
    question = _BETWEEN_LANGUAGES.join(query.title.values())
    yield Triple(node, NamedNode(f"{RDFS}comment"), Literal(question))
    yield Triple(node, NamedNode(f"{SH}select"), Literal(query.text))
    yield Triple(node, NamedNode(f"{SH}prefixes"), base.service)


def _partitions(uses: ClassUses, graph: NamedNode) -> Iterator[Triple]:
    """Partitions by class, by their properties, and by the classes and datatypes of the objects."""
    part = (NamedNode(f"{graph.value}#{number}") for number in count(1))
    of_class: dict[str, NamedNode] = {}
    of_property: dict[tuple[str, str], NamedNode] = {}
    for term, entities in sorted(uses.entities.items()):
        node = of_class[term] = next(part)
        yield Triple(graph, NamedNode(f"{VOID}classPartition"), node)
        yield Triple(node, NamedNode(f"{VOID}class"), NamedNode(term))
        yield Triple(node, NamedNode(f"{VOID}entities"), _integer(entities))
    for (term, name), triples in sorted(uses.properties.items()):
        node = of_property[term, name] = next(part)
        yield Triple(of_class[term], NamedNode(f"{VOID}propertyPartition"), node)
        yield Triple(node, NamedNode(f"{VOID}property"), NamedNode(name))
        yield Triple(node, NamedNode(f"{VOID}triples"), _integer(triples))
    for counted, link, names in (
        (uses.objects, f"{VOID}classPartition", f"{VOID}class"),
        (uses.datatypes, f"{VOID_EXT}datatypePartition", f"{VOID_EXT}datatype"),
    ):
        for (term, name, other), triples in sorted(counted.items()):
            node = next(part)
            yield Triple(of_property[term, name], NamedNode(link), node)
            yield Triple(node, NamedNode(names), NamedNode(other))
            yield Triple(node, NamedNode(f"{VOID}triples"), _integer(triples))


def _integer(number: int) -> Literal:
    return Literal(str(number), datatype=NamedNode(f"{XSD}integer"))
