"""What a format cannot carry is 406 with those that can; what XML can is written so that it is
read again as it was."""

from xml.etree import ElementTree as Xml

import httpx
import pytest
from pyoxigraph import Literal, RdfFormat, parse

from spacepolicy import formats
from spacepolicy.engine.isomorphism import isomorphic
from spacepolicy.engine.rdf_documents import read

from .writing_site import Writing, kind

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFXML, XML = "application/rdf+xml", "application/sparql-results+xml"
JSONLD = "application/ld+json"


def said(writing: Writing, text: str, accept: str) -> tuple[int, bytes, list[str]]:
    answer = writing.client.get("/sparql", params={"query": text}, headers={"Accept": accept})
    if answer.status_code == 200:
        return 200, answer.content, []
    assert kind(answer) == (406, "not-acceptable"), answer.text
    return 406, answer.content, answer.json()["available"]


@pytest.mark.parametrize("predicate", [
    "http://ex.org/123", "http://ex.org/", "http://ex.org/a%20", "http://ex.org/?q=1", "urn:x:1",
    f"{RDF}li", f"{RDF}Description", f"{RDF}about", f"{RDF}RDF", "http://www.w3.org/2000/xmlns/a",
    "http://ex.org/\U0001f680",
])  # fmt: skip
def test_a_predicate_that_can_be_no_element_is_not_written_as_rdfxml(
    writing: Writing, predicate: str
) -> None:
    nested = f"<<( <urn:s> <{predicate}> 1 )>>"
    for said_too in (f"1 ; <{predicate}> 1", nested):
        text = f"CONSTRUCT {{ <urn:s> <urn:p> {said_too} }} {{}}"
        status, body, available = said(writing, text, RDFXML)
        assert status == 406, body
        assert predicate in body.decode()
        assert "text/turtle" in available
        assert RDFXML not in available
        assert said(writing, text, "text/turtle")[0] == 200


@pytest.mark.parametrize("predicate", [
    "http://ex.org/1a", "http://ex.org/p:q", "urn:p", "http://ex.org/火", "urn:a&b", f"{RDF}_1",
    "http://ex.org/a·b", "http://ex.org/#a.b-c", "http://www.w3.org/XML/1998/namespacelang",
])  # fmt: skip
def test_every_other_predicate_is_read_again_as_it_was(writing: Writing, predicate: str) -> None:
    text = (
        f"CONSTRUCT {{ <urn:s> <{predicate}> ?b . ?b <{predicate}> 1 }} {{ BIND(BNODE() AS ?b) }}"
    )
    status, body, _ = said(writing, text, RDFXML)
    assert status == 200, body
    turtle = f"<urn:s> <{predicate}> _:b . _:b <{predicate}> 1 ."
    format = formats.named(RDFXML)
    assert format is not None
    assert isomorphic(read(body, format, "", graphs=False), parse(turtle, RdfFormat.TURTLE))


@pytest.mark.parametrize("accept", [RDFXML, XML])
@pytest.mark.parametrize("escape", [r"\\b", r"\\f", r"\\u0001", r"\\u0000", r"\\uFFFE", r"\\uFFFF"])
def test_a_character_that_xml_cannot_hold_is_not_written(
    writing: Writing, accept: str, escape: str
) -> None:
    literal = '"a' + escape.replace("\\\\", "\\") + 'b"'
    form = "CONSTRUCT { <urn:s> <urn:p> ?o }" if accept == RDFXML else "SELECT ?o"
    text = f"{form} {{ VALUES ?o {{ {literal} }} }}"
    status, body, available = said(writing, text, accept)
    assert status == 406, body
    assert accept not in available
    assert said(writing, text, available[0])[0] == 200


TEXTS = ["a\rb\r\nc\n", "]]>", "<&>\"'", "  ", "\t", "火\U0001f680", "é"]


