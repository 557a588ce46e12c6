"""The stratum after OWL's: what its rules conclude, and how that follows changes."""

import random

import pytest
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Store, Triple, parse

from spacepolicy.knowledge.incremental.conclusions import Conclusions
from spacepolicy.knowledge.incremental.materialisation import Materialisation
from spacepolicy.knowledge.reasoning.construct_rules import (
    ConstructRule,
    RuleError,
    read_construct_rules,
)
from spacepolicy.knowledge.reasoning.facts import joined
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner
from spacepolicy.knowledge.reasoning.stratum import Stratum
from spacepolicy.store.revision import Change

E = "https://example.org/"
PREFIXES = {
    "": E,
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
RULES = {
    "own": "CONSTRUCT { ?part :effective ?actor } WHERE { ?part :doneBy ?actor }",
    "inherited": (
        "CONSTRUCT { ?part :effective ?actor } WHERE { ?part :in ?whole . "
        "?whole :effective ?actor . FILTER NOT EXISTS { ?part :doneBy ?own } }"
    ),
    "due": (
        "CONSTRUCT { ?limit :due ?day } WHERE { ?limit :from ?start ; :after ?time . "
        '?start :on ?begun . BIND (?begun - xsd:duration(CONCAT("-", STR(?time))) AS ?day) }'
    ),
    "stated": "CONSTRUCT { ?part :period ?time } WHERE { GRAPH ?any { ?part :time ?time } }",
}


def triples(turtle: str) -> list[Triple]:
    text = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items()) + turtle
    return [quad.triple for quad in parse(text, RdfFormat.TURTLE)]


def in_graph(triple: Triple, graph: NamedNode | DefaultGraph) -> Quad:
    return Quad(triple.subject, triple.predicate, triple.object, graph)


def rules(**texts: str) -> tuple[ConstructRule, ...]:
    stated = [
        Triple(NamedNode(f"{E}rule/{name}"), NamedNode(predicate), value)
        for name, text in texts.items()
        for predicate, value in (
            (
                "http://www.w3.org/1999/02/22-rdf-syntax-ns#type",
                NamedNode("http://www.w3.org/ns/shacl#SPARQLRule"),
            ),
            ("http://www.w3.org/ns/shacl#construct", Literal(text)),
        )
    ]
    return read_construct_rules(stated, PREFIXES)


ALL = rules(**RULES)


def concluded(turtle: str, inferred: str = "") -> set[Triple]:
    return Stratum(ALL, triples(turtle), triples(inferred)).concluded


def test_what_the_part_itself_says_is_in_force_and_not_what_its_whole_says() -> None:
    found = concluded(":whole :doneBy :office . :part :in :whole ; :doneBy :firm .")
    assert found == set(triples(":whole :effective :office . :part :effective :firm ."))


def test_what_a_part_does_not_say_it_has_from_the_nearest_whole_that_does() -> None:
    found = concluded(
        ":top :doneBy :cabinet . :task :in :top ; :doneBy :office . "
        ":point :in :task . :leaf :in :point . :other :in :top ."
    )
    effective = {str(each.subject): str(each.object) for each in found}
    assert effective[f"<{E}leaf>"] == effective[f"<{E}point>"] == f"<{E}office>"
    assert effective[f"<{E}other>"] == f"<{E}cabinet>"


@pytest.mark.parametrize(
    ("begun", "time", "day"),
    [
        ("2025-08-13", "P120D", "2025-12-11"),
        ("2025-12-18", "P60D", "2026-02-16"),
        ("2025-12-18", "P180D", "2026-06-16"),
        ("2028-02-29", "P12M", "2029-02-28"),
        ("2028-01-31", "P1M", "2028-02-29"),
        ("2028-03-01", "P2Y", "2030-03-01"),
    ],
)
def test_a_day_is_counted_as_the_calendar_counts(begun: str, time: str, day: str) -> None:
    found = concluded(
        f':limit :from :order ; :after "{time}"^^xsd:duration . :order :on "{begun}"^^xsd:date .'
    )
    assert {(str(each.predicate), each.object) for each in found} == {
        (f"<{E}due>", Literal(day, datatype=NamedNode(f"{PREFIXES['xsd']}date")))
    }


