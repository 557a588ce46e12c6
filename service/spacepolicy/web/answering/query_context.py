"""The context of a query: the revision, the row order, the endpoint's address."""

from dataclasses import dataclass
from typing import final

from starlette.types import Scope

from spacepolicy.store.revision import Revision
from spacepolicy.web.request_context import current_locale
from spacepolicy.web.service import Service


@final
@dataclass(frozen=True, slots=True)
class QueryContext:
    """The revision; the engine's row order; the address of the endpoint, against which relative
    IRIs are resolved; and the variant of pages for this reader."""

    revision: Revision
    order: str
    endpoint: str
    variant: str = ""


def query_context(service: Service, scope: Scope) -> QueryContext:
    """Return the context of the current request."""
    revision = service.revision
    return QueryContext(
        revision,
        service.engine.order(revision.dataset),
        service.url(scope, "/sparql"),
        current_locale().variant,
    )
