"""What is said of texts that the engine's parser refuses, and what the cure makes of them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyoxigraph import Store
from tests.conformance.manifests import SUITES
from tests.errors_page import PAGE, written

from spacepolicy.engine.diagnosis.grammar import conflicts
from spacepolicy.engine.diagnosis.mistake import TextEdit
from spacepolicy.engine.diagnosis.reading import MAX_TOKENS, SyntaxStop, read
from spacepolicy.engine.diagnosis.wording import LANGUAGES, MESSAGES
from spacepolicy.engine.syntax import in_language, query_syntax_error
from spacepolicy.errors import QuerySyntaxError

XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
PREFIXES = {"": "urn:x:", "rdfs": RDFS, "xsd": XSD, "rdf": RDF}
BASE = "http://base.example/"
TABLE: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("mistakes.yaml").read_text(encoding="utf-8")
)
MOST_CURES = 4
"""A text of the table holds no more mistakes than this."""


def refused(text: str, *, update: bool) -> str | None:
    """The reason of the engine's parser; None where it takes the text."""
    store = Store()
    try:
        (store.update if update else store.query)(text, base_iri=BASE, prefixes=PREFIXES)
    except SyntaxError as error:
        return str(error)
    except (OSError, RuntimeError):
        pass  # it was read, and fails when it is carried out
    return None


def problem(text: str, *, update: bool = False, based: bool = True) -> QuerySyntaxError:
    reason = refused(text, update=update)
    assert reason is not None
    return query_syntax_error(reason, text, PREFIXES, based=based)


def cured(text: str, *, update: bool) -> str | None:
    """The text with every cure made that is an edit; None where a cure is none."""
    for _ in range(MOST_CURES):
        if refused(text, update=update) is None:
            return text
        edit = problem(text, update=update).extras.get("edit")
        if not isinstance(edit, Mapping):
            return None
        text = TextEdit(**edit).applied(text)
    return text


def named(row: Mapping[str, Any]) -> str:
    return f"{row['mistake']}: {row.get('query', row.get('update'))}"


@pytest.mark.parametrize("row", TABLE, ids=named)
def test_a_mistake_is_told_with_its_place_and_cure(row: Mapping[str, Any]) -> None:
    update = "update" in row
    error = problem(row["update"] if update else row["query"], update=update)
    assert error.extras["mistake"] == row["mistake"]
    assert [error.extras["line"], error.extras["column"]] == row["place"]
    assert error.detail == row["detail"]


@pytest.mark.parametrize("row", [row for row in TABLE if "mended" in row], ids=named)
def test_a_cure_that_is_an_edit_makes_a_text_that_the_parser_takes(row: Mapping[str, Any]) -> None:
    update = "update" in row
    text = cured(row["update"] if update else row["query"], update=update)
    assert text == row["mended"]
    assert text is not None
    assert refused(text, update=update) is None


def test_a_relative_iri_without_a_base_is_told() -> None:
    with pytest.raises(SyntaxError) as caught:
        Store().query("SELECT ?x { ?x <p> ?y }")
    error = query_syntax_error(str(caught.value), "SELECT ?x { ?x <p> ?y }", PREFIXES, based=False)
    assert error.extras["mistake"] == "iri-without-scheme"
    assert error.extras["column"] == 16


def test_the_engine_s_own_reason_is_never_dropped() -> None:
    text = "SELECT ?x ?o { ?x a :Task ; :ordinal ?o } GROUP BY ?x"
    reason = refused(text, update=False)
    assert problem(text).extras["reason"] == reason
    assert "unbound" in str(reason)


def test_what_no_rule_knows_is_told_as_the_engine_says_it() -> None:
    error = query_syntax_error("error at 1:5: expected The moon is full", "ASK {}", PREFIXES)
    assert error.detail.startswith("Line 1, column 5: the engine's parser refuses this.")
    assert "The moon is full" in error.detail


def test_no_message_lists_one_of_the_tokens_that_are_possible() -> None:
    for row in TABLE:
        assert not re.search(r"\bexpected\b", row["detail"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_mistake_has_words_in_every_language(language: str) -> None:
    for kind, words in MESSAGES.items():
        wrong, cure = words[language]
        assert wrong, kind
        assert cure, kind
        fields = {*re.findall(r"(?<!{){(\w+)}(?!})", words["en"][0] + words["en"][1])}
        assert {*re.findall(r"(?<!{){(\w+)}(?!})", wrong + cure)} <= fields, kind


def test_every_kind_of_mistake_stands_in_the_table() -> None:
    told_elsewhere = {"engine", "iri-without-scheme"}
    assert {row["mistake"] for row in TABLE} | told_elsewhere == MESSAGES.keys()


def test_a_mistake_is_told_in_chinese() -> None:
    told = in_language(problem("SELECT ?x, ?y { ?x :p ?y }"), "zh")
    assert told["detail"] == "第 1 行第 10 列：此处的变量或键之间不用逗号。请用空格分隔。"
    assert told["cure"] == "请用空格分隔。"


def w3c_texts() -> Iterator[tuple[str, str]]:
    for path in sorted([*SUITES.rglob("*.rq"), *SUITES.rglob("*.ru")]):
        yield path.suffix, path.read_text(encoding="utf-8")


@pytest.mark.skipif(not SUITES.is_dir(), reason="the W3C suites are not here")
def test_the_grammar_reads_whatever_the_engine_takes() -> None:
    empty_updates = 3
    left = [
        text
        for suffix, text in w3c_texts()
        if refused(text, update=suffix == ".ru") is None and isinstance(read(text, {}), SyntaxStop)
    ]
    assert len(left) == empty_updates


def test_the_grammar_leaves_no_choice_open() -> None:
    assert list(conflicts()) == []


def test_a_text_beyond_the_bound_is_told_as_the_engine_says_it() -> None:
    text = "SELECT * { " + "?s ?p ?o . " * MAX_TOKENS + "?s ?p }"
    error = query_syntax_error("error at 1:12: expected [_]", text, PREFIXES)
    assert error.extras["mistake"] == "engine"


def test_the_page_shows_every_kind_of_mistake() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(TABLE), "write it again: python -m tests.errors_page"
