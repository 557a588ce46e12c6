"""The one layout of Turtle and TriG: pages, refusals, and the laws that hold for any data."""

import random
from collections.abc import Iterable
from difflib import ndiff

import pytest
import rdflib
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    parse,
)

from spacepolicy.errors import FindingsError, UsageError
from spacepolicy.namespaces import OWL, RDF, SH, XSD
from spacepolicy.turtle_format.document import format_text
from spacepolicy.turtle_format.names import WELL_KNOWN

E = "https://example.org/"
TEXT = f"{E}text"
HEAD = f"@base <{TEXT}> .\n@prefix : <{E}> .\n"


def formatted(text: str) -> str:
    return format_text(HEAD + text, path="file.trig")


def body(text: str) -> str:
    """What is printed of the statements, without the declarations."""
    return formatted(text).partition("\n\n")[2]


def findings(text: str, path: str = "file.ttl") -> list[tuple[int | None, str]]:
    with pytest.raises(FindingsError) as caught:
        format_text(text, path=path)
    assert {finding.path for finding in caught.value.findings} == {path}
    return [(finding.line, finding.rule) for finding in caught.value.findings]


def canonical(text: str) -> set[str]:
    dataset = Dataset(parse(text, RdfFormat.TRIG))
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


def statements(quads: Iterable[Quad]) -> str:
    """One TriG statement for each quad, in the order given."""
    return "\n".join(
        f"{quad.triple} ."
        if isinstance(quad.graph_name, DefaultGraph)
        else f"{quad.graph_name} {{ {quad.triple} }}"
        for quad in quads
    )


ONTOLOGY = """\
@prefix : <https://example.org/def/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

<https://example.org/ontology>
  a owl:Ontology ;
  rdfs:label "policy"@en ;
  rdfs:label "政策"@zh ;
  owl:versionInfo "0.1.0" ;
.

:Measure
  a owl:Class ;
  rdfs:label "measure"@en ;
  rdfs:label "措施"@zh ;
  skos:definition "“part” of a task"@en ;
  rdfs:isDefinedBy <https://example.org/ontology> ;
  rdfs:subClassOf :Part ;
  rdfs:subClassOf [
    a owl:Restriction ;
    owl:onProperty :isPartOf ;
    owl:someValuesFrom [
      a owl:Class ;
      owl:unionOf (
        :Goal
        :Task
      ) ;
    ] ;
  ] ;
.

:start
  a owl:DatatypeProperty ;
  rdfs:range xsd:nonNegativeInteger ;
.

[]
  a owl:AllDisjointClasses ;
  owl:members (
    :Goal
    :Task
  ) ;
.
"""

PASSAGES = """\
@base <https://example.org/text> .
@prefix : <https://example.org/def/> .
@prefix task: <https://example.org/id/task/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

:mentions
  :firstYear 2021 ;
.

<https://example.org/text> {
  <https://example.org/text>
    :publishedOn "2022-05-08"^^xsd:date ;
  .

  <#char=9,12>
    a :Passage ;
    :end 12 ;
    :start 9 ;
  .
}

<#char=9,12> {
  task:2
    a :Task ;
    :isPartOf task:10 ;
  .

  <https://example.org/id/task/2/measure/1>
    a :Measure ;
    :isPartOf task:2 ;
  .

  task:10
    a :Task ;
  .
}

<#char=9,100> {
  task:2
    :ordinal 2 ;
  .
}

<#char=10,11> {
  task:2
    :certain true ;
  .
}
"""


