"""A query editor finds on `/sparql` what it completes from, and the dataset stays what it was.

The queries are those that `@sib-swiss/sparql-editor` sends when it starts, by GET with `ac=1`, as
read in its source of version 0.2.7 and of the development version after it (in November 2026); they
are written here from what they ask.
"""

import json

import httpx
import pytest
from pyoxigraph import RdfFormat, parse

from .conftest import SHIPPED_BASE

PREFIXES = """PREFIX sh: <http://www.w3.org/ns/shacl#>
SELECT DISTINCT ?prefix ?namespace WHERE { [] sh:namespace ?namespace ; sh:prefix ?prefix }
ORDER BY ?prefix"""
EXAMPLES = """PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT DISTINCT ?sq ?comment ?query WHERE {
  ?sq a sh:SPARQLExecutable ; rdfs:comment ?comment ;
    sh:select|sh:ask|sh:construct|sh:describe ?query .
} ORDER BY ?sq"""
VOID = """PREFIX up: <http://purl.uniprot.org/core/>
PREFIX void: <http://rdfs.org/ns/void#>
PREFIX void-ext: <http://ldf.fi/void-ext#>
SELECT DISTINCT ?subjectClass ?prop ?objectClass ?objectDatatype WHERE {
  { ?cp void:class ?subjectClass ; void:propertyPartition ?pp . ?pp void:property ?prop .
    OPTIONAL {
      { ?pp void:classPartition [ void:class ?objectClass ] }
      UNION { ?pp void-ext:datatypePartition [ void-ext:datatype ?objectDatatype ] }
    }
  } UNION {
    ?set void:subjectsTarget [ void:class ?subjectClass ] ; void:linkPredicate ?prop ;
      void:objectsTarget [ void:class ?objectClass ] .
  }
}"""
VOID_WITH_LABELS = """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>
PREFIX void: <http://rdfs.org/ns/void#>
PREFIX void-ext: <http://ldf.fi/void-ext#>
SELECT DISTINCT * WHERE {
  { OPTIONAL { ?graph sd:graph ?graphDesc OPTIONAL { ?graph rdfs:label ?graphLabel }
      ?graphDesc void:classPartition ?cp }
    ?cp void:class ?subjectClass ; void:propertyPartition ?pp .
    OPTIONAL { ?subjectClass rdfs:label ?subjectClassLabel }
    OPTIONAL { ?subjectClass rdfs:comment ?subjectClassComment }
    ?pp void:property ?prop
    OPTIONAL { ?pp void:triples ?triples }
    OPTIONAL { ?prop rdfs:label ?propLabel }
    OPTIONAL {
      { ?pp void:classPartition [ void:class ?objectClass ]
        OPTIONAL { ?objectClass rdfs:label ?objectClassLabel } }
      UNION { ?pp void-ext:datatypePartition [ void-ext:datatype ?objectDatatype ] }
    }
  }
} ORDER BY ?subjectClass ?objectClass ?objectDatatype ?graph ?triples"""
MOST_STORED = 5 << 20
"""The characters that a browser keeps for a site, where the editor puts all of it."""
GRAPH = f"{SHIPPED_BASE}graph/service"
Bindings = list[dict[str, dict[str, str]]]


def asked(client: httpx.Client, query: str) -> Bindings:
    parameters = {"ac": "1", "query": query}
    answer = client.get(
        "/sparql", params=parameters, headers={"Accept": "application/sparql-results+json"}
    )
    assert answer.status_code == 200, answer.text
    found: Bindings = answer.json()["results"]["bindings"]
    return found


def values(found: Bindings, name: str) -> list[str]:
    return [row[name]["value"] for row in found if name in row]


def test_an_editor_finds_the_prefixes(shipped: httpx.Client) -> None:
    found = asked(shipped, PREFIXES)
    prefixes = dict(zip(values(found, "prefix"), values(found, "namespace"), strict=True))
    assert prefixes[""] == f"{SHIPPED_BASE}def/"
    assert prefixes["rdfs"] == "http://www.w3.org/2000/01/rdf-schema#"


