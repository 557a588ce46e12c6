"""What a query is answered on: the revision, the order of its rows, the endpoint's address."""

from dataclasses import dataclass
from typing import final

from starlette.types import Scope

from spacepolicy.store.revision import Revision
from spacepolicy.web.request_context import current_locale
from spacepolicy.web.service import Service


@final
@dataclass(frozen=True, slots=True)
class QueryContext:
    """The revision; the order in which its engine gives rows; the address of the endpoint, against
    which relative IRIs are resolved; and what tells a page for this reader from others."""

    revision: Revision
    order: str
    endpoint: str
    variant: str = ""


def query_context(service: Service, scope: Scope) -> QueryContext:
    """The context of the request at hand."""
    revision = service.revision
    return QueryContext(
        revision,
        service.engine.order(revision.dataset),
        service.url(scope, "/sparql"),
        current_locale().variant,
    )
