"""What the lexer shows of a text, and what it cannot be fooled about."""

import re
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import QueryBoolean, QuerySolutions, QueryTriples, Store

from spacepolicy.engine.lexer import QueryForm, TextLimits, order_end, refuse, scan
from spacepolicy.errors import EgressRefusedError, QueryTooComplexError

W3C = Path(__file__).parents[2].parent / "shared" / "w3c" / "sparql"
OUT = "<http://127.0.0.1/>"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("SELECT * {}", "select"),
        ("# SELECT\nBASE <select:> PREFIX ask: <x:> ask {}", "ask"),
        ("SELECTDISTINCT*{}", "select"),
        ("PREFIX ex:<x:>DESCRIBEex:x", "describe"),
        ("construct where {}", "construct"),
        ("VERSION '1.2' ASK {}", "ask"),
        ("\\u0041SK {}", "ask"),
        ("PREFIX insert: <x:> WITH insert:a DELETE {} WHERE {}", "update"),
        ("CLEAR ALL", "update"),
        ("", None),
        ("PREFIX a: <x:>", None),
        ("nonsense", None),
    ],
)
def test_the_form_is_seen_behind_the_prologue(text: str, form: QueryForm | None) -> None:
    assert scan(text).form == form


REACHING_OUT = [
    f"SELECT * {{ SERVICE {OUT} {{}} }}",
    f"SELECT * {{ sErViCe silent {OUT} {{}} }}",
    f"SELECT * {{ SERVICE # SILENT\r {OUT} {{}} }}",
    "SELECT * { SERVICE ?s {} }",
    f"SELECT * {{ \\u0053ERVICE {OUT} {{}} }}",
    f"ASK {{ FILTER EXISTS {{ SERVICE {OUT} {{}} }} }}",
    f"SELECT*{{SERVICESILENT{OUT}{{}}}}",
    "PREFIX a: <x:> SELECT*{SERVICEa:b{}}",
    "PREFIX SERVICEa: <x:> PREFIX a: <x:> SELECT*{ SERVICEa:b{}}",
    "PREFIX a: <x:> SELECT*{ ?s ?p trueSERVICESILENTa:b{}}",
    f"ASK{{ ?s ?p true.SERVICE{OUT}{{}}}}",
    f"ASK{{ ?s ?p 1.SERVICE{OUT}{{}}}}",
    f"ASK{{ ?s ?p 1.0e5SERVICE{OUT}{{}}}}",
    f"ASK{{ ?s ?p 'x'@en.SERVICE{OUT}{{}}}}",
    f"ASK{{ ?s ?p '''a''\\''''SERVICE{OUT}{{}}}}",
    f"ASK{{ ?s ?p '\\\\'SERVICE{OUT}{{}}}}",
    f"PREFIX a: <x:> ASK{{ ?s ?p a:\\#b SERVICE{OUT}{{}}}}",
    f"ASK{{ FILTER(1<2)SERVICE#>\n{OUT}{{}}}}",
    f"ASK{{ FILTER(1<'>{{#')SERVICE{OUT}{{}}}}",
    f"ASK{{ FILTER(true<'>{{#')SERVICE{OUT}{{}}}}",
    f"ASK{{ FILTER <x:f>(1<'>{{#')SERVICE{OUT}{{}}}}",
    f"PREFIX a: <x:> ASK{{ FILTER a:f(1<'>{{#')SERVICE{OUT}{{}}}}",
    f"PREFIX a: <x:> PREFIX FILTERa: <x:> ASK{{ FILTERa:f(1<'>{{#')SERVICE{OUT}{{}}}}",
    f"SELECT (1 AS ?x) (1<'>{{#' AS ?y) {{ SERVICE{OUT}{{}}}}",
    f"ASK{{ {{ SELECT * {{}} HAVING EXISTS {{}} (1<'>{{#') }} SERVICE{OUT}{{}}}}",
    f"ASK{{ ?s ?p (1 <x#>) SERVICE{OUT}{{}}}}",
    f"ASK{{ VALUES (?x ?y) {{ (1 <x#>) }} SERVICE{OUT}{{}}}}",
    f"ASK{{ ?s a (1 <x#>) SERVICE{OUT}{{}}}}",
    f"INSERT {{}} WHERE {{ SERVICE{OUT}{{}} }}",
]


@pytest.mark.parametrize("text", REACHING_OUT)
def test_no_disguise_hides_service(text: str) -> None:
    assert scan(text).service
    with pytest.raises(EgressRefusedError, match="SERVICE"):
        refuse(scan(text), TextLimits())


