"""Saved queries: headers, and parameters that bind terms."""

import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, Store

from spacepolicy.errors import BadParameterError, FindingsError
from spacepolicy.saved_queries import (
    TODAY_IN_SPARQL,
    SavedQuery,
    bind,
    read_catalogue,
    read_query,
    tagged,
    today,
    with_today,
)

TITLE = '#+ title: {en: "What is there?", zh: "有什么？"}\n'
TEXT = (
    TITLE
    + """#+ tags: [first]
#+ parameters:
#+   - {name: word, type: string}
#+   - {name: thing, type: iri, default: "ex:a"}
PREFIX ex: <https://example.org/>
SELECT ?thing ?word { VALUES ?thing { UNDEF } VALUES ?word { UNDEF } ?thing ex:says ?word }
"""
)


def saved(folder: Path, text: str, name: str = "a-question") -> SavedQuery:
    path = folder / f"{name}.rq"
    path.write_text(text, encoding="utf-8")
    return read_query(path)


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> SavedQuery:
    return saved(tmp_path_factory.mktemp("queries"), TEXT)


def rows(text: str, store: Store) -> list[tuple[str, str]]:
    solutions = store.query(text)
    assert isinstance(solutions, QuerySolutions)
    return [(str(row["thing"]), str(row["word"])) for row in solutions]


def test_a_header_says_what_the_query_is(question: SavedQuery) -> None:
    assert question.name == "a-question"
    assert question.title == {"en": "What is there?", "zh": "有什么？"}
    assert [parameter.name for parameter in question.parameters] == ["word", "thing"]
    assert tagged([question], "first") == (question,)
    assert tagged([question], "second") == ()


def test_a_default_binds_where_no_value_is_given(question: SavedQuery) -> None:
    bound = bind(question, {})
    assert "VALUES ?thing { <https://example.org/a> }" in bound
    assert "VALUES ?word { UNDEF }" in bound


def test_several_values_are_several_rows(question: SavedQuery) -> None:
    bound = bind(question, {"thing": ["ex:b", "<https://example.org/c>", "urn:d"]})
    assert "{ <https://example.org/b> <https://example.org/c> <urn:d> }" in bound


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_is_bound_is_the_term_itself(question: SavedQuery, word: str) -> None:
    thing, says = NamedNode("https://example.org/a"), NamedNode("https://example.org/says")
    store = Store()
    store.extend(Quad(thing, says, Literal(words)) for words in (word, f"not {word}"))
    found = rows(bind(question, {"word": [word]}), store)
    assert found == [(str(thing), str(Literal(word)))]


@pytest.mark.parametrize(
    "value", ["a b", "x> } DROP ALL #", 'x"', "http://[", "{", "ex:a> ?x", "\n", "no-scheme"]
)
def test_text_that_is_no_iri_is_refused(question: SavedQuery, value: str) -> None:
    with pytest.raises(BadParameterError, match="thing"):
        bind(question, {"thing": [value]})


def test_an_unknown_parameter_is_refused_with_those_there_are(question: SavedQuery) -> None:
    with pytest.raises(BadParameterError, match="it has: thing, word"):
        bind(question, {"other": ["1"]})


@pytest.mark.parametrize(
    ("type_", "value", "term"),
    [
        ("integer", "5", '"5"^^<http://www.w3.org/2001/XMLSchema#integer>'),
        ("date", "2022-05-08", '"2022-05-08"^^<http://www.w3.org/2001/XMLSchema#date>'),
        ("langString", "a word@en", '"a word"@en'),
        ("string", 'say "hi" \\ ?x }', '"say \\"hi\\" \\\\ ?x }"'),
    ],
)
def test_a_value_becomes_a_term_of_its_type(
    tmp_path: Path, type_: str, value: str, term: str
) -> None:
    header = f"#+ parameters: [{{name: x, type: {type_}, required: true}}]\n"
    query = saved(tmp_path, f"{TITLE}{header}ASK {{ VALUES ?x {{ UNDEF }} ?s ?p ?x }}\n")
    assert f"VALUES ?x {{ {term} }}" in bind(query, {"x": [value]})
    with pytest.raises(BadParameterError, match="needs a value"):
        bind(query, {})


@pytest.mark.parametrize(("type_", "value"), [("integer", "five"), ("date", "8 May"),
                                               ("langString", "no language")])  # fmt: skip
