"""`publish`: a revision in another SPARQL 1.1 store, whatever breaks on the way."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from spacepolicy.cli import main
from spacepolicy.commands.credentials import PUBLISH, credentials_in, endpoint_credentials
from spacepolicy.engine.publication_description import DEFAULT_GRAPH, GRAPH
from spacepolicy.engine.remote_protocol import RemoteEndpoints
from spacepolicy.errors import StoreError, UsageError
from spacepolicy.publishing import description, publication
from spacepolicy.publishing.publication import PublicationOutcome, RemotePublication
from spacepolicy.publishing.statements import GENID
from spacepolicy.publishing.updates import MAX_STATEMENTS, pieces
from spacepolicy.store.history import History

from .conftest import Program, Serve
from .stores_elsewhere import CLIENT, Proxy, history, oxigraph, proxy

TOKEN = "SPACEPOLICY_PUBLISH_TOKEN"  # noqa: S105 # the name of a variable
XSD = "http://www.w3.org/2001/XMLSchema#"
MANY = "".join(f'<urn:s{number}> <urn:p> "{number}" <urn:many> .\n' for number in range(4_500))
FIRST = f"""{MANY}<urn:a> <urn:p> "01"^^<{XSD}integer> <urn:one> .
<urn:a> <urn:p> _:b <urn:one> .
_:b <urn:p> "two\\nlines, a \\"quote\\" \\\\ and \u96ea"@en <urn:one> .
<urn:a> <urn:p> "1.50"^^<{XSD}decimal> .
"""
SECOND = FIRST.replace("1.50", "2.50").replace("_:b <urn:p>", "_:b <urn:q>") + (
    "<urn:a> <urn:p> <urn:b> <urn:two> .\n"
)
SMALL = "<urn:a> <urn:p> <urn:b> <urn:one> .\n_:b <urn:p> 'x' <urn:one> .\n".replace("'", '"')
SMALLER = SMALL.replace("<urn:b>", "<urn:c>")


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """A SPARQL 1.1 store, which each test empties."""
    with oxigraph() as url:
        yield url


@pytest.fixture
def between(elsewhere: str) -> Iterator[Proxy]:
    """A proxy in front of the store, which is empty."""
    change(elsewhere, "DROP ALL")
    with proxy(elsewhere) as state:
        yield state


def change(url: str, update: str) -> None:
    CLIENT.post(f"{url}/update", data={"update": update}).raise_for_status()


def endpoints(url: str) -> RemoteEndpoints:
    return RemoteEndpoints(f"{url}/query", f"{url}/update", 60)


def publish(
    url: str, history: History, *, replace: bool = False, dry: bool = False
) -> PublicationOutcome:
    said: list[str] = []
    return RemotePublication(endpoints(url), history, said.append, replace=replace, dry=dry).run()


def held(url: str) -> set[str]:
    """What the store says of others than itself, in N-Quads."""
    accept = {"Accept": "application/n-quads"}
    quads = parse(CLIENT.get(f"{url}/store", headers=accept).content, RdfFormat.N_QUADS)
    return {str(quad) for quad in quads if GRAPH not in str(quad.graph_name)}


def wanted(text: str) -> set[str]:
    """The same of a dataset whose literals are in canonical form."""
    text = text.replace("_:b", f"<{GENID}b>").replace('"01"', '"1"').replace(".50", ".5")
    return {str(quad) for quad in parse(text, RdfFormat.N_QUADS)}


def test_a_revision_goes_whole_into_an_empty_store(
    between: Proxy, elsewhere: str, tmp_path: Path
) -> None:
    outcome = publish(between.url, history(tmp_path, FIRST))
    assert (outcome.way, outcome.added, outcome.removed) == ("full", 4_504, 0)
    assert outcome.requests == 3
    assert not outcome.faults
    assert held(elsewhere) == wanted(FIRST)
    there = description.read(endpoints(elsewhere))
    assert there is not None
    assert there.revision == 1


def test_what_changed_goes_in_one_request_with_the_description(
    between: Proxy, elsewhere: str, tmp_path: Path
) -> None:
    publish(elsewhere, history(tmp_path, FIRST))
    outcome = publish(between.url, history(tmp_path, FIRST, SECOND))
    assert (outcome.way, outcome.added, outcome.removed) == ("patch", 3, 2)
    assert not outcome.faults
    [update] = between.updates
    assert GRAPH in update
    assert held(elsewhere) == wanted(SECOND)


def test_a_revision_that_is_there_is_looked_at_and_not_sent(
    between: Proxy, elsewhere: str, tmp_path: Path
) -> None:
    publish(elsewhere, history(tmp_path, FIRST))
    assert publish(between.url, history(tmp_path, FIRST)) == PublicationOutcome("none", 0, 0, 0)
    assert not between.updates


def test_a_change_that_is_too_large_for_a_request_is_incomplete_until_all_is_there(
    between: Proxy, elsewhere: str, tmp_path: Path
) -> None:
    publish(elsewhere, history(tmp_path, SMALL))
    between.cut = 1
    with pytest.raises(StoreError, match="broke off"):
        publish(between.url, history(tmp_path, SMALL, FIRST))
    there = description.read(endpoints(elsewhere))
    assert there is not None
    assert there.revision is None
    between.cut = None
    publish(between.url, history(tmp_path, SMALL, FIRST))
    assert held(elsewhere) == wanted(FIRST)


@pytest.mark.parametrize(("most", "numbers"), [(100, [2_000, 4_000, 4_504]), (1, [4_504])])
def test_how_much_has_been_sent_is_said_a_bounded_number_of_times(
    between: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, numbers: list[int]
) -> None:
    monkeypatch.setattr(publication, "_REPORTS", most)
    said: list[str] = []
    RemotePublication(endpoints(between.url), history(tmp_path, FIRST), said.append).run()
    lines = [f"{number:,} of {numbers[-1]:,} statements sent" for number in numbers]
    assert [line for line in said if "sent" in line] == lines


@pytest.mark.parametrize("late", [False, True], ids=["request lost", "response lost"])
@pytest.mark.parametrize("cut", range(6))
def test_a_first_publication_that_breaks_off_is_invisible_and_goes_on(
    between: Proxy, elsewhere: str, tmp_path: Path, cut: int, *, late: bool
) -> None:
    between.cut, between.late = cut, late
    with pytest.raises(StoreError, match="broke off"):
        publish(between.url, history(tmp_path, FIRST))
    there = description.read(endpoints(elsewhere))
    if there is not None and there.complete:
        assert (cut, late) == (5, True)
        assert held(elsewhere) == wanted(FIRST)
    between.cut = None
    sent = len(between.updates)
    outcome = publish(between.url, history(tmp_path, FIRST, SECOND))
    assert not outcome.faults
    assert held(elsewhere) == wanted(SECOND)
    if cut >= 4:  # all but the last piece had arrived, which is not sent again
        assert sum(len(update) for update in between.updates[sent:]) < len(MANY) / 2


@pytest.mark.parametrize("late", [False, True], ids=["request lost", "response lost"])
def test_a_patch_that_breaks_off_is_there_whole_or_not_at_all(
    between: Proxy, elsewhere: str, tmp_path: Path, *, late: bool
) -> None:
    publish(elsewhere, history(tmp_path, SMALL))
    between.cut, between.late = 0, late
    with pytest.raises(StoreError, match="broke off"):
        publish(between.url, history(tmp_path, SMALL, SMALLER))
    there = description.read(endpoints(elsewhere))
    assert there is not None
    assert there.revision == (2 if late else 1)
    assert held(elsewhere) == wanted(SMALLER if late else SMALL)
    between.cut = None
    assert publish(between.url, history(tmp_path, SMALL, SMALLER)).way == (
        "none" if late else "patch"
    )
    assert held(elsewhere) == wanted(SMALLER)


def test_a_request_that_arrives_late_changes_nothing(
    between: Proxy, elsewhere: str, tmp_path: Path
) -> None:
    publish(between.url, history(tmp_path, FIRST))
    publish(between.url, history(tmp_path, FIRST, SECOND))
    publish(between.url, history(tmp_path, FIRST, SECOND, SMALL))
    for update in reversed(between.updates[1:]):
        change(elsewhere, update)
    assert held(elsewhere) == wanted(SMALL)
    assert publish(elsewhere, history(tmp_path, FIRST, SECOND, SMALL)).way == "none"


@pytest.mark.parametrize(
    ("update", "fault"),
    [
        ("INSERT DATA { GRAPH <urn:one> { <urn:x> <urn:p> 1 } }", "<urn:one> has 3 statements"),
        ("INSERT DATA { GRAPH <urn:new> { <urn:x> <urn:p> 1 } }", "<urn:new> has 1 statements"),
        ("DROP GRAPH <urn:one>", "<urn:one> has 0 statements instead of 2"),
        (
            "DELETE { GRAPH ?g { ?s ?p <urn:b> } } INSERT { GRAPH ?g { ?s ?p <urn:z> } } "
            "WHERE { GRAPH ?g { ?s ?p <urn:b> } }",
            "<urn:one> has 1 statements that are others",
        ),
        ("INSERT DATA { <urn:x> <urn:p> 1 }", "the default graph has 1 statements instead of 0"),
    ],
)
def test_what_others_have_changed_is_found_and_mended(
    between: Proxy, elsewhere: str, tmp_path: Path, update: str, fault: str
) -> None:
    publish(elsewhere, history(tmp_path, SMALL))
    change(elsewhere, update)
    [found] = publish(between.url, history(tmp_path, SMALL)).faults
    assert found.startswith(fault)
    mended = publish(between.url, history(tmp_path, SMALL), replace=True)
    assert not mended.faults
    assert held(elsewhere) == wanted(SMALL)


def test_a_store_that_is_not_empty_is_left_alone_unless_it_may_be_replaced(
    between: Proxy, elsewhere: str, tmp_path: Path
) -> None:
    change(elsewhere, "INSERT DATA { GRAPH <urn:theirs> { <urn:x> <urn:p> 1 } }")
    before = held(elsewhere)
    with pytest.raises(StoreError, match=r"is not empty \(<urn:theirs>: 1\)"):
        publish(between.url, history(tmp_path, SMALL))
    assert not between.updates
    assert held(elsewhere) == before
    publish(between.url, history(tmp_path, SMALL), replace=True)
    assert held(elsewhere) == wanted(SMALL)


def test_a_revision_of_another_history_is_left_alone_unless_it_may_be_replaced(
    between: Proxy, elsewhere: str, tmp_path: Path
) -> None:
    publish(elsewhere, history(tmp_path, SMALL))
    with pytest.raises(StoreError, match="none of this history"):
        publish(between.url, history(tmp_path, FIRST, SECOND))
    assert held(elsewhere) == wanted(SMALL)
    publish(between.url, history(tmp_path, FIRST, SECOND), replace=True)
    assert held(elsewhere) == wanted(SECOND)


def test_a_dry_run_sends_no_update(between: Proxy, elsewhere: str, tmp_path: Path) -> None:
    outcome = publish(between.url, history(tmp_path, FIRST), dry=True)
    assert (outcome.way, outcome.added, outcome.requests) == ("full", 4_504, 3)
    assert not between.updates
    assert not held(elsewhere)


def test_a_default_graph_that_is_the_union_of_all_is_published_under_a_name(
    tmp_path: Path,
) -> None:
    with oxigraph("--union-default-graph") as url:
        publish(url, history(tmp_path, FIRST))
        assert not publish(url, history(tmp_path, FIRST, SECOND)).faults
        named = SECOND.replace("decimal> .", f"decimal> <{DEFAULT_GRAPH}> .")
        assert held(url) == wanted(named)


def test_what_only_rdf_1_2_has_is_refused_before_anything_is_sent(
    between: Proxy, tmp_path: Path
) -> None:
    text = '<urn:a> <urn:p> <<( <urn:a> <urn:p> "x" )>> .\n'
    with pytest.raises(UsageError, match=r"RDF 1\.2"):
        publish(between.url, history(tmp_path, text))
    assert not between.updates


def test_a_piece_is_bounded_and_pieces_are_all_there_is() -> None:
    lines = [b"<urn:s> <urn:p> <urn:%d> .\n" % number for number in range(2 * MAX_STATEMENTS + 1)]
    parts = list(pieces({"": lines[:7]}, {"urn:g": lines[7:]}))
    assert [len(part) for part in parts] == [MAX_STATEMENTS, MAX_STATEMENTS, 1]
    assert sorted(line for part in parts for _, line in part.added) == sorted(lines[7:])
    long = [b'<urn:s> <urn:p> "%d%b" .\n' % (n, b"x" * 600_000) for n in range(3)]
    assert [len(part) for part in pieces({}, {"": long})] == [1, 1, 1]


def test_the_command_publishes_into_a_service_with_a_token(
    program: Program,
    serve: Serve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    there = tmp_path / "there"
    server = serve("--content", "none", "--default-graph", "stored", "--store", str(there))
    token = program.run("token", "new", "--scope", "write", "--store", str(there)).stdout.strip()
    here = ("--content", "none", "--default-graph", "stored", "--store", str(tmp_path / "here"))
    file = tmp_path / "graphs.nq"
    file.write_text(SMALL, encoding="utf-8")
    publish_there = ["publish", f"{server.url}/sparql", *here]

    assert main(publish_there) == 2
    assert "holds no revision to publish" in capsys.readouterr().err
    assert program.run("import", str(file), *here).returncode == 0
    assert main(publish_there) == 2
    assert "401 (it does not accept the credentials)" in capsys.readouterr().err
    wrong = token[:-1] + ("a" if token[-1] != "a" else "b")
    monkeypatch.setenv(TOKEN, wrong)
    assert main(publish_there) == 2
    assert wrong not in capsys.readouterr().err

    monkeypatch.setenv(TOKEN, token)
    assert main(publish_there) == 0
    said = capsys.readouterr().err
    assert "revision 2 (full)" in said
    assert said.endswith("Counts and digests of all graphs agree.\n")
    assert token not in said
    file.write_text(SMALLER, encoding="utf-8")
    program.run("import", str(file), *here)
    assert main(publish_there) == 0
    assert "revision 3 (patch)" in capsys.readouterr().err
    assert "urn:c" in server.ask("SELECT ?o { GRAPH <urn:one> { <urn:a> ?p ?o } }").text


def test_a_description_that_says_nothing_is_written_anew_where_it_may_be(
    between: Proxy, elsewhere: str, tmp_path: Path
) -> None:
    change(elsewhere, f'INSERT DATA {{ GRAPH <{GRAPH}> {{ <{GRAPH}> <{GRAPH}#state> "x" }} }}')
    with pytest.raises(StoreError, match="does not say which revision"):
        publish(between.url, history(tmp_path, SMALL))
    publish(between.url, history(tmp_path, SMALL), replace=True)
    assert held(elsewhere) == wanted(SMALL)


def test_two_kinds_of_credentials_or_half_of_one_are_refused() -> None:
    user, password = "SPACEPOLICY_PUBLISH_USER", "SPACEPOLICY_PUBLISH_PASSWORD"
    for environment in ({TOKEN: "x", user: "me"}, {user: "me"}, {password: "it"}, {TOKEN: "a\nb"}):
        with pytest.raises(UsageError) as raised:
            credentials_in(environment, PUBLISH)
        assert not set(environment.values()) & set(str(raised.value).split())
    assert credentials_in({}, PUBLISH) is None
    found = credentials_in({user: "Aladdin", password: "open sesame"}, PUBLISH)
    assert found is not None
    assert found.value == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="  # RFC 7617 section 2
    assert found.value not in repr(found)


def test_credentials_for_a_served_store_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = "https://store.example.org/sparql"
    assert endpoint_credentials(url) is None
    monkeypatch.setenv("SPACEPOLICY_STORE_TOKEN", "abc")
    found = endpoint_credentials(url)
    assert found is not None
    assert found.value == "Bearer abc"
    with pytest.raises(UsageError, match="SPACEPOLICY_STORE_USER") as raised:
        endpoint_credentials("https://me:secret@store.example.org/sparql")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:1/sparql", "cannot be reached"),
        ("http://me:secret@127.0.0.1:1/sparql", "come from the environment"),
        ("ftp://127.0.0.1/sparql", "is no HTTP address"),
    ],
)
def test_a_store_that_cannot_be_asked_is_named(url: str, said: str) -> None:
    with pytest.raises((StoreError, UsageError), match=said) as raised:
        description.read(RemoteEndpoints(url, url, 5))
    assert "secret" not in str(raised.value)