@pytest.mark.parametrize(
    "text",
    [
        f"LOAD {OUT}",
        f"load SILENT {OUT} INTO GRAPH <x:g>",
        f"LOADSILENT{OUT}",
        f"CLEAR ALL;LOAD{OUT}",
        "PREFIX a:<x:>LOADa:b",
        "PREFIX a:<x:>CLEAR ALL; LOADa:b",
        f"\\U0000004cOAD {OUT}",
    ],
)
def test_no_disguise_hides_load(text: str) -> None:
    assert scan(text).load
    with pytest.raises(EgressRefusedError, match="LOAD"):
        refuse(scan(text), TextLimits())


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?service { ?service <x:service> 'SERVICE <x:>' } # SERVICE <x:> {}",
        'PREFIX service: <http://x/service#> ASK { GRAPH service:a { ?s service:b "load" } }',
        "PREFIX load: <x:load> DESCRIBE load:x load:y",
        "PREFIX load: <x:> INSERT DATA { load:a load:b load:c } ; CLEAR GRAPH load:x",
        "PREFIX sd: <http://www.w3.org/ns/sparql-service-description#> ASK { ?s a sd:Service }",
        "ASK { ?s ?p '''it's a SERVICE {''' , \"LOAD\" }",
        "ASK { FILTER(?a <?b && ?c> ?d) }",
        "PREFIX hobby: <x:service> ASK FROM hobby:g { GRAPH hobby:h {} }",
    ],
)
def test_what_only_looks_like_reaching_out_passes(text: str) -> None:
    refuse(scan(text), TextLimits())


@pytest.mark.parametrize(
    ("text", "volatile"),
    [
        ("SELECT (NOW() AS ?x) {}", True),
        ("SELECT (COUNT(DISTINCTRAND()) AS ?x) {}", True),
        ("ASK { FILTER(1=1&&struuid ( ) = 'x') }", True),
        ("ASK { BIND(BNODE('x') AS ?x) }", True),
        ("CONSTRUCT { _:a ?p ?o } { ?s ?p ?o }", True),
        ("CONSTRUCT { [] ?p ?o } { ?s ?p ?o }", True),
        ("CONSTRUCT { (1 2) ?p ?o } { ?s ?p ?o }", True),
        ("CONSTRUCT { << ?s ?p ?o >> ?p ?o } { ?s ?p ?o }", True),
        ("CONSTRUCT { ?s ?p ?o ~ } { ?s ?p ?o }", True),
        ("CONSTRUCT WHERE { ?s ?p [] }", True),
        ("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o, [], _:x }", False),
        ("SELECT ?now { ?s <x:NOW()> 'NOW()' } # RAND()", False),
        ("PREFIX rand: <x:> ASK { FILTER(rand:now(1)) }", False),
        (f"ASK {{ SERVICE {OUT} {{}} }}", True),
    ],
)
def test_what_may_differ_from_one_evaluation_to_the_next_is_volatile(
    text: str, volatile: bool
) -> None:
    assert scan(text).volatile is volatile


@pytest.mark.parametrize(
    ("text", "graphs"),
    [
        ("ASK FROM <x:a> FROM NAMED <x:b> { GRAPH <x:c> {} GRAPH ?g {} }", ("x:a", "x:b", "x:c")),
        ("PREFIX e: <x:> ASK { GRAPH e:a\\#b { e:no e:no e:no } GRAPH e:c. {} }", ("x:a#b", "x:c")),
        ("PREFIX e:<x:>ASK{GRAPH:a{}GRAPHe:b{}}", ("given:a", "x:b")),
        ("BASE <http://x/y> ASK FROM <#z> {}", ("http://x/y#z",)),
        ("WITH <x:a> DELETE {} USING NAMED <x:b> WHERE {}; COPY <x:c> TO <x:d>",
         ("x:a", "x:b", "x:c", "x:d")),
        ("ASK FROM <x:\\u0061> {}", ("x:a",)),
    ],
)  # fmt: skip
def test_graphs_named_by_constants_are_told(text: str, graphs: tuple[str, ...]) -> None:
    assert scan(text, {"": "given:"}).graphs == graphs


def test_the_graphs_of_a_dataset_are_told_by_their_part() -> None:
    seen = scan("BASE <urn:x:> ASK FROM <a:b> FROM NAMED <#c> FROM <a:d> { GRAPH <a:e> {} }")
    assert seen.default_graphs == ("a:b", "a:d")
    assert seen.named_graphs == ("urn:x:#c",)


