"""Writes as the service carries them out: whole, ordered, derived, and never lost."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Store

from spacepolicy.commands.build import build, pool
from spacepolicy.engine.answer_frames import Data
from spacepolicy.engine.pool import Pool
from spacepolicy.engine.port import ask
from spacepolicy.engine.requests import Query
from spacepolicy.engine.snapshot import NEAR_BYTES, SCRATCH, quads_in
from spacepolicy.engine.snapshot import opened as opened_dataset
from spacepolicy.errors import (
    BadParameterError,
    DerivedGraphError,
    EgressRefusedError,
    FileOwnedError,
    ForbiddenError,
    InvalidDataError,
    NotFoundError,
    PreconditionFailedError,
    ProblemError,
    QuerySyntaxError,
    TimeLimitError,
)
from spacepolicy.knowledge.incremental.maintenance import Maintenance
from spacepolicy.knowledge.reasoning.construct_rules import stored_rules
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner
from spacepolicy.knowledge.reasoning.stratum import Stratum
from spacepolicy.namespaces import Base
from spacepolicy.settings import Mode, Settings
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.digest import RecordDigest
from spacepolicy.store.history import History
from spacepolicy.store.revision import Change, Revision
from spacepolicy.store.revision_writer import DurableStore
from spacepolicy.store.write_requests import (
    DatasetWrite,
    GraphWrite,
    Operation,
    Update,
    Upload,
    WriteRequest,
    Written,
)
from spacepolicy.writes.coordinator import StoreWriter

from ..engine.processes import PATIENCE_SECONDS, within
from .conftest import copy_content

G = "urn:g"
TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store over the shipped content, to be copied."""
    path = tmp_path_factory.mktemp("built") / "store"
    copy_content(path.with_name("content"))
    build(Settings(content=str(path.with_name("content")), store=str(path)), lambda _: None)
    return path


@pytest.fixture
def store(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "store"))


@dataclass(frozen=True)
class Site:
    """A store that is served and written, without HTTP."""

    path: Path
    pool: Pool
    history: History
    writer: StoreWriter

    def write(self, operation: Operation, **conditions: object) -> Written:
        return self.writer.write(WriteRequest(operation, "test", **conditions))  # type: ignore[arg-type]

    def update(self, text: str, **conditions: object) -> Written:
        return self.write(Update(text, prefixes=self.history.current.prefixes), **conditions)

    def ask(self, text: str, number: int | None = None) -> list[str]:
        """The first column of the answer, on the revision of that number."""
        revision = self.history.current if number is None else self.history.get(number)
        query = Query(text, solutions_format="tsv")
        frames = ask(self.pool, query, 20, revision.dataset)
        body = b"".join(each.payload for each in frames if isinstance(each, Data))
        return body.decode().splitlines()[1:]

    def close(self) -> None:
        self.writer.close()
        self.pool.close()

    @property
    def number(self) -> int:
        return self.history.current.number

    def quads(self) -> set[Quad]:
        return set(opened_dataset(self.history.current.dataset))


def open_site(
    path: Path, guard: str = "refuse", keep: int = 0, mode: Mode = "merged", **chosen: int
) -> Site:
    """The store as a service opens it."""
    history = revisions.history(path)
    engine = pool(history.current, Settings(**chosen))  # type: ignore[arg-type] # numbers
    most = chosen.get("memory_quads", 5_000_000)
    writer = StoreWriter(
        path, engine, history, [mode, guard, str(keep)], most, memory_bytes=1 << 30
    )
    return Site(path, engine, history, writer)


@pytest.fixture
def opened(store: Path) -> Iterator[Callable[..., Site]]:
    """Opens a store of the test's own."""
    sites: list[Site] = []

    def start(*arguments: str, **chosen: int) -> Site:
        sites.append(open_site(store, *arguments, **chosen))  # type: ignore[arg-type]
        return sites[-1]

    yield start
    for site in sites:
        site.close()


@pytest.fixture(scope="module")
def shared(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    path = tmp_path_factory.mktemp("shared") / "store"
    site = open_site(Path(shutil.copytree(built, path)))
    yield site
    site.close()


@pytest.fixture
def site(shared: Site) -> Iterator[Site]:
    """A store that tests share, as it was built; its numbers go on."""
    yield shared
    graphs = ("urn:g", "urn:h", "urn:i", "urn:other")
    shared.update(" ; ".join(f"DROP SILENT GRAPH <{graph}>" for graph in graphs))


REMOTE = "INSERT { GRAPH <urn:g> { ?s ?p 1 } } WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"
COUNT = f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{G}> {{ ?s ?p ?o }} }}"
NAMED = "SELECT ?g { GRAPH ?g { } }"
ONE = f"INSERT DATA {{ GRAPH <{G}> {{ <urn:a> <urn:b> 1 }} }}"


