"""What the search index is made of: texts, classes and sources, of everything or of some things."""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from typing import Final, final

from pyoxigraph import Literal, NamedNode

from spacepolicy.errors import ProblemError, ResultLimitError
from spacepolicy.namespaces import DCTERMS, OWL, RDFS, SKOS, Base
from spacepolicy.store.history import History
from spacepolicy.store.revision import Revision
from spacepolicy.web.answering import internal_queries
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import Row, Rows
from spacepolicy.web.search_index import SearchIndex, Text

MAX_TEXTS: Final = 2_000_000
"""How many texts are searched, of some nine million statements: the index is made in 40 µs a text
(22,000 in 0.9 s, 65,000 in 2.5), so that these take more than a minute."""
MAX_CHANGED: Final = 2_000
"""How many things are looked at one by one, where an index is made from an older one; with more,
everything is read anew. So many take 0.4 s of an index of 22,000 texts and 0.5 of 65,000."""
_AT_ONCE: Final = 500
"""Things that one query names: 40 kB of IRIs."""
_ROLES: Final = {
    f"{RDFS}label": "name",
    f"{SKOS}prefLabel": "name",
    f"{DCTERMS}title": "name",
    f"{SKOS}altLabel": "other name",
    f"{DCTERMS}alternative": "other name",
    f"{SKOS}definition": "definition",
}
_QUOTED: Final = ("exactText", "wording", "heading")
_KINDS: Final = f"<{OWL}Class>, <{SKOS}Concept>, <{SKOS}ConceptScheme>"


async def index_of_all(app_state: AppState, copies: Mapping[str, str]) -> SearchIndex:
    """Return the index of everything, the words of copies among it.

    Raises: ProblemError where a query fails, ResultLimitError where there are more than `MAX_TEXTS`
    texts.
    """
    async with AsyncExitStack() as stack:
        texts, types, sources = [
            await stack.enter_async_context(internal_queries.many_rows(app_state, query))
            for query in _queries(app_state, "")
        ]
        return await asyncio.to_thread(_made, texts, types, sources, copies)


def _made(texts: Rows, types: Rows, sources: Rows, copies: Mapping[str, str]) -> SearchIndex:
    # What reads them has to end in the thread that it began in.
    with closing(texts), closing(types), closing(sources):
        return SearchIndex(_texts(texts, copies), _pairs(types), _pairs(sources))


async def changed_index(
    app_state: AppState, index: SearchIndex, things: Collection[str], copies: Mapping[str, str]
) -> SearchIndex:
    """Return the index of another revision from that of one in which all but these things is the
    same.

    Raises: ProblemError where a query fails.
    """
    found: tuple[list[Row], list[Row], list[Row]] = ([], [], [])
    for values in _values("thing", things):
        for rows, query in zip(found, _queries(app_state, values), strict=True):
            async with internal_queries.many_rows(app_state, query) as answer:
                rows.extend(await asyncio.to_thread(list, answer))
    texts, types, sources = found
    own = {each: copies[each] for each in things if each in copies}
    return await asyncio.to_thread(
        index.changed,
        things,
        _texts(iter(texts), own),
        _pairs(iter(types)),
        _pairs(iter(sources)),
    )


@final
@dataclass(frozen=True, slots=True)
class ChangedThings:
    """What differs between two revisions: the things with other statements, and those of them that
    are passages of another source, with which the sources of others change."""

    things: set[str] = field(default_factory=set)
    passages: set[str] = field(default_factory=set)


def changes_between(history: History, older: Revision, newer: Revision) -> ChangedThings | None:
    """Return what differs; None where that is not known, or is more than `MAX_CHANGED` things."""
    if older.publication is not None or newer.publication is not None:
        return None
    found = ChangedThings()
    source = str(Base(newer.base).term("source")).encode() if newer.base else b"?"
    try:
        for subject, lines in history.changed_subjects(older.number, newer.number):
            if subject[:1] != b"<":
                continue
            thing = subject[1:-1].decode()
            found.things.add(thing)
            if any(line.split(b" ", 3)[2] == source for line in lines):
                found.passages.add(thing)
            if len(found.things) > MAX_CHANGED:
                return None
    except ProblemError:
        return None
    return found


async def things_of(app_state: AppState, changes: ChangedThings) -> set[str]:
    """Return the things whose texts, classes or sources may have changed.

    Raises: ProblemError where a query fails.
    """
    found = set(changes.things)
    for values in _values("passage", changes.passages):
        query = f"SELECT DISTINCT ?thing {{ {values} GRAPH ?passage {{ ?thing ?p ?o }} }}"
        async with internal_queries.many_rows(app_state, query) as rows:
            found |= await asyncio.to_thread(_things, rows)
    return found


def _things(rows: Rows) -> set[str]:
    return {row["thing"].value for row in rows}


def _values(name: str, things: Collection[str]) -> Iterator[str]:
    """VALUES of a variable for all these things, so many at once as one query names."""
    ordered = [str(NamedNode(each)) for each in sorted(things)]
    for start in range(0, len(ordered), _AT_ONCE):
        yield f"VALUES ?{name} {{ {' '.join(ordered[start : start + _AT_ONCE])} }}"


def _queries(app_state: AppState, values: str) -> tuple[str, str, str]:
    """The queries for texts, classes and sources, of the things that `values` lists; the index has
    an order of its own, since ORDER BY takes five times as long as all else."""
    own = app_state.service.revision.base
    base = Base(own or "urn:x-no-project:")
    quoted = {base.term(name).value: "words" for name in _QUOTED} if own else {}
    roles = " ".join(f'(<{iri}> "{role}")' for iri, role in (_ROLES | quoted).items())
    passage = f"?passage {base.term('source')} ?value"
    return (
        f"SELECT DISTINCT ?thing ?role ?text {{ {values} VALUES (?property ?role) {{ {roles} }} "
        "?thing ?property ?text FILTER (isIRI(?thing) && isLiteral(?text)) }",
        f"SELECT ?thing ?value {{ {values} ?thing a ?value FILTER (STRSTARTS(STR(?value), "
        f'"{base.term("").value}") || ?value IN ({_KINDS})) FILTER isIRI(?thing) }}',
        f"SELECT DISTINCT ?thing ?value {{ {values} "
        f"{{ GRAPH ?passage {{ ?thing ?p ?o }} {passage} }} UNION {{ {passage} "
        "BIND (?passage AS ?thing) } FILTER isIRI(?thing) }",
    )


def _texts(rows: Iterator[Row], copies: Mapping[str, str]) -> Iterator[Text]:
    for number, row in enumerate(rows):
        if number == MAX_TEXTS:
            raise ResultLimitError(
                f"There are more than the {MAX_TEXTS} texts that are searched.",
                extras={"limit_texts": MAX_TEXTS},
            )
        if isinstance(text := row["text"], Literal):
            yield Text(row["thing"].value, row["role"].value, text.language or "", text.value)
    for thing, words in copies.items():
        yield Text(thing, "words", "", words)


def _pairs(rows: Iterator[Row]) -> Iterator[tuple[str, str]]:
    return ((row["thing"].value, row["value"].value) for row in rows)
