"""`/robots.txt`: what crawlers are asked to leave alone, and where the sitemap is.

Spec: https://www.rfc-editor.org/rfc/rfc9309
"""

from collections.abc import Iterator
from typing import Final

from fastapi import Request

from spacepolicy.formats import Format
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.representation import (
    DeferredRepresentation,
    Representation,
    representation,
)
from spacepolicy.web.routes import Handler
from spacepolicy.web.service import Service

ROBOTS: Final = "/robots.txt"
SITEMAP: Final = "/sitemap.xml"
TEXT: Final = Format("text", "plain text", "page", "text/plain", "txt")
_EVALUATED: Final = (
    "/sparql?", "/search?", "/suggest", "/explain?", "/links?", "/compare?", "/verify",
    "/annotations", "/queries/*?", "/graphs", "/timemap", "/running", "/reconcile", "/mcp",
    "/metrics", "/*revision=",
)  # fmt: skip
"""Addresses with endless parameters, each evaluated on request, or that repeat the content of
others; a crawler that follows them asks for the same over and over."""


def robots_file(state: AppState) -> Handler:
    """Return the handler of `/robots.txt`."""
    service = state.service

    @representation(state, offers=(TEXT,), negotiated=False)
    async def robots(request: Request) -> DeferredRepresentation:
        """What crawlers are asked to leave alone."""
        origin = service.url(request.scope, "")

        async def make() -> Representation:
            return Representation("\n".join(_lines(service, origin)).encode() + b"\n")

        return DeferredRepresentation(ROBOTS, make)

    return robots


def _lines(service: Service, origin: str) -> Iterator[str]:
    yield "User-agent: *"
    if service.require_token:
        yield "Disallow: /"
        return
    yield from (f"Disallow: {service.root}{path}" for path in _EVALUATED)
    yield "Allow: /"
    yield ""
    yield f"Sitemap: {origin}{SITEMAP}"
