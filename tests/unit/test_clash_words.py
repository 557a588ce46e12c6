"""A clash is explained by the least set of statements and axioms, in the reader's language."""

from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from spacepolicy.knowledge.loading.record import FileRecord, GraphFile, quads_in
from spacepolicy.knowledge.reasoning.clash_words import ClashWords
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner
from spacepolicy.knowledge.reasoning.plain_words import Language
from spacepolicy.knowledge.reasoning.proof import Prover
from spacepolicy.namespaces import Base

TREES = """\
@prefix : <https://example.org/def/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:Plant rdfs:label "plant"@en , "植物"@zh .
:Animal rdfs:label "animal"@en , "动物"@zh .
:Oak rdfs:label "oak"@en , "橡树"@zh ; rdfs:subClassOf :Tree .
:Tree rdfs:label "tree"@en , "树"@zh ; rdfs:subClassOf :Plant .
:shades rdfs:label "shades"@en , "遮蔽"@zh ; rdfs:domain :Oak .
[] a owl:AllDisjointClasses ; owl:members (:Stone :Animal) .
[] a owl:AllDisjointClasses ; owl:members (:Plant :Animal) .
:old rdfs:label "old oak"@en , "老橡树"@zh ; a :Animal ;
  :shades :path .
:path a :Stone .
"""


def explained(folder: Path, text: str, language: Language) -> list[str]:
    path = folder / "trees.ttl"
    path.write_text(text, encoding="utf-8")
    triples = [Triple(q.subject, q.predicate, q.object) for q in parse(text, RdfFormat.TURTLE)]
    graph = NamedNode("https://example.org/ontology")
    file = GraphFile(path, "trees.ttl", tuple(quads_in(graph, triples)))
    record = FileRecord(Base("https://example.org/"), (file,))
    words = ClashWords(record, triples, language)
    reasoner = Reasoner(triples)
    prover = Prover(reasoner, reasoner.rules)
    return [words.explained(prover, clash) for clash in reasoner.clashes()]


def test_each_sentence_has_its_file_and_line(tmp_path: Path) -> None:
    (said,) = explained(tmp_path, TREES, "en")
    assert said.removeprefix("In words: ").removesuffix(".").split("; ") == [
        "“old oak” shades “path” (trees.ttl:12)",
        "“old oak” is an “animal” (trees.ttl:11)",
        "what “shades” starts from is an “oak” (trees.ttl:8)",
        "every “oak” is a “tree” (trees.ttl:6)",
        "every “tree” is a “plant” (trees.ttl:7)",
        "nothing is two of “plant”, “animal” (trees.ttl:10)",
    ]


def test_it_is_in_the_language_of_the_reader(tmp_path: Path) -> None:
    (said,) = explained(tmp_path, TREES, "zh")
    assert said.startswith("用文字说：“老橡树”遮蔽“path” (trees.ttl:12)；“老橡树”是“动物”")
    assert "没有事物同时属于“植物”、“动物”中的两类" in said
    assert "oak" not in said


def test_nothing_of_it_can_be_left_out(tmp_path: Path) -> None:
    text = TREES.replace(":path a :Stone", ":old a :Plant . :path a :Stone")
    for said in explained(tmp_path, text, "en"):
        assert said.count(";") == 2, said


@pytest.mark.parametrize(
    ("locale", "language"), [("zh_CN.UTF-8", "zh"), ("en_GB.UTF-8", "en"), ("C", "en"), ("", "en")]
)
def test_the_locale_says_the_language(
    locale: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spacepolicy import settings

    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", locale)
    assert settings.language() == language
