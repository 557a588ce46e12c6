"""The page of a document shows all its parts, in the order of the text, each below its whole and
with the words that make it a part: whatever the document, and however the data state it."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest
from pyoxigraph import Literal, QuerySolutions, Store

from spacepolicy.web.linked_data.part_statements import natural

from .conftest import MakeService, reasoned, serve
from .part_lists import ListedPart, flat, listed_parts

ROOT: Final = Path(__file__).parents[2]
OVERLAYS: Final = sorted((ROOT / "tests" / "documents").iterdir())
BASE: Final = "https://w3id.org/spacepolicy/"
PREFIXES: Final = {"": f"{BASE}def/", "rdfs": "http://www.w3.org/2000/01/rdf-schema#"}
SHIPPED: Final = f"{BASE}id/policy/shanghai-2022-spatial-information"
PARTS_OF_THE_SHIPPED: Final = 53


@dataclass(frozen=True)
class Documents:
    """A site over documents, and the dataset that it serves, to ask for the same another way."""

    site: httpx.Client
    store: Store

    def ask(self, pattern: str) -> list[tuple[str, ...]]:
        """The solutions of the SELECT, in plain values."""
        found = self.store.query(pattern, prefixes=PREFIXES, base_iri=BASE)
        assert isinstance(found, QuerySolutions)
        return [tuple(str(getattr(term, "value", "")) for term in row) for row in found]

    def parts(self, thing: str, language: str = "en") -> list[ListedPart]:
        """The parts that the page of the thing shows."""
        path = "/doc/" + thing.removeprefix(BASE)
        return listed_parts(self.page(f"{path}?lang={language}"))

    def page(self, path: str) -> str:
        answer = self.site.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Documents]:
    """The shipped document, and all those of the tests beside it."""
    content = tmp_path_factory.mktemp("documents")
    for name in ("ontology", "data", "queries", "seeds"):
        shutil.copytree(ROOT / name, content / name)
    for overlay in OVERLAYS:
        shutil.copytree(overlay, content, dirs_exist_ok=True)
    yield from served(content, tmp_path_factory)


def served(content: Path, tmp: pytest.TempPathFactory) -> Iterator[Documents]:
    service, store = reasoned(content, tmp.mktemp("served"))
    with serve(service) as site:
        yield Documents(site.client, store)
    service.engine.close()


@pytest.fixture(scope="module")
def policies(documents: Documents) -> list[str]:
    """Every document that has parts."""
    found = documents.ask("SELECT DISTINCT ?x { ?part :isPartOf ?x . ?x a :PolicyDocument }")
    assert len(found) > len(OVERLAYS), "each document of the tests has parts"
    return [policy for (policy,) in found]


def test_the_page_of_the_shipped_document_has_its_53_parts(documents: Documents) -> None:
    shown = flat(documents.parts(SHIPPED))
    assert len(shown) == len({each.iri for each in shown}) == PARTS_OF_THE_SHIPPED


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_shows_every_part_of_its_document_and_no_other(
    documents: Documents, policies: list[str], language: str
) -> None:
    for policy in policies:
        shown = [each.iri for each in flat(documents.parts(policy, language))]
        known = [iri for (iri,) in documents.ask(f"SELECT ?p {{ ?p :isPartOf <{policy}> }}")]
        assert sorted(shown) == sorted(set(known)), policy


@pytest.mark.parametrize("language", ["en", "zh"])
def test_parts_are_called_in_the_language_of_the_reader(
    documents: Documents, policies: list[str], language: str
) -> None:
    names = "SELECT ?x ?name {{ ?x rdfs:label ?name FILTER (LANG(?name) = '{}') }}"
    labels: dict[str, set[str]] = {}
    for iri, name in documents.ask(names.format(language)):
        labels.setdefault(iri, set()).add(name)
    for policy in policies:
        for part in flat(documents.parts(policy, language)):
            assert part.name in labels[part.iri]


def test_each_part_stands_below_its_nearest_whole(
    documents: Documents, policies: list[str]
) -> None:
    for policy in policies:
        rows = documents.ask(f"SELECT ?p ?w {{ ?p :isPartOf <{policy}>, ?w }}")
        wholes: dict[str, set[str]] = {}
        for part, whole in rows:
            wholes.setdefault(part, set()).add(whole)
        for whole, part in pairs(policy, documents.parts(policy)):
            assert whole in wholes[part]
            between = wholes[part] - {whole}
            assert not any(whole in wholes.get(each, ()) for each in between), part


def pairs(whole: str, parts: list[ListedPart]) -> Iterator[tuple[str, str]]:
    """Each part with that below which it stands."""
    for part in parts:
        yield whole, part.iri
        yield from pairs(part.iri, part.parts)


def test_parts_follow_each_other_as_in_the_text_under_their_numbers(
    documents: Documents, policies: list[str]
) -> None:
    ordinals = {part: n for part, n in documents.ask("SELECT ?p ?n { ?p :ordinal ?n }")}  # noqa: C416 # tuples of two
    for policy in policies:
        shown = documents.parts(policy)
        for siblings in [shown, *(each.parts for each in flat(shown))]:
            starts = [_start(each) for each in siblings if each.quotations]
            assert starts == sorted(starts)
            for locators in _locators(siblings).values():
                assert locators == sorted(locators, key=natural)
        for part in flat(shown):
            assert part.ordinal == ordinals.get(part.iri)


def _start(part: ListedPart) -> int:
    """Where the words that make it a part begin in their source."""
    return int(part.quotations[0][1].partition("#char=")[2].partition(",")[0])


def _locators(siblings: list[ListedPart]) -> dict[str, list[str]]:
    """By source, the locators of the passages by reference that make them parts."""
    found: dict[str, list[str]] = {}
    for each in siblings:
        if not each.quotations:
            source, _, locator = each.references[0].partition("#loc=")
            assert locator
            found.setdefault(source, []).append(locator)
    return found


def test_each_part_is_quoted_by_a_passage_that_says_it(
    documents: Documents, policies: list[str]
) -> None:
    said = (
        "SELECT ?part ?passage ?told {{ ?part :isPartOf+ ?policy . ?policy a :PolicyDocument "
        "{{ GRAPH ?passage {{ ?part ?p ?o }} }} UNION {{ GRAPH ?passage {{ ?o ?p ?part }} }} "
        "?passage :{} ?told }}"
    )
    quoted = set(documents.ask(said.format("exactText")))
    referred = {row[:2] for row in documents.ask(said.format("locator"))}
    texts = {part for part, _, _ in quoted}
    for policy in policies:
        for part in flat(documents.parts(policy)):
            assert part.quotations if part.iri in texts else part.references, part
            for words, address in part.quotations:
                assert (part.iri, _passage(address), words) in quoted
            for address in part.references:
                assert (part.iri, _passage(address)) in referred


def _passage(address: str) -> str:
    """The IRI of the passage to which the address leads."""
    return f"{BASE}{address.removeprefix('/').replace('?lang=en', '')}"


def test_nothing_of_another_document_is_said_of_a_part(
    documents: Documents, policies: list[str]
) -> None:
    for policy in policies:
        others = [each for each in policies if each != policy]
        for part in flat(documents.parts(policy)):
            for iri in (part.iri, *part.linked):
                assert not any(iri == other or iri.startswith(f"{other}/") for other in others)


def test_the_page_of_a_part_has_its_own_parts(documents: Documents, policies: list[str]) -> None:
    for policy in policies:
        for part in flat(documents.parts(policy)):
            if part.parts:
                assert [each.iri for each in documents.parts(part.iri)] == [
                    each.iri for each in part.parts
                ]


@dataclass(frozen=True)
class Text:
    """A document that is made up: what its passages say, in the order of the text."""

    name: str
    passages: tuple[str, ...]

    @property
    def trig(self) -> str:
        """Its graphs; passage n begins at 10 n and is the word "words n"."""
        source = f"<{BASE}source/{self.name}>"
        described, graphs = [f"{source} a :SourceDocument ."], []
        for n, said in enumerate(self.passages):
            passage = f"<{BASE}source/{self.name}#char={10 * n},{10 * n + 9}>"
            described.append(
                f'{passage} a :Passage ; :source {source} ; :exactText "words {n}"@en ; '
                f":start {10 * n} ; :end {10 * n + 9} ."
            )
            graphs.append(f"{passage} {{ {said} }}")
        lines = (f"{source} {{ {' '.join(described)} }}", *graphs)
        return f"@prefix : <{BASE}def/> . @base <{BASE}id/x/> .\n" + "\n".join(lines)


STEPS: Final = """
:isStepOf a owl:ObjectProperty ; rdfs:subPropertyOf :isPartOf .
:hasStep a owl:ObjectProperty ; owl:inverseOf :isStepOf .
:hasFirstStep a owl:ObjectProperty ; rdfs:subPropertyOf :hasStep .
:comprises a owl:ObjectProperty ; rdfs:subPropertyOf :hasPart .
"""
TEXTS: Final = {
    "deep": Text(
        "deep",
        (
            "<deep> :hasPart <deep/a> .",
            "<deep/a/b> :isPartOf <deep/a> .",
            "<deep/a/b> :hasStep <deep/a/b/c> .",
            "<deep/a/b/c/d> :isStepOf <deep/a/b/c> .",
            "<deep/a/b/c/d> :hasFirstStep <deep/a/b/c/d/e> .",
            "<deep/a/b/c/d> :comprises <deep/a/b/c/d/f> .",
            "<deep/a/b2> :isPartOf <deep/a> ; :ordinal 1 .",
        ),
    ),
    "repeated": Text(
        "repeated",
        (
            "<repeated> :hasPart <repeated/10>, <repeated/9>, <repeated/x> .",
            "<repeated/9> :isPartOf <repeated> . <repeated/y> :isPartOf <repeated> .",
            "<repeated/9/1> :isPartOf <repeated/9>, <repeated> .",
            "<repeated/10> :concerns <thing> .",
            "<repeated/9> :concerns <thing> .",
        ),
    ),
    "two": Text(
        "two",
        (
            "<two/a> :isPartOf <two> .",
            "<two/b> :isPartOf <two> .",
            "<two/b/1> :isPartOf <two/b> .",
            "<two/a/1> :isPartOf <two/a> .",
            "<two/shared> :isPartOf <two/b> .",
            "<two/shared> :isPartOf <two/a> .",
            "<two/shared/1> :isPartOf <two/shared> .",
            "<two/shared> :isPartOf <other> .",
        ),
    ),
    "circle": Text(
        "circle",
        (
            "<circle/a> :isPartOf <circle> .",
            "<circle/b> :isPartOf <circle/a> .",
            "<circle/a> :isPartOf <circle/b> .",
            "<circle/b/1> :isPartOf <circle/b> .",
            "<circle/c> :isPartOf <circle/c>, <circle> .",
        ),
    ),
    "around": Text(
        "around",
        (
            "<around> :isPartOf <around/a> .",
            "<around/a> :isPartOf <around> .",
            "<around/b> :isPartOf <around> .",
        ),
    ),
    "unquoted": Text(
        "unquoted",
        (
            "<unquoted/b/1> :isPartOf <unquoted/b> .",
            "<unquoted/a> :isPartOf <unquoted> .",
            "<unquoted/c> :concerns <thing> .",
        ),
    ),
}
UNQUOTED: Final = """@prefix : <https://w3id.org/spacepolicy/def/> .
@base <https://w3id.org/spacepolicy/id/x/> .
<https://w3id.org/spacepolicy/graph/background/unquoted> {
  <unquoted/d> :isPartOf <unquoted> .
  <unquoted/b> :isPartOf <unquoted> .
  <unquoted/c> :isPartOf <unquoted> .
}
"""
"""Parts that no passage states: one is spoken of, one has parts, one is neither."""


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Documents]:
    """The shipped ontology with further relations to parts, and documents that are made up."""
    content = tmp_path_factory.mktemp("made-up")
    shutil.copytree(ROOT / "ontology", content / "ontology")
    with (content / "ontology" / "policy.ttl").open("a", encoding="utf-8") as file:
        file.write(STEPS)
    for folder in ("data", "queries", "seeds"):
        (content / folder).mkdir()
    for name, text in TEXTS.items():
        (content / "data" / f"{name}.trig").write_text(text.trig, encoding="utf-8")
    (content / "data" / "stated.trig").write_text(UNQUOTED, encoding="utf-8")
    yield from served(content, tmp_path_factory)


Nested = Mapping[str, "Nested"]


def nested(parts: list[ListedPart]) -> Nested:
    return {each.iri.removeprefix(f"{BASE}id/x/"): nested(each.parts) for each in parts}


def order(parts: list[ListedPart]) -> list[str]:
    return [each.iri.removeprefix(f"{BASE}id/x/") for each in flat(parts)]


def words(parts: list[ListedPart]) -> list[list[str]]:
    return [[words for words, _ in each.quotations] for each in flat(parts)]


def test_parts_of_any_depth_are_shown_by_whichever_relation_states_them(
    made_up: Documents,
) -> None:
    shown = made_up.parts(f"{BASE}id/x/deep")
    innermost: Nested = {"deep/a/b/c/d/e": {}, "deep/a/b/c/d/f": {}}
    chain: Nested = {"deep/a/b/c": {"deep/a/b/c/d": innermost}}
    assert nested(shown) == {"deep/a": {"deep/a/b": chain, "deep/a/b2": {}}}
    assert [each.ordinal for each in flat(shown)] == [None] * 6 + ["1"]
    assert words(shown) == [[f"words {n}"] for n in range(7)]


def test_a_part_that_is_stated_again_is_shown_once_by_its_first_passage(
    made_up: Documents,
) -> None:
    shown = made_up.parts(f"{BASE}id/x/repeated")
    expected = ["repeated/10", "repeated/9", "repeated/9/1", "repeated/x", "repeated/y"]
    assert sorted(order(shown)) == expected
    assert next(each for each in shown if each.iri.endswith("/y")).quotations[0][0] == "words 1"


def test_parts_of_one_passage_are_in_the_order_of_their_own_words(made_up: Documents) -> None:
    shown = [part for part in made_up.parts(f"{BASE}id/x/repeated") if part.iri[-1] != "y"]
    assert {part.quotations[0][0] for part in shown} == {"words 0"}
    assert [part.iri.rpartition("/")[2] for part in shown] == ["x", "9", "10"]
    assert [part.quotations[1:] and part.quotations[1][0] for part in shown] == [
        [],
        "words 1",
        "words 3",
    ]


def test_a_part_of_two_wholes_stands_below_both(made_up: Documents) -> None:
    shared: Nested = {"two/shared": {"two/shared/1": {}}}
    shown = made_up.parts(f"{BASE}id/x/two")
    assert nested(shown) == {"two/a": {"two/a/1": {}, **shared}, "two/b": {"two/b/1": {}, **shared}}
    assert [w for part in shown for w in words([part])[2]] == ["words 5", "words 4"]
    assert f"{BASE}id/x/other" in flat(shown)[2].linked


def test_parts_of_each_other_neither_loop_nor_vanish(made_up: Documents) -> None:
    shown = made_up.parts(f"{BASE}id/x/circle")
    inner: Nested = {"circle/b/1": {}}
    assert nested(shown) == {"circle/a": inner, "circle/b": inner, "circle/c": {}}
    assert set(order(made_up.parts(f"{BASE}id/x/around"))) == {"around/a", "around/b"}


def test_a_part_that_no_passage_states_is_where_it_is_spoken_of_or_its_parts_are(
    made_up: Documents,
) -> None:
    shown = made_up.parts(f"{BASE}id/x/unquoted")
    assert [part.iri[-1] for part in shown] == ["b", "a", "c", "d"]
    assert words(shown) == [[], ["words 0"], ["words 1"], ["words 2"], []]


def test_a_document_of_very_many_parts_says_that_there_are_more(make_service: MakeService) -> None:
    pattern = "<id/p{0}> :isPartOf <id/all> ; <http://www.w3.org/2000/01/rdf-schema#label> {1} ."
    many = "\n".join(pattern.format(n, Literal(f"p{n}", language="en")) for n in range(20_010))
    head = f"@prefix : <{BASE}def/> . @base <{BASE}> .\n"
    with serve(make_service(head + many)) as site:
        page = site.client.get("/doc/id/all", headers={"Accept": "text/html"}).text
    assert "There are more parts" in page


def test_parts_are_nested_as_deep_as_they_are_read(make_service: MakeService) -> None:
    depth = 190
    chain = [
        f"<id/p{n}> :isPartOf {', '.join(f'<id/p{m}>' for m in range(n))} ."
        for n in range(1, depth)
    ]
    head = f"@prefix : <{BASE}def/> . @base <{BASE}> .\n"
    with serve(make_service(head + "\n".join(chain))) as site:
        answer = site.client.get("/doc/id/p0", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    (part,) = listed_parts(answer.text)
    for n in range(2, depth):
        (part,) = part.parts
        assert part.iri == f"{BASE}id/p{n}"
