"""What holds of any engine behind the port."""

import json
import socket
import threading

import pytest

from spacepolicy.engine.answer_frames import Data, Header
from spacepolicy.engine.port import Engine, ask
from spacepolicy.engine.requests import Query
from spacepolicy.errors import (
    EgressRefusedError,
    MemoryLimitError,
    NotAcceptableError,
    QuerySyntaxError,
    QueryTooComplexError,
    ResultLimitError,
    TimeLimitError,
)

RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def answer(engine: Engine, query: Query, seconds: float = 20) -> tuple[Header, bytes]:
    header, *data = ask(engine, query, seconds)
    assert isinstance(header, Header)
    return header, b"".join(each.payload for each in data if isinstance(each, Data))


def count(engine: Engine, text: str) -> int:
    return counted(engine, Query(text))


def counted(engine: Engine, query: Query) -> int:
    _, body = answer(engine, query)
    return int(json.loads(body)["results"]["bindings"][0]["n"]["value"])


def test_a_select_gives_solutions(engine: Engine) -> None:
    assert count(engine, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == 2000


def test_an_ask_gives_a_boolean(engine: Engine) -> None:
    header, body = answer(engine, Query("ASK {}"))
    assert header == Header("boolean", "json")
    assert json.loads(body)["boolean"] is True


@pytest.mark.parametrize("text", ["CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", "DESCRIBE ?s { ?s ?p 1 }"])
def test_construct_and_describe_give_a_graph(engine: Engine, text: str) -> None:
    header, _ = answer(engine, Query(text, graph_format="ntriples"))
    assert header == Header("graph", "ntriples")


def test_an_answer_of_many_pieces_is_whole(engine: Engine) -> None:
    text = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 200000"
    _, body = answer(engine, Query(text, solutions_format="tsv"))
    assert body.count(b"\n") == 200001


@pytest.mark.parametrize(
    "text",
    [
        "ASK { :s1 :p1 ?o }",
        "ASK { ?s ?p ?v.ex:s1 ex:p1 ?o }",
        "ASK { ex-2.b:s1(:p1|^ex:p1)?o }",
        "ASK { <https://example.org/s1> ?p ?o FILTER(-ex:p1(?o) || true) }",
    ],
)
def test_prefixes_given_need_no_declaration(engine: Engine, text: str) -> None:
    known = dict.fromkeys(("", "ex", "ex-2.b", "unused"), "https://example.org/")
    query = Query(text, prefixes=known)
    assert json.loads(answer(engine, query)[1])["boolean"] is True


def test_dataset_parameters_replace_the_default_graph(engine: Engine) -> None:
    query = Query("ASK { ?s ?p 'c'@en }", default_graphs=("https://example.org/g",))
    assert json.loads(answer(engine, query)[1])["boolean"] is True
    query = Query("ASK { GRAPH ?g { ?s ?p ?o } }", default_graphs=("https://example.org/g",))
    assert json.loads(answer(engine, query)[1])["boolean"] is False


def test_a_syntax_error_names_line_and_column(engine: Engine) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        answer(engine, Query("SELECT *\n{ ?s ?p }"))
    extras = caught.value.extras
    told = {name: extras[name] for name in ("line", "column", "text", "mistake")}
    place = {"line": 2, "column": 9, "text": "{ ?s ?p }"}
    assert told == {**place, "mistake": "object-missing"}


def test_an_undeclared_prefix_is_named_as_the_cause(engine: Engine) -> None:
    with pytest.raises(QuerySyntaxError, match="column 7: the prefix nope: is not declared"):
        answer(engine, Query("ASK { nope:s ?p ?o }"))


def test_a_form_without_an_acceptable_format_is_refused(engine: Engine) -> None:
    with pytest.raises(NotAcceptableError) as caught:
        answer(engine, Query("ASK {}", solutions_format=None))
    available = caught.value.extras["available"]
    assert isinstance(available, list)
    assert "text/csv" in available


G, H, NOWHERE = (f"https://example.org/{name}" for name in ("g", "h", "nowhere"))


@pytest.mark.parametrize(
    ("default_graphs", "triples"), [((G,), 1), ((G, G), 1), ((G, H), 2), ((NOWHERE, H), 2)]
)
def test_the_default_graph_of_several_graphs_is_a_set(
    local: Engine, default_graphs: tuple[str, ...], triples: int
) -> None:
    select, pattern = "SELECT (COUNT(*) AS ?n)", "{ ?s ?p ?o }"
    clauses = " ".join(f"FROM <{graph}>" for graph in default_graphs)
    assert count(local, f"{select} {clauses} {pattern}") == triples
    text = f"{select} FROM <{NOWHERE}> {pattern}"
    assert counted(local, Query(text, default_graphs=default_graphs)) == triples


def test_named_graphs_stand_beside_a_merged_default_graph(local: Engine) -> None:
    dataset = f"FROM <{G}> FROM <{H}> FROM NAMED <{H}> FROM NAMED <{H}>"
    assert count(local, f"SELECT (COUNT(*) AS ?n) {dataset} {{ GRAPH ?g {{ ?s ?p ?o }} }}") == 2


def test_a_graph_that_is_not_there_is_empty_with_a_warning(local: Engine) -> None:
    header, body = answer(local, Query(f"ASK FROM <{NOWHERE}> {{ ?s ?p ?o }}"))
    assert json.loads(body)["boolean"] is False
    assert header.warnings == (f"The dataset has no graph <{NOWHERE}>; it is taken as empty.",)
    assert answer(local, Query(f"ASK FROM <{G}> {{}}"))[0].warnings == ()


ROWS = "SELECT ?o { ?s ?p ?o } LIMIT 1000"


@pytest.mark.parametrize("format", ["json", "xml", "csv", "tsv"])
def test_an_answer_of_too_many_rows_is_refused_before_it_begins(
    engine: Engine, format: str
) -> None:
    answer(engine, Query(ROWS, solutions_format=format, max_rows=1000))
    with pytest.raises(ResultLimitError) as caught:
        answer(engine, Query(ROWS, solutions_format=format, max_rows=990))
    assert caught.value.extras == {"limit_rows": 990}


def test_an_answer_of_too_many_bytes_is_refused_before_it_begins(engine: Engine) -> None:
    text = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }"
    _, body = answer(engine, Query(text))
    answer(engine, Query(text, max_bytes=len(body)))
    with pytest.raises(ResultLimitError, match="bytes"):
        answer(engine, Query(text, max_bytes=len(body) - 1))


