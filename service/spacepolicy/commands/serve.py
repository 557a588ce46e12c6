"""`spacepolicy serve`: builds when needed, then answers over HTTP."""

import gc
import signal
import socket
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final, final

from spacepolicy import settings
from spacepolicy.access_tokens import AccessTokens, tokens_file
from spacepolicy.commands import log_handler
from spacepolicy.commands.build import Report, build, pool, store_path
from spacepolicy.commands.credentials import endpoint_credentials
from spacepolicy.commands.endpoint import endpoint_revision, endpoint_url
from spacepolicy.commands.follow import Followed, follow
from spacepolicy.commands.jobs import worker
from spacepolicy.commands.options import add_options
from spacepolicy.engine.port import Engine
from spacepolicy.engine.remote import Remote
from spacepolicy.errors import FindingsError, ProblemError, StoreError, UsageError
from spacepolicy.federation_policy import FederationPolicy
from spacepolicy.http.closing_connection import Limits
from spacepolicy.http.connections import ConnectionLimits, most_connections
from spacepolicy.http.framing import MessageLimits
from spacepolicy.http.server import server
from spacepolicy.http.starting import answers_while_starting
from spacepolicy.knowledge.loading.sources import FOLDER as SEEDS
from spacepolicy.proofs.proof_pool import ProofPool
from spacepolicy.publishing.served_store import ServedStore
from spacepolicy.saved_queries import SavedQuery, read_catalogue
from spacepolicy.settings import SETTINGS, Settings
from spacepolicy.source_texts import SourceTexts, read_source_texts
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.durable_files import see_writable
from spacepolicy.store.history import History
from spacepolicy.store.revision import Revision
from spacepolicy.web.app import create_app
from spacepolicy.web.harvesting.publisher import Publisher
from spacepolicy.web.service import Service
from spacepolicy.writes.control_socket import ControlSocket
from spacepolicy.writes.coordinator import StoreWriter

