"""Assembly: an example's files, of another base and another field, become a dataset or findings."""

import codecs
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Store, parse, serialize

from spacepolicy.errors import Finding, FindingsError
from spacepolicy.knowledge import content_digest
from spacepolicy.knowledge.assembly import Assembly, assemble
from spacepolicy.knowledge.checks.gates import BUILD_GATES
from spacepolicy.knowledge.citation import quoted_sources
from spacepolicy.knowledge.content_digest import content_sha256
from spacepolicy.knowledge.loading.graph_files import read_files
from spacepolicy.store.digest import CANONICAL, RecordDigest

G = "https://example.org/gov/"
TEXT = "The plan: plant trees, water them."
MARKS = 'connectives = ["The plan: ", ", water them."]\n'
FILES = {
    "ontology/core.ttl": """@prefix : <https://example.org/gov/def/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix vann: <http://purl.org/vocab/vann/> .

<https://example.org/gov/ontology> a owl:Ontology ;
  owl:imports <https://example.org/gov/ontology/kinds> ,
    <http://www.w3.org/2004/02/skos/core> ;
  sh:declare [ sh:prefix "rdfs" ; sh:namespace "http://www.w3.org/2000/01/rdf-schema#" ] ,
    [ sh:prefix "" ; sh:namespace "https://example.org/gov/def/" ] ;
  vann:preferredNamespaceUri "https://example.org/gov/def/" .

:plants rdfs:subPropertyOf :actsOn .

:Step rdfs:subClassOf [ a owl:Restriction ; owl:onProperty :isUseful ; owl:hasValue true ] .

:Step owl:disjointWith :Plant .
""",
    "ontology/kinds/plants.ttl": """@prefix : <https://example.org/gov/def/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .

<https://example.org/gov/ontology/kinds> a owl:Ontology .

:Tree rdfs:subClassOf :Plant .
""",
    "ontology/vocabularies/example.txt": "https://example.com/\n# Made up\nOrganism\n",
    "ontology/alignments.ttl": """@prefix : <https://example.org/gov/def/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .

<https://example.org/gov/ontology/alignments> a owl:Ontology .

:Plant rdfs:subClassOf <https://example.com/Organism> .
""",
    "data/plan.trig": """@base <https://example.org/gov/source/plan> .
@prefix : <https://example.org/gov/def/> .

<https://example.org/gov/source/plan> {
  <#char=10,21> a :Passage ;
    :end 21 ;
    :exactText "plant trees"@en ;
    :source <https://example.org/gov/source/plan> ;
    :start 10 .
}

<#char=10,21> {
  <https://example.org/gov/id/step/1> a :Step ;
    :plants <https://example.org/gov/id/oak> .
}
""",
    "data/background/trees.trig": """@prefix : <https://example.org/gov/def/> .

<https://example.org/gov/graph/background/trees> {
  <https://example.org/gov/id/oak> a :Tree ;
    :hasPart [ a :Leaf ] .

  <https://example.org/gov/id/step/1> a :Step .
}
""",
    "seeds/plan.txt": TEXT,
    "seeds/plan.toml": f'sha256 = "{hashlib.sha256(TEXT.encode()).hexdigest()}"\n{MARKS}',
}
Change = Callable[[str, str, str], None]


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A content folder without a finding."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def change(content: Path) -> Change:
    """Replaces words of a file of the content."""

    def changed(name: str, before: str, after: str) -> None:
        text = (content / name).read_text(encoding="utf-8")
        assert before in text
        (content / name).write_text(text.replace(before, after, 1), encoding="utf-8")

    return changed


def assembled(content: Path, *, packaged: bool = False) -> Assembly:
    return assemble(content, packaged=packaged, report=lambda _: None)


def findings(content: Path) -> tuple[Finding, ...]:
    with pytest.raises(FindingsError) as caught:
        assembled(content)
    return caught.value.findings