NESTED = {
    "groups": ("SELECT * ", "{", "", "}", ""),
    "optional": ("SELECT * {", "OPTIONAL{", "", "}", "}"),
    "sub-selects": ("SELECT * ", "{SELECT * ", "{}", "}", ""),
    "exists": ("ASK {", "FILTER EXISTS{", "", "}", "}"),
    "if": ("ASK { FILTER(", "IF(true,", "1", ",2)", ") }"),
    "brackets": ("ASK { FILTER(", "(", "1", ")", ") }"),
    "path brackets": ("ASK { ?a ", "(", "<x:p>", ")", " ?b }"),
    "blank nodes": ("ASK { ?a ?b ", "[ ?p ", "1", "]", "}"),
    "collections": ("ASK { ?a ?b ", "(", "1", ")", "}"),
    "triples": ("ASK { ", "<< ?s ?p ", "?o", ">>", " ?p ?o }"),
}
CHAINED = {
    "not": ("ASK { FILTER(", "!", "true) }"),
    "or": ("ASK { FILTER(?x", "||?x", ") }"),
    "decimals": ("ASK { FILTER(.1", "+.1", ") }"),
    "union": ("ASK { {}", "UNION{}", "}"),
    "optional": ("ASK { ", "OPTIONAL{ ?a ?b ?c } . ", "}"),
    "filters": ("ASK { ", "FILTER(?a) ", "}"),
    "binds": ("ASK { ", "BIND(1 AS ?x) . ", "}"),
    "projections": ("SELECT ", "(1 AS ?x)", "{}"),
    "values": ("ASK { ", "VALUES ?x { 1 } ", "}"),
    "path steps": ("ASK { ?a <x:p>", "/<x:p>", " ?b }"),
    "bracketed path steps": ("ASK { ?a (<x:p>", "/<x:p>", ") ?b }"),
    "collections": ("ASK { ?a ?b (", "1 ", ") }"),
}
EVEN = {
    "rows": ("ASK { VALUES (?x ?y) {", "(1 <x:a>) ", "} }"),
    "data": ("INSERT DATA {", "GRAPH <x:g> { <x:s> <x:p> 1, [] } ", "}"),
    "operations": ("", "INSERT DATA { <x:s> <x:p> 1 } ;", ""),
    "triples": ("ASK {", "?s <x:p>/<x:q> ?o . ", "}"),
    "arguments": ("ASK { FILTER(?x IN (1", ",(1+1)", ")) }"),
}


def nested(shape: str, times: int) -> str:
    before, opening, inside, closing, after = NESTED[shape]
    return f"{before}{opening * times}{inside}{closing * times}{after}"


def chained(shape: tuple[str, str, str], times: int) -> str:
    before, link, after = shape
    return f"{before}{link * times}{after}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("SELECT ?s {} ORDER BY ?s", ""),
        ("SELECT ?s {} order by DESC(?s<?t) # LIMIT\n", "LIMIT 3"),
        ("SELECT ?s {} GROUP BY ?s ORDER BY (EXISTS { VALUES ?x { 1 } }) ", "OFFSET 1 LIMIT 2"),
        ("SELECT ?s { { SELECT * {} ORDER BY ?x LIMIT 1 } } ORDER BY ?s ", "VALUES ?s { 1 }"),
        ("SELECT ?s { FILTER('ORDER BY \\u0041') } ORDER BY STR(?s)", ""),
    ],
)
def test_where_the_outermost_order_ends_is_seen(before: str, after: str) -> None:
    assert order_end(before + after) == len(before)
    Store().query(f"{before}\n?more {after}")


@pytest.mark.parametrize(
    "text",
    ["SELECT ?s {} LIMIT 1", "SELECT * { { SELECT * {} ORDER BY ?x } }", "SELECT (1 AS ?ORDER) {}"],
)
def test_where_nothing_is_ordered_outermost_no_order_ends(text: str) -> None:
    assert order_end(text) is None


@pytest.mark.parametrize("shape", NESTED)
def test_nesting_is_refused_beyond_its_limit(shape: str) -> None:
    refuse(scan(nested(shape, 100)), TextLimits())
    with pytest.raises(QueryTooComplexError, match="nests"):
        refuse(scan(nested(shape, 20_000)), TextLimits())


@pytest.mark.parametrize("shape", NESTED)
def test_what_nests_far_too_deeply_is_not_read_to_its_end(shape: str) -> None:
    """The time of a text that is refused does not grow with its length."""
    found = scan(nested(shape, 200_000)).depth
    assert TextLimits().max_depth < found < 2_000


@pytest.mark.parametrize("shape", CHAINED)
def test_what_chains_far_too_long_is_not_read_to_its_end(shape: str) -> None:
    found = scan(chained(CHAINED[shape], 100_000)).chain
    assert TextLimits().max_chain < found < 20_000