@pytest.mark.parametrize("memory_quads", [5_000_000, 10])
def test_what_is_written_is_seen_by_all_who_ask_afterwards(
    opened: Callable[..., Site], memory_quads: int
) -> None:
    site = opened(memory_quads=memory_quads)
    written = site.update(ONE)
    assert (written.revision.number, written.added, written.changed) == (2, 1, True)
    assert site.ask(COUNT) == ["1"]
    assert site.ask("SELECT ?o { <urn:a> <urn:b> ?o }") == ["1"]
    assert site.ask(COUNT, 1) == ["0"]
    with pytest.raises(EgressRefusedError):
        site.update(REMOTE)
    scratch = site.path / SCRATCH
    assert within(PATIENCE_SECONDS, lambda: not scratch.exists() or not any(scratch.iterdir()))
    assert site.update(f"DROP GRAPH <{G}>").removed == 1
    assert site.ask(COUNT) == ["0"]
    assert site.ask(COUNT, 2) == ["1"]
    assert revisions.history(site.path).current.number == 3


def test_a_revision_that_rests_on_an_older_one_answers_as_of_then(store: Path) -> None:
    with closing(open_site(store)) as site:
        site.update(ONE)
        long = "".join(chr(97 + n % 26) for n in range(NEAR_BYTES // 12))
        for value in range(5):
            site.update(f"INSERT DATA {{ GRAPH <{G}> {{ <urn:a> <urn:b> '{value}{long}' }} }}")
        site.update(f"DROP GRAPH <{G}>")
        assert [each.number for each in site.history.revisions if each.dataset.exists()] == [1, 8]
        answer_as_of_then(site)
        site.update(ONE)
    with closing(open_site(store, memory_quads=10)) as site:
        assert not site.history.current.dataset.exists()
        assert site.ask(COUNT) == ["1"]
        answer_as_of_then(site)


def answer_as_of_then(site: Site) -> None:
    asked = [site.ask(COUNT, number)[0] for number in range(1, 9)]
    assert asked == ["0", "1", "2", "3", "4", "5", "6", "0"]
    assert [f"<{G}>" in site.ask(NAMED, number) for number in (1, 7, 8)] == [False, True, False]


def test_a_write_that_changes_nothing_is_no_revision(site: Site) -> None:
    number = site.update(ONE).revision.number
    assert not site.update(ONE).changed
    assert site.number == number


def test_what_is_derived_follows_what_is_written(site: Site) -> None:
    base = site.history.current.base
    thing, kind = f"<{base}id/t>", f"<{base}def/Technology>"
    labels = "rdfs:label 'thing'@en, '东西'@zh"
    site.update(f"INSERT DATA {{ GRAPH <{G}> {{ {thing} a {kind} ; {labels} }} }}")
    asked = f"SELECT ?c {{ GRAPH <{base}graph/inferred> {{ {thing} a ?c }} }}"
    assert f"<{base}def/Entity>" in site.ask(asked)
    site.update(f"DROP GRAPH <{G}>")
    assert site.ask(asked) == []


BROKEN = f"INSERT DATA {{ GRAPH <{G}> {{ <urn:a> a :Technology, :Region }} }}"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("no update", QuerySyntaxError),
        ("INSERT DATA { <urn:a> <urn:b> 1 }", DerivedGraphError),
        ("CLEAR DEFAULT", DerivedGraphError),
        ("DELETE WHERE { <urn:nothing> ?p ?o }", DerivedGraphError),
        ("DROP NAMED", DerivedGraphError),
        ("DELETE { GRAPH ?g { ?s a ?o } } WHERE { GRAPH ?g { ?s a ?o } }", FileOwnedError),
        ("CLEAR GRAPH <BASEgraph/inferred>", DerivedGraphError),
        ("INSERT DATA { GRAPH <BASEgraph/service> { <urn:s> <urn:p> 1 } }", DerivedGraphError),
        ("DELETE WHERE { GRAPH <BASEontology> { <urn:nothing> ?p ?o } }", FileOwnedError),
        (BROKEN, InvalidDataError),
        (REMOTE, EgressRefusedError),
    ],
)
def test_a_refused_write_leaves_everything_as_it_was(
    site: Site, text: str, error: type[ProblemError]
) -> None:
    number, before = site.number, site.quads()
    with pytest.raises(error):
        site.update(text.replace("BASE", site.history.current.base or ""))
    assert (site.number, site.quads()) == (number, before)
    assert site.update(ONE).revision.number == number + 1


def test_the_guard_tells_what_would_be_broken_and_by_what(site: Site) -> None:
    with pytest.raises(InvalidDataError, match="DisjointClasses") as refused:
        site.update(BROKEN)
    assert b"ValidationReport" in refused.value.report
    assert refused.value.extras["violations"][0]["focus"] == "urn:a"  # type: ignore[index]