def only(content: Path) -> tuple[str, int | None, str]:
    """The path, line and rule of the only finding."""
    (finding,) = findings(content)
    return (finding.path, finding.line, finding.rule)


def holds(store: Store, graph: str | None, statement: str) -> bool:
    """Whether the graph (None: the default graph) states this, in prefixed names."""
    where = f"GRAPH <{graph}> {{ {statement} }}" if graph else statement
    prefixes = {
        "": f"{G}def/",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    }
    return bool(store.query(f"ASK {{ {where} }}", prefixes=prefixes))


def test_the_base_and_the_prefixes_are_the_content_s_own(content: Path) -> None:
    found = assembled(content)
    assert found.base.iri == G
    assert found.prefixes == {
        "": "https://example.org/gov/def/",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    }


def test_named_graphs_are_the_record_each_file_s_statements_in_its_graph(content: Path) -> None:
    store = assembled(content).store
    names = {graph.value.removeprefix(G) for graph in store.named_graphs()}
    assert names == {
        "ontology",
        "ontology/kinds",
        "ontology/alignments",
        "source/plan",
        "source/plan#char=10,21",
        "graph/background/trees",
        "graph/inferred",
    }
    assert holds(store, f"{G}source/plan#char=10,21", f"<{G}id/step/1> :plants <{G}id/oak>")
    assert holds(store, f"{G}ontology/kinds", ":Tree rdfs:subClassOf :Plant")


def test_the_default_graph_is_the_merge_and_what_follows(content: Path) -> None:
    found = assembled(content)
    oak, step = f"<{G}id/oak>", f"<{G}id/step/1>"
    assert holds(found.store, None, f"{step} :plants {oak}")
    assert holds(found.store, None, f"{step} :actsOn {oak}")
    assert holds(found.store, None, f"{oak} a :Plant")
    assert len(list(found.store.quads_for_pattern(None, None, None, DefaultGraph()))) == (
        found.default_count
    )


def test_an_ontology_that_the_core_does_not_import_is_recorded_and_not_known(content: Path) -> None:
    store = assembled(content).store
    statement = ":Plant rdfs:subClassOf <https://example.com/Organism>"
    assert holds(store, f"{G}ontology/alignments", statement)
    assert not holds(store, None, statement)
    assert not holds(store, None, f"<{G}id/oak> a <https://example.com/Organism>")


def test_the_inferred_graph_holds_exactly_what_the_record_does_not_state(content: Path) -> None:
    found = assembled(content)
    inferred = {
        str(quad.triple)
        for quad in found.store.quads_for_pattern(None, None, None, found.base.inferred)
    }
    oak, step = f"<{G}id/oak>", f"<{G}id/step/1>"
    true = '"true"^^<http://www.w3.org/2001/XMLSchema#boolean>'
    assert inferred == {
        f"{step} <{G}def/actsOn> {oak}",
        f"{step} <{G}def/isUseful> {true}",
        f"{oak} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{G}def/Plant>",
    }
    assert found.inferred_count == 3


def test_a_statement_of_two_graphs_is_recorded_twice_and_known_once(content: Path) -> None:
    found = assembled(content)
    step = NamedNode(f"{G}id/step/1")
    stated = list(found.store.quads_for_pattern(step, None, NamedNode(f"{G}def/Step")))
    assert len(stated) == 3
    quads = sum(
        len(list(parse_file(content / name))) for name in FILES if name.endswith((".ttl", ".trig"))
    )
    derived = 4  # the words before and behind the passage, the source's class and its digest
    assert found.record_count == quads + derived
    assert found.graph_count == 6
    assert found.default_count == quads + derived - 2 - 1 + 3


def parse_file(path: Path) -> list[Quad]:
    format = RdfFormat.TURTLE if path.suffix == ".ttl" else RdfFormat.TRIG
    return list(parse(path=path, format=format))