def test_a_limit_without_a_day_to_count_from_has_no_end() -> None:
    assert not concluded(':limit :from :report ; :after "P60D"^^xsd:duration .')


def test_a_graph_pattern_is_met_by_what_is_asserted_alone() -> None:
    assert concluded(":a :time :t .", ":b :time :t .") == set(triples(":a :period :t ."))


def test_what_is_asserted_is_not_concluded_too() -> None:
    assert not concluded(":a :doneBy :x ; :effective :x .")


def test_changes_come_to_what_a_new_beginning_comes_to() -> None:
    chosen = random.Random(7)  # noqa: S311 # the same choices each time
    things = [f":t{number}" for number in range(7)]
    pool = [
        *(f"{one} :in {other} ." for one in things for other in things if one < other),
        *(f"{one} :doneBy {actor} ." for one in things for actor in (":x", ":y")),
        *(f"{one} :time :p{one[2:]} ." for one in things),
        *(
            f'{one} :from {other} ; :after "P9D"^^xsd:duration .'
            for one in things[:3]
            for other in things[3:5]
        ),
        *(f'{one} :on "2030-0{number}-01"^^xsd:date .' for number, one in enumerate(things[3:], 1)),
        *(f"{one} :effective :x ." for one in things[:2]),
    ]
    for _ in range(40):
        asserted = set(triples(" ".join(chosen.sample(pool, 12))))
        reasoner = Reasoner(asserted, ())
        conclusions = Conclusions(ALL, reasoner, Stratum(ALL, asserted, ()).concluded)
        for _ in range(6):
            gone = set(chosen.sample(sorted(asserted, key=str), 2))
            come = set(triples(" ".join(chosen.sample(pool, 3))))
            before = set(conclusions.concluded)
            shift = reasoner.shift(added=come, withdrawn=gone)
            turnover = conclusions.change(joined([shift.come, shift.gone]))
            asserted = (asserted - gone) | come
            anew = Stratum(ALL, asserted, ()).concluded
            assert conclusions.concluded == anew
            assert before - turnover.gone | turnover.appeared == anew
            assert not turnover.gone & turnover.appeared
            assert {*conclusions.entailments.matching(None, None, None)} == asserted | anew


def concluded_after(before: str, after: str, *texts: str) -> set[Triple]:
    """The conclusions of the rules once statements have been replaced by others."""
    chosen = rules(**{f"r{place}": text for place, text in enumerate(texts)})
    asserted, then = triples(before), triples(after)
    reasoner = Reasoner(asserted, ())
    conclusions = Conclusions(chosen, reasoner, Stratum(chosen, asserted, ()).concluded)
    shift = reasoner.shift(added=then, withdrawn=set(asserted) - set(then))
    conclusions.change(joined([shift.come, shift.gone]))
    assert conclusions.concluded == Stratum(chosen, then, ()).concluded
    return conclusions.concluded


def test_a_thing_that_a_rule_names_concerns_all_that_the_rule_concludes() -> None:
    rates = ":a :rate 2 . :b :rate 3 . "
    found = concluded_after(
        f"{rates} :scale :factor 1 .",
        f"{rates} :scale :factor 5 .",
        "CONSTRUCT { ?x :scaled ?y } WHERE { ?x :rate ?r . :scale :factor ?f . "
        "BIND (?r * ?f AS ?y) }",
    )
    assert found == set(triples(":a :scaled 10 . :b :scaled 15 ."))


def test_a_name_that_one_rule_computes_leads_another_to_what_is_said_of_it() -> None:
    named = ':b :code "d" . <https://example.org/c> :label "c" . <https://example.org/d> :label "d"'
    found = concluded_after(
        f'{named} . :a :code "c" .',
        f'{named} . :a :code "d" .',
        f'CONSTRUCT {{ ?x :is ?y }} WHERE {{ ?x :code ?c . BIND (IRI(CONCAT("{E}", ?c)) AS ?y) }}',
        "CONSTRUCT { ?x :called ?l } WHERE { ?x :is ?y . ?y :label ?l }",
    )
    assert found == set(triples(':a :is :d ; :called "d" . :b :is :d ; :called "d" .'))


