"""What the search index is made of: texts, classes and sources, of everything or of some things."""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, final

from pyoxigraph import NamedNode

from spacepolicy.errors import ProblemError, ResultLimitError
from spacepolicy.namespaces import DCTERMS, OWL, RDFS, SKOS, Base
from spacepolicy.store.history import History
from spacepolicy.store.revision import Revision
from spacepolicy.web.answering import internal_queries
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.one_off_process import output_of
from spacepolicy.web.search_index import SearchIndex
from spacepolicy.web.search_index_process import ANSWERS, INDEX, Request
from spacepolicy.web.solution_rows import Rows

MAX_TEXTS: Final = 2_000_000
"""How many texts are searched, of some nine million statements: the index is made in 40 µs a text
(22,000 in 0.9 s, 65,000 in 2.5), so that these take more than a minute."""
MAX_CHANGED: Final = 2_000
"""How many things are looked at one by one, where an index is made from an older one; with more,
everything is read anew. So many take 0.4 s of an index of 22,000 texts and 0.5 of 65,000."""
_AT_ONCE: Final = 500
"""Things that one query names: 40 kB of IRIs."""
_FOLDER: Final = "spacepolicy-search-"
"""How the names of temporary folders begin."""
_WRITING: Final = "spacepolicy.web.search_index_process"
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
    with TemporaryDirectory(prefix=_FOLDER) as folder:
        await _ask(app_state, Path(folder), "", 0)
        return await _written(Path(folder), Request(None, copies, MAX_TEXTS))


async def changed_index(
    app_state: AppState, index: SearchIndex, things: Collection[str], copies: Mapping[str, str]
) -> SearchIndex:
    """Return the index of another revision from that of one in which all but these things is the
    same.

    Raises: ProblemError where a query fails.
    """
    own = {each: copies[each] for each in things if each in copies}
    with TemporaryDirectory(prefix=_FOLDER) as folder:
        for number, values in enumerate(_values("thing", things)):
            await _ask(app_state, Path(folder), values, number)
        await asyncio.to_thread(index.copy_to, Path(folder) / INDEX)
        return await _written(Path(folder), Request(tuple(things), own, MAX_TEXTS))


async def _ask(app_state: AppState, folder: Path, values: str, number: int) -> None:
    """Put the answers to the queries into files of the folder."""
    for name, query in zip(ANSWERS, _queries(app_state, values), strict=True):
        with (folder / f"{name}-{number}").open("wb") as file:
            await internal_queries.write_answer(app_state, query, file)


async def _written(folder: Path, request: Request) -> SearchIndex:
    """The index that is written of what the folder has."""
    refused = await output_of(_WRITING, str(folder), request.to_bytes())
    if refused:
        raise ResultLimitError(refused.decode(), extras={"limit_texts": request.most_texts})
    return SearchIndex(folder / INDEX)


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