OWLAPI = """\
@prefix : <https://example.org/def/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix xml: <http://www.w3.org/XML/1998/namespace> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@base <https://example.org/ontology> .

<https://example.org/ontology> rdf:type owl:Ontology ;
                                rdfs:label "policy"@en ,
                                           "政策"@zh ;
                                owl:versionInfo "0.1.0" .

#################################################################
#    Data properties
#################################################################

###  https://example.org/def/start
:start rdf:type owl:DatatypeProperty ;
       rdfs:range xsd:nonNegativeInteger .


#################################################################
#
#    Classes
#
#################################################################


###  https://example.org/def/Measure
:Measure rdf:type owl:Class ;
         rdfs:subClassOf :Part ,
                         [ rdf:type owl:Restriction ;
                           owl:onProperty :isPartOf ;
                           owl:someValuesFrom [ rdf:type owl:Class ;
                                                owl:unionOf ( :Task
                                                              :Goal
                                                            )
                                              ]
                         ] ;
         rdfs:isDefinedBy <https://example.org/ontology> ;
         rdfs:label "measure"@en ,
                    "措施"@zh ;
         skos:definition "“part” of a task"@en .


#################################################################
#    General axioms
#################################################################

[ rdf:type owl:AllDisjointClasses ;
  owl:members ( :Task
                :Goal
              )
] .


###  Generated by the OWL API (version 4.5.26.2023-07-17T20:34:13Z) https://github.com/owlcs/owlapi
"""


@pytest.mark.parametrize(("page", "path"), [(ONTOLOGY, "o.ttl"), (PASSAGES, "p.trig")])
def test_a_page_in_the_layout_is_printed_as_it_stands(page: str, path: str) -> None:
    assert format_text(page, path=path) == page


@pytest.mark.parametrize(("page", "path"), [(ONTOLOGY, "o.ttl"), (PASSAGES, "p.trig")])
def test_a_page_is_found_again_from_its_shuffled_statements(page: str, path: str) -> None:
    declarations = page.partition("\n\n")[0]
    quads = list(parse(page, RdfFormat.TRIG, rename_blank_nodes=True))
    random.Random(7).shuffle(quads)  # noqa: S311  a shuffle, not a secret
    assert format_text(f"{declarations}\n{statements(quads)}", path=path) == page


def test_what_protege_writes_is_printed_as_before() -> None:
    assert format_text(OWLAPI, path="o.ttl") == ONTOLOGY


@pytest.mark.parametrize("writer", ["turtle", "longturtle"])
def test_what_rdflib_writes_is_printed_as_before(writer: str) -> None:
    graph = rdflib.Graph().parse(data=ONTOLOGY, format="turtle")
    assert format_text(graph.serialize(format=writer), path="o.ttl") == ONTOLOGY


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")  # of its own making
def test_what_rdflib_writes_of_named_graphs_is_printed_as_before() -> None:
    dataset = rdflib.Dataset()
    dataset.parse(data=PASSAGES, format="trig")
    written = dataset.serialize(format="trig", base=TEXT)
    assert format_text(written, path="p.trig") == PASSAGES


@pytest.mark.parametrize(
    "comment",
    [
        ":a :b :c . # why",
        "# Classes",
        "  #    Classes",
        "## a heading",
        "#" * 64,
        "### https://example.org/a",
        "###  https://example.org/unknown",
        "###  https://example.org/a is a class",
        "###  see https://example.org/a",
        "#    Classes and properties",
    ],
)
def test_a_comment_by_a_person_is_refused_where_it_stands(comment: str) -> None:
    text = f"@prefix : <{E}> .\n\n{comment}\n:a :b :c .\n"
    assert findings(text) == [(3, "layout-comment")]


def test_every_comment_is_named_with_its_remedy() -> None:
    with pytest.raises(FindingsError, match=r"file.ttl:2: .*rdfs:comment") as caught:
        format_text(f"# one\n# two\n<{E}a> <{E}b> 1 .", path="file.ttl")
    assert [finding.line for finding in caught.value.findings] == [1, 2]


def test_a_number_sign_in_an_iri_a_name_or_a_string_is_no_comment() -> None:
    text = (
        '<#a> :b\\#c "# d", \'# e\', """\n# f""", \'\'\'"\n# g\'\'\', "\\"# h"@en, """i"j""# k""" .'
    )
    assert canonical(formatted(text)) == canonical(HEAD + text)


def test_a_syntax_error_has_its_line_and_column() -> None:
    with pytest.raises(FindingsError, match=r"^file\.ttl:2: syntax: Column 7: ") as caught:
        format_text(f"@prefix : <{E}> .\n:a :b ,, .", path="file.ttl")
    assert isinstance(caught.value.__cause__, SyntaxError)


