"""The page of a term: besides its document, its axioms, the constraints of shapes, examples from
the data, the saved queries that use it, and its alignments with other vocabularies."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy.engine.lexer import scan
from spacepolicy.namespaces import OWL, RDF, SH, SKOS, Base
from spacepolicy.saved_queries import SavedQuery
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.linked_data.axioms import Axiom, TermAxioms
from spacepolicy.web.linked_data.constraints import Constraint, Constraints
from spacepolicy.web.linked_data.documents import TYPE, ThingDocument, names_of
from spacepolicy.web.linked_data.hierarchy import Term
from spacepolicy.web.linked_data.labels import Labels, Link
from spacepolicy.web.request_context import current_locale
from spacepolicy.web.solution_rows import Row

MAX_EXAMPLES: Final = 8
"""How many examples the page of a term shows, about as many as are read."""
_CLASS: Final = f"{OWL}Class"
_PROPERTIES: Final = (
    f"{OWL}ObjectProperty",
    f"{OWL}DatatypeProperty",
    f"{OWL}AnnotationProperty",
    f"{RDF}Property",
)
_CONCEPTS: Final = (f"{SKOS}Concept", f"{SKOS}ConceptScheme")
_SEVERITIES: Final = {f"{SH}Violation": "must", f"{SH}Warning": "should", f"{SH}Info": "could"}
_NAME: Final = re.compile(r"(?<![\w?$<:])([A-Za-z][\w.-]*)?:([A-Za-z_][\w-]*)|<([^<>\s]+)>")
_FORM: Final = re.compile(r"\s*(PREFIX|SELECT|ASK|CONSTRUCT|DESCRIBE)\b")
_LINE: Final = re.compile(r"^\s*(#|PREFIX\b).*$", re.MULTILINE | re.IGNORECASE)


@final
@dataclass(frozen=True, slots=True)
class TermExample:
    """An instance of a class; or a statement with a property, and the words that state it."""

    subject: Link
    value: Link | None = None
    text: str | None = None
    words: str | None = None
    words_href: str | None = None
    language: str | None = None


@final
@dataclass(frozen=True, slots=True)
class ShapeRule:
    """A constraint: `weight` is must, should or could; `target` the class it applies to."""

    weight: str
    message: str
    target: Link | None


@final
@dataclass(frozen=True, slots=True)
class TermNote:
    """A note on a term, or an example; `query`: it is a SPARQL query."""

    text: str
    language: str | None
    example: bool = False
    query: bool = False


@final
@dataclass(frozen=True, slots=True)
class TermPage:
    """What the page shows of a term; `count` is the number of its instances or uses, None for a
    concept."""

    kind: str
    below: tuple[Term, ...]
    axioms: tuple[Axiom, ...]
    mentioning: tuple[Axiom, ...]
    names: Labels
    rules: tuple[ShapeRule, ...]
    notes: tuple[TermNote, ...]
    examples: tuple[TermExample, ...]
    count: int | None
    queries: tuple[SavedQuery, ...]
    alignments: tuple[tuple[Link, Link], ...]


@final
@dataclass(frozen=True, slots=True)
class TermIn:
    """What is known of a term: its kind, all axioms and constraints, and its narrower terms."""

    kind: str
    axioms: TermAxioms
    constraints: Constraints
    below: tuple[Term, ...]


def kind_of(found: ThingDocument) -> str | None:
    """Return the kind of term: `class`, `property` or `concept`; None for other things."""
    if _CLASS in found.types:
        return "class"
    if any(each in found.types for each in _PROPERTIES):
        return "property"
    return "concept" if any(each in found.types for each in _CONCEPTS) else None


def terms_used(query: SavedQuery) -> Iterator[str]:
    """Yield the IRIs in the query's pattern, with prefixed names expanded."""
    for match in _NAME.finditer(_LINE.sub("", query.text)):
        prefix, name, iri = match[1] or "", match[2], match[3]
        if iri is not None:
            yield iri
        elif prefix in query.prefixes:
            yield query.prefixes[prefix] + name


async def term_page(app_state: AppState, found: ThingDocument, known: TermIn) -> TermPage:
    """Return what the page of the term shows."""
    thing, kind = found.thing, known.kind
    about = known.axioms.about.get(thing, ())
    others = known.axioms.mentioning.get(thing, ())
    ruled = known.constraints.get(thing, ())
    aligned = await rows(app_state, _aligned(thing))
    examples = await rows(app_state, _examples(app_state, thing, kind))
    mentioned = {
        *(term for axiom in (*about, *others) for term in axiom.terms()),
        *(each.target for each in ruled if each.target),
        *(term for row in (*aligned, *examples) for term in row.values()),
    }
    named = [Triple(t, TYPE, t) for t in mentioned if isinstance(t, NamedNode)]
    names = Labels(app_state.service, await names_of(app_state, named))
    return TermPage(
        kind=kind,
        below=known.below,
        axioms=about,
        mentioning=others,
        names=names,
        rules=tuple(_rules(names, ruled)),
        notes=tuple(_notes(found)),
        examples=tuple(_example(names, row) for row in examples),
        count=await _count(app_state, thing, kind),
        queries=tuple(q for q in app_state.service.catalogue if thing.value in set(terms_used(q))),
        alignments=tuple(_pairs(names, aligned)),
    )


