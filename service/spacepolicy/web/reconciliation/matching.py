"""Matches names to things: candidates, their scores, and which is a match.

A query that is an IRI matches that thing or none: an unknown IRI is never matched to a similar one.
Any other query is a name, compared with the names of things in every language, letters folded
(case, accents, width). The score is the similarity (`difflib`), from 0 to 100; values of
properties, if given, count for a quarter of it. A candidate is a match where it alone has exactly
that name and has all the values.

Spec: https://reconciliation-api.github.io/specs/0.2/#reconciliation-query-responses,
https://docs.python.org/3/library/difflib.html#difflib.SequenceMatcher.ratio
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any, Final, final

from pyoxigraph import Literal, NamedNode

from spacepolicy.sparql_service.admission import query_identifier
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.reconciliation.batches import Evidence, ReconciliationQuery, Value
from spacepolicy.web.reconciliation.entities import Entities, existing, property_values
from spacepolicy.web.search_index import MAX_LENGTH
from spacepolicy.web.solution_rows import Term
from spacepolicy.web.tokenizer import normalised

MIN_SCORE: Final = 50.0
"""Less similar names only share some words by chance: half of their letters differ."""
_COMPARED: Final = 25
"""How many things found by search are compared for a query. Names of 15 letters take 0.03 ms each,
of 150 letters 1 ms."""
_MAX_SHARING: Final = 50
"""How many names are compared where search finds nothing similar."""
_WEIGHT_OF_EVIDENCE: Final = 0.25
"""The weight of values of properties in a score; the name is more significant."""
_EXACT: Final = 100.0
"""The score of an identical name; similar ones have 99 at most."""


@final
@dataclass(frozen=True, slots=True)
class Candidate:
    """A thing, the score of its name and the share of the values that it has, each None where the
    query has none; and whether it is the match."""

    thing: str
    name_score: float | None
    evidence_share: float | None = None
    match: bool = False

    @property
    def score(self) -> float:
        """The combined score, from 0 to 100."""
        share = None if self.evidence_share is None else 100 * self.evidence_share
        if self.name_score is None or share is None:
            return round(share or self.name_score or 0.0, 1)
        weight = _WEIGHT_OF_EVIDENCE
        return round((1 - weight) * self.name_score + weight * share, 1)

    @property
    def is_certain(self) -> bool:
        """Whether the name is identical and it has all the values."""
        return self.name_score == _EXACT and self.evidence_share in (None, 1.0)


async def candidates(
    state: AppState, entities: Entities, queries: Mapping[str, ReconciliationQuery]
) -> dict[str, list[Candidate]]:
    """Return the candidates of each query, the best first.

    Raises: ProblemError where a query of the dataset fails, OverloadedError where too many others
    search.
    """
    iris = {query.iri for query in queries.values()} - {None}
    known = await existing(state, [each for each in iris if each is not None])
    found: dict[str, list[Candidate]] = {}
    async with state.searches.admitted(query_identifier(None), state.service.max_wait_seconds):
        for key, query in queries.items():
            each = await _found(state, entities, query, known)
            found[key] = [one for one in each if _fits(entities, one, query)]
    values = await property_values(
        state,
        (one.thing for key, query in queries.items() if query.evidence for one in found[key]),
        (each.property for query in queries.values() for each in query.evidence),
    )
    return {
        key: _decided([_weighed(entities, one, query, values) for one in found[key]], query)
        for key, query in queries.items()
    }


async def _found(
    state: AppState, entities: Entities, query: ReconciliationQuery, known: set[str]
) -> list[Candidate]:
    """The things that the query may mean, before its classes and values are checked."""
    if query.iri is not None:
        return [Candidate(query.iri, _EXACT)] if query.iri in known else []
    if query.text is not None:
        return await asyncio.to_thread(_by_name, entities, query.text)
    things = await _with_value(state, entities, query.evidence[0])
    return [Candidate(thing, None) for thing in things]


def _by_name(entities: Entities, text: str) -> list[Candidate]:
    """Things with that name, and those found by search with a similar name."""
    index, sought = entities.index, normalised(text)
    hits = index.find(text[:MAX_LENGTH], limit=_COMPARED).hits
    found = _alike(entities, sought, [*index.named_exactly(text), *(hit.thing for hit in hits)])
    return found or _alike(
        entities, sought, index.sharing_letters(sought[:MAX_LENGTH], _MAX_SHARING)
    )


def _alike(entities: Entities, sought: str, things: Iterable[str]) -> list[Candidate]:
    scored = [Candidate(each, _likeness(entities, each, sought)) for each in dict.fromkeys(things)]
    return [each for each in scored if (each.name_score or 0) >= MIN_SCORE]


def _likeness(entities: Entities, thing: str, sought: str) -> float:
    """The similarity of the text and the most similar name of the thing, from 0 to 100; 100 only
    where they are identical."""
    names = (normalised(each.text) for each in entities.names(thing))
    return max((_ratio(name, sought) for name in names), default=0.0)


def _ratio(name: str, sought: str) -> float:
    if name == sought:
        return _EXACT
    matcher = SequenceMatcher(None, sought[:MAX_LENGTH], name[:MAX_LENGTH], autojunk=False)
    if 100 * matcher.quick_ratio() < MIN_SCORE:
        return 0.0
    return min(100 * matcher.ratio(), _EXACT - 1)


async def _with_value(state: AppState, entities: Entities, evidence: Evidence) -> list[str]:
    """Things with one of the values."""
    tests = [test for value in evidence.values for test in _tests(entities, value)]
    if not tests:
        return []
    found = await rows(
        state,
        f"SELECT DISTINCT ?thing {{ ?thing {NamedNode(evidence.property)} ?value "
        f"FILTER (isIRI(?thing) && ({' || '.join(tests)})) }} ORDER BY ?thing LIMIT {_COMPARED}",
    )
    return [row["thing"].value for row in found]


def _tests(entities: Entities, value: Value) -> Iterable[str]:
    """SPARQL conditions; one of them holds where `?value` is the value."""
    if isinstance(value, NamedNode):
        yield f"?value = {value}"
        return
    lexical = _lexical(value)
    yield f"LCASE(STR(?value)) = {Literal(lexical.lower())}"
    if isinstance(value, float | int) and not isinstance(value, bool):
        yield f"?value = {value}"
    for thing in entities.index.named_exactly(lexical):
        yield f"?value = {NamedNode(thing)}"


def _lexical(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fits(entities: Entities, candidate: Candidate, query: ReconciliationQuery) -> bool:
    """Whether the thing has the wanted classes."""
    if not query.types or query.strictness == "should":
        return True
    types = set(entities.index.types_of(candidate.thing))
    wanted = [each in types for each in query.types]
    return all(wanted) if query.strictness == "all" else any(wanted)


def _weighed(
    entities: Entities,
    candidate: Candidate,
    query: ReconciliationQuery,
    values: Mapping[tuple[str, str], Sequence[Term]],
) -> Candidate:
    """The candidate with the share of the values that it has."""
    if not query.evidence:
        return candidate
    held = sum(
        any(
            _is(entities, term, value)
            for term in values.get((candidate.thing, each.property), ())
            for value in each.values
        )
        for each in query.evidence
    )
    return replace(candidate, evidence_share=held / len(query.evidence))


def _is(entities: Entities, term: Term, value: Value) -> bool:
    """Whether the term matches the client's value: the same IRI, a thing of that name, or a literal
    with that text or number."""
    if isinstance(value, NamedNode):
        return term == value
    lexical = normalised(_lexical(value))
    if isinstance(term, NamedNode):
        names = (normalised(each.text) for each in entities.names(term.value))
        return term.value == value or lexical in names
    if normalised(term.value) == lexical:
        return True
    return isinstance(value, int | float) and _number(term.value) == float(value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _decided(found: list[Candidate], query: ReconciliationQuery) -> list[Candidate]:
    """The candidates by score, cut to the limit; one that alone is certain becomes the match."""
    certain = [each for each in found if each.is_certain]
    order = sorted(found, key=lambda each: (-each.score, each.thing))
    return [
        replace(each, match=certain == [each]) for each in order[: query.limit] if each.score > 0
    ]


def candidate_members(entities: Entities, candidate: Candidate) -> dict[str, Any]:
    """Return the candidate as a JSON object of the specification."""
    features = [
        {"id": name, "value": round(value, 3)}
        for name, value in (
            ("name_likeness", candidate.name_score),
            ("properties_share", candidate.evidence_share),
        )
        if value is not None
    ]
    return {
        **entities.described(candidate.thing),
        "type": entities.types(candidate.thing),
        "score": candidate.score,
        "features": features,
        "match": candidate.match,
    }