@pytest.mark.parametrize("value", TEXTS)
def test_text_is_read_again_from_xml_as_it_was(writing: Writing, value: str) -> None:
    literal = str(Literal(value))
    _, body, _ = said(writing, f"SELECT ?o {{ VALUES ?o {{ {literal} }} }}", XML)
    read_again = Xml.fromstring(body)  # noqa: S314 # our own answer
    found = [each.text or "" for each in read_again.iter() if "literal" in each.tag]
    assert found == [value]
    text = f"CONSTRUCT {{ <urn:s> <urn:p> ?o }} {{ VALUES ?o {{ {literal} {literal}@en }} }}"
    status, body, _ = said(writing, text, RDFXML)
    assert status == 200, body
    format = formats.named(RDFXML)
    assert format is not None
    quads = read(body, format, "", graphs=False)
    assert {str(quad.object) for quad in quads} == {literal, f"{literal}@en"}


def test_labels_of_blank_nodes_are_names(writing: Writing) -> None:
    graph = writing.graph()
    writing.send("PUT", f"/graphs?graph={graph}", "_:0a <urn:p> _:x-0a . _:0a <urn:p> _:1 .",
                 Content_Type="text/turtle").raise_for_status()  # fmt: skip
    answer = writing.client.get(f"/graphs?graph={graph}", headers={"Accept": RDFXML})
    format = formats.named(RDFXML)
    assert format is not None
    expected = parse("_:0a <urn:p> _:x-0a, _:1 .", RdfFormat.TURTLE)
    assert isomorphic(read(answer.content, format, "", graphs=False), expected)


def test_what_json_ld_cannot_carry_is_no_refusal_of_service(writing: Writing) -> None:
    value = "<<( <urn:s> <urn:p> 1 )>>"
    text = f"CONSTRUCT {{ <urn:s> <urn:p> {value} }} {{}}"
    status, body, available = said(writing, text, JSONLD)
    assert status == 406
    assert b"SERVICE" not in body
    assert {"text/turtle", RDFXML} <= set(available)
    status, body, _ = said(writing, text, RDFXML)
    assert status == 200
    format = formats.named(RDFXML)
    assert format is not None
    (quad,) = read(body, format, "", graphs=False)
    assert quad == next(parse(f"<urn:s> <urn:p> {value} .", RdfFormat.TURTLE))


def test_what_breaks_off_after_its_first_bytes_is_visibly_broken(writing: Writing) -> None:
    rows = "VALUES ?a { 0 1 2 3 4 5 6 7 8 9 } VALUES ?b { 0 1 2 3 4 5 6 7 8 9 }"
    many = " ".join(f"VALUES ?{name} {{ 0 1 2 3 4 5 6 7 8 9 }}" for name in "cde")
    last = 'UNION { VALUES ?o { "\\u0001" } }'
    text = f'SELECT ?o {{ {{ SELECT ("x" AS ?o) {{ {rows} {many} }} }} {last} }}'
    with pytest.raises(httpx.RemoteProtocolError):
        writing.client.get("/sparql", params={"query": text}, headers={"Accept": XML})


def test_the_feed_of_revisions_is_well_formed_whatever_they_say(writing: Writing) -> None:
    message = "a\x01<b>&\"'\r\ufffe 火"
    headers = {"Authorization": f"Bearer {writing.token}", "Content-Type": "text/turtle"}
    writing.client.put(
        "/graphs", params={"graph": writing.graph(), "message": message},
        content="<urn:a> <urn:p> 1 .", headers=headers,
    ).raise_for_status()  # fmt: skip
    feed = writing.client.get("/revisions", params={"format": "atom", "limit": 1})
    assert feed.headers["content-type"].startswith("application/atom+xml")
    read_again = Xml.fromstring(feed.content)  # noqa: S314 # our own answer
    title = read_again.find(".//{*}entry/{*}title")
    assert title is not None
    assert (title.text or "").startswith("a�<b>&\"'")
