"""Expectations: whether a saved query runs, and answers over the shipped data what its header says.

`expect` has columns and rows. A row's values are terms as in a VALUES block, with the query's
prefixes (UNDEF: unbound); its passages end the IRIs of the graphs that justify it. Rows compare
as a bag, in their order where the query has one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pyoxigraph import NamedNode, Quad, QuerySolutions, Store

from spacepolicy.catalogue import SavedQuery, bind
from spacepolicy.errors import BadParameterError, Finding

_ORDERED: Final = re.compile(r"^\s*ORDER BY\b", re.MULTILINE | re.IGNORECASE)
Row = tuple[object, ...]


def query_findings(query: SavedQuery, dataset: Store) -> Iterator[Finding]:
    """What the query does otherwise than its header says."""
    try:
        answer = dataset.query(bind(query, {}))
    except (BadParameterError, SyntaxError, RuntimeError, OSError, ValueError) as error:
        yield _finding(query, "query-runs", "title", f"the query does not run: {error}.")
        return
    if query.expect is None:
        message = "the header says nothing of the answer."
        remedy = "Add `expect` with columns and rows, written from the text."
        yield _finding(query, "expect", "title", message, remedy)
    elif isinstance(answer, QuerySolutions):
        yield from _compared(query, query.expect, answer, dataset)


def _compared(
    query: SavedQuery, expect: Mapping[str, Any], answer: QuerySolutions, dataset: Store
) -> Iterator[Finding]:
    columns, rows = expect.get("columns"), expect.get("rows")
    has = [variable.value for variable in answer.variables]
    if columns != has or not isinstance(rows, list):
        message = f"the columns are {has}, but {columns} are expected."
        yield _finding(query, "expect-columns", "columns", message, "Let the two agree.")
        return
    got = [tuple(row) for row in answer]
    try:
        wanted = [row for table in rows for row in _expected(query, columns, table)]
    except (SyntaxError, KeyError, TypeError) as error:
        message = f"a row that is expected cannot be read: {error}."
        yield _finding(query, "expect", "rows", message, "Write values as in a VALUES block.")
        return
    yield from _differences(query, got, wanted)
    for table in rows:
        yield from _unjustified(query, table, dataset)


def _expected(query: SavedQuery, columns: Sequence[str], table: Mapping[str, Any]) -> list[Row]:
    """The row as terms, in the engine's own reading of their notation."""
    prologue = "\n".join(f"PREFIX {name}: <{iri}>" for name, iri in query.prefixes.items())
    names = " ".join(f"?{name}" for name in columns)
    values = " ".join(map(str, table["values"]))
    text = f"{prologue} SELECT {names} {{ VALUES ({names}) {{ ({values}) }} }}"
    answer = Store().query(text)
    return [tuple(row) for row in answer] if isinstance(answer, QuerySolutions) else []


def _differences(query: SavedQuery, got: list[Row], wanted: list[Row]) -> Iterator[Finding]:
    missing, surplus = list(wanted), []
    for row in got:
        if row in missing:
            missing.remove(row)
        else:
            surplus.append(row)
    remedy = "Mend the data or the query; change `expect` only where the text says so."
    for row in missing:
        message = f"the answer lacks the row {_shown(row)}."
        yield _finding(query, "expect-row", "rows", message, remedy)
    for row in surplus:
        message = f"the answer has the row {_shown(row)}, which is not expected."
        yield _finding(query, "expect-row", "rows", message, remedy)
    if not missing and not surplus and got != wanted and _ORDERED.search(query.text):
        message = "the answer has the rows that are expected in another order."
        yield _finding(query, "expect-order", "rows", message, remedy)


def _unjustified(query: SavedQuery, table: Mapping[str, Any], dataset: Store) -> Iterator[Finding]:
    """Passages of a row that state nothing."""
    for ending in table.get("passages", ()):
        graphs = [
            graph
            for graph in dataset.named_graphs()
            if isinstance(graph, NamedNode) and graph.value.endswith(str(ending))
        ]
        if len(graphs) != 1 or not _states(dataset, graphs[0]):
            message = f"the passage {ending} of a row states nothing."
            yield _finding(query, "expect-passage", str(ending), message, "Name one that does.")


def _states(dataset: Store, graph: NamedNode) -> bool:
    found: Iterator[Quad] = dataset.quads_for_pattern(None, None, None, graph)
    return next(found, None) is not None


def _shown(row: Row) -> str:
    return f"({' '.join('UNDEF' if term is None else str(term) for term in row)})"


def _finding(
    query: SavedQuery, rule: str, near: str, message: str, remedy: str = "Mend the query."
) -> Finding:
    """The finding at the first line that names the part at fault."""
    lines = query.text.splitlines()
    line = next((n for n, text in enumerate(lines, 1) if near in text), 1)
    return Finding(str(query.path), line, rule, message, remedy)
