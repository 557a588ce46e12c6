"""Tables of the shipped dataset answer analytic questions as SPARQL does."""

import importlib.util
import json
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from pyoxigraph import Literal, NamedNode, Store

from spacepolicy.knowledge.assembly import Assembly
from spacepolicy.saved_queries import bind
from spacepolicy.store.revision import Counts, Revision
from spacepolicy.table_export.tables import export_tables

from .asking import BASE, BY_NAME, ROOT, Term, solutions

EXAMPLES: Final = ROOT / "examples" / "analytics"
QUESTIONS: Final = sorted(EXAMPLES.glob("*.sql"))
VALUES: Final[dict[str, Callable[[str], object]]] = {
    "integer": int,
    "decimal": Decimal,
    "double": float,
    "date": date.fromisoformat,
    "boolean": "true".__eq__,
}
"""What is made of a literal by the local name of its datatype; else it is its text."""
Ask = Callable[[str], list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def tables(assembly: Assembly, store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped dataset as `export --format parquet` writes it."""
    folder = tmp_path_factory.mktemp("exported") / "tables"
    counts = Counts(assembly.record_count, assembly.inferred_count, assembly.default_count)
    revision = Revision(
        number=1,
        time="2026-01-02T03:04:05+00:00",
        author="test",
        message="test",
        counts=counts,
        record_sha256="",
        content_sha256="",
        base=BASE,
        prefixes=assembly.prefixes,
        directory=folder,
    )
    export_tables(store, revision, "merged", folder, lambda _: None)
    return folder


@pytest.fixture(scope="module")
def ask(tables: Path) -> Ask:
    """Answers SQL over the tables, as the example does."""
    spec = importlib.util.spec_from_file_location("run", EXAMPLES / "run.py")
    assert spec is not None
    assert spec.loader is not None
    run = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(run)
    asked: Ask = run.duckdb_tables(tables)
    return asked


def value(term: Term) -> object:
    """What a cell of SQL has for a term."""
    if not isinstance(term, Literal):
        return term.value if isinstance(term, NamedNode) else term
    return VALUES.get(term.datatype.value.rpartition("#")[2], str)(term.value)


def typed(rows: list[tuple[object, ...]]) -> Counter[tuple[tuple[str, object], ...]]:
    """The rows as a bag, each cell with its type; DuckDB's sums of integers are of 128 bits, which
    Python has as integers too."""
    return Counter(tuple((type(cell).__name__, cell) for cell in row) for row in rows)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: path.stem)
def test_sql_over_the_tables_answers_as_the_saved_query(
    path: Path, language: str, ask: Ask, store: Store
) -> None:
    query = BY_NAME[path.stem.partition("-")[2]]
    sql = path.read_text(encoding="utf-8")
    assert sql.startswith(f"-- {query.title['en']} (queries/{query.name}.rq)\n")
    chosen = {"language": [language]} if "language" in {p.name for p in query.parameters} else {}
    answer = solutions(store, bind(query, chosen))
    wanted = [tuple(value(term) for term in row) for row in answer]
    found = ask(sql.replace("label_en", f"label_{language}").replace("= 'en'", f"= '{language}'"))
    assert wanted, "a question without an answer compares nothing"
    assert typed(found) == typed(wanted)


def test_ten_questions_are_asked() -> None:
    assert len(QUESTIONS) == 10


def test_statements_lead_to_the_graphs_that_state_them(ask: Ask, store: Store) -> None:
    text = "SELECT ?s ?o ?g { GRAPH ?g { ?s <%sdef/develops> ?o } ?g a <%sdef/Passage> }"
    wanted = {tuple(value(term) for term in row) for row in solutions(store, text % (BASE, BASE))}
    sql = "SELECT subject, object, passage FROM evidence WHERE property = 'develops'"
    assert wanted
    assert set(ask(sql)) == wanted
    of_passages = ask("SELECT count(*) FROM evidence")
    quads = solutions(store, f"SELECT ?g {{ GRAPH ?g {{ ?s ?p ?o }} ?g a <{BASE}def/Passage> }}")
    assert of_passages == [(sum(1 for _ in quads),)]


def test_what_is_only_inferred_is_not_stated(ask: Ask, store: Store) -> None:
    inferred = solutions(store, f"SELECT ?s ?p {{ GRAPH <{BASE}graph/inferred> {{ ?s ?p ?o }} }}")
    wanted = Counter(tuple(value(term) for term in row) for row in inferred)
    assert Counter(ask("SELECT subject, predicate FROM statements WHERE NOT stated")) == wanted
    assert ask("SELECT count(*) FROM statements WHERE NOT stated AND len(evidence) > 0") == [(0,)]


def test_the_catalogue_lists_each_class_that_has_instances(
    tables: Path, ask: Ask, store: Store
) -> None:
    package = json.loads((tables / "datapackage.json").read_text(encoding="utf-8"))
    listed = {each["rdfType"]: each for each in package["resources"] if "rdfType" in each}
    counted = "SELECT ?c (COUNT(?s) AS ?n) { ?s a ?c FILTER(isIRI(?c)) } GROUP BY ?c"
    wanted = {row["c"].value: int(row["n"].value) for row in solutions(store, counted)}
    assert {iri: each["rows"] for iri, each in listed.items()} == wanted
    for each in listed.values():
        assert ask(f'FROM "{each["name"]}" SELECT count(*)') == [(each["rows"],)]