def test_the_same_files_make_the_same_dataset_to_the_blank_node(content: Path) -> None:
    first, second = assembled(content), assembled(content)
    assert set(first.store) == set(second.store)
    assert first.record_sha256 == second.record_sha256


def test_blank_nodes_of_two_files_never_meet(content: Path) -> None:
    graph = "<https://example.org/gov/graph/{}> {{ _:x <https://example.org/gov/def/is> '{}' }}"
    for name in ("one", "two"):
        (content / f"data/{name}.trig").write_text(graph.format(name, name), encoding="utf-8")
    assert not holds(assembled(content).store, None, "?x :is 'one' , 'two'")


def test_the_digest_of_the_record_is_that_of_its_canonical_components(content: Path) -> None:
    found = assembled(content)
    record = [
        quad for quad in found.store if quad.graph_name not in (DefaultGraph(), found.base.inferred)
    ]
    lines = sorted((serialize(record, format=RdfFormat.N_QUADS) or b"").splitlines(keepends=True))
    assert (found.digest, found.record_sha256) == (CANONICAL, RecordDigest(record).hexdigest())
    assert any(b"_:c14n0" in line for line in lines)


def test_the_digest_of_the_record_does_not_depend_on_how_files_are_laid_out(
    content: Path, change: Change
) -> None:
    before = assembled(content).record_sha256
    change("data/background/trees.trig", ":hasPart [ a :Leaf ]", ":hasPart _:leaf . _:leaf a :Leaf")
    (content / "data/background/trees.trig").rename(content / "data/a.trig")
    assert assembled(content).record_sha256 == before
    change("data/a.trig", ":Leaf", ":Branch")
    assert assembled(content).record_sha256 != before


def test_each_stage_is_reported_in_a_line(content: Path) -> None:
    lines: list[str] = []
    assemble(content, packaged=False, report=lines.append)
    stages = [line.split("  ")[0] for line in lines]
    assert stages == [*(gate.name for gate in BUILD_GATES), "record"]
    assert lines[0].startswith("syntax  6 files  ")
    evidence = lines[stages.index("evidence")]
    assert "34 characters: 11 quoted, 23 connectives, 0 residue (100.0 %)" in evidence
    assert all(line.endswith(" s") for line in lines)


def test_a_package_is_assembled_without_the_texts_and_says_so(content: Path) -> None:
    (content / "seeds/plan.txt").unlink()
    lines: list[str] = []
    assemble(content, packaged=True, report=lines.append)
    evidence = next(line for line in lines if line.startswith("evidence"))
    assert "the text of plan is not here: quotations not compared" in evidence
    assert only(content) == ("seeds/plan.txt", None, "source")


def test_a_syntax_error_is_found_at_its_line_and_column(content: Path, change: Change) -> None:
    change("data/plan.trig", ":start 10 .", ":start 10 ;; ] .")
    (finding,) = findings(content)
    assert (finding.path, finding.line, finding.rule) == ("data/plan.trig", 9, "syntax")
    assert "column 18" in finding.message


def test_syntax_errors_of_several_files_are_reported_together(
    content: Path, change: Change
) -> None:
    change("ontology/core.ttl", ":plants rdfs:subPropertyOf", ":plants")
    change("data/plan.trig", ":start 10 .", ":start .")
    assert [(each.path, each.line) for each in findings(content)] == [
        ("data/plan.trig", 9),
        ("ontology/core.ttl", 14),
    ]


def test_a_statement_outside_all_graphs_is_found(content: Path, change: Change) -> None:
    change("data/plan.trig", "\n<#char=10,21> {", "\n:a :b :c .\n<#char=10,21> {")
    assert only(content) == ("data/plan.trig", 12, "graph")


def test_a_graph_without_an_iri_is_found(content: Path, change: Change) -> None:
    change("data/plan.trig", "\n<#char=10,21> {", "\n_:g { :a :b :c }\n<#char=10,21> {")
    assert only(content) == ("data/plan.trig", 12, "graph")


