"""The table of formats and negotiation over it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacepolicy import formats
from spacepolicy.formats import FORMATS, negotiate, offered

SOLUTIONS = offered("solutions", "page")
GRAPHS = offered("graph", "page")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        (None, "json"),
        ("", "json"),
        ("*/*", "json"),
        ("text/csv", "csv"),
        ("TEXT/CSV", "csv"),
        ("text/*", "xml"),
        ("application/json", "json"),
        ("text/csv;q=0.5, text/tab-separated-values", "tsv"),
        ("text/csv;q=0.5, text/tab-separated-values;q=0.4", "csv"),
        ("*/*;q=0.1, application/sparql-results+xml", "xml"),
        ("*/*, application/sparql-results+json;q=0, application/json;q=0", "xml"),
        ("text/csv; charset=utf-8", "csv"),
        ("text/csv; header=present", "csv"),
        ('text/csv;x="a,b;q=0", text/tab-separated-values;q=0.1', "tsv"),
        (BROWSER, "html"),
        ("nonsense", "json"),
    ],
)
def test_the_format_of_solutions_is_the_one_the_client_likes_best(
    accept: str | None, name: str
) -> None:
    choice = negotiate(accept, SOLUTIONS)
    assert choice is not None
    assert choice.format.name == name


@pytest.mark.parametrize(
    "accept",
    ["image/png", "text/csv;q=0", "text/csv; header=absent", "text/csv;charset=latin1", "*/*;q=0"],
)
def test_nothing_acceptable_is_no_choice(accept: str) -> None:
    assert negotiate(accept, SOLUTIONS) is None


def test_an_answer_goes_out_under_the_name_it_was_asked_by() -> None:
    choice = negotiate("application/json", GRAPHS)
    assert choice is not None
    assert (choice.format.name, choice.content_type) == ("jsonld", "application/json")


def test_a_text_says_its_charset() -> None:
    choice = negotiate("text/turtle", GRAPHS)
    assert choice is not None
    assert choice.content_type == "text/turtle; charset=utf-8"


MEDIA = [media_type for format in FORMATS for media_type in format.media_types]
RANGES = [*MEDIA, "*/*", "text/*", "application/*", "image/png"]
MEMBERS = st.tuples(st.sampled_from(RANGES), st.integers(0, 1000).map(lambda n: n / 1000))


@given(st.lists(MEMBERS, min_size=1, unique_by=lambda member: member[0]))
def test_the_choice_is_never_forbidden_and_never_less_liked_than_another(
    members: list[tuple[str, float]],
) -> None:
    accept = ", ".join(f"{range_};q={weight:.3f}" for range_, weight in members)
    ranges = formats.media_ranges(accept)
    choice = negotiate(accept, SOLUTIONS)
    qualities = [formats.quality(media, ranges) for row in SOLUTIONS for media in row.media_types]
    if choice is None:
        assert max(qualities) == 0
    else:
        assert formats.quality(choice.media_type, ranges) == max(qualities) > 0


@given(st.text(max_size=200))
def test_any_text_is_read_as_an_accept_header(accept: str) -> None:
    negotiate(accept, SOLUTIONS)


@pytest.mark.parametrize(
    ("name", "label"),
    [("json", "JSON-LD"), ("xml", "RDF/XML"), ("rdf+xml", "RDF/XML"), ("json-ld", "JSON-LD"),
     ("ttl", "Turtle"), ("application/n-quads", "N-Quads")],
)  # fmt: skip
def test_a_graph_format_goes_by_many_names(name: str, label: str) -> None:
    found = formats.named(name, offered("graph"))
    assert found is not None
    assert found.label == label


def test_no_two_formats_of_a_kind_share_a_name() -> None:
    for kind in ("solutions", "graph"):
        names = [name for row in offered(kind, "page") for name in (row.name, *row.media_types)]
        assert len(names) == len(set(names))


def test_the_engine_knows_every_format_by_its_media_type() -> None:
    for row in FORMATS:
        engine = row.rdf or row.results
        if engine is not None:
            assert engine.media_type.partition(";")[0] == row.media_type
            if row.name != "jsonld":  # the engine has an IRI of its own for it
                assert engine.iri == row.iri
