"""A dataset as a folder of tables: types, names, graphs, and what is replaced."""

import hashlib
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest
from pyoxigraph import DefaultGraph, RdfFormat, Store

from spacepolicy.errors import StoreError, UsageError
from spacepolicy.store.revision import Counts, Revision
from spacepolicy.table_export.names import names_of
from spacepolicy.table_export.tables import export_tables

PREFIXES: Final = {
    "": "https://example.org/def/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
HEADER: Final = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())
Rows = list[tuple[Any, ...]]


def revision(store: Store, folder: Path, *, base: str | None = None) -> Revision:
    default = sum(1 for _ in store.quads_for_pattern(None, None, None, DefaultGraph()))
    return Revision(
        number=3,
        time="2026-01-02T03:04:05+00:00",
        author="test",
        message="test",
        counts=Counts(len(store), 0, default, 0),
        record_sha256="",
        content_sha256="",
        base=base,
        prefixes=PREFIXES,
        directory=folder,
    )


def loaded(trig: str) -> Store:
    store = Store()
    store.load((HEADER + trig).encode(), RdfFormat.TRIG)
    return store


def export(trig: str, folder: Path) -> Callable[[str], Rows]:
    """Answers SQL over the tables of what the TriG says, in a store where nothing is derived; the
    name of a table is its folder."""
    store = loaded(trig)
    export_tables(store, revision(store, folder), "stored", folder, lambda _: None)
    return lambda sql: duckdb.sql(
        sql.replace("[", f"read_parquet('{folder}/").replace("]", "/**/*.parquet')")
    ).fetchall()


def fields(folder: Path, table: str) -> dict[str, Any]:
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    (found,) = (each for each in package["resources"] if each["name"] == table)
    return {field["name"]: field for field in found["schema"]["fields"]}


def test_columns_have_the_types_of_their_literals(tmp_path: Path) -> None:
    ask = export(
        """
        :a a :Thing ; :count 7 ; :share 0.25 ; :rough 1e3 ; :open true ;
          :day "2026-01-02"^^xsd:date ; :at "2026-01-02T03:04:05Z"^^xsd:dateTime ; :word "x" .
        :count a owl:FunctionalProperty . :share a owl:FunctionalProperty .
        :rough a owl:FunctionalProperty . :open a owl:FunctionalProperty .
        :day a owl:FunctionalProperty . :at a owl:FunctionalProperty .
        """,
        tmp_path / "t",
    )
    assert ask('SELECT count, share, rough, open, day, epoch("at"), word FROM [classes/Thing]') == [
        (7, Decimal("0.25"), 1000.0, True, date(2026, 1, 2),
         datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp(), ["x"])
    ]  # fmt: skip


def test_a_property_that_is_declared_single_and_has_two_values_is_a_list(tmp_path: Path) -> None:
    ask = export(":a a :T ; :n 1, 2 . :n a owl:FunctionalProperty .", tmp_path / "t")
    assert ask("SELECT n FROM [classes/T]") == [([1, 2],)]


def test_a_property_that_nothing_declares_single_is_a_list_that_may_be_empty(
    tmp_path: Path,
) -> None:
    ask = export(":a a :T ; :n 1 . :b a :T .", tmp_path / "t")
    assert ask("SELECT n FROM [classes/T] ORDER BY iri") == [([1],), ([],)]


def test_a_shape_may_declare_a_property_single(tmp_path: Path) -> None:
    ask = export(
        """
        :g { [] <http://www.w3.org/ns/shacl#path> :n ; <http://www.w3.org/ns/shacl#maxCount> 1 }
        :a a :T ; :n 1 .
        """,
        tmp_path / "t",
    )
    assert ask("SELECT n FROM [classes/T]") == [(1,)]


def test_each_language_has_a_column(tmp_path: Path) -> None:
    ask = export(
        ':a a :T ; rdfs:label "one"@en, "一"@zh-Hant, "plain" ; :label_en "own" .', tmp_path / "t"
    )
    (row,) = ask("SELECT rdfs_label_en, rdfs_label_zh_hant, rdfs_label, label_en FROM [classes/T]")
    assert row == (["one"], ["一"], ["plain"], ["own"])


def test_mixed_datatypes_are_text_and_the_catalogue_says_so(tmp_path: Path) -> None:
    ask = export(':a a :T ; :p 1, "x", :b .', tmp_path / "t")
    assert ask("SELECT list_sort(p) FROM [classes/T]") == [
        (["1", "https://example.org/def/b", "x"],)
    ]
    field = fields(tmp_path / "t", "T")["p"]
    assert (field["rdf:kind"], field["partialValues"], field["itemType"]) == ("mixed", 3, "string")


def test_an_ill_typed_literal_is_null_and_whole_among_the_statements(tmp_path: Path) -> None:
    ask = export(':a a :T ; :n "many"^^xsd:integer, 5 .', tmp_path / "t")
    assert sorted(ask("SELECT unnest(n) FROM [classes/T]"), key=str) == [(5,), (None,)]
    assert fields(tmp_path / "t", "T")["n"]["partialValues"] == 1
    assert ask("SELECT value FROM [statements/property=n] WHERE value = 'many'") == [("many",)]


def test_statements_say_the_whole_term(tmp_path: Path) -> None:
    ask = export('<urn:s> :p <urn:o>, "w"@en, 4, "x" , _:b .', tmp_path / "t")
    rows = ask("SELECT object, value, datatype, language FROM [statements/property=p]")
    xsd, rdf = PREFIXES["xsd"], PREFIXES["rdf"]
    (blank,) = {row[0] for row in rows if row[0] and row[0].startswith("_:")}
    assert set(rows) == {
        ("urn:o", None, None, None),
        (blank, None, None, None),
        (None, "w", f"{rdf}langString", "en"),
        (None, "4", f"{xsd}integer", None),
        (None, "x", f"{xsd}string", None),
    }