def test_a_graph_that_two_files_state_is_found(content: Path) -> None:
    text = f"\n<{G}source/plan#char=10,21> {{ <{G}id/oak> <{G}def/b> <{G}def/c> }}"
    (content / "data/second.trig").write_text(text, encoding="utf-8")
    assert only(content) == ("data/second.trig", 2, "graph")


def test_a_graph_of_a_source_without_metadata_is_found(content: Path) -> None:
    text = f"\n\n<{G}source/other> {{ <{G}id/oak> <{G}def/b> <{G}def/c> }}"
    (content / "data/other.trig").write_text(text, encoding="utf-8")
    (finding,) = findings(content)
    assert (finding.path, finding.line) == ("data/other.trig", 3)
    assert finding.remedy == "Describe it in seeds/other.toml."


def test_the_inferred_graph_is_never_written(content: Path) -> None:
    text = f"<{G}graph/inferred> {{ <{G}id/oak> <{G}def/b> <{G}def/c> }}"
    (content / "data/other.trig").write_text(text, encoding="utf-8")
    assert only(content) == ("data/other.trig", 1, "graph")


def test_an_import_that_no_file_answers_is_found_with_the_nearest_that_one_does(
    content: Path, change: Change
) -> None:
    change("ontology/core.ttl", "/ontology/kinds>", "/ontology/kind>")
    (finding,) = findings(content)
    assert (finding.path, finding.line, finding.rule) == ("ontology/core.ttl", 8, "import")
    assert f"<{G}ontology/kinds>" in finding.remedy


def scheme(content: Path, *imports: str, name: str = "schemes/colours") -> str:
    """Add an ontology file of one concept that imports these; a pattern that asks for it."""
    path = content / "ontology" / f"{name}.ttl"
    path.parent.mkdir(exist_ok=True)
    concept = f"<{G}concept/{name}> a <{G}def/Colour>"
    header = "\n".join(
        f"<{G}ontology/{name}> <http://www.w3.org/2002/07/owl#imports> <{iri}> ." for iri in imports
    )
    path.write_text(
        f"<{G}ontology/{name}>\n  a <http://www.w3.org/2002/07/owl#Ontology> .\n"
        f"{header}\n{concept} .\n",
        encoding="utf-8",
    )
    return concept


def test_an_ontology_that_imports_the_core_is_known(content: Path) -> None:
    concept = scheme(content, f"{G}ontology")
    assert holds(assembled(content).store, None, concept)


def test_an_ontology_is_known_through_others(content: Path) -> None:
    above = scheme(content, f"{G}ontology/two", name="one")
    between = scheme(content, f"{G}ontology", f"{G}ontology/three", name="two")
    below = scheme(content, name="three")
    store = assembled(content).store
    assert all(holds(store, None, each) for each in (above, between, below))


def test_alignments_that_import_the_core_are_not_known(content: Path, change: Change) -> None:
    change(
        "ontology/alignments.ttl", "a owl:Ontology", f"a owl:Ontology ; owl:imports <{G}ontology>"
    )
    assert not holds(assembled(content).store, None, ":Plant rdfs:subClassOf ?any")


def test_shapes_that_import_the_core_are_not_known(content: Path) -> None:
    concept = scheme(content, f"{G}ontology", name="forms")
    with (content / "ontology/forms.ttl").open("a", encoding="utf-8") as file:
        file.write(f"<{G}shape/Step> a <http://www.w3.org/ns/shacl#NodeShape> .\n")
    assert not holds(assembled(content).store, None, concept)


@pytest.mark.parametrize(
    "imports", [(), (f"{G}ontology/kinds",), ("https://example.com/ontology",)]
)
def test_an_ontology_that_imports_do_not_tie_to_the_core_is_found(
    content: Path, imports: tuple[str, ...]
) -> None:
    scheme(content, *imports)
    (finding,) = findings(content)
    assert (finding.path, finding.line, finding.rule) == (
        "ontology/schemes/colours.ttl",
        2,
        "import",
    )
    assert f"<{G}ontology/schemes/colours>" in finding.message
    assert f"owl:imports <{G}ontology> ;" in finding.remedy