def test_an_editor_finds_each_saved_query_once_and_it_runs(shipped: httpx.Client) -> None:
    found = asked(shipped, EXAMPLES)
    listed = shipped.get("/queries", headers={"Accept": "application/json"}).json()
    assert len(found) == len(listed["queries"])
    (goals,) = (row for row in found if row["sq"]["value"] == f"{SHIPPED_BASE}queries/goals")
    assert "目标" in goals["comment"]["value"]
    assert asked(shipped, goals["query"]["value"])


def test_an_editor_finds_the_properties_of_a_class_and_where_they_lead(
    shipped: httpx.Client,
) -> None:
    ours, found = f"{SHIPPED_BASE}def/", asked(shipped, VOID)
    of_tasks = [row for row in found if row["subjectClass"]["value"] == f"{ours}Task"]
    assert f"{ours}isTaskOf" in values(of_tasks, "prop")
    led = [row for row in of_tasks if row["prop"]["value"] == f"{ours}isTaskOf"]
    assert f"{ours}PolicyDocument" in values(led, "objectClass")
    assert f"{ours}Document" not in values(led, "objectClass")
    named = [row for row in of_tasks if row["prop"]["value"].endswith("#label")]
    assert set(values(named, "objectDatatype")) == {
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
    }


def test_what_is_counted_is_what_the_dataset_has(shipped: httpx.Client) -> None:
    ours = f"{SHIPPED_BASE}def/"
    for row in asked(shipped, VOID_WITH_LABELS):
        if row["subjectClass"]["value"] == f"{ours}Measure":
            name = row["prop"]["value"]
            counted = asked(
                shipped, f"SELECT (COUNT(*) AS ?n) {{ ?s a <{ours}Measure> ; <{name}> ?o }}"
            )
            assert row["triples"]["value"] == counted[0]["n"]["value"], name


def test_an_editor_that_asks_for_labels_can_keep_the_answer(shipped: httpx.Client) -> None:
    found = asked(shipped, VOID_WITH_LABELS)
    assert len(json.dumps(found)) < MOST_STORED / 2
    (label,) = {
        row["subjectClassLabel"]["value"]
        for row in found
        if row["subjectClass"]["value"] == f"{SHIPPED_BASE}def/Task"
    }
    assert label == "task · 任务"


def test_the_description_is_in_no_count_and_no_graph(shipped: httpx.Client) -> None:
    asked(shipped, VOID)
    everywhere = "SELECT ?g { GRAPH ?g { ?x <http://rdfs.org/ns/void#propertyPartition> ?y } }"
    assert asked(shipped, everywhere) == []
    own = f"?x a <{SHIPPED_BASE}def/Task>"
    mixed = f"SELECT * {{ {own} . ?y <http://rdfs.org/ns/void#class> ?c }}"
    assert asked(shipped, mixed) == []


@pytest.mark.parametrize("pattern", ["FROM {} {{ ?s ?p ?o }}", "{{ GRAPH {} {{ ?s ?p ?o }} }}"])
def test_the_graph_answers_under_its_name(shipped: httpx.Client, pattern: str) -> None:
    query = f"SELECT (COUNT(*) AS ?n) {pattern.format(f'<{GRAPH}>')}"
    document = shipped.get("/graph/service", headers={"Accept": "application/n-triples"})
    said = {str(quad) for quad in parse(document.content, RdfFormat.N_TRIPLES)}
    about_itself = [each for each in said if "void#inDataset" in each]
    count = int(asked(shipped, query)[0]["n"]["value"])
    assert count == len(said) - len(about_itself) > 1000


def test_the_graph_store_has_the_graph(shipped: httpx.Client) -> None:
    answer = shipped.get("/graphs", params={"graph": GRAPH, "format": "nt"})
    assert f"<{SHIPPED_BASE}queries/goals>" in answer.text


def test_the_protocol_may_name_the_graph(shipped: httpx.Client) -> None:
    answer = shipped.get(
        "/sparql",
        params={"query": "ASK { ?s ?p ?o }", "default-graph-uri": GRAPH, "format": "json"},
    )
    assert answer.json()["boolean"] is True


def test_the_service_description_leads_to_the_graph(shipped: httpx.Client) -> None:
    described = shipped.get("/sparql", headers={"Accept": "text/turtle"}).text
    assert f"rdfs:seeAlso <{GRAPH}>" in described