def test_a_named_graph_in_turtle_is_a_syntax_error() -> None:
    assert findings(f"<{E}g> {{ <{E}a> <{E}b> 1 }}") == [(1, "syntax")]


def test_an_empty_graph_is_refused_where_it_stands() -> None:
    text = f"<{E}a> <{E}b> 1 .\n<{E}g> {{ }}"
    assert findings(text, "file.trig") == [(2, "layout-empty-graph")]


@pytest.mark.parametrize("newer", [f"<<( <{E}a> <{E}b> 1 )>>", '"x"@en--ltr'])
def test_what_rdf_1_2_added_is_refused(newer: str) -> None:
    assert findings(f"<{E}a> <{E}b> {newer} .") == [(None, "layout-rdf-1.1")]


def test_a_file_is_turtle_or_trig_by_its_name() -> None:
    with pytest.raises(UsageError, match=r"file\.rdf"):
        format_text("", path="file.rdf")


def test_nothing_is_printed_of_nothing() -> None:
    assert format_text("", path="file.ttl") == ""


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("2025", "2025"),
        ("-7", "-7"),
        ("true", "true"),
        ("1.50", "1.50"),
        ("1.5E3", "1.5E3"),
        ("007", '"007"^^xsd:integer'),
        ("+7", '"+7"^^xsd:integer'),
        (".5", '".5"^^xsd:decimal'),
        ("1e3", '"1e3"^^xsd:double'),
        (f'"2025"^^<{XSD}integer>', "2025"),
        (f'"1"^^<{XSD}boolean>', '"1"^^xsd:boolean'),
        (f'"2025"^^<{XSD}gYear>', '"2025"^^xsd:gYear'),
        (f'"x"^^<{XSD}string>', '"x"'),
        ("'say \"hi\"'", '"say \\"hi\\""'),
        ('"卫星 “x” é"', '"卫星 “x” é"'),
        ('"a\\tb\\\\c\\u0007\\uFEFF"', '"a\\tb\\\\c\\u0007\\uFEFF"'),
        ('"one\\n\\ntwo"', '"one\\n\\ntwo"'),
        ('"one\\ntwo\\n"', '"""one\ntwo\n"""'),
        ('"one\\ntwo \\"x\\""', '"""one\ntwo "x\\""""'),
        ('"one\\ntwo\\"\\"\\"three"', '"""one\ntwo\\"""three"""'),
        ('"one \\ntwo"', '"one \\ntwo"'),
        ('"one\\r\\ntwo"', '"""one\\r\ntwo"""'),
        ('"x"@ZH-hans-cn', '"x"@zh-Hans-CN'),
        (f"<{E}a>", ":a"),
        (f"<{E}a.b-c_1>", ":a.b-c_1"),
        (f"<{E}措施>", ":措施"),
        (f"<{E}a/b>", f"<{E}a/b>"),
        (f"<{E}a.>", f"<{E}a.>"),
        (f"<{E}-a>", f"<{E}-a>"),
        (f"<{E}>", f"<{E}>"),
        (f"<{TEXT}>", ":text"),
        (f"<{TEXT}#char=1,2>", "<#char=1,2>"),
        (f"<{TEXT}?q#char=1,2>", f"<{TEXT}?q#char=1,2>"),
        (f"<{RDF}type>", "rdf:type"),
        (f"<{RDF}nil>", "()"),
        ("[]", "[]"),
    ],
)
def test_a_term_has_one_form(written: str, printed: str) -> None:
    assert body(f":s :p {written} .").endswith(f":s\n  :p {printed} ;\n.\n")


def test_names_stand_before_what_defines_and_what_is_said_besides() -> None:
    order = [
        *("a", "rdfs:label", "dcterms:title", "skos:prefLabel", "skos:altLabel"),
        *("skos:hiddenLabel", "skos:definition", "dcterms:description", "skos:scopeNote"),
        *("skos:example", "rdfs:comment", ":a", ":b", "dcterms:source", "skos:note", "<urn:x>"),
    ]
    declared = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in WELL_KNOWN.items())
    page = body(f"{declared} :s {' :o ; '.join(reversed(order))} :o .")
    assert [line.split()[0] for line in page.splitlines()[1:-1]] == order


