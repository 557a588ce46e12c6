"""Solutions as columns: what each type of column holds, and what stands beside it."""

import io
import json
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import (
    Literal,
    NamedNode,
    Quad,
    QueryResultsFormat,
    QuerySolutions,
    Store,
    parse_query_results,
)

from spacepolicy import formats, serialization
from spacepolicy.columns import writing
from spacepolicy.columns.blocks import LineBlocks
from spacepolicy.errors import NotAcceptableError
from spacepolicy.namespaces import XSD

LANG_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
LANGUAGES = ("en", "zh", "de", "fr", "ja", "ko", "lv", "pt-BR", "ru", "es", "it", "zh-Hant")


def written(query: str, format: str, store: Store | None = None) -> bytes:
    answer = (store or Store()).query(f"PREFIX xsd: <{XSD}> {query}")
    assert isinstance(answer, QuerySolutions)
    return serialised(answer, format)


def serialised(answer: QuerySolutions, format: str) -> bytes:
    output = io.BytesIO()
    found = formats.named(format)
    assert found is not None
    serialization.write(answer, found, output, {})
    return output.getvalue()


def table(query: str, format: str = "arrow", store: Store | None = None) -> pa.Table:
    data = written(query, format, store)
    if format.startswith("parquet"):
        return pq.read_table(io.BytesIO(data))
    return pa.ipc.open_stream(data).read_all()


def column(*terms: str) -> pa.Table:
    """The table of one column, `x`, of these terms."""
    return table(f"SELECT ?x {{ VALUES ?x {{ {' '.join(terms)} }} }}")


def as_they_are(datatype: str, *forms: str | None) -> QuerySolutions:
    """One column of literals in these forms, which the engine has not made canonical."""
    rows = [{} if form is None else {"x": {"type": "literal", "value": form,
             "datatype": XSD + datatype}} for form in forms]  # fmt: skip
    told = json.dumps({"head": {"vars": ["x"]}, "results": {"bindings": rows}})
    answer = parse_query_results(told, format=QueryResultsFormat.JSON)
    assert isinstance(answer, QuerySolutions)
    return answer


def column_of(datatype: str, *forms: str | None) -> pa.Table:
    return pa.ipc.open_stream(serialised(as_they_are(datatype, *forms), "arrow")).read_all()


def kind(found: pa.Table, name: str = "x") -> dict[str, str]:
    metadata = found.schema.field(name).metadata
    return {key.decode(): value.decode() for key, value in metadata.items()}


def literal(form: str, datatype: str) -> dict[str, str | None]:
    return {"type": "literal", "value": form, "language": None, "datatype": datatype}


@pytest.mark.parametrize(
    ("datatype", "form", "held_as", "value"),
    [
        ("integer", "-7", pa.int64(), -7),
        ("integer", "9223372036854775807", pa.int64(), 2**63 - 1),
        ("integer", "-9223372036854775808", pa.int64(), -(2**63)),
        ("integer", "+000000000000000000000000012", pa.int64(), 12),
        ("integer", "-0000000000000000000000000", pa.int64(), 0),
        ("unsignedByte", "255", pa.int64(), 255),
        ("decimal", "-12.50", pa.decimal128(38, 18), Decimal("-12.5")),
        ("decimal", f"0.{'0' * 17}1", pa.decimal128(38, 18), Decimal("1e-18")),
        ("double", "1.5E3", pa.float64(), 1500.0),
        ("double", "INF", pa.float64(), float("inf")),
        ("double", "-INF", pa.float64(), float("-inf")),
        ("float", "0.5", pa.float32(), 0.5),
        ("boolean", "1", pa.bool_(), True),
        ("boolean", "false", pa.bool_(), False),
        ("date", "2024-02-29", pa.date32(), date(2024, 2, 29)),
        ("date", "0001-01-01", pa.date32(), date(1, 1, 1)),
        ("dateTime", "2026-01-20T08:30:00Z", pa.timestamp("us", "UTC"),
         datetime(2026, 1, 20, 8, 30, tzinfo=UTC)),
        ("dateTime", "2026-01-20T08:30:00.25", pa.timestamp("us"),
         datetime(2026, 1, 20, 8, 30, 0, 250000)),
        ("string", "a\tb\n\"c\"\\n", pa.string(), "a\tb\n\"c\"\\n"),
        ("gYear", "2026", pa.string(), "2026"),
        ("duration", "P1D", pa.string(), "P1D"),
    ],
)  # fmt: skip
def test_a_column_of_one_datatype_has_its_native_type(
    datatype: str, form: str, held_as: pa.DataType, value: object
) -> None:
    found = column_of(datatype, form, None)
    assert found.column_names == ["x"]
    assert found.schema.field("x").type == held_as
    assert found.column("x").to_pylist() == [value, None]
    assert kind(found) == {"rdf:kind": "literal", "rdf:datatype": XSD + datatype}


