"""The queries in the ontology's examples: they run as they are copied, and find something."""

from typing import Final

from pyoxigraph import Literal, QuerySolutions

from spacepolicy.knowledge.assembly import Assembly
from spacepolicy.knowledge.checks.default_dataset import DefaultDataset
from spacepolicy.namespaces import SKOS

EXAMPLES: Final = (
    f'SELECT ?term ?text {{ ?term <{SKOS}example> ?text FILTER(STRSTARTS(?text, "SELECT ")) }}'
)


def answer(assembly: Assembly, text: str) -> QuerySolutions:
    found = assembly.store.query(text, prefixes=dict(assembly.prefixes))
    assert isinstance(found, QuerySolutions)
    return found


def test_every_example_that_is_a_query_has_an_answer(assembly: Assembly) -> None:
    examples = [row["text"] for row in answer(assembly, EXAMPLES)]
    texts = [text.value for text in examples if isinstance(text, Literal)]
    assert texts
    assert [text for text in texts if next(answer(assembly, text), None) is None] == []


def test_the_example_of_mention_gives_each_wording_one_reading(assembly: Assembly) -> None:
    [text] = [
        row["text"].value
        for row in answer(assembly, EXAMPLES)
        if isinstance(row["text"], Literal) and ":Mention" in row["text"].value
    ]
    wordings = [str(row["wording"]) for row in answer(assembly, text)]
    [count] = answer(assembly, "SELECT (COUNT(?m) AS ?n) { ?m a :Mention }")
    assert isinstance(count["n"], Literal)
    assert len(wordings) == len(set(wordings)) == int(count["n"].value)


def test_a_pattern_of_passages_finds_what_documents_say_and_no_inference(
    assembly: Assembly,
) -> None:
    dataset = DefaultDataset(assembly.store, assembly.base.inferred.value)
    pattern = "SELECT DISTINCT ?g { ?g a :Passage . GRAPH ?g { ?measure ?act ?thing } }"
    found = dataset.query(pattern, assembly.prefixes)
    assert isinstance(found, QuerySolutions)
    graphs = [row["g"] for row in found]
    assert graphs
    assert all(str(graph).startswith(f"<{assembly.base.sources}") for graph in graphs)
    every = dataset.query("SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }", assembly.prefixes)
    assert isinstance(every, QuerySolutions)
    named = {row["g"] for row in every}
    assert assembly.base.inferred in set(assembly.store.named_graphs())
    assert assembly.base.inferred not in named
    assert named > set(graphs)


def test_examples_of_rules_leave_no_graph_in_the_dataset(assembly: Assembly) -> None:
    dataset = assembly.store
    graphs = list(dataset.named_graphs())
    assert len(graphs) > 300
    assert [g for g in graphs if not any(dataset.quads_for_pattern(None, None, None, g))] == []
