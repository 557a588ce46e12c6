"""How the saved queries are asked."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QuerySolution,
    QuerySolutions,
    Store,
    Triple,
)

from spacepolicy.saved_queries import SavedQuery, bind, read_catalogue

ROOT: Final = Path(__file__).parents[2]
BASE: Final = "https://w3id.org/spacepolicy/"
DEF: Final = f"{BASE}def/"
CONCEPT: Final = f"{BASE}concept/"
ID: Final = f"{BASE}id/"
POLICY: Final = f"{ID}policy/shanghai-2022-spatial-information"
QUERIES: Final = read_catalogue(ROOT / "queries")
BY_NAME: Final = {query.name: query for query in QUERIES}

Term = NamedNode | BlankNode | Literal | Triple | None
Row = tuple[Term, ...]


def solutions(store: Store, text: str) -> QuerySolutions:
    answer = store.query(text)
    assert isinstance(answer, QuerySolutions)
    return answer


def answer(store: Store, query: SavedQuery, **values: str) -> list[dict[str, str]]:
    """The answer's rows as people read them: the bare words, without what is unbound."""
    found = solutions(store, bind(query, {name: [value] for name, value in values.items()}))
    columns = [variable.value for variable in found.variables]
    return [{name: row[name].value for name in columns if row[name] is not None} for row in found]


def column(rows: Sequence[Mapping[str, str]], name: str) -> set[str]:
    return {row[name] for row in rows}


def prologue(query: SavedQuery) -> str:
    return "\n".join(f"PREFIX {prefix}: <{iri}>" for prefix, iri in query.prefixes.items())


def terms(solution: QuerySolution) -> Row:
    return tuple(solution)