@pytest.mark.parametrize(
    ("datatype", "good", "bad"),
    [
        ("integer", "1", "abc"),
        ("integer", "1", ""),
        ("integer", "1", "1.0"),
        ("integer", "1", "9223372036854775808"),
        ("integer", "1", "-9223372036854775809"),
        ("byte", "1", "128"),
        ("nonNegativeInteger", "1", "-1"),
        ("decimal", "1.5", "1e3"),
        ("decimal", "1.5", "123456789012345678901.5"),
        ("decimal", "1.5", f"0.{'0' * 18}1"),
        ("double", "1e0", "infinity"),
        ("double", "1e0", "0x1p3"),
        ("boolean", "true", "TRUE"),
        ("date", "2026-01-20", "2026-02-29"),
        ("date", "2026-01-20", "2026-13-01"),
        ("date", "2026-01-20", "-0044-03-15"),
        ("date", "2026-01-20", "12026-01-20"),
        ("date", "2026-01-20", "0000-01-20"),
        ("dateTime", "2026-01-20T00:00:00Z", "2026-02-30T00:00:00Z"),
        ("dateTime", "2026-01-20T00:00:00Z", "2026-01-20T25:00:00Z"),
        ("dateTime", "2026-01-20T00:00:00Z", "2026-01-20T00:00:00"),
        ("dateTime", "2026-01-20T00:00:00Z", "0001-01-01T00:00:00+14:00"),
        ("dateTime", "2026-01-20T00:00:00Z", "9999-12-31T23:00:00-14:00"),
        ("dateTime", "2026-01-20T00:00:00Z", "-0044-03-15T00:00:00Z"),
    ],
)
def test_what_a_column_cannot_hold_is_null_and_its_term_is_kept(
    datatype: str, good: str, bad: str
) -> None:
    found = column_of(datatype, good, bad)
    first, second = found.column("x").to_pylist()
    assert first is not None
    assert second is None
    assert found.column("x.term").to_pylist() == [None, literal(bad, XSD + datatype)]


def test_a_value_that_is_a_part_of_its_term_has_the_term_too() -> None:
    found = column('"2026-01-20T08:00:00.123456789+08:00"^^xsd:dateTime')
    assert found.column("x").to_pylist() == [datetime(2026, 1, 20, 0, 0, 0, 123456, tzinfo=UTC)]
    (term,) = found.column("x.term").to_pylist()
    assert term["value"] == "2026-01-20T08:00:00.123456789+08:00"
    zoned = column('"2026-01-20+08:00"^^xsd:date')
    assert zoned.column("x").to_pylist() == [date(2026, 1, 20)]
    assert zoned.column("x.term").to_pylist() == [literal("2026-01-20+08:00", f"{XSD}date")]


def test_nan_is_a_double_and_not_null() -> None:
    found = column('"NaN"^^xsd:double', "UNDEF")
    assert found.column("x").null_count == 1
    assert found.column("x").to_pylist()[0] != found.column("x").to_pylist()[0]