def test_a_statement_of_several_graphs_is_one_row(tmp_path: Path) -> None:
    trig = "<urn:a> :p <urn:b> . <urn:g> { <urn:a> :p <urn:b> } <urn:h> { <urn:a> :p <urn:b> }"
    ask = export(trig, tmp_path / "t")
    assert ask("SELECT subject, graphs, stated FROM [statements/property=p]") == [
        ("urn:a", ["urn:g", "urn:h"], True)
    ]


def test_what_the_default_graph_lacks_is_a_table_apart(tmp_path: Path) -> None:
    ask = export("<urn:g> { <urn:a> :p 1 } <urn:h> { <urn:a> :p 1 }", tmp_path / "t")
    assert ask("SELECT subject, graphs FROM [apart]") == [("urn:a", ["urn:g", "urn:h"])]
    assert not (tmp_path / "t" / "statements").exists()


def test_an_empty_dataset_is_a_catalogue_of_no_tables(tmp_path: Path) -> None:
    export("", tmp_path / "t")
    package = json.loads((tmp_path / "t" / "datapackage.json").read_text(encoding="utf-8"))
    assert package["resources"] == []


def test_names_differ_in_more_than_case_and_have_no_signs() -> None:
    iris = ["urn:x/a b", "urn:y/A-B", "urn:z#iri", "https://example.org/def/类", "urn:1"]
    names = names_of(iris, PREFIXES, ["iri"])
    folded = {name.casefold() for name in names.values()}
    assert len(folded) == len(iris)
    assert "iri" not in folded
    assert all(name.isascii() and name.isidentifier() for name in names.values())


def test_a_long_name_is_cut_and_stays_one_of_its_own() -> None:
    long = "https://example.org/def/" + "x" * 300
    first, second = names_of([long, f"{long}y"], PREFIXES).values()
    assert first != second
    assert max(len(first), len(second)) < 160


def test_the_own_term_keeps_its_name_whatever_others_are_called() -> None:
    own, other = "https://example.org/def/name", "http://other.example/name"
    assert names_of([other, own], PREFIXES)[own] == "name"
    assert names_of([other, own], PREFIXES)[other].startswith("name_")


def test_the_catalogue_has_the_digest_of_each_file_and_lists_all(tmp_path: Path) -> None:
    folder = tmp_path / "t"
    export(":a a :T ; :n 1 . <urn:g> { :b :m 2 }", folder)
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    listed = {file["path"]: file for table in package["resources"] for file in table["files"]}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")}
    assert listed.keys() == there
    for path, file in listed.items():
        data = (folder / path).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"])


def test_the_same_dataset_makes_the_same_bytes(tmp_path: Path) -> None:
    trig = ':a a :T ; :n 3, 1, 2 ; rdfs:label "a"@en . :b a :T ; :n 9 . <urn:g> { :b :m 2 }'
    export(trig, tmp_path / "one")
    export(trig, tmp_path / "two")
    for path in (tmp_path / "one").rglob("*.*"):
        again = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert path.is_dir() or path.read_bytes() == again.read_bytes()


def test_an_earlier_export_is_replaced_as_a_whole(tmp_path: Path) -> None:
    export(":a :old 1 .", tmp_path / "t")
    ask = export(":a :new 1 .", tmp_path / "t")
    assert ask("SELECT value FROM [statements]") == [("1",)]
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


def test_what_a_killed_export_left_is_removed_and_what_another_writes_is_not(
    tmp_path: Path,
) -> None:
    ended = subprocess.run(["sh", "-c", "echo $$"], capture_output=True, text=True, check=True)
    left = tmp_path / f".t.{ended.stdout.strip()}.unfinished"
    others = [tmp_path / ".t.1.unfinished", tmp_path / ".u.0.unfinished"]
    for path in (left, *others):
        path.mkdir()
    export(":a :new 1 .", tmp_path / "t")
    assert sorted(tmp_path.iterdir()) == sorted([*others, tmp_path / "t"])


@pytest.mark.parametrize("name", ["notes.txt", "statements/property=old/more.parquet"])
def test_a_folder_with_something_else_is_left_as_it_is(tmp_path: Path, name: str) -> None:
    export(":a :old 1 .", tmp_path / "t")
    mine = tmp_path / "t" / name
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=mine.name):
        export(":a :new 1 .", tmp_path / "t")
    assert mine.read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "t" / "statements" / "property=old").is_dir()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"kind": "another", "resources": []}'])
def test_a_catalogue_of_another_kind_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / "datapackage.json").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="no earlier export"):
        export(":a :new 1 .", tmp_path)
    assert (tmp_path / "datapackage.json").read_text(encoding="utf-8") == text


def test_a_link_or_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for name in ("link", "file"):
        with pytest.raises(UsageError, match="is no folder"):
            export(":a :new 1 .", tmp_path / name)


def test_what_is_not_the_whole_revision_replaces_nothing(tmp_path: Path) -> None:
    export(":a :old 1 .", tmp_path / "t")
    store = loaded(":a :new 1 .")
    said = revision(store, tmp_path)
    store.load(HEADER.encode() + b":a :more 1 .", RdfFormat.TURTLE)
    with pytest.raises(StoreError, match="1 statements on record"):
        export_tables(store, said, "stored", tmp_path / "t", lambda _: None)
    assert [path.name for path in tmp_path.iterdir()] == ["t"]
    assert (tmp_path / "t" / "statements" / "property=old").is_dir()