def test_an_import_that_the_core_drops_is_found_where_statements_would_be_left_out(
    content: Path, change: Change
) -> None:
    change("ontology/core.ttl", "<https://example.org/gov/ontology/kinds> ,", "")
    (finding,) = findings(content)
    assert (finding.path, finding.line) == ("ontology/kinds/plants.ttl", 5)
    assert f"the core <{G}ontology> does not import it" in finding.message


CATALOG = """<?xml version="1.0"?>
<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">
  <uri name="https://example.org/gov/ontology" uri="../core.ttl"/>
  <uri name="https://example.org/gov/ontology/kinds" uri="plants.ttl"/>
</catalog>
"""


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ("", "", None, None),
        ("../core.ttl", "core.ttl", 3, "leads from <https://example.org/gov/ontology> to core.ttl"),
        ("ontology/kinds", "ontology/sorts", 4, "<https://example.org/gov/ontology/sorts>"),
        ("</catalog>", "", 6, "this is not XML"),
        ('<uri name="https://example.org/gov/ontology"', "<url", None, 'uri="../core.ttl"/>'),
    ],
)
def test_a_catalog_leads_editors_to_the_files_of_the_core(
    content: Path, before: str, after: str, line: int | None, said: str | None
) -> None:
    scheme(content, f"{G}ontology")
    text = CATALOG.replace(before, after, 1)
    (content / "ontology/kinds/catalog-v001.xml").write_text(text, encoding="utf-8")
    if said is None:
        assembled(content)
        return
    found = findings(content)
    (meant,) = (each for each in found if said in f"{each.message} {each.remedy}")
    assert (meant.line, meant.rule) == (line, "catalog")
    assert {each.path for each in found} == {"ontology/kinds/catalog-v001.xml"}


def test_ontologies_that_are_left_out_with_another_are_found_through_it(content: Path) -> None:
    scheme(content, f"{G}ontology/two", name="one")
    scheme(content, name="two")
    (finding,) = findings(content)
    assert finding.path == "ontology/one.ttl"
    scheme(content, f"{G}ontology/one", name="two")
    assert [each.path for each in findings(content)] == ["ontology/one.ttl", "ontology/two.ttl"]


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("a owl:Ontology", "a owl:Class", 1),
        (
            ":Tree rdfs:subClassOf",
            "<https://example.org/gov/ontology/more> a owl:Ontology .\n:Tree a",
            7,
        ),
    ],
)
def test_an_ontology_file_has_one_header(
    content: Path, change: Change, before: str, after: str, line: int
) -> None:
    change("ontology/kinds/plants.ttl", before, after)
    found = [each for each in findings(content) if each.rule == "header"]
    assert [(each.path, each.line) for each in found] == [("ontology/kinds/plants.ttl", line)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('Uri "https://example.org/gov/def/"', 'Uri "https://example.org/def/"'),
        ("<https://example.org/gov/ontology> a", "<https://example.org/gov/core> a"),
    ],
)
def test_a_core_ontology_that_does_not_declare_its_base_is_found(
    content: Path, change: Change, before: str, after: str
) -> None:
    change("ontology/core.ttl", before, after)
    assert only(content) == ("ontology", None, "base")


QUOTES = f"> plant trees\n<{G}id/step/1> a :Step ; :plants <{G}id/oak> .\n"
TABLE = f"iri,type,rdfs:label@en\n<{G}id/hornbeam>,:Tree,hornbeam\n"