def test_fields_tell_iris_blank_nodes_languages_and_mixed_columns_apart() -> None:
    assert kind(column("<urn:a>", "<urn:b>")) == {"rdf:kind": "iri"}
    english = {"rdf:kind": "langString", "rdf:datatype": LANG_STRING, "rdf:language": "en"}
    assert kind(column('"a"@en', '"b"@en')) == english
    assert kind(column('"a"@en', '"b"@zh')) == {"rdf:kind": "mixed"}
    assert kind(column("<urn:a>", '"urn:a"')) == {"rdf:kind": "mixed"}
    assert kind(column("UNDEF")) == {"rdf:kind": "unbound"}
    blank = table("SELECT (BNODE() AS ?x) {}")
    assert kind(blank) == {"rdf:kind": "blankNode"}
    assert blank.column("x").to_pylist()[0].startswith("_:")


def test_numbers_of_several_datatypes_are_a_column_of_the_widest() -> None:
    found = column("1", "1.5")
    assert found.column("x").to_pylist() == [1, Decimal("1.5")]
    assert found.column("x.term").to_pylist() == [literal("1", f"{XSD}integer"), None]
    assert column("1", "1.5", "2e0").schema.field("x").type == pa.float64()


TERMS = st.one_of(
    st.builds(Literal, st.text()),
    st.builds(lambda text, tag: Literal(text, language=tag), st.text(),
              st.sampled_from(["en", "zh-hans"])),
    st.builds(Literal, st.integers()),
    st.builds(Literal, st.booleans()),
    st.builds(lambda text, name: Literal(text, datatype=NamedNode(name)), st.text(),
              st.sampled_from([f"{XSD}integer", f"{XSD}date", "urn:own"])),
    st.sampled_from([NamedNode("urn:a,b"), NamedNode("https://example.org/卫#é")]),
)  # fmt: skip


@given(st.lists(TERMS, min_size=1, max_size=6))
def test_a_table_of_terms_has_every_term(terms: list[Literal | NamedNode]) -> None:
    store = Store()
    graph = [NamedNode(f"urn:g:{place}") for place in range(len(terms))]
    store.extend(Quad(graph[i], NamedNode("urn:p"), term) for i, term in enumerate(terms))
    rows = table("SELECT ?s ?x { ?s <urn:p> ?x }", "arrow terms", store).to_pylist()
    found = {row["s"]["value"]: term_of(row["x"]) for row in rows}
    answer = store.query("SELECT ?s ?x { ?s <urn:p> ?x }")
    assert isinstance(answer, QuerySolutions)
    assert found == {row["s"].value: row["x"] for row in answer}
    lines = written("SELECT ?s ?x { ?s <urn:p> ?x }", "ndjson terms", store).decode().split("\n")
    assert {json.loads(line)["x"]["value"] for line in lines[:-2]} == {
        term.value for term in found.values()
    }


def term_of(told: dict[str, str]) -> Literal | NamedNode:
    if told["type"] == "uri":
        return NamedNode(told["value"])
    if told["language"]:
        return Literal(told["value"], language=told["language"])
    return Literal(told["value"], datatype=NamedNode(told["datatype"]))


@given(st.lists(TERMS, min_size=1, max_size=6))
def test_no_terms_make_an_exception_of_a_table_of_values(terms: list[Literal | NamedNode]) -> None:
    store = Store()
    store.extend(Quad(NamedNode(f"urn:g:{i}"), NamedNode("urn:p"), t) for i, t in enumerate(terms))
    found = table("SELECT ?x { ?s <urn:p> ?x }", "arrow", store)
    for value, beside in zip(
        found.column("x").to_pylist(),
        found.column("x.term").to_pylist() if "x.term" in found.column_names else [None] * 9,
        strict=False,
    ):
        assert value is not None or beside is not None
    for line in written("SELECT ?x { ?s <urn:p> ?x }", "ndjson", store).split(b"\n")[:-1]:
        json.loads(line)


