"""A site under test: the whole application over a small dataset, on a real socket."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from pyoxigraph import NamedNode, RdfFormat, Store

from spacepolicy.access_tokens import AccessTokens, add_token, tokens_file
from spacepolicy.engine.pool import Pool
from spacepolicy.engine.snapshot import GENERATION
from spacepolicy.http.server import server as http_server
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.proofs.proof_pool import ProofPool
from spacepolicy.saved_queries import read_catalogue
from spacepolicy.store.history import History
from spacepolicy.store.revision import Counts, Revision
from spacepolicy.web.app import create_app
from spacepolicy.web.service import Service

from .writers import Engines, MemoryWriter
from .writing_site import LIMIT, Writing

QUADS = "".join(
    f'<https://example.org/s{i}> <https://example.org/p{j}> "<b>{i}</b> {j}"@en .\n'
    for i in range(100)
    for j in range(10)
)
NAMED = "<urn:a> <urn:b> <urn:c> <https://example.org/graph> .\n"
SAVED = """#+ title: {en: "How many things are there?", zh: "有多少事物？"}
#+ tags: [home]
SELECT (COUNT(*) AS ?number_of_things) { ?s ?p ?o }
"""


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("site")
    (folder / GENERATION).write_text(QUADS + NAMED, encoding="utf-8")
    (folder / "how-many.rq").write_text(SAVED, encoding="utf-8")
    revision = Revision(
        number=7,
        time="2026-01-02T03:04:05+00:00",
        author="test",
        message="test",
        counts=Counts(1000, 0, 1000, 0),
        record_sha256="",
        content_sha256="",
        base="https://example.org/",
        prefixes={"": "https://example.org/"},
        directory=folder,
    )
    engine = Pool(revision.dataset, memory_bytes=256 << 20)
    catalogue = read_catalogue(folder)
    yield Service(engine, History([revision]), catalogue, timeout_seconds=5, max_page_bytes=1 << 20)
    engine.close()


@dataclass(frozen=True)
class Site:
    """A site that answers at an address, and a client of it."""

    address: tuple[str, int]
    client: httpx.Client


@contextmanager
def serve(service: Service, *, ahead: bool = False) -> Iterator[Site]:
    """The application over the service, on a socket, until the block ends; `ahead`: it reads what
    pages share before anyone asks."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio does, for others
        app = create_app(service)
        server = http_server(app, app.endpoint, refused=service.metrics.refused)
        server.config.lifespan = "on" if ahead else "off"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        host, port = listening.getsockname()
        try:
            with httpx.Client(base_url=f"http://{host}:{port}", timeout=30) as client:
                yield Site((host, port), client)
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def served(service: Service) -> Iterator[Site]:
    with serve(service) as site:
        yield site


@pytest.fixture(scope="session")
def address(served: Site) -> tuple[str, int]:
    """The host and port at which the site answers."""
    return served.address


@pytest.fixture(scope="session")
def site(served: Site) -> httpx.Client:
    return served.client


SHIPPED_BASE = "https://w3id.org/spacepolicy/"
MakeService = Callable[..., Service]


@pytest.fixture(scope="session")
def shipped_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service over the shipped content, as `build` makes it."""
    service = assembled(Path(__file__).parents[2], tmp_path_factory.mktemp("shipped"))
    explainers = ProofPool(memory_bytes=256 << 20)
    yield replace(service, explanations=explainers)
    service.engine.close()
    explainers.close()


def assembled(content: Path, folder: Path) -> Service:
    """A service over the content, whose dataset it puts into the folder."""
    return reasoned(content, folder)[0]


def reasoned(content: Path, folder: Path) -> tuple[Service, Store]:
    """A service over the content, which no gate has looked at (gates take longer than the rest, and
    have tests of their own), and the dataset that it serves, which is put into the folder."""
    files = CheckContext(content, packaged=False)
    store = files.published
    store.dump(str(folder / GENERATION), RdfFormat.N_QUADS)
    record = (*files.quads, *files.earlier)
    graphs = len({quad.graph_name for quad in record})
    counts = Counts(len(record), len(files.inferred), len(files.default), graphs)
    return _service(folder, counts, files.prefixes, content / "queries"), store


@pytest.fixture(scope="session")
def shipped(shipped_service: Service) -> Iterator[httpx.Client]:
    with serve(shipped_service) as site:
        yield site.client


@pytest.fixture(scope="module")
def make_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeService]:
    """Makes services over Turtle in the default graph, and in the graph under the shipped base
    where one is named."""
    made: list[Service] = []

    def make(turtle: str, graph: str | None = None) -> Service:
        folder = tmp_path_factory.mktemp("made")
        store = Store()
        store.load(turtle.encode(), RdfFormat.TURTLE)
        if graph is not None:
            named = NamedNode(SHIPPED_BASE + graph)
            store.load(turtle.encode(), RdfFormat.TURTLE, to_graph=named)
        store.dump(str(folder / GENERATION), RdfFormat.N_QUADS)
        counts = Counts(len(store), 0, len(store), 0)
        made.append(_service(folder, counts, {"": f"{SHIPPED_BASE}def/"}, folder))
        return made[-1]

    yield make
    for service in made:
        service.engine.close()


def _service(folder: Path, counts: Counts, prefixes: Mapping[str, str], queries: Path) -> Service:
    revision = Revision(
        number=7,
        time="2026-01-02T03:04:05+00:00",
        author="test",
        message="test",
        counts=counts,
        record_sha256="",
        content_sha256="",
        base=SHIPPED_BASE,
        prefixes=prefixes,
        directory=folder,
    )
    engine = Pool(revision.dataset, memory_bytes=256 << 20)
    return Service(engine, History([revision]), read_catalogue(queries), timeout_seconds=5)


@pytest.fixture(scope="module")
def writing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writing]:
    folder = tmp_path_factory.mktemp("written")
    file = tokens_file(tmp_path_factory.mktemp("tokens"))
    writer, engines = MemoryWriter(folder), Engines()
    service = Service(
        engines,
        writer.history,
        (),
        timeout_seconds=5,
        mode="stored",
        writer=writer,
        tokens=AccessTokens(file),
        max_upload_bytes=LIMIT,
        max_update_bytes=LIMIT,
        max_query_bytes=LIMIT // 2,
    )
    with serve(service) as site:
        yield Writing(site.client, writer, file, add_token(file, "write"))
    engines.close()