def test_data_in_another_notation_make_the_same_dataset(content: Path, change: Change) -> None:
    change("data/plan.trig", "@en", "")  # the source of these files names no language
    before = set(assembled(content).store)
    (content / "data/plan.trig").unlink()
    (content / "data/plan.quotes").write_text(QUOTES, encoding="utf-8")
    assert set(assembled(content).store) == before
    (content / "data/background/more.csv").write_text(TABLE, encoding="utf-8")
    more = assembled(content).store
    assert holds(
        more, f"{G}graph/background/more", f"<{G}id/hornbeam> a :Tree ; rdfs:label 'hornbeam'@en"
    )
    assert len(more) - len(before) == 6  # one of them is inferred, and stands in its graph too


@pytest.mark.parametrize(
    ("name", "text"), [("data/plan.quotes", QUOTES), ("data/background/trees.csv", TABLE)]
)
def test_a_file_is_not_written_in_two_notations(content: Path, name: str, text: str) -> None:
    (content / name).write_text(text, encoding="utf-8")
    (found,) = findings(content)
    assert (found.path, found.rule) == (name, "format")
    assert f"{Path(name).with_suffix('.trig')} too" in found.message


def test_words_that_are_not_in_the_text_are_found_at_their_line(content: Path) -> None:
    (content / "data/plan.trig").unlink()
    text = QUOTES.replace("plant trees", "plant bushes")
    (content / "data/plan.quotes").write_text(f"\n{text}", encoding="utf-8")
    assert only(content) == ("data/plan.quotes", 2, "quotation")


def test_a_content_without_files_is_found(tmp_path: Path) -> None:
    assert only(tmp_path) == ("ontology", None, "base")


def test_a_file_in_another_format_is_found_and_not_passed_over(content: Path) -> None:
    (content / "data/more.ttl").write_text("", encoding="utf-8")
    (content / "ontology/more.rdf").write_text("", encoding="utf-8")
    assert [(each.path, each.rule) for each in findings(content)] == [
        ("data/more.ttl", "format"),
        ("ontology/more.rdf", "format"),
    ]


def test_a_quotation_that_is_not_in_the_source_is_found_at_its_line(
    content: Path, change: Change
) -> None:
    change("data/plan.trig", '"plant trees"@en', '"plant bushes"@en')
    (finding,) = findings(content)
    assert (finding.path, finding.line, finding.rule) == ("data/plan.trig", 7, "quotation")
    assert "“plant bushes”" in finding.message
    assert "“plant trees”" in finding.message


def test_a_passage_whose_name_has_no_offsets_is_found_where_it_says_something(
    content: Path, change: Change
) -> None:
    change("data/plan.trig", "\n<#char=10,21> {", "\n<#line=1,2> {")
    found = findings(content)
    assert [(each.path, each.line, each.rule) for each in found if each.rule != "unstated"] == [
        ("data/plan.trig", 13, "passage")
    ]


def test_a_clash_is_found_with_its_axiom_at_a_statement_that_makes_it(
    content: Path, change: Change
) -> None:
    change("data/plan.trig", "id/step/1> a :Step ;", "id/step/1> a :Step , :Tree ;")
    (finding,) = findings(content)
    assert (finding.path, finding.line, finding.rule) == (
        "data/background/trees.trig",
        7,
        "cax-dw",
    )
    step = "<https://example.org/gov/id/step/1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    assert f"`{step} :Step` and `{step} :Plant` cannot hold together" in finding.message
    assert "by the axiom `:Step DisjointWith :Plant` (ontology/core.ttl:18)" in finding.message
    assert (
        f"grounds: `{step} :Step` (data/background/trees.trig:7) and "
        f"`{step} :Tree` (data/plan.trig:13). In words: "
    ) in finding.message
    assert finding.message.endswith(
        "every “Tree” is a “Plant” (ontology/kinds/plants.ttl:7); "
        "nothing is both a “Step” and a “Plant” (ontology/core.ttl:18)."
    )


def test_clashes_that_rest_on_the_same_statements_are_one_finding(
    content: Path, change: Change
) -> None:
    change("data/plan.trig", "id/step/1> a :Step ;", "id/step/1> a :Step , :Tree ;")
    change(
        "ontology/core.ttl", ":Step owl:disj", ":Step owl:disjointWith :Tree .\n\n:Step owl:disj"
    )
    assert len(findings(content)) == 1