@pytest.mark.parametrize("languages", [2, 12])
def test_literals_of_few_and_of_many_kinds_are_told_apart_by_their_ends(languages: int) -> None:
    texts = ["x", "", 'ends in "', 'says "@en', "says ^^<urn:t>", "a\tb\\\n", "卫星"]
    terms = [Literal(each, language=tag) for tag in LANGUAGES[:languages] for each in texts]
    terms += [Literal(each) for each in texts]
    terms += [Literal(each, datatype=NamedNode("urn:t")) for each in texts]
    store = Store()
    store.extend(Quad(NamedNode(f"urn:s:{i}"), NamedNode("urn:p"), t) for i, t in enumerate(terms))
    rows = table("SELECT ?s ?x { ?s ?p ?x }", "arrow terms", store).to_pylist()
    found = {row["s"]["value"]: term_of(row["x"]) for row in rows}
    assert found == {f"urn:s:{place}": term for place, term in enumerate(terms)}


def test_every_noncharacter_in_one_text_is_read_too() -> None:
    text = "".join(chr(code) for code in range(0xFDD0, 0xFDF0)) + '\\n"\n'
    store = Store()
    store.add(Quad(NamedNode("urn:s"), NamedNode("urn:p"), Literal(text)))
    assert table("SELECT ?x { ?s ?p ?x }", store=store).column("x").to_pylist() == [text]


@pytest.mark.parametrize("format", ["arrow", "arrow terms", "parquet", "parquet terms"])
def test_tables_without_rows_have_their_columns(format: str) -> None:
    found = table("SELECT ?a ?b { FILTER(false) }", format)
    assert found.num_rows == 0
    assert found.column_names == ["a", "b"]


def test_rows_without_columns_are_counted_or_refused() -> None:
    assert table("SELECT * { VALUES (?x) { (1) (2) } BIND(1 AS ?y) }").num_rows == 2
    assert table("SELECT * {}").num_rows == 1
    assert written("SELECT * {}", "ndjson").split(b"\n")[0] == b"{}"
    with pytest.raises(NotAcceptableError, match="how many rows"):
        written("SELECT * {}", "parquet")


def test_names_of_variables_are_those_of_columns() -> None:
    assert table(
        "SELECT ?名 ?_1 ?1 ?a·b { VALUES (?名 ?_1 ?1 ?a·b) { (1 2 3 4) } }"
    ).to_pylist() == [{"名": 1, "_1": 2, "1": 3, "a·b": 4}]


def test_a_column_of_one_unbound_cell_is_a_row() -> None:
    assert column("UNDEF", "1", "UNDEF").column("x").to_pylist() == [None, 1, None]


def test_parquet_and_arrow_are_the_same_table() -> None:
    query = 'SELECT * { VALUES (?a ?b) { (1 "x"@en) ("z" UNDEF) (<urn:a> "y"@en) } }'
    one, other = table(query), table(query, "parquet")
    assert one.equals(other)
    assert one.schema.equals(other.schema, check_metadata=True)


def test_the_last_line_of_json_says_that_it_is() -> None:
    lines = [json.loads(line) for line in written(
        'SELECT * { VALUES (?a ?b) { (1 "x") (-1.50 "q\\"\\\\\\n\\u0001") } }', "ndjson"
    ).splitlines()]  # fmt: skip
    assert lines[:-1] == [{"a": 1, "b": "x"}, {"a": -1.5, "b": 'q"\\\n\u0001'}]
    assert lines[-1] == {"@last": True, "rows": 2, "columns": ["a", "b"]}