def test_objects_are_iris_then_literals_by_tag_and_number_then_blank_nodes() -> None:
    page = body(':s :p [ :q 10 ], [ :q 9 ], "b"@zh, "z"@en, "a"@en, 10, 9, :o10, :o9 .')
    order = [":o9", ":o10", "9", "10", '"a"@en', '"z"@en', '"b"@zh']
    assert [line.split()[1] for line in page.splitlines()[1:8]] == order
    assert page.index(":q 9") < page.index(":q 10")


@pytest.mark.parametrize(
    ("shape", "printed"),
    [
        ("_:x :p _:x .", "_:b1\n  :p _:b1 ;\n.\n"),
        (":a :p _:x . :b :p _:x .", ":a\n  :p _:b1 ;\n.\n\n:b\n  :p _:b1 ;\n.\n"),
        ("_:x :p _:y .", "[]\n  :p [] ;\n.\n"),
        (":a :p (1 ()) .", ":a\n  :p (\n    1\n    ()\n  ) ;\n.\n"),
        (":a :p _:x . :g { _:x :q 1 }", ":a\n  :p _:b1 ;\n.\n\n:g {\n  _:b1\n    :q 1 ;\n  .\n}\n"),
        ("_:g { :a :p 1 }", "_:b1 {\n  :a\n    :p 1 ;\n  .\n}\n"),
    ],
)
def test_only_blank_nodes_that_need_a_label_have_one(shape: str, printed: str) -> None:
    assert body(shape) == printed


def test_labels_count_from_one_in_the_order_of_the_page() -> None:
    page = body("".join(f"_:x{number} :p _:x{number}, {number} . " for number in range(11)))
    assert page.splitlines()[::5] == [f"_:b{number}" for number in range(1, 12)]


def test_a_collection_that_is_told_more_of_keeps_all_of_it() -> None:
    page = body(f"@prefix rdf: <{RDF}> . :a :p [ rdf:first 1 ; rdf:rest (2) ; :q 3 ] .")
    inner = "    :q 3 ;\n    rdf:first 1 ;\n    rdf:rest (\n      2\n    ) ;\n"
    assert page.endswith(f":a\n  :p [\n{inner}  ] ;\n.\n")


@pytest.mark.parametrize(
    ("declared", "printed"),
    [
        (f"@prefix e: <{E}> . @prefix unused: <{E}u/> .", f"@prefix e: <{E}> .\n"),
        (f"PREFIX e: <{E}>", f"@prefix e: <{E}> .\n"),
        (f"@prefix ns1: <{E}> .", ""),
        (f"@base <{E}> .", f"@base <{E}> .\n"),
        (
            f"@prefix e10: <{E}d> . @prefix e9: <{E}> .",
            f"@prefix e9: <{E}> .\n@prefix e10: <{E}d> .\n",
        ),
    ],
)
def test_the_declarations_are_those_that_are_used(declared: str, printed: str) -> None:
    page = format_text(f"{declared} <{E}a> <{E}b> <{E}d1> .", path="file.ttl")
    assert page[: page.index("\n\n") + 1 if "\n\n" in page else 0] == printed


@pytest.mark.parametrize(("prefix", "namespace"), WELL_KNOWN.items())
def test_a_known_vocabulary_is_shortened_even_when_it_was_not_declared(
    prefix: str, namespace: str
) -> None:
    page = format_text(f"<{E}a> a <{namespace}A> .", path="file.ttl")
    assert page == f"@prefix {prefix}: <{namespace}> .\n\n<{E}a>\n  a {prefix}:A ;\n.\n"