def test_a_way_names_the_rule_and_the_statements_that_it_rests_on() -> None:
    stratum = Stratum(ALL, triples(":whole :doneBy :office . :part :in :whole ."), ())
    (statement,) = triples(":part :effective :office .")
    ((rule, premises),) = stratum.ways(statement)
    assert rule.iri.value == f"{E}rule/inherited"
    assert set(premises) == set(triples(":part :in :whole . :whole :effective :office ."))
    (wrong,) = triples(":part :effective :firm .")
    assert not list(stratum.ways(wrong))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?x WHERE { ?x :a ?y }",
        "CONSTRUCT { ?x :a ?y . ?y :a ?x } WHERE { ?x :b ?y }",
        "CONSTRUCT { ?x ?p ?y } WHERE { ?x :b ?y ; :c ?p }",
        "CONSTRUCT { ?x :a ?y } WHERE { ?x ?any ?y }",
        "CONSTRUCT { ?x :a ?y } WHERE { ?y :b ?x }",
        "CONSTRUCT { ?x :a ?y } WHERE { ?x unknown:b ?y }",
    ],
)
def test_a_rule_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(RuleError):
        rules(one=text)


def test_a_store_that_is_written_has_what_one_that_is_built_anew_would_have() -> None:
    """Axioms, the stratum after them, and graphs that state what follows, in one dataset."""
    axioms = (
        ":doneBy rdfs:subPropertyOf :hasActor . :isPointOf rdfs:subPropertyOf :in . "
        ":leads rdfs:subPropertyOf :effective ."
    )
    chosen = random.Random(11)  # noqa: S311 # the same choices each time
    things = [f":t{number}" for number in range(5)]
    pool = [
        *(f"{one} :isPointOf {other} ." for one in things for other in things if one < other),
        *(f"{one} :doneBy {actor} ." for one in things for actor in (":x", ":y")),
        *(f"{one} :effective :x ." for one in things),
        *(f"{one} :time :p ." for one in things),
        *(f"{one} :leads :x ." for one in things),
    ]
    graphs = [NamedNode(f"{E}graph/{name}") for name in "ab"]

    def some(count: int) -> list[Quad]:
        stated = triples(" ".join(chosen.sample(pool, count)))
        return [
            Quad(each.subject, each.predicate, each.object, chosen.choice(graphs))
            for each in stated
        ]

    dataset = Store()
    dataset.extend(in_graph(each, NamedNode(f"{E}axioms")) for each in triples(axioms))
    dataset.extend(some(8))
    derived = _derived(dataset)
    dataset.extend(derived)
    knowledge = Materialisation(dataset, frozenset(), INFERRED, ALL)
    for _ in range(200):
        record = [q for q in dataset if q.graph_name in graphs]
        gone = tuple(chosen.sample(record, min(2, len(record))))
        come = tuple(quad for quad in set(some(3)) if quad not in dataset or quad in gone)
        change = Change(removed=gone, added=come)
        found = knowledge.change(change)
        if chosen.random() < 0.3:
            knowledge.undo(change)
            continue
        removed, added = set(found.quads.removed), set(found.quads.added)
        assert removed <= derived
        assert not added & derived
        for quad in (*gone, *removed):
            dataset.remove(quad)
        dataset.extend((*come, *added))
        derived = derived - removed | added
        assert derived == _derived(dataset)
        if chosen.random() < 0.5:  # another process goes on
            knowledge = Materialisation(dataset, frozenset(), INFERRED, ALL)


INFERRED = NamedNode(f"{E}graph/inferred")


def _derived(dataset: Store) -> set[Quad]:
    """The default graph and the inferred one, made from nothing."""
    apart = DefaultGraph(), INFERRED
    stated = {quad.triple for quad in dataset if quad.graph_name not in apart}
    by_owl = Reasoner(stated).inferences()
    inferred = {*by_owl, *Stratum(ALL, stated, by_owl).concluded}
    return {
        *(in_graph(each, DefaultGraph()) for each in stated | inferred),
        *(in_graph(each, INFERRED) for each in inferred),
    }
