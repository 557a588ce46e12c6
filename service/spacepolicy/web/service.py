"""The service: all that is needed to answer requests; the command `serve` creates it."""

from dataclasses import dataclass, field
from typing import final
from urllib.parse import urlsplit

from starlette.types import Scope

from spacepolicy.access_tokens import AccessTokens
from spacepolicy.engine.lexer import TextLimits
from spacepolicy.engine.port import Engine
from spacepolicy.federation_policy import FederationPolicy
from spacepolicy.http.forwarded import Network
from spacepolicy.proofs.proof_service import Explanations
from spacepolicy.publishing.served_store import ServedStore
from spacepolicy.replication.replica import Replica
from spacepolicy.saved_queries import SavedQuery
from spacepolicy.settings import Mode
from spacepolicy.source_texts import SourceTexts
from spacepolicy.sparql_service.query_stream import SOON_SECONDS
from spacepolicy.store.history import History
from spacepolicy.store.revision import Revision
from spacepolicy.store.write_requests import Writer
from spacepolicy.web.harvesting.publisher import Publisher
from spacepolicy.web.metrics import RequestMetrics
from spacepolicy.web.request_context import current_forwarded, current_revision
from spacepolicy.web.request_url import arrived_at, asked_at


@final
@dataclass(frozen=True, slots=True)
class Service:
    """An engine over the revisions of a history, saved queries, and limits for requests.

    `timeout_seconds` is the default timeout of a query, and `max_timeout_seconds` the most that a
    request may set, if it is more;
    `write_timeout_seconds` is the default timeout of a write, and the most that it may set;
    `max_upload_bytes`, `max_cache_bytes`, `max_running` and `max_waiting` are explained in
    `settings.py`;
    `texts` are the available texts of the sources;
    `replica` copies the revisions of another instance, None where this is no replica;
    `stale` says why the served revision is not built from the newest files, None where it is;
    `trusted_proxies` may report the requested URL, where there is no `public_url`;
    `outside` is the policy of SERVICE; pages of `mcp_origins` may use `/mcp`;
    `explanations` prove statements, None where nothing is inferred;
    `published` is the remote store that is served, None for a local one;
    `writer` carries out writes, None where the service is read-only; `tokens` say who may write,
    and with `require_token` also who may read; `publisher` comes from the operator's settings;
    `patience_seconds` is how long the fast path waits for a query before the application takes
    over.
    """

    engine: Engine
    history: History
    catalogue: tuple[SavedQuery, ...]
    timeout_seconds: float
    max_timeout_seconds: float = 0
    write_timeout_seconds: float = 300
    public_url: str | None = None
    trusted_proxies: tuple[Network, ...] = ()
    outside: FederationPolicy = field(default_factory=FederationPolicy)
    mcp_origins: frozenset[str] = frozenset()
    max_query_bytes: int = 1 << 20
    """The lexer scans a whole text, 1 MiB in 0.4 s."""
    max_update_bytes: int = 1 << 24
    """For clients that may write, since updates contain data; larger data come as files."""
    max_upload_bytes: int = 1 << 28
    max_target_bytes: int = 1 << 13
    """What proxies pass on; longer queries have to use POST or QUERY."""
    max_page_bytes: int = 1 << 22
    """Pages are assembled in memory; other formats are streamed."""
    max_fields_bytes: int = 1 << 15
    """Four times what proxies pass on."""
    max_cache_bytes: int = 1 << 26
    max_running: int = 16
    max_waiting: int = 64
    max_wait_seconds: float = 5
    """A client that would wait longer should try again: a seat is free after `timeout` at most."""
    patience_seconds: float = SOON_SECONDS
    max_writing: int = 32
    """Each write holds a thread."""
    max_listening: int = 64
    """Each listener holds a connection for any length of time."""
    text_limits: TextLimits = field(default_factory=TextLimits)
    mode: Mode = "merged"
    texts: SourceTexts = field(default_factory=SourceTexts)
    stale: str | None = None
    explanations: Explanations | None = None
    writer: Writer | None = None
    replica: Replica | None = None
    tokens: AccessTokens | None = None
    publisher: Publisher = field(default_factory=Publisher)
    require_token: bool = False
    published: ServedStore | None = None
    metrics: RequestMetrics = field(default_factory=RequestMetrics)

    @property
    def keeps_answers(self) -> bool:
        """Whether answers are cached and have entity tags: not where the dataset may change within
        a revision."""
        return self.max_cache_bytes > 0 and (self.published is None or self.revision.number > 0)

    @property
    def revision(self) -> Revision:
        """The revision of the current request; outside of one, that in force."""
        return current_revision(self.history)

    @property
    def instance(self) -> str:
        """The name of the row order and the blank node labels of the answers to this request."""
        return self.engine.order(self.revision.dataset)

    @property
    def read_only(self) -> str:
        """The message for refused writes, where the service takes none."""
        if self.replica is not None:
            return f"This is a replica; writes go to {self.replica.leader}."
        return "This service is read only."

    @property
    def root(self) -> str:
        """The path prefix of links within the service, as clients see it."""
        if self.public_url is not None:
            return urlsplit(self.public_url).path.rstrip("/")
        known = current_forwarded()
        return known.root if known else ""

    def url(self, scope: Scope, path: str) -> str:
        """Return the absolute address of a path, as clients see it."""
        known = current_forwarded()
        return self.address(scope, known.url if known else None) + path

    def address(self, scope: Scope, forwarded_url: str | None) -> str:
        """Return the URL of the service as the client requested it, without a trailing slash;
        `forwarded_url` is the one that trusted proxies report."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        return forwarded_url or asked_at(scope) or arrived_at(scope)

    def reference(self, scope: Scope, path: str) -> str:
        """Return a reference to the path, for a field that allows relative ones: its absolute
        address where the requested URL is known, else the path alone, which is always valid."""
        return (self._asked_at(scope) or self.root) + path

    def _asked_at(self, scope: Scope) -> str | None:
        """The URL of the service as the client requested it, without a trailing slash; None where
        it is not known."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        known = current_forwarded()
        return known.url if known else asked_at(scope)