_BACKLOG: Final = 2048
"""The kernel's limit of connections that wait to be accepted: two for each of `--max-connections`,
so that a burst meets this service's own limits and not the kernel's."""
NAMELESS: Final = (
    "links in documents name this machine's own addresses, since the address that clients know is "
    "not known here: say it with --public-url, as in --public-url https://data.example.org"
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add every setting as an option."""
    add_options(parser, *SETTINGS)


def run(_: Namespace, chosen: Settings) -> int:
    """Serve as the settings say."""
    return serve(chosen)


def serve(chosen: Settings) -> int:
    """Serve until SIGINT or SIGTERM.

    Raises: StoreError where the port is in use or the store cannot be used, FindingsError where
    the files have findings and the last good revision is not to be kept.
    """
    signal.signal(signal.SIGTERM, _end_start)
    log_handler.configure(chosen.log_format)
    say = log_handler.announcer(chosen.log_format)
    publisher = publisher_of(chosen)
    listening = _listen(chosen.host, chosen.port)
    with listening:
        with answers_while_starting(listening, chosen.public_url):
            followed = follow(chosen, say) if chosen.follow is not None else None
            chosen = followed.chosen if followed else chosen
            served = _replica_served(followed) if followed else _served(chosen, say)
        explainers = ProofPool(chosen.memory_mib << 20)
        service = Service(
            engine=served.engine,
            history=served.history,
            replica=followed.replica if followed else None,
            catalogue=_catalogue(chosen),
            timeout_seconds=chosen.timeout,
            max_timeout_seconds=chosen.max_timeout,
            write_timeout_seconds=chosen.write_timeout,
            max_running=chosen.max_running,
            max_waiting=chosen.max_waiting,
            max_cache_bytes=chosen.cache_mib << 20,
            max_upload_bytes=chosen.upload_mib << 20,
            mode=chosen.default_graph,
            public_url=chosen.public_url,
            trusted_proxies=settings.networks(chosen.trusted_proxies),
            outside=FederationPolicy(
                settings.origins(chosen.service_origins), chosen.service_private
            ),
            mcp_origins=settings.origins(chosen.mcp_origins, "mcp-origins"),
            texts=_texts(chosen),
            stale=served.stale,
            explanations=None if endpoint_url(chosen) else explainers,
            tokens=_tokens(chosen),
            publisher=publisher,
            require_token=chosen.require_token,
            writer=served.writer,
            published=served.published,
        )
        try:
            _run(service, listening, _limits(chosen, service), say)
        finally:
            for each in (served.control, served.writer, service.replica):
                if each is not None:
                    each.close()
            service.engine.close()
            explainers.close()
    return 0


def _end_start(*_: object) -> None:
    """End a start on a signal, also where it is the first process of a container, for which signals
    without a handler have no effect.

    Raises: SystemExit.
    """
    raise SystemExit(128 + signal.SIGTERM)


def _listen(host: str, port: int) -> socket.socket:
    """Open a socket that listens at the address, before anything is built.

    Raises: StoreError where it cannot listen there.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        raise StoreError(f"{host}:{port} cannot be listened on: {error.strerror}.") from error
    return listening


@final
@dataclass(frozen=True, slots=True)
class _Served:
    """The engine, the history, the writer, and why the revision is not that of the newest files."""

    engine: Engine
    history: History
    writer: StoreWriter | None = None
    control: ControlSocket | None = None
    stale: str | None = None
    published: ServedStore | None = None


def _replica_served(followed: Followed) -> _Served:
    """Serve a replica: the revision that it has, and each that it copies from now on."""
    chosen, path = followed.chosen, store_path(followed.chosen)
    history = revisions.history(path)
    engine = pool(history.current, chosen)
    followed.replica.serve(engine, history, chosen.memory_quads)
    return _Served(engine, history, control=followed.control)


def _served(chosen: Settings, say: Report) -> _Served:
    """Serve a store of revisions, or an endpoint.

    An endpoint without a description may change at any time, so that nothing is cached of it;
    nothing is written to an endpoint.
    """
    url = endpoint_url(chosen)
    if url is not None:
        clock = max(chosen.timeout, chosen.max_timeout)
        remote = Remote(url, clock, credentials=endpoint_credentials(url))
        history = History([endpoint_revision(chosen)])
        return _Served(remote, history, published=_published(url, remote, history, say))
    path = store_path(chosen)
    if not chosen.read_only:
        see_writable(path)
    revision, stale = _revision(chosen, say)
    history, engine = revisions.history(path), pool(revision, chosen)
    if chosen.read_only:
        return _Served(engine, history, stale=stale)
    arguments = [chosen.default_graph, chosen.guard, str(chosen.keep_revisions)]
    writer = StoreWriter(
        path, engine, history, arguments, chosen.memory_quads, memory_bytes=chosen.memory_mib << 20
    )
    return _Served(engine, history, writer, ControlSocket(path, worker(writer)), stale)


def _published(url: str, remote: Remote, history: History, say: Report) -> ServedStore:
    """The store at the address, which was queried once; its content may arrive later."""
    store = ServedStore(url, remote, history)
    try:
        store.look()
    except ProblemError as error:
        say(error.detail)
    return store


def _revision(chosen: Settings, say: Report) -> tuple[Revision, str | None]:
    """The revision to serve, and why it is not that of the newest files where it is not."""
    try:
        return build(chosen, report=say), None
    except FindingsError as error:
        last = revisions.current(store_path(chosen))
        if not chosen.keep_last or last is None:
            raise
        say(str(error))
        say(f"the files have findings; serving revision {last.number} of {last.time}")
        return last, f"{len(error.findings)} findings in the files since this revision"
    except StoreError as error:
        last = revisions.current(store_path(chosen)) if chosen.read_only else None
        if last is None:
            raise
        say(f"{error} Serving revision {last.number} of {last.time}")
        return last, "the files have changed since this revision, and the store cannot be written"


def _catalogue(chosen: Settings) -> tuple[SavedQuery, ...]:
    content = settings.content_directory(chosen, Path.cwd())
    if content is None:
        return ()
    try:
        return read_catalogue(content.path / "queries")
    except FindingsError:
        if not chosen.keep_last:
            raise
        return ()


def _texts(chosen: Settings) -> SourceTexts:
    """The texts of sources that are available here.

    Raises: UsageError where the folder of copies is not one, or one cannot be read.
    """
    content = settings.content_directory(chosen, Path.cwd())
    seeds = None if content is None else content.path / SEEDS
    own = seeds if seeds is not None and seeds.is_dir() else None
    return read_source_texts(own, settings.texts_directory(chosen))


def _tokens(chosen: Settings) -> AccessTokens | None:
    """The store's tokens; an endpoint has none.

    Raises: UsageError where tokens are required and there can be none.
    """
    if endpoint_url(chosen) is None:
        return AccessTokens(tokens_file(store_path(chosen)))
    if chosen.require_token:
        raise UsageError("--require-token needs a folder of revisions, which tokens belong to.")
    return None


def publisher_of(chosen: Settings) -> Publisher:
    """Who publishes the service, as the settings say.

    Raises: UsageError where the publisher has a home page and no name.
    """
    if chosen.publisher_url is not None and chosen.publisher is None:
        raise UsageError("--publisher-url is of a publisher: --publisher names it.")
    return Publisher(chosen.publisher, chosen.publisher_url, chosen.contact)


def is_nameless(host: str, service: Service) -> bool:
    """Whether the service listens on all addresses of the machine, and no setting says which of
    them clients use."""
    known = service.public_url is not None or service.trusted_proxies
    return ip_address(host).is_unspecified and not known


def _limits(chosen: Settings, service: Service) -> Limits:
    """The limits of connections, and of requests while they arrive."""
    connections = most_connections(chosen.max_connections, chosen.max_running)
    return Limits(
        MessageLimits(2 * service.max_target_bytes + 64, service.max_fields_bytes),
        ConnectionLimits(
            connections,
            min(chosen.max_connections_per_address or connections // 2, connections),
            chosen.head_timeout,
            chosen.body_timeout,
            chosen.min_rate,
            chosen.idle_timeout,
            chosen.send_timeout,
        ),
        service.trusted_proxies,
    )


def _run(service: Service, listening: socket.socket, limits: Limits, say: Report) -> None:
    """Answer requests until SIGINT or SIGTERM, which both end in a plain return."""
    app = create_app(service)
    http = server(app, app.endpoint, limits, service.public_url, service.metrics.refused)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: setattr(http, "should_exit", True))
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    say(f"revision {service.revision.number} at {service.public_url or f'http://{shown}:{port}'}")
    if is_nameless(host, service):
        say(NAMELESS)
    gc.collect()
    gc.freeze()  # objects of the start stay; collecting them again would hold every request up
    http.run(sockets=[listening])