def test_an_answer_that_becomes_too_large_breaks_off(local: Engine) -> None:
    text = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
    frames = ask(local, Query(text, solutions_format="tsv", max_rows=50_000), 20)
    assert isinstance(next(frames), Header)
    assert isinstance(next(frames), Data)
    with pytest.raises(ResultLimitError):
        list(frames)


def test_a_runaway_query_is_stopped_at_its_limit(local: Engine) -> None:
    with pytest.raises(TimeLimitError):
        answer(local, Query(RUNAWAY), seconds=0.3)
    assert count(local, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == 2000


def test_a_query_over_its_memory_fails_alone(local: Engine) -> None:
    hungry = "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?f ?c"
    with pytest.raises(MemoryLimitError):
        answer(local, Query(hungry))
    assert count(local, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == 2000


def test_text_that_nests_too_deeply_fails_alone(local: Engine) -> None:
    with pytest.raises(QueryTooComplexError):
        answer(local, Query("SELECT * " + "{" * 20000 + "}" * 20000))
    assert count(local, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == 2000


@pytest.mark.parametrize("silent", ["", "SILENT "])
def test_no_query_reaches_another_machine(local: Engine, silent: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.3)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        query = Query(f"SELECT * {{ SERVICE {silent}<{address}> {{ ?s ?p ?o }} }}")
        if silent:
            answer(local, query)
        else:
            with pytest.raises(EgressRefusedError):
                answer(local, query)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_queries_run_side_by_side(engine: Engine) -> None:
    counts: list[int] = []

    def run() -> None:
        counts.append(count(engine, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [2000] * 8
