"""The names of the things in an answer, and the words and places of the passages among them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy.namespaces import Base
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.answering.verifying import words_of_copies
from spacepolicy.web.linked_data.documents import NAMES, TYPE, names_of
from spacepolicy.web.linked_data.jsonld import language_tag
from spacepolicy.web.mcp.answer import Answer, fitted
from spacepolicy.web.solution_rows import Row

MAX_NAMED: Final = 500
"""How many things of an answer are named: one for each row of the longest list."""
_PARTS: Final = ("exactText", "start", "end", "locator", "officialAddress", "source")


async def with_evidence(answer: Answer, app_state: AppState, iris: Iterable[str]) -> Answer:
    """Return the answer with `labels`, the names of the things by language, and `passages`, those
    among the things; each up to the size of an answer."""
    listed, many = fitted(dict.fromkeys(iris), MAX_NAMED)
    passages, more = fitted((await passages_of(app_state, listed)).items(), MAX_NAMED)
    sources = [passage["source"] for _, passage in passages]
    names = await labels_of(app_state, dict.fromkeys((*listed, *sources)))
    labels, most = fitted(names.items(), 2 * MAX_NAMED)
    members = {**answer.members, "labels": dict(labels), "passages": dict(passages)}
    cut = answer.truncated or many or more or most
    return replace(answer, members=members, truncated=cut)


async def labels_of(app_state: AppState, iris: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the names of the things by language; things without one are left out."""
    things = [node for iri in iris if (node := _node(iri)) is not None]
    return named(await names_of(app_state, [Triple(each, TYPE, each) for each in things]), things)


def named(statements: Iterable[Triple], things: Iterable[NamedNode]) -> dict[str, dict[str, str]]:
    """Return the names, by language, that the statements give to the things."""
    found: dict[str, dict[str, str]] = {each.value: {} for each in things}
    for triple in sorted(statements, key=lambda each: NAMES.index(each.predicate)):
        thing, name = triple.subject, triple.object
        if isinstance(thing, NamedNode) and isinstance(name, Literal) and thing.value in found:
            found[thing.value].setdefault(language_tag(name.language or ""), name.value)
    return {iri: names for iri, names in found.items() if names}


async def passages_of(app_state: AppState, iris: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the passages among the things: words with offsets, or locator, and the source."""
    own = app_state.service.revision.base
    things = [node for iri in iris if "#" in iri and (node := _node(iri)) is not None]
    if own is None or not things:
        return {}
    base = Base(own)
    parts = " ".join(f"OPTIONAL {{ ?passage {base.term(name)} ?{name} }}" for name in _PARTS)
    found = await rows(
        app_state,
        f"SELECT * {{ VALUES ?passage {{ {' '.join(map(str, things))} }} "
        f"?passage a {base.term('Passage')} {parts} }}",
    )
    of_copies = await words_of_copies(app_state)
    return {row["passage"].value: _passage(row, of_copies) for row in found}


def _passage(row: Row, of_copies: Mapping[str, str]) -> dict[str, Any]:
    values = {name: row[name].value if name in row else None for name in _PARTS}
    start, end = values["start"], values["end"]
    return {
        "words": values["exactText"] or of_copies.get(row["passage"].value),
        "start": None if start is None else int(start),
        "end": None if end is None else int(end),
        "locator": values["locator"],
        "source": values["source"] or row["passage"].value.partition("#")[0],
        "source_address": values["officialAddress"],
    }


def _node(iri: str) -> NamedNode | None:
    """The IRI as a term; None where it is malformed."""
    try:
        return NamedNode(iri)
    except ValueError:
        return None