@pytest.mark.parametrize(("guard", "reported"), [("warn", True), ("off", False)])
def test_a_guard_that_only_warns_or_is_off_lets_pass(
    opened: Callable[..., Site], guard: str, reported: bool
) -> None:
    written = opened(guard).update(BROKEN)
    assert written.changed
    assert bool(written.report) == reported


def test_a_dry_run_tells_the_difference_and_writes_nothing(site: Site) -> None:
    number, before = site.number, site.quads()
    written = site.update(ONE, dry_run=True)
    removed, added = quads_in(written.patch)
    assert removed == []
    assert {str(quad.graph_name) for quad in added} == {f"<{G}>", "DEFAULT"}
    assert (site.number, site.quads()) == (number, before)
    assert site.update(ONE).added == 1


def upload(tmp_path: Path, text: str, format: str = "turtle") -> Upload:
    path = tmp_path / f"upload-{len(text)}"
    path.write_text(text, encoding="utf-8")
    return Upload(path, format, "http://example.org/base")


def test_a_graph_is_put_added_to_and_deleted(site: Site, tmp_path: Path) -> None:
    one, two = upload(tmp_path, "<s> <p> [ <q> 1 ] ."), upload(tmp_path, "<s> <p> 2 , 3 .")
    written = site.write(GraphWrite("put", G, (one,)))
    assert (written.added, written.existed) == (2, False)
    again = site.write(GraphWrite("put", G, (one,)))
    assert (again.changed, again.existed) == (False, True)
    assert site.write(GraphWrite("post", G, (two,))).added == 2
    assert site.ask(COUNT) == ["4"]
    assert site.write(GraphWrite("put", G, (two,))).removed == 2
    assert site.write(GraphWrite("delete", G)).removed == 2
    with pytest.raises(NotFoundError):
        site.write(GraphWrite("delete", G))


@pytest.mark.parametrize(
    ("text", "format"),
    [("<s> <p> .", "turtle"), ("<s> <p> <o> <urn:g> .", "nquads"), ("{", "jsonld")],
)
def test_an_upload_that_cannot_be_read_is_refused(
    site: Site, tmp_path: Path, text: str, format: str
) -> None:
    with pytest.raises(BadParameterError, match="cannot be read"):
        site.write(GraphWrite("put", G, (upload(tmp_path, text, format),)))


def test_an_entity_bomb_dies_where_it_can_be_stopped(site: Site, tmp_path: Path) -> None:
    entities = '<!ENTITY e0 "xx">' + "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12)
    )
    bomb = (
        f"<!DOCTYPE r [{entities}]>"
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="urn:e:">'
        '<rdf:Description rdf:about="urn:a"><e:p>&e11;</e:p></rdf:Description></rdf:RDF>'
    )
    with pytest.raises(ProblemError):
        site.write(GraphWrite("put", G, (upload(tmp_path, bomb, "rdfxml"),)), timeout_seconds=2.0)
    assert site.update(ONE).changed


def test_an_update_is_stopped_at_its_deadline(site: Site) -> None:
    runaway = (
        f"INSERT {{ GRAPH <{G}> {{ <urn:a> <urn:b> ?n }} }} WHERE {{ SELECT (COUNT(*) AS ?n)"
        " { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } }"
    )
    with pytest.raises(TimeLimitError):
        site.update(runaway, timeout_seconds=0.5)
    assert site.update(ONE).changed


def test_conditions_are_kept_to(site: Site, tmp_path: Path) -> None:
    turtle = upload(tmp_path, "<s> <p> 1 .")
    with pytest.raises(PreconditionFailedError):
        site.write(GraphWrite("put", G, (turtle,)), present=True)
    number = site.write(GraphWrite("put", G, (turtle,)), absent=True).revision.number
    with pytest.raises(PreconditionFailedError):
        number = site.write(GraphWrite("put", G, (turtle,)), absent=True).revision.number
    site.update("INSERT DATA { GRAPH <urn:other> { <urn:a> <urn:b> 1 } }")
    with pytest.raises(PreconditionFailedError):
        site.update(ONE, expected=frozenset({number}))
    two = upload(tmp_path, "<s> <p> 1, 2 .")
    assert site.write(GraphWrite("put", G, (two,)), expected=frozenset({number})).changed


