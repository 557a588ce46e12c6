"""What is needed to answer requests; the command `serve` makes it."""

from dataclasses import dataclass, field
from typing import final
from urllib.parse import urlsplit

from starlette.types import Scope

from spacepolicy.access_tokens import AccessTokens
from spacepolicy.copies import SourceTexts
from spacepolicy.engine.lexer import TextLimits
from spacepolicy.engine.port import Engine
from spacepolicy.federation_policy import FederationPolicy
from spacepolicy.http.forwarded import Network
from spacepolicy.proofs.proof_service import Explanations
from spacepolicy.publishing.served_store import ServedStore
from spacepolicy.replication.replica import Replica
from spacepolicy.saved_queries import SavedQuery
from spacepolicy.settings import Mode
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
    """An engine over the revisions of a history, saved queries, and the limits on what is asked.

    `max_timeout_seconds` is what a query may ask for where that is more than `timeout_seconds`;
    `write_timeout_seconds` is what a write has, and the most that it may ask for;
    `max_upload_bytes`, `max_cache_bytes`, `max_running` and `max_waiting` are settings, which say
    why;
    `texts` are those of the sources, as far as they are here;
    `replica` takes the revisions of another instance, None where they are made here;
    `stale` says why the served revision is not the newest files, None where it is;
    `trusted_proxies` may say at which address they are asked, where there is no `public_url`;
    `outside` is what SERVICE may ask; pages of `mcp_origins` may use `/mcp`;
    `explanations` prove statements, None where nothing is inferred;
    `published` is the store elsewhere that is served, None where that is here;
    `writer` carries writes out, None where nothing is written; `tokens` say who may, and with
    `require_token` also who may read; `publisher` is who the operator says publishes it;
    `patience_seconds` are how long a query is waited for
    that has begun before its request was read.
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
    """The lexer reads all of a text, 1 MiB in 0.4 s."""
    max_update_bytes: int = 1 << 24
    """Updates bring data, for those who may write; larger data come as files."""
    max_upload_bytes: int = 1 << 28
    max_target_bytes: int = 1 << 13
    """What proxies pass on; longer queries come by POST or QUERY."""
    max_page_bytes: int = 1 << 22
    """A page is put together in memory; other formats are streamed."""
    max_fields_bytes: int = 1 << 15
    """Four times what proxies pass on."""
    max_cache_bytes: int = 1 << 26
    max_running: int = 16
    max_waiting: int = 64
    max_wait_seconds: float = 5
    """Who waits longer is better served by trying again: a seat is free at most `timeout` later."""
    patience_seconds: float = SOON_SECONDS
    max_writing: int = 32
    """Each write holds a thread."""
    max_listening: int = 64
    """Each listener holds a connection for as long as it likes."""
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
        """Whether an answer is kept and has a tag: not where the dataset may change without being
        of another revision."""
        return self.max_cache_bytes > 0 and (self.published is None or self.revision.number > 0)

    @property
    def revision(self) -> Revision:
        """The revision that the request at hand is answered on; outside of one, that in force."""
        return current_revision(self.history)

    @property
    def instance(self) -> str:
        """Return the identifier of the order and the blank nodes of the answers to this request."""
        return self.engine.order(self.revision.dataset)

    @property
    def read_only(self) -> str:
        """What to say to whoever writes, where nothing is written here."""
        if self.replica is not None:
            return f"This is a replica; writes go to {self.replica.leader}."
        return "This service is read only."

    @property
    def root(self) -> str:
        """What the paths of links within the service begin with, as the outside sees it."""
        if self.public_url is not None:
            return urlsplit(self.public_url).path.rstrip("/")
        known = current_forwarded()
        return known.root if known else ""

    def url(self, scope: Scope, path: str) -> str:
        """The absolute address of a path, as the outside sees it."""
        known = current_forwarded()
        return self.address(scope, known.url if known else None) + path

    def address(self, scope: Scope, forwarded_url: str | None) -> str:
        """The address of the service that the client asked, without a slash at the end;
        `forwarded_url` is what trusted proxies tell."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        return forwarded_url or asked_at(scope) or arrived_at(scope)

    def reference(self, scope: Scope, path: str) -> str:
        """Where the path is, for a field that may hold a relative reference: its absolute address
        where the request's own is known, else the path, which holds wherever it was asked."""
        return (self._asked_at(scope) or self.root) + path

    def _asked_at(self, scope: Scope) -> str | None:
        """The address of the service that the client asked, without a slash at the end; None where
        it is not known."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        known = current_forwarded()
        return known.url if known else asked_at(scope)