def test_a_prefix_of_the_file_wins_over_a_known_one() -> None:
    text = f"@prefix owl: <{E}> . <{E}a> a <{OWL}Class> ."
    assert f"owl:a\n  a <{OWL}Class> ;" in format_text(text, path="file.ttl")
    text = f"@prefix w: <{OWL}> . <{E}a> a <{OWL}Class> ."
    assert f"<{E}a>\n  a w:Class ;" in format_text(text, path="file.ttl")


PROJECT = {"": f"{E}def/", "own": f"{E}own/"}


@pytest.mark.parametrize(
    ("declared", "statement", "printed"),
    [
        ("", f"<{E}def/a> <{E}own/b> 1 .", ":a\n  own:b 1 ;"),
        (f"@prefix : <{E}other#> .", f"<{E}def/a> <{E}own/b> 1 .", ":a\n  own:b 1 ;"),
        (f"@prefix : <{E}other/> .", f":0.1.0 <{E}own/b> 1 .", f"<{E}other/0.1.0>\n  own:b 1 ;"),
        (f"@prefix sp: <{E}def/> .", "sp:a sp:b 1 .", ":a\n  :b 1 ;"),
        (f"@prefix e: <{E}> .", "e:a e:b 1 .", "e:a\n  e:b 1 ;"),
    ],
    ids=["lost", "replaced", "replaced and used", "renamed", "of the file"],
)
def test_the_prefixes_of_the_project_are_restored(
    declared: str, statement: str, printed: str
) -> None:
    page = format_text(f"{declared} {statement}", path="file.ttl", prefixes=PROJECT)
    assert printed in page
    assert format_text(page, path="file.ttl", prefixes=PROJECT) == page


def test_a_prefix_that_the_file_declares_as_data_is_restored() -> None:
    said = f'<{E}o> <{SH}declare> [ <{SH}prefix> "own" ; <{SH}namespace> "{E}own/" ] .'
    assert "own:a\n  own:b 1 ;" in format_text(f"{said} <{E}own/a> <{E}own/b> 1 .", path="f.ttl")


@pytest.mark.parametrize(
    "statement",
    [
        "[] a owl:AllDisjointClasses ; owl:members (:b :a [ a owl:Class ; owl:complementOf :c ]) .",
        "[] a owl:AllDifferent ; owl:distinctMembers (:i10 :i9 :i1) .",
        ":a owl:unionOf (:c [ owl:intersectionOf (:e :d) ] :b) .",
        ":a owl:hasKey (:q :p) .",
        ":a owl:disjointUnionOf (:c :b) .",
        ":a owl:oneOf (:c :b :b) .",
    ],
)
def test_lists_that_owl_reads_as_sets_are_sorted(statement: str) -> None:
    one, *others = (
        format_text(f"@prefix : <{E}> . {HEAD_OWL} {each}", path="file.ttl")
        for each in (statement, *map(" ".join, _with_a_list_turned(statement)))
    )
    assert others
    assert set(others) == {one}


HEAD_OWL = f"@prefix owl: <{OWL}> ."


def _with_a_list_turned(statement: str) -> Iterable[list[str]]:
    """The statement with the first and the last member of its outermost list in each other's
    place."""
    head, _, tail = statement.partition("(")
    inner, _, end = tail.rpartition(")")
    first, _, rest = inner.partition(" ")
    yield [head, "(", rest, first, ")", end]


def test_lists_whose_order_says_something_keep_it() -> None:
    text = f"@prefix : <{E}> . {HEAD_OWL} :a owl:propertyChainAxiom (:q :p) ; :list (:c :b) ."
    page = format_text(text, path="file.ttl")
    assert page.index(":q\n") < page.index(":p\n")
    assert page.index(":c\n") < page.index(":b\n")


Term = NamedNode | BlankNode | Literal

