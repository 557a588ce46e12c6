"""Answers as bytes: what is read of CSV is what was answered."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, QueryResultsFormat, QuerySolutions, Store

from spacepolicy import formats, serialization

CSV = next(each for each in formats.FORMATS if each.name == "csv")
PASSAGE = NamedNode("https://example.org/source/s#char=1510,1534")


class Taken(io.BytesIO):
    """What was written."""


def written(store: Store, query: str) -> bytes:
    answer = store.query(query)
    assert isinstance(answer, QuerySolutions)
    taken = Taken()
    serialization.write(answer, CSV, taken, {})
    return taken.getvalue()


def store_of(*values: NamedNode | Literal) -> Store:
    store = Store()
    store.extend(Quad(NamedNode(f"urn:{n:04}"), PASSAGE, v) for n, v in enumerate(values))
    return store


def test_an_iri_with_a_comma_is_one_field() -> None:
    text = written(store_of(PASSAGE), "SELECT ?p ?o ?none { ?s ?p ?o }").decode()
    assert text == f'p,o,none\r\n"{PASSAGE.value}","{PASSAGE.value}",\r\n'


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_csv_reads_as_what_was_answered(texts: list[str]) -> None:
    store = store_of(*map(Literal, texts))
    query = "SELECT ?s ?o { ?s ?p ?o } ORDER BY ?s"
    read = list(csv.reader(io.StringIO(written(store, query).decode(), newline="")))
    assert read == [["s", "o"], *([f"urn:{n:04}", text] for n, text in enumerate(texts))]


def test_csv_without_commas_in_iris_is_as_the_engine_writes_it() -> None:
    values = (Literal(1), Literal(1.5), Literal("a,b"), Literal('"'), Literal("\r\n"), Literal(""))
    store = store_of(*values)
    store.update("INSERT DATA { [] <urn:p> _:x }")
    for query in ("SELECT ?o { ?s ?p ?o }", "SELECT * {}", "SELECT ?x { ?s ?p <urn:none> }"):
        answer = store.query(query)
        assert isinstance(answer, QuerySolutions)
        assert written(store, query) == answer.serialize(format=QueryResultsFormat.CSV)


def test_a_long_answer_is_written_in_pieces() -> None:
    class Counting(io.BytesIO):
        pieces = 0

        def write(self, data: bytes) -> int:  # type: ignore[override] # bytes are all there is
            self.pieces += 1
            return super().write(data)

    answer = store_of(*(Literal("x" * 100) for _ in range(1000))).query("SELECT ?o { ?s ?p ?o }")
    counting = Counting()
    serialization.write(answer, CSV, counting, {})
    assert counting.pieces > 5
    assert counting.getvalue().count(b"\r\n") == 1001
