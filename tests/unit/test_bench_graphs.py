"""The graphs that benchmarks are run over, and the queries that are asked of them."""

from itertools import islice
from pathlib import Path

import pytest
from bench import graphs, variations
from bench.graphs import Layout, Things
from bench.vocabulary import DEF
from bench.workloads import WORKLOADS, Workload, cross_product
from pyoxigraph import DefaultGraph, NamedNode, Quad, QuerySolutions, RdfFormat, Store, parse

SIZE = 4000


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> graphs.Written:
    return graphs.write(tmp_path_factory.mktemp("graphs") / "graphs.nq", SIZE)


@pytest.fixture(scope="module")
def store(written: graphs.Written) -> Store:
    found = Store()
    found.load(path=written.path, format=RdfFormat.N_QUADS)
    return found


def quads(path: Path) -> list[Quad]:
    return list(parse(path=path, format=RdfFormat.N_QUADS))


def test_the_same_seed_makes_the_same_bytes_and_another_seed_others(
    tmp_path: Path, written: graphs.Written
) -> None:
    again, other = (
        graphs.write(tmp_path / f"{seed}.nq", SIZE, seed=seed).path.read_bytes() for seed in (1, 2)
    )
    assert again == written.path.read_bytes()
    assert other != again
    assert list(graphs.document(1, seed=1)) != list(graphs.document(1, seed=2))


def test_there_are_as_many_statements_as_are_counted_and_none_twice(
    written: graphs.Written, store: Store
) -> None:
    assert SIZE - 1000 < written.statements <= SIZE
    assert len(store) == written.statements
    in_default = sum(1 for _ in store.quads_for_pattern(None, None, None, DefaultGraph()))
    assert 0 < in_default == written.default < written.statements


@pytest.mark.parametrize("layout", ["stored", "merged"])
def test_graphs_hold_a_few_hundred_statements(tmp_path: Path, layout: Layout) -> None:
    sizes: dict[object, int] = {}
    for quad in quads(graphs.write(tmp_path / "graphs.nq", SIZE, layout).path):
        sizes[quad.graph_name] = sizes.get(quad.graph_name, 0) + 1
    stored = sizes.pop(DefaultGraph(), 0)
    sizes.pop(NamedNode("https://w3id.org/spacepolicy/graph/generated/0"), None)  # what is shared
    assert (stored > 0) == (layout == "stored")
    assert all(30 < size < 700 for size in sizes.values())


def test_a_document_is_the_same_in_a_small_and_in_a_large_dataset(
    tmp_path: Path, written: graphs.Written
) -> None:
    larger = graphs.write(tmp_path / "larger.nq", 2 * SIZE)
    assert larger.path.read_bytes().startswith(written.path.read_bytes())


def test_every_class_and_property_is_one_of_the_ontology(store: Store) -> None:
    ontology = Store()
    root = Path(graphs.__file__).parents[1] / "ontology"
    for file in root.glob("*.ttl"):
        ontology.load(path=file, format=RdfFormat.TURTLE)
    declared = {quad.subject for quad in ontology}
    used = {
        term
        for quad in store
        for term in (quad.predicate, quad.object)
        if isinstance(term, NamedNode) and term.value.startswith(DEF)
    }
    assert used <= declared


def test_every_passage_lies_within_its_sentence_and_has_its_words(store: Store) -> None:
    found = store.query(
        f"PREFIX : <{DEF}> SELECT ?p ?s ?e ?os ?oe ?words ?whole {{ GRAPH ?g {{ ?p :start ?s ;"
        " :end ?e ; :exactText ?words ; :isWithin ?o . ?o :start ?os ; :end ?oe ;"
        " :exactText ?whole } }"
    )
    assert isinstance(found, QuerySolutions)
    rows = [[each.value for each in row] for row in found]
    assert rows
    for passage, start, end, outer, outer_end, words, whole in rows:
        assert passage.endswith(f"#char={start},{end}")
        assert int(outer) <= int(start) < int(end) <= int(outer_end)
        begin = int(start) - int(outer)
        assert whole[begin : begin + int(end) - int(start)] == words


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda each: each.name)
def test_a_kind_of_query_is_answered_and_never_asked_twice_but_where_it_is_to_be(
    workload: Workload, written: graphs.Written, store: Store
) -> None:
    queries = list(islice(workload.queries(written.things, 1), 400))
    assert len(set(queries)) == (1 if workload.again else len(queries))
    answered = [any(True for _ in store.query(query)) for query in queries[:40]]  # type: ignore[union-attr]
    assert any(answered)


def test_other_seeds_ask_for_other_constants(written: graphs.Written) -> None:
    for workload in WORKLOADS:
        one, other = (list(islice(workload.queries(written.things, seed), 10)) for seed in (1, 2))
        assert one != other, workload.name


@pytest.mark.parametrize("make", [variations.look_ups, variations.stars])
def test_no_two_fresh_queries_have_the_same_tokens_and_each_finds_what_is_there(
    make: object, written: graphs.Written, store: Store
) -> None:
    queries = list(islice(make(written.things.measures, 3), 1500))  # type: ignore[operator]
    assert len({variations.shape(query) for query in queries}) == len(queries)
    for query in queries[:100]:
        assert any(True for _ in store.query(query)), query  # type: ignore[union-attr]


def test_a_cross_product_has_as_many_solutions_as_the_cube_of_the_statements() -> None:
    few = Store()
    few.extend(
        [Quad(NamedNode("urn:s"), NamedNode("urn:p"), NamedNode(f"urn:{n}")) for n in (1, 2)]
    )
    (row,) = few.query(cross_product(5))  # type: ignore[misc]
    assert row[0].value == "8"


def test_things_are_those_that_the_document_states() -> None:
    things = Things()
    statements = list(graphs.document(3, things=things))
    subjects = {each.subject for each in statements}
    for kind in (things.policies, things.tasks, things.measures, things.passages):
        assert kind
        assert set(kind) <= subjects