@pytest.mark.parametrize(
    ("datatype", "form", "value", "is_kept"),
    [
        ("integer", "+07", 7, False),
        ("decimal", "-.5", -0.5, False),
        ("decimal", "5.", 5, False),
        ("double", "1.E5", 1e5, False),
        ("boolean", "1", True, False),
        ("double", "NaN", None, True),
        ("float", "INF", None, True),
        ("date", "2026-02-30", None, True),
        ("dateTime", "2026-01-20T00:00:00", "2026-01-20T00:00:00", False),
        ("dateTime", "2026-01-20T00:00:00+08:00", "2026-01-20T00:00:00+08:00", False),
        ("integer", "18446744073709551616", None, True),
    ],
)
def test_lines_of_json_say_what_json_can(
    datatype: str, form: str, value: object, is_kept: bool
) -> None:
    row = json.loads(serialised(as_they_are(datatype, form), "ndjson").split(b"\n")[0])
    assert row["x"] == value
    assert ("x.term" in row) == is_kept


def test_later_rows_of_other_kinds_stand_beside_the_columns_of_a_long_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writing, "_FIRST_BYTES", 1 << 10)
    monkeypatch.setattr(writing, "_LATER_BYTES", 1 << 10)
    numbers = " ".join(f"({number})" for number in range(2000))
    query = f'SELECT ?x {{ {{ VALUES (?x) {{ {numbers} }} }} UNION {{ BIND("last" AS ?x) }} }}'
    for format in ("arrow", "parquet"):
        found = table(query, format)
        assert found.num_rows == 2001
        assert found.column("x").to_pylist()[-2:] == [1999, None]
        assert found.column("x.term").to_pylist()[-1] == literal("last", f"{XSD}string")
        assert found.column("x.term").null_count == 2000


def test_blocks_are_whole_lines_whatever_the_pieces() -> None:
    taken: list[bytes] = []
    blocks = LineBlocks(taken.append, first_bytes=8, later_bytes=4)
    data = b"?a\t?b\n1\t2\n33333333333\t4\n5\t6\n"
    for byte in data:
        blocks.write(bytes([byte]))
    taken.append(blocks.finish())
    assert b"".join(taken) == data.partition(b"\n")[2]
    assert all(block.endswith(b"\n") for block in taken if block)
    assert len(taken) > 2


def test_metadata_of_csv_say_types_that_every_cell_has() -> None:
    told = json.loads(written(
        'SELECT * { VALUES (?i ?bad ?l ?iri ?_n) { (1 1 "a"@en <urn:a> true)'
        ' (2 "x"^^xsd:integer "b"@en <urn:b> UNDEF) } }', "csvw"
    ))  # fmt: skip
    columns = {each["titles"]: each for each in told["tableSchema"]["columns"]}
    assert columns["i"]["datatype"] == "integer"
    assert columns["bad"]["datatype"] == "string"
    assert columns["l"] == {"name": "l", "titles": "l", "lang": "en", "datatype": "string"}
    assert columns["iri"]["datatype"] == "anyURI"
    assert columns["_n"] == {"titles": "_n", "datatype": "boolean"}


def test_polars_reads_the_table_with_its_types() -> None:
    frame = pl.read_ipc_stream(io.BytesIO(written(
        'SELECT * { VALUES (?n ?d ?t) { (1 1.5 "2026-01-20T00:00:00Z"^^xsd:dateTime) } }', "arrow"
    )))  # fmt: skip
    assert dict(frame.schema) == {
        "n": pl.Int64,
        "d": pl.Decimal(38, 18),
        "t": pl.Datetime("us", "UTC"),
    }


def test_a_machine_without_pyarrow_says_how_to_install_it() -> None:
    code = """
import sys
sys.modules["pyarrow"] = None
from spacepolicy import formats, serialization
serialization.load_columns()
assert not formats.offered("columns")
assert formats.negotiate("application/vnd.apache.parquet, text/csv;q=0.1",
                         formats.offered("solutions", "columns")).format.name == "csv"
print(formats.advice(["application/vnd.apache.parquet;q=0.9, text/html"]))
print(formats.advice(["arrow"]))
assert not formats.advice(["csv"])
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.count("pip install 'spacepolicy[columns]'") == 2