def _aligned(thing: NamedNode) -> str:
    """A query for the statements of ontologies about the term that are not in the default graph."""
    return (
        f"SELECT DISTINCT ?p ?o {{ GRAPH ?g {{ ?g a <{OWL}Ontology> . {thing} ?p ?o }} "
        f"FILTER (isIRI(?o)) FILTER NOT EXISTS {{ {thing} ?p ?o }} }} ORDER BY ?p ?o"
    )


def _examples(app_state: AppState, thing: NamedNode, kind: str) -> str:
    """A query for instances of the class, or statements with the property, those stated in passages
    first; none for a concept."""
    if kind == "concept":
        return "SELECT ?s { FILTER (false) }"
    use = f"?s a {thing}" if kind == "class" else f"?s {thing} ?o"
    own = app_state.service.revision.base
    words = Base(own).term("exactText") if own else NamedNode(f"{RDF}value")
    stated = f"GRAPH ?g {{ {use} }} ?g {words} ?words BIND (1 AS ?place)"
    return (
        "SELECT ?s ?o (SAMPLE(?g) AS ?passage) (SAMPLE(?words) AS ?said) (MIN(?place) AS ?first) { "
        f"{{ SELECT * {{ {stated} }} LIMIT {MAX_EXAMPLES} }} UNION "
        f"{{ SELECT * {{ {use} BIND (2 AS ?place) }} LIMIT {MAX_EXAMPLES} }} "
        f"FILTER isIRI(?s) }} GROUP BY ?s ?o ORDER BY ?first ?s ?o LIMIT {MAX_EXAMPLES}"
    )


async def _count(app_state: AppState, thing: NamedNode, kind: str) -> int | None:
    patterns: Mapping[str, str] = {"class": f"?s a {thing}", "property": f"?s {thing} ?o"}
    if kind not in patterns:
        return None
    (row,) = await rows(app_state, f"SELECT (COUNT(*) AS ?n) {{ {patterns[kind]} }}")
    return int(row["n"].value)


def _rules(names: Labels, ruled: Iterable[Constraint]) -> Iterator[ShapeRule]:
    for each in ruled:
        message = each.message(current_locale().language)
        if message is not None:
            target = names.link(each.target) if each.target else None
            yield ShapeRule(_SEVERITIES.get(each.severity, "must"), message, target)


def _notes(found: ThingDocument) -> Iterator[TermNote]:
    """The scope notes and examples of the term, in the reader's language if there are any in it;
    queries have no language."""
    for name in ("scopeNote", "example"):
        texts = [
            t.object
            for t in found.statements
            if t.subject == found.thing
            and t.predicate.value == SKOS + name
            and isinstance(t.object, Literal)
        ]
        queries = [each for each in texts if name == "example" and _is_query(each.value)]
        notes = [each for each in texts if each not in queries]
        chosen = [each for each in notes if each.language == current_locale().language] or notes
        yield from (TermNote(each.value, each.language, name == "example") for each in chosen)
        yield from (TermNote(each.value, None, example=True, query=True) for each in queries)


def _is_query(text: str) -> bool:
    return _FORM.match(text) is not None and scan(text).form is not None


def _example(names: Labels, row: Row) -> TermExample:
    subject, value, words = row["s"], row.get("o"), row.get("said")
    passage = row.get("passage")
    link = names.link(subject) if isinstance(subject, NamedNode) else Link("", None, "")
    quoted = isinstance(words, Literal) and isinstance(passage, NamedNode)
    return TermExample(
        subject=link,
        value=names.link(value) if isinstance(value, NamedNode) else None,
        text=value.value if isinstance(value, Literal) else None,
        words=words.value if isinstance(words, Literal) else None,
        words_href=names.link(passage).href if quoted and isinstance(passage, NamedNode) else None,
        language=words.language if isinstance(words, Literal) else None,
    )


def _pairs(names: Labels, found: Sequence[Row]) -> Iterator[tuple[Link, Link]]:
    for row in found:
        relation, other = row["p"], row["o"]
        if isinstance(relation, NamedNode) and isinstance(other, NamedNode):
            yield names.link(relation), names.link(other)
