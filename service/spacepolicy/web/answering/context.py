"""What a request is answered on, named once: the revision, its data's name, the endpoint's address.

Where a request is answered by a callback there is no task whose context could hold it.
"""

from dataclasses import dataclass
from typing import final

from starlette.types import Scope

from spacepolicy.store.revision import Revision
from spacepolicy.web.locale import reader
from spacepolicy.web.service import Service


@final
@dataclass(frozen=True, slots=True)
class RequestContext:
    """The revision; the order in which its engine gives rows; the address of the endpoint, against
    which relative IRIs are resolved; and what tells a page for this reader from others."""

    revision: Revision
    order: str
    endpoint: str
    variant: str = ""


def context_of(service: Service, scope: Scope) -> RequestContext:
    """The context of the request at hand."""
    revision = service.revision
    return RequestContext(
        revision,
        service.engine.order(revision.dataset),
        service.url(scope, "/sparql"),
        reader().variant,
    )
