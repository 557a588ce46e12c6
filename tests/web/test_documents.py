"""Documents about IRIs that end like files, and the language tags in documents."""

import json

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple

from spacepolicy import formats
from spacepolicy.formats import Format, offered
from spacepolicy.serialization import whole
from spacepolicy.web.linked_data.language_tags import restored

from .writing_site import Writing, kind

GRAPHS = offered("graph")
SUFFIXES = [each.extension for each in offered("graph", "page")]
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("accept", ["text/turtle", "application/ld+json", "*/*"])
def test_an_iri_that_ends_like_a_file_leads_to_its_document(
    writing: Writing, suffix: str, accept: str
) -> None:
    thing = f"{writing.client.base_url}/id/file.{suffix}".replace("//id", "/id")
    writing.put(writing.graph(), f'<{thing}> <{LABEL}> "the file {suffix}" .').raise_for_status()
    answer = writing.client.get(thing, headers={"Accept": accept}, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    assert f"the file {suffix}" in answer.text
    wanted = answer.headers["content-type"].partition(";")[0]
    assert accept in (wanted, "*/*")
    pinned = writing.client.get(f"/doc/id/file.{suffix}.nt")
    assert f"the file {suffix}" in pinned.text
    unpinned = writing.client.get(f"/doc/id/file.{suffix}", headers={"Accept": accept})
    assert f"the file {suffix}" in unpinned.text


def test_a_suffix_pins_a_format_where_both_are_known(writing: Writing) -> None:
    base = str(writing.client.base_url).rstrip("/")
    writing.put(
        writing.graph(),
        f'<{base}/id/both> <{LABEL}> "stem" . <{base}/id/both.ttl> <{LABEL}> "file" .',
    ).raise_for_status()
    pinned = writing.client.get("/doc/id/both.ttl", headers={"Accept": "text/html"})
    assert (pinned.headers["content-type"].partition(";")[0], '"stem"' in pinned.text) == (
        "text/turtle", True
    )  # fmt: skip
    led = writing.client.get("/id/both.ttl", headers={"Accept": "text/turtle"})
    assert (led.status_code, led.headers["vary"].split(",")[0]) == (303, "Accept")
    assert '"file"' in writing.client.get(led.headers["location"]).text
    assert kind(writing.client.get("/doc/id/neither.ttl", headers={"Accept": "text/csv"})) == (
        404, "not-found"
    )  # fmt: skip


def test_pages_are_html_and_offered_as_nothing_else(writing: Writing) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    page = writing.client.get("/", headers={"Accept": browser})
    assert page.headers["content-type"].startswith("text/html")
    for path in ("/", "/sparql?query=ASK{}", "/api"):
        answer = writing.client.get(path, headers={"Accept": "application/xhtml+xml"})
        assert "xhtml" not in answer.headers["content-type"]


TEXT = 'a\n"b" @en-gb \'c\' xml:lang="en-gb" \\'


@pytest.mark.parametrize("row", GRAPHS, ids=lambda row: row.name)
def test_a_document_has_its_language_tags_in_their_case(writing: Writing, row: Format) -> None:
    thing = f"{writing.client.base_url}/id/tagged".replace("//id", "/id")
    tagged = " , ".join(f'"text"@{tag}' for tag in ("en-GB", "zh-Hans-CN", "en"))
    writing.put(writing.graph(), f"<{thing}> <{LABEL}> {tagged} .").raise_for_status()
    answer = writing.client.get("/doc/id/tagged", headers={"Accept": row.media_type})
    for tag in ("en-GB", "zh-Hans-CN"):
        assert tag in answer.text
        assert tag.lower() not in answer.text
    if row.name == "jsonld":
        assert "en-GB" in json.dumps(answer.json())


@pytest.mark.parametrize("name", ["turtle", "trig", "ntriples", "rdfxml"])
def test_what_looks_like_a_tag_and_is_none_stays(name: str) -> None:
    row = formats.named(name)
    assert row is not None
    subject, predicate = NamedNode("urn:a@en-gb"), NamedNode("urn:p@en-gb/b")
    said = [Triple(subject, predicate, Literal(TEXT, language=tag)) for tag in ("en-gb", "en")]
    said.append(Triple(subject, predicate, Literal(TEXT)))
    written = restored(whole(iter(said), row, {}), row)
    assert written.decode().count("en-GB") == 1
    assert row.rdf != RdfFormat.RDF_XML or b'xml:lang="en-GB"' in written