PART = NamedNode(E + "p")
FIRST, REST, NIL = (NamedNode(RDF + name) for name in ("first", "rest", "nil"))
NAMES = ("a", "b1", "b9", "b10", "c/d", "text#char=1,2")
FORMS = ("01", "1.0", "1.50")
WORDS = ("a\nb", 'a\n"b"', "# a", "a\n\n b \nc", '"""', "\\", "a \nb")

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(WORDS)
literals = (
    st.builds(Literal, words | st.integers() | st.booleans())
    | st.builds(Literal, words, language=st.sampled_from(("en", "zh")))
    | st.builds(Literal, st.sampled_from(FORMS), datatype=st.just(NamedNode(XSD + "decimal")))
)
iris = st.sampled_from(NAMES).map(lambda name: NamedNode(E + name))
blank = st.sampled_from("wxyz").map(BlankNode)
predicates = st.sampled_from((PART, NamedNode(E + "q/r"), NamedNode(RDF + "type")))
objects = iris | blank | literals | st.just(NIL)
no_graph = st.just(DefaultGraph())

plain_quads = st.builds(Quad, iris, predicates, iris | literals, no_graph | iris)
triples = st.builds(Quad, iris | blank, predicates, objects, no_graph)
quads = st.builds(
    Quad,
    iris | blank,
    predicates | st.sampled_from((FIRST, REST)),
    objects,
    no_graph | iris | blank,
)


def listed(user: NamedNode | BlankNode, start: int, members: list[Term]) -> list[Quad]:
    """A collection that is used; those that start close to each other are tangled."""
    cells = [BlankNode(f"c{start + index}") for index in range(len(members))]
    ends: list[BlankNode | NamedNode] = [*cells, NIL]
    return [
        Quad(user, PART, ends[0]),
        *(Quad(cell, REST, rest) for cell, rest in zip(cells, ends[1:], strict=True)),
        *(Quad(cell, FIRST, member) for cell, member in zip(cells, members, strict=True)),
    ]


lists = st.builds(listed, iris | blank, st.integers(0, 9), st.lists(objects, max_size=3))
datasets = st.builds(
    lambda parts, more: [*(quad for part in parts for quad in part), *more],
    st.lists(lists, max_size=2),
    st.lists(quads, max_size=10),
)


@settings(deadline=None)
@given(datasets)
def test_printing_never_changes_the_data(data: list[Quad]) -> None:
    text = HEAD + statements(data)
    assert canonical(format_text(text, path="file.trig")) == canonical(text)


@settings(deadline=None)
@given(datasets)
def test_printing_what_was_printed_changes_nothing(data: list[Quad]) -> None:
    page = formatted(statements(data))
    assert format_text(page, path="file.trig") == page


@settings(deadline=None)
@given(datasets, st.randoms(use_true_random=False))
def test_neither_order_nor_labels_matter(data: list[Quad], chance: random.Random) -> None:
    shuffled = list(parse(statements(data), RdfFormat.TRIG, rename_blank_nodes=True))
    chance.shuffle(shuffled)
    assert formatted(statements(shuffled)) == formatted(statements(data))


@settings(deadline=None)
@given(datasets)
def test_no_line_ends_in_a_blank(data: list[Quad]) -> None:
    assert all(line == line.rstrip(" \t") for line in formatted(statements(data)).split("\n"))


@settings(deadline=None)
@given(st.lists(plain_quads, min_size=1, max_size=8), st.integers(0, 7), literals | iris)
def test_a_statement_more_of_a_subject_is_a_line_more(
    data: list[Quad], index: int, term: Literal | NamedNode
) -> None:
    known = data[index % len(data)]
    more = Quad(known.subject, PART, term, known.graph_name)
    assume(more not in data and "\n" not in term.value)
    before, after = formatted(statements(data)), formatted(statements([*data, more]))
    assume(before.partition("\n\n")[0] == after.partition("\n\n")[0])
    changes = [line for line in ndiff(before.split("\n"), after.split("\n")) if line[0] in "+-"]
    assert [line[0] for line in changes] == ["+"]


@settings(deadline=None)
@given(st.lists(triples, max_size=10))
def test_what_rdflib_makes_of_any_page_is_printed_as_before(data: list[Quad]) -> None:
    page = formatted(statements(data))
    written = rdflib.Graph().parse(data=page, format="turtle").serialize(base=TEXT)
    assume(canonical(written) == canonical(page))
    assert format_text(written, path="file.trig") == page