@pytest.mark.parametrize("shape", CHAINED)
def test_chains_are_refused_beyond_their_limit(shape: str) -> None:
    refuse(scan(chained(CHAINED[shape], 900)), TextLimits())
    with pytest.raises(QueryTooComplexError, match="chains"):
        refuse(scan(chained(CHAINED[shape], 20_000)), TextLimits())


@pytest.mark.parametrize("shape", EVEN)
def test_what_only_stands_side_by_side_is_no_chain(shape: str) -> None:
    refuse(scan(chained(EVEN[shape], 20_000)), TextLimits())


SOUP = [
    *"{}()[]<>?$.;,'\"\\#:@=!|&*/+-^_~%\n\r\t 1e",
    *("<<", ">>", "{|", "|}", '"""', "'''", "\\u0041", "\\U0010FFFF", "\\uD800", "<x:a#b>", "a:b"),
    *("SELECT", "SERVICE", "FILTER", "VALUES", "GRAPH", "true", "EXISTS", "é", "\U0001f680"),
]
soups = st.lists(st.sampled_from(SOUP), max_size=60).map("".join)


@settings(deadline=None)
@given(soups | st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    seen = scan(text)
    with suppress(QueryTooComplexError, EgressRefusedError):
        refuse(seen, TextLimits())


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from(SOUP), min_size=1, max_size=4).map("".join))
def test_reading_takes_time_in_proportion_to_the_text(piece: str) -> None:
    started = time.thread_time()
    scan(piece * (20_000 // len(piece)))
    assert time.thread_time() - started < 2  # some 50 ms; squared it would be minutes


def evaluated_form(text: str) -> QueryForm | None:
    """The form of the answer that pyoxigraph gives over nothing; None where it gives none."""
    try:
        answer = Store().query(text, base_iri="http://example.org/")
    except (SyntaxError, ValueError, RuntimeError, OSError):
        return None
    match answer:
        case QueryBoolean():
            return "ask"
        case QuerySolutions():
            return "select"
        case QueryTriples():
            return "construct"


@pytest.mark.skipif(not W3C.is_dir(), reason="the W3C suites are not beside the checkout")
def test_forms_agree_with_the_engine_on_the_suites_of_the_w3c() -> None:
    agreed = 0
    for path in sorted(W3C.rglob("*.rq")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if (expected := evaluated_form(text)) is None:
            continue
        seen = scan(text)
        assert (seen.form or "").replace("describe", "construct") == expected, path
        assert seen.service == bool(re.search(r"(?i)\bservice\b\s*(silent\s*)?[<?:]", text)), path
        agreed += 1
    assert agreed > 400
    for path in sorted(W3C.rglob("*.ru")):
        text = path.read_text(encoding="utf-8", errors="replace")
        assert scan(text).form in ("update", None), path


@pytest.mark.skipif(not W3C.is_dir(), reason="the W3C suites are not beside the checkout")
def test_no_query_of_the_w3c_is_too_complex() -> None:
    for path in W3C.rglob("*.r[qu]"):
        seen = scan(path.read_text(encoding="utf-8", errors="replace"))
        assert seen.depth <= 16, path
        assert seen.chain <= 64, path


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ASK { <http://a.org/1> ?p ?o }", "ASK { <urn:x> ?other ?names }"),
        ('ASK { ?s ?p "one"@en }', "ASK { ?s ?p 'two, and # more'@en }"),
        ("SELECT * { ?s ?p 7 } LIMIT 10", "SELECT  * { ?s ?p 12345 }\n# so\nLIMIT 99"),
        ("ASK { ex:task1 ?p ?o }", "ASK { ex:task27 ?p ?o }"),
    ],
)
def test_constants_and_names_of_variables_make_no_other_shape(one: str, other: str) -> None:
    assert scan(one).shape == scan(other).shape


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ASK { ?s ?p ?o }", "ASK { ?s ?p ?o . ?o ?p ?s }"),
        ("ASK { ?s ex:a ?o }", "ASK { ?s ex:b ?o }"),
        ("ASK { ?s ?p 1 }", "ASK { ?s ?p '1' }"),
        ("SELECT * {} LIMIT 9", "SELECT * {} LIMIT 1000"),
        ("SELECT * { ?s ?p+ ?o }", "SELECT * { ?s ?p* ?o }"),
        ("ASK { FILTER(?a < ?b) }", "ASK { FILTER(?a > ?b) }"),
    ],
)
def test_what_may_cost_more_has_another_shape(one: str, other: str) -> None:
    assert scan(one).shape != scan(other).shape