def test_of_two_writers_with_the_same_condition_one_succeeds(site: Site) -> None:
    results: list[str] = []
    number = site.number

    def write(value: int) -> None:
        text = f"INSERT DATA {{ GRAPH <{G}> {{ <urn:a> <urn:b> {value} }} }}"
        try:
            site.update(text, expected=frozenset({number}))
            results.append("written")
        except PreconditionFailedError:
            results.append("refused")

    threads = [threading.Thread(target=write, args=(value,)) for value in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["refused", "refused", "refused", "written"]


@pytest.mark.parametrize("graphs", [("urn:other",), ("urn:x:*",)])
def test_a_token_writes_its_own_graphs_alone(site: Site, graphs: tuple[str, ...]) -> None:
    with pytest.raises(ForbiddenError):
        site.update(ONE, may_write=graphs)
    assert site.update(ONE, may_write=(*graphs, "urn:g*")).changed


def test_an_import_replaces_the_graphs_it_names_and_leaves_what_is_derived(
    site: Site, tmp_path: Path
) -> None:
    site.update(f"{ONE} ; INSERT DATA {{ GRAPH <urn:h> {{ <urn:a> <urn:b> 2 }} }}")
    before = site.quads()
    dump = tmp_path / "dump.nq"
    opened_dataset(site.history.current.dataset).dump(str(dump), format=RdfFormat.N_QUADS)
    assert not site.write(DatasetWrite(Upload(dump, "nquads", ""))).changed
    site.update(f"DROP GRAPH <{G}>; INSERT DATA {{ GRAPH <urn:i> {{ <urn:a> <urn:b> 3 }} }}")
    assert site.write(DatasetWrite(Upload(dump, "nquads", ""))).added == 1
    assert site.write(DatasetWrite(Upload(dump, "nquads", ""), whole=True)).removed == 1
    assert site.quads() == before


def test_older_data_are_dropped_and_what_changed_is_kept(opened: Callable[..., Site]) -> None:
    site = opened(keep=2, memory_quads=10)
    for value in range(4):
        site.update(f"INSERT DATA {{ GRAPH <{G}> {{ <urn:a> <urn:b> {value} }} }}")
    assert [each.is_kept for each in site.history.revisions] == [False, False, False, True, True]
    added = b"".join(each.changes.read_bytes() for each in site.history.revisions)
    removed, quads = quads_in(added)
    assert removed == []
    assert set(quads) == site.quads()


Said = set[tuple[int, str, int]]
VALUES = st.integers(0, 3)
KINDS = st.sampled_from(["Technology", "Facility", "Actor"])
STEPS = st.tuples(
    st.sampled_from(["urn:g", "urn:h"]),
    st.sets(st.tuples(VALUES, KINDS, VALUES), max_size=5),
)


def stated(base: str, graph: str, said: Said) -> set[Quad]:
    name = NamedNode(graph)
    return {
        quad
        for thing, kind, other in said
        for quad in (
            Quad(NamedNode(f"urn:x{thing}"), TYPE, NamedNode(f"{base}def/{kind}"), name),
            Quad(
                NamedNode(f"urn:x{thing}"),
                NamedNode(f"{base}def/isKindOf"),
                NamedNode(f"urn:x{other}"),
                name,
            ),
        )
    }


@settings(max_examples=6, deadline=None)
@given(steps=st.lists(STEPS, min_size=1, max_size=6))
def test_any_writes_leave_the_dataset_that_a_rebuild_gives(
    built: Path, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Said]]
) -> None:
    path = Path(shutil.copytree(built, tmp_path_factory.mktemp("sequence") / "store"))
    with DurableStore(path) as durable:
        maintenance = Maintenance(durable, "off", merged=True)
        assert durable.revision is not None
        base = durable.revision.base or ""
        for graph, said in steps:
            before = set(durable.live.quads_for_pattern(None, None, None, NamedNode(graph)))
            after = stated(base, graph, said)
            if before != after:
                change = Change(tuple(before - after), tuple(after - before))
                maintenance.take(change, "test", "")
                maintenance.publish()
        is_as_rebuilt(durable.revision, durable.live, durable.files.apart)


def is_as_rebuilt(revision: Revision, dataset: Store, apart: frozenset[str]) -> None:
    """See that the dataset is what its record gives, and is what the revision says."""
    inferred = NamedNode(f"{revision.base}graph/inferred")
    record = [quad for quad in dataset if quad.graph_name not in (inferred, DefaultGraph())]
    merged = [quad.triple for quad in record if str(quad.graph_name)[1:-1] not in apart]
    rebuilt = Reasoner(merged)
    rules = stored_rules(dataset, Base(revision.base or ""), revision.prefixes)
    follows = rebuilt.inferred() | Stratum(rules, merged, rebuilt.inferences()).concluded
    for graph, wanted in ((inferred, follows), (DefaultGraph(), follows | set(merged))):
        quads = dataset.quads_for_pattern(None, None, None, graph)
        assert {quad.triple for quad in quads} == wanted
    assert revision.record_sha256 == RecordDigest(record).hexdigest()
    assert revision.counts.record == len(record)
    assert revision.counts.inferred == len(follows)
    assert revision.counts.default == len(follows | set(merged))
    assert revision.counts.graphs == len({*dataset.named_graphs()} - {inferred})