def test_a_clash_is_found_at_the_very_statement_it_rests_on(content: Path, change: Change) -> None:
    oak = "<https://example.org/gov/id/oak>"
    change("data/plan.trig", "\n}\n\n<#char", f"\n}}\n\n<#char=10,21> {{ {oak} a :Step }}\n<#char")
    change("data/background/trees.trig", "a :Tree ;", "a :Tree ; :growsAt :Step ;")
    assert only(content) == ("data/plan.trig", 12, "cax-dw")


def test_findings_of_all_stages_are_reported_together_by_file_and_line(
    content: Path, change: Change
) -> None:
    change("data/plan.trig", '"plant trees"@en', '"plant bushes"@en')
    change("data/plan.trig", "id/step/1> a :Step ;", "id/step/1> a :Step , :Tree ;")
    change("data/plan.trig", "\n<#char=10,21> {", "\n:a :b :c .\n<#char=10,21> {")
    (content / "seeds/plan.toml").write_text(f'sha256 = "0"\n{MARKS}', encoding="utf-8")
    assert [(each.path, each.line, each.rule) for each in findings(content)] == [
        ("data/background/trees.trig", 7, "cax-dw"),
        ("data/plan.trig", 7, "quotation"),
        ("data/plan.trig", 12, "graph"),
        ("seeds/plan.toml", 1, "source"),
    ]


def test_sources_can_be_cited_from_while_their_quotations_are_wrong(
    content: Path, change: Change
) -> None:
    change("data/plan.trig", '"plant trees"@en', '"plant bushes"@en')
    ((source, (passage,)),) = quoted_sources(content, packaged=False)
    assert (source.text, passage.exact) == (TEXT, "plant bushes")


@pytest.mark.parametrize(
    "name",
    [
        "ontology/core.ttl",
        "data/plan.trig",
        "data/a.quotes",
        "data/background/a.csv",
        "seeds/plan.txt",
        "queries/a.rq",
    ],
)
def test_the_digest_of_the_content_changes_with_any_file_that_is_read(
    content: Path, name: str
) -> None:
    (content / "queries").mkdir()
    for made in ("queries/a.rq", "data/a.quotes", "data/background/a.csv"):
        (content / made).write_text("ASK {}", encoding="utf-8")
    before = content_sha256(content)
    assert content_sha256(content) == before
    with (content / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    changed = content_sha256(content)
    assert changed != before
    (content / name).rename((content / name).with_stem("renamed"))
    assert content_sha256(content) not in (before, changed)


def test_the_digest_of_the_content_passes_over_what_is_not_read(content: Path) -> None:
    before = content_sha256(content)
    (content / "data/notes.md").write_text("later", encoding="utf-8")
    assert content_sha256(content) == before


def test_the_digest_of_the_content_changes_with_the_libraries(
    content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content_sha256(content)
    monkeypatch.setattr(content_digest, "version", lambda library: f"{library} 99")
    assert content_sha256(content) != before


def test_the_digest_of_the_content_changes_with_the_code(
    content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "dataset"
    package.mkdir()
    (tmp_path / "namespaces.py").touch()
    (package / "rules.py").write_text("one", encoding="utf-8")
    monkeypatch.setattr(content_digest, "__file__", str(package / "digest.py"))
    before = content_sha256(content)
    (package / "rules.py").write_text("other", encoding="utf-8")
    assert content_sha256(content) != before


def test_a_byte_order_mark_before_a_file_is_passed_over(content: Path) -> None:
    noted: list[Finding] = []

    def read() -> list[int]:
        return [len(file.quads) for file in read_files(content, noted.append)]

    before = read()
    for path in content.rglob("*.t*"):
        path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    assert (read(), noted) == (before, [])
    assert sum(before) > 0
