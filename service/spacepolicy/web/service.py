"""What the web wing needs to answer requests; the roof makes it and hands it in."""

from dataclasses import dataclass
from typing import final

from starlette.types import Scope

from spacepolicy.catalogue import SavedQuery
from spacepolicy.engine.port import Engine
from spacepolicy.revisions import Revision


@final
@dataclass(frozen=True, slots=True)
class Service:
    """An engine over one revision, its saved queries, and the limits of one query.

    `stale` says why the served revision is not the newest files, None where it is.
    """

    engine: Engine
    revision: Revision
    catalogue: tuple[SavedQuery, ...]
    timeout_seconds: float
    public_url: str | None = None
    max_query_bytes: int = 1 << 20
    max_target_bytes: int = 1 << 13
    max_page_bytes: int = 1 << 22
    stale: str | None = None

    def url(self, scope: Scope, path: str) -> str:
        """The absolute address of a path, as the outside sees it."""
        if self.public_url is not None:
            return self.public_url.rstrip("/") + path
        host, port = scope["server"]
        host = f"[{host}]" if ":" in host else host
        return f"{scope['scheme']}://{host}:{port}{path}"