def test_a_value_of_another_type_is_refused(tmp_path: Path, type_: str, value: str) -> None:
    header = f"#+ parameters: [{{name: x, type: {type_}}}]\n"
    query = saved(tmp_path, f"{TITLE}{header}ASK {{ VALUES ?x {{ UNDEF }} ?s ?p ?x }}\n")
    with pytest.raises(BadParameterError, match=type_):
        bind(query, {"x": [value]})


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("ASK {}\n", 1, "no header"),
        ("#+ title: one\nASK {}\n", 1, "title"),
        ('#+ title: {en: "What is there?"}\nASK {}\n', 1, "title"),
        ("#+ title: {en: a, zh: [}\nASK {}\n", 1, "not YAML"),
        (f"{TITLE}#+ colour: red\nASK {{}}\n", 2, "colour"),
        (f"{TITLE}#+ parameters: [{{name: x, type: thing}}]\nASK {{}}\n", 1, "type"),
        (f"{TITLE}#+ parameters: [{{name: x, type: iri}}]\nASK {{}}\n", 1, "no place"),
        (f"{TITLE}ASK {{ ?s ?p }}\n", 2, "not SPARQL"),
    ],
)
def test_a_wrong_file_is_a_finding_with_its_line(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    with pytest.raises(FindingsError, match=message) as caught:
        saved(tmp_path, text)
    assert caught.value.findings[0].line == line
    assert caught.value.findings[0].path.endswith("a-question.rq")


def test_a_name_that_is_not_kebab_case_is_a_finding(tmp_path: Path) -> None:
    with pytest.raises(FindingsError, match="kebab-case"):
        saved(tmp_path, TEXT, name="A_question")


def test_all_wrong_files_of_a_catalogue_are_named_together(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.rq").write_text("ASK {}", encoding="utf-8")
    with pytest.raises(FindingsError) as caught:
        read_catalogue(tmp_path)
    assert [Path(finding.path).name for finding in caught.value.findings] == ["a.rq", "b.rq"]


def test_a_description_and_its_tags_are_told_in_their_languages(tmp_path: Path) -> None:
    more = '#+ description: {en: "All of it.", zh: "全部。"}\n'
    text = more + TEXT.replace("[first]", "[first, second]")
    (tmp_path / "all.rq").write_text(text, encoding="utf-8")
    tags = 'first = { en = "the first", zh = "第一" }\n'
    (tmp_path / "tags.toml").write_text(tags, encoding="utf-8")
    (query,) = read_catalogue(tmp_path)
    assert query.description == {"en": "All of it.", "zh": "全部。"}
    assert query.tags == {"first": {"en": "the first", "zh": "第一"}, "second": {}}
    plain = saved(tmp_path, '#+ description: "All of it."\n' + TEXT)
    assert plain.description == {"en": "All of it."}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tags.toml", "first = {"),
        ("tags.toml", 'first = { fr = "le premier" }'),
        ("tags.toml", "first = 1"),
        ("a-question.rq", '#+ description: {fr: "Tout."}\n' + TEXT),
        ("a-question.rq", "#+ description: [1]\n" + TEXT),
    ],
)
def test_words_in_no_language_of_the_pages_are_a_finding(
    tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / "a-question.rq").write_text(TEXT, encoding="utf-8")
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(FindingsError, match=name):
        read_catalogue(tmp_path)


def test_a_byte_order_mark_before_a_query_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "marked.rq"
    path.write_bytes(codecs.BOM_UTF8 + TEXT.encode())
    assert read_query(path).text.startswith("#+")


DUE = (
    TITLE
    + f"""#+ tags: [first]
#+ parameters:
#+   - {{name: day, type: date, default: today}}
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
SELECT ?on {{ VALUES ?day {{ UNDEF }} BIND(COALESCE(?day, {TODAY_IN_SPARQL}) AS ?on) }}
"""
)


def day_of(text: str) -> str:
    solutions = Store().query(text)
    assert isinstance(solutions, QuerySolutions)
    (row,) = solutions
    return str(row["on"])


def test_a_date_may_be_today_when_it_is_not_given(tmp_path: Path) -> None:
    query = saved(tmp_path, DUE)
    date = "^^<http://www.w3.org/2001/XMLSchema#date>"
    for text in (query.text, bind(query, {}), bind(query, {"day": ["today"]})):
        before, told = today(), day_of(text).removesuffix(date).strip('"')
        assert told in (before, today()), text
    assert day_of(bind(query, {"day": ["2026-03-01"]})) == f'"2026-03-01"{date}'
    assert "NOW" not in bind(query, {"day": ["2026-03-01"]})
    assert "NOW" in bind(query, {})


def test_values_name_the_day_that_is_meant_by_today(tmp_path: Path) -> None:
    query = saved(tmp_path, DUE)
    given = {"day": ["2026-03-01"]}
    assert with_today(query, given, "2026-05-01") is given
    assert with_today(query, {}, "2026-05-01") == {"day": ["2026-05-01"]}
    assert with_today(query, {"day": ["2026-03-01", "today"]}, "2026-05-01") == {
        "day": ["2026-03-01", "2026-05-01"]
    }
    plain = saved(tmp_path, DUE.replace("today}", '"2026-01-01"}'))
    assert with_today(plain, {}, "2026-05-01") == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (DUE.replace(TODAY_IN_SPARQL, '"2026-01-01"^^xsd:date'), "the query does not say so"),
        (DUE.replace("[first]", "[home]"), "tagged home has a date that is today by default"),
    ],
)
def test_a_query_of_today_takes_it_itself_and_makes_no_page(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(FindingsError, match=said):
        saved(tmp_path, text)


def test_parameters_are_called_as_their_file_says(tmp_path: Path) -> None:
    saved(tmp_path, TEXT)
    names = 'word = { en = "the word", zh = "词" }\n'
    (tmp_path / "parameters.toml").write_text(names, encoding="utf-8")
    (query,) = read_catalogue(tmp_path)
    assert [each.called for each in query.parameters] == [{"en": "the word", "zh": "词"}, {}]
