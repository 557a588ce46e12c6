"""The SPARQL 1.1 Protocol towards a remote store: queries and updates, one request each.

Redirects are not followed, so that credentials reach nobody but the store that was named.

Spec: https://www.w3.org/TR/sparql11-protocol/
"""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Final, final
from urllib.parse import urlencode, urlsplit

from pyoxigraph import QueryResultsFormat, QuerySolutions, parse_query_results

from spacepolicy import __version__
from spacepolicy.errors import StoreError, UsageError

_ACCEPT: Final = "application/sparql-results+json"
_MESSAGE_BYTES: Final = 1_000
"""The part of an error message that is shown: its first lines say why, and a page of HTML says no
more."""
_MEANINGS: Final = {
    401: "it does not accept the credentials",
    403: "the credentials do not allow this",
    404: "there is no SPARQL endpoint at this address",
    405: "there is no SPARQL endpoint at this address, or it takes no updates",
    413: "the request is too large for it",
    503: "it is overloaded or starting",
    507: "its disk is full",
}
"""The meaning of a status, in words."""


@final
@dataclass(frozen=True, slots=True)
class Credentials:
    """The value of the Authorization header; it is never shown."""

    value: str = field(repr=False)


def bearer(token: str) -> Credentials:
    """Return a bearer token as credentials (RFC 6750).

    Raises: UsageError where it has other characters than a header field may have.
    """
    if not (token.isascii() and token.isprintable()):
        raise UsageError("The token for the store has characters that no token has.")
    return Credentials(f"Bearer {token}")


def basic(user: str, password: str) -> Credentials:
    """Return a name and a password as credentials (RFC 7617)."""
    return Credentials(f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}")


@final
@dataclass(frozen=True, slots=True)
class RemoteEndpoints:
    """A remote store: its addresses for queries and updates, and the credentials.

    Raises: UsageError where an address is not one of HTTP, or contains a password.
    """

    query_url: str
    update_url: str
    timeout_seconds: float
    credentials: Credentials | None = None

    def __post_init__(self) -> None:
        for url in (self.query_url, self.update_url):
            parts = urlsplit(url)
            if parts.username is not None or parts.password is not None:
                raise UsageError("Credentials come from the environment, not in the address.")
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise UsageError(f"{url}: is no HTTP address of a store.")

    def select(self, query: str) -> list[tuple[object, ...]]:
        """Return the rows of a SELECT, all of them, each in the order of its variables.

        Raises: StoreError where the store cannot be reached, refuses, or answers otherwise.
        """
        return list(self.rows(query))

    def rows(self, query: str) -> Iterator[tuple[object, ...]]:
        """Yield the rows of a SELECT as they arrive.

        Raises: as `select`.
        """
        body, kind = urlencode({"query": query}), "application/x-www-form-urlencoded"
        with self._exchange(self.query_url, body.encode(), kind, _ACCEPT) as response:
            media_type = response.headers.get_content_type()
            if media_type != _ACCEPT:
                raise StoreError(
                    f"{self.query_url} is no SPARQL endpoint: it answered in {media_type}."
                )
            answer = parse_query_results(response, QueryResultsFormat.JSON)
            if not isinstance(answer, QuerySolutions):
                raise StoreError(f"{self.query_url} answered a SELECT without rows.")
            for row in answer:
                yield tuple(row)

    def server(self) -> str:
        """Return the store's Server header; empty where it has none.

        Raises: StoreError as `select`.
        """
        body, kind = urlencode({"query": "ASK { }"}), "application/x-www-form-urlencoded"
        with self._exchange(self.query_url, body.encode(), kind, _ACCEPT) as response:
            return response.headers.get("Server", "")

    def update(self, text: str) -> None:
        """Send an update.

        Raises: StoreError where the store refuses, or it is not known whether it was carried out.
        """
        kind = "application/sparql-update; charset=utf-8"
        with self._exchange(self.update_url, text.encode(), kind, "*/*") as response:
            response.read()

    @contextmanager
    def _exchange(self, url: str, body: bytes, kind: str, accept: str) -> Iterator[HTTPResponse]:
        """Send a POST; an error while the response is read is an error of the store too."""
        http = _connection(url, self.timeout_seconds)
        fields = {
            "Accept": accept,
            "Content-Type": kind,
            "User-Agent": f"spacepolicy/{__version__}",
        }
        if self.credentials is not None:
            fields["Authorization"] = self.credentials.value
        try:
            http.request("POST", _target(url), body, fields)
            response = http.getresponse()
            if response.status >= 300:
                raise _refused(url, response)
            yield response
        except TimeoutError as error:
            raise StoreError(
                f"{url} did not answer within {self.timeout_seconds:g} seconds."
            ) from error
        except (OSError, HTTPException) as error:
            reason = str(error) or type(error).__name__
            raise StoreError(f"{url} cannot be reached, or broke off: {reason}.") from error
        except (SyntaxError, ValueError) as error:
            raise StoreError(f"The answer of {url} cannot be read: {error}") from error
        finally:
            http.close()


def _connection(url: str, timeout_seconds: float) -> HTTPConnection:
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=timeout_seconds)


def _target(url: str) -> str:
    return urlsplit(url)._replace(scheme="", netloc="", fragment="").geturl() or "/"


def _refused(url: str, response: HTTPResponse) -> StoreError:
    status = response.status
    if status < 400:
        there = response.headers.get("Location", "elsewhere")
        return StoreError(f"{url} sends requests on to {there}; name that address.")
    message = " ".join(response.read(_MESSAGE_BYTES).decode("utf-8", "replace").split())
    meaning = f" ({_MEANINGS[status]})" if status in _MEANINGS else ""
    return StoreError(f"{url} answered {status}{meaning}: {message or response.reason}")
