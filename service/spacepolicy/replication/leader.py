"""The instance that a replica follows, as a client over HTTP.

Redirects are not followed, so that the token reaches nobody but the leader that was named.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import (
    HTTPConnection,
    HTTPException,
    HTTPResponse,
    HTTPSConnection,
    RemoteDisconnected,
)
from typing import Final, Literal, final
from urllib.parse import quote, urlsplit

from spacepolicy import __version__
from spacepolicy.engine.remote_protocol import Credentials, bearer
from spacepolicy.errors import StoreError

TOKEN: Final = "SPACEPOLICY_FOLLOW_TOKEN"  # noqa: S105 # the name of a variable
_TIMEOUT_SECONDS: Final = 30.0
"""How long the leader may be silent within an answer: as long as it has for a query."""
_MOST_LISTED_BYTES: Final = 1 << 20
"""The limit of the answer that names the newest revision, which has some 500 bytes."""
_MOST_FILE_BYTES: Final = 1 << 26
"""The limit of a file whose size is not known yet: the checksums of a patch of 100 GB have so
much."""
_PIECE_BYTES: Final = 1 << 18
"""The size of the pieces that are read and written."""
_MESSAGE_BYTES: Final = 500
"""As much of a refusal is shown: its first lines say why."""

Reason = Literal["unreachable", "forbidden", "address", "history", "damaged", "storage"]
"""Why nothing is copied: the leader does not answer, or not now; it refuses the token; the address
is not that of an instance; its history is another; what it sends does not fit its description; the
replica's disk."""


@final
class FollowingError(StoreError):
    """Nothing was copied from the leader; the replica is unchanged."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason: Reason = reason


@final
@dataclass(frozen=True, slots=True)
class Newest:
    """The leader's revision in force, and the entity tag of the answer that named it."""

    number: int
    etag: str | None


def credentials_of(environment: Mapping[str, str]) -> Credentials | None:
    """The token for the leader in the environment, as credentials.

    Raises: UsageError where it is not valid.
    """
    token = environment.get(TOKEN, "")
    return bearer(token) if token else None


@final
class Leader:
    """A client of the leader. One connection is kept from request to request; used by one
    thread."""

    def __init__(self, url: str, credentials: Credentials | None = None) -> None:
        self.url = url.rstrip("/")
        self._parts = urlsplit(self.url)
        self._credentials = credentials
        self._http: HTTPConnection | None = None

    def newest(self, etag: str | None) -> Newest | None:
        """The revision in force; None where the answer with that entity tag is still valid.

        Raises: FollowingError.
        """
        fields = {"Accept": "application/json", **({"If-None-Match": etag} if etag else {})}
        with self._answer("/revisions?limit=1", fields) as response:
            if response.status == 304:
                return None
            body = response.read(_MOST_LISTED_BYTES)
            found = response.headers.get("ETag")
        try:
            number = json.loads(body)["current"]
            if not isinstance(number, int) or number < 1:
                raise ValueError(number)
        except (ValueError, KeyError, TypeError) as error:
            raise self._strange("does not list revisions") from error
        return Newest(number, found)

    def content(self, number: int, name: str) -> bytes:
        """A small file of the folder of a revision.

        Raises: FollowingError.
        """
        found = bytearray()

        def take(piece: bytes) -> None:
            found.extend(piece)

        self.fetch(number, name, take, _MOST_FILE_BYTES)
        return bytes(found)

    def fetch(
        self, number: int, name: str, take: Callable[[bytes], object], most_bytes: int
    ) -> None:
        """Read a file of the folder of a revision, piece by piece; `most_bytes` at most.

        Raises: FollowingError, also after some of the pieces.
        """
        left = most_bytes
        with self._answer(f"/revisions/{number}/files/{quote(name)}", {}) as response:
            while piece := response.read(_PIECE_BYTES):
                left -= len(piece)
                if left < 0:
                    message = f"{name} of revision {number} is longer than {most_bytes} bytes."
                    raise FollowingError("damaged", message)
                try:
                    take(piece)
                except OSError as error:  # of the disk here, and no fault of the leader
                    message = f"{name} cannot be written: {error}"
                    raise FollowingError("storage", message) from error

    @contextmanager
    def _answer(self, path: str, fields: Mapping[str, str]) -> Iterator[HTTPResponse]:
        """The response, where its status is 200 or 304; what the caller leaves of it is not
        read."""
        try:
            response = self._asked(path, fields)
            if response.status not in (200, 304):
                raise self._refused(path, response)
            yield response
            if not response.isclosed():
                self.close()
        except TimeoutError as error:
            self.close()
            raise FollowingError("unreachable", f"{self.url} did not answer in time.") from error
        except (OSError, HTTPException) as error:
            self.close()
            reason = str(error) or type(error).__name__
            message = f"{self.url} cannot be reached, or broke off: {reason}."
            raise FollowingError("unreachable", message) from error
        except BaseException:
            self.close()
            raise

    def _asked(self, path: str, fields: Mapping[str, str]) -> HTTPResponse:
        """Send a GET; once more on a new connection, where the one that was kept has been
        closed."""
        kept = self._http
        try:
            return self._sent(path, fields)
        except (RemoteDisconnected, ConnectionError):
            self.close()
            if kept is None:
                raise
            return self._sent(path, fields)

    def _sent(self, path: str, fields: Mapping[str, str]) -> HTTPResponse:
        if self._http is None:
            kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
            host = self._parts.hostname or ""
            self._http = kind(host, self._parts.port, timeout=_TIMEOUT_SECONDS)
        headers = {
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "User-Agent": f"spacepolicy/{__version__}",
            **fields,
        }
        if self._credentials is not None:
            headers["Authorization"] = self._credentials.value
        self._http.request("GET", self._parts.path + path, headers=headers)
        return self._http.getresponse()

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def _strange(self, what: str) -> FollowingError:
        return FollowingError(
            "address", f"{self.url} {what}: it is no instance of this program, or an older one."
        )

    def _refused(self, path: str, response: HTTPResponse) -> FollowingError:
        status = response.status
        body = " ".join(response.read(_MESSAGE_BYTES).decode("utf-8", "replace").split())
        match status:
            case 401 | 403:
                message = f"{self.url} refuses to be read ({status}); {TOKEN} has its token."
                return FollowingError("forbidden", message)
            case status if 300 <= status < 400:
                there = response.headers.get("Location", "elsewhere")
                message = f"{self.url} sends requests on to {there}; name that address."
                return FollowingError("address", message)
            case 404 if re.fullmatch(r"/revisions(\?.*)?", path):
                return self._strange("has no revisions")
            case 404 if '"not-found"' not in body and "/problems/not-found" not in body:
                return self._strange("gives no files of revisions")
            case _:
                message = f"{self.url} answered {status} to {path}: {body or response.reason}"
                return FollowingError("unreachable", message)
