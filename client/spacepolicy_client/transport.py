"""Requests over HTTP: repeated when a service is busy; an incomplete answer is an error.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 (Retry-After)
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
from typing import Final, final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

from spacepolicy_client.errors import BrokenTransferError, ClientError, service_error

Parameters = Sequence[tuple[str, str]]
_BUSY: Final = (429, 503)
_PIECE_BYTES: Final = 1 << 18
_LONGEST_WAIT_SECONDS: Final = 60.0
"""Where a service asks for a longer pause, the request is not repeated."""
_DEFAULT_WAIT_SECONDS: Final = 1.0
_LARGEST_ERROR_BYTES: Final = 1 << 20


@final
class Reply:
    """A response whose body can be read once."""

    def __init__(self, response: HTTPResponse) -> None:
        self._response = response
        self.headers: Mapping[str, str] = {
            name.lower(): value for name, value in response.headers.items()
        }

    @property
    def media_type(self) -> str:
        """The media type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def revision(self) -> int | None:
        """The revision of the answer, where the service has revisions."""
        number = self.headers.get("x-dataset-revision", "")
        return int(number) if number.isdecimal() else None

    def pieces(self) -> Iterator[bytes]:
        """The body, piece by piece as it arrives.

        Raises: BrokenTransferError where it is incomplete.
        """
        expected = int(self.headers.get("content-length", "-1"))
        with closing(self._response) as response:
            try:
                while piece := response.read(_PIECE_BYTES):
                    expected -= len(piece)
                    yield piece
            except (HTTPException, OSError) as error:
                raise BrokenTransferError(f"The answer broke off: {error!r}.") from error
        if expected > 0:
            raise BrokenTransferError(f"The answer broke off {expected} bytes before its end.")

    def body(self) -> bytes:
        """The whole body.

        Raises: BrokenTransferError.
        """
        return b"".join(self.pieces())


@final
@dataclass(frozen=True, slots=True)
class Transport:
    """Sends requests: the token, the timeout, and how often a request is repeated."""

    token: str | None = None
    timeout_seconds: float = 60.0
    retries: int = 3

    def get(self, url: str, accept: str, parameters: Parameters = ()) -> Reply:
        """Send GET; return the response.

        Raises: ClientError.
        """
        if parameters:
            url += ("&" if "?" in url else "?") + urlencode(parameters)
        return self._reply(self._request(url, accept))

    def post(self, url: str, accept: str, form: Parameters) -> Reply:
        """Send a form by POST, which is no update and may be repeated; return the response.

        Raises: ClientError.
        """
        return self._reply(self._request(url, accept, urlencode(form).encode()))

    def _request(self, url: str, accept: str, body: bytes | None = None) -> Request:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ClientError(f"{url}: is no address of HTTP.")
        fields = {"Accept": accept, "User-Agent": "spacepolicy-client"}
        if self.token is not None:
            fields["Authorization"] = f"Bearer {self.token}"
        return Request(url, body, fields)  # noqa: S310 # of HTTP, as seen above

    def _reply(self, request: Request) -> Reply:
        for left in range(self.retries, -1, -1):
            try:
                return Reply(urlopen(request, timeout=self.timeout_seconds))  # noqa: S310 # as above
            except HTTPError as error:
                with error:
                    body = error.read(_LARGEST_ERROR_BYTES)
                seconds = _wait_seconds(error.headers.get("Retry-After"))
                if error.code not in _BUSY or not left or seconds is None:
                    content_type = error.headers.get("Content-Type", "")
                    raise service_error(error.code, body, content_type) from None
                time.sleep(seconds)
            except (URLError, OSError, HTTPException) as error:
                raise ClientError(f"{request.full_url[:200]}: {error}") from error
        raise AssertionError("the last try returns or raises")


def _wait_seconds(retry_after: str | None) -> float | None:
    """How long to wait before asking again; None where that is too long, or not given."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        seconds = float(retry_after)
    else:
        try:
            seconds = (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            seconds = _DEFAULT_WAIT_SECONDS
    return None if seconds > _LONGEST_WAIT_SECONDS else max(seconds, 0.0)
