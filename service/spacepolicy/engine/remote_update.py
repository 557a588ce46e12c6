"""Updates of a store elsewhere, over SPARQL 1.1 Protocol: one request each, waited for.

Spec: https://www.w3.org/TR/sparql11-protocol/#update-operation
"""

import json
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlencode, urlsplit

from spacepolicy.errors import EngineError

_MESSAGE_BYTES: Final = 2_000
"""As much of a refusal as is shown: a problem in JSON has its reason within it."""


class RemoteStore:
    """A store that answers queries and carries updates out.

    `update_url` is where it takes updates, where that is another address; `token` is sent as a
    bearer token with each request, where there is one.
    """

    def __init__(
        self,
        url: str,
        timeout_seconds: float,
        *,
        update_url: str | None = None,
        token: str | None = None,
    ) -> None:
        self._url = url
        self._update_url = update_url or url
        self._timeout_seconds = timeout_seconds
        self._token = token

    def count(self, query: str) -> int:
        """Return the number in the one row that the query has.

        Raises: EngineError where the store refuses or cannot be reached.
        """
        accept = "application/sparql-results+json"
        answer = json.loads(self._post(self._url, {"query": query}, accept))
        variable = answer["head"]["vars"][0]
        rows = answer["results"]["bindings"]
        return int(rows[0][variable]["value"]) if rows else 0

    def update(self, text: str) -> None:
        """Carry the update out.

        Raises: EngineError where the store refuses or cannot be reached.
        """
        self._post(self._update_url, {"update": text}, "*/*")

    def _post(self, url: str, form: dict[str, str], accept: str) -> bytes:
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        headers = {"Accept": accept, "Content-Type": "application/x-www-form-urlencoded"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        http = kind(parts.hostname or "", parts.port, timeout=self._timeout_seconds)
        try:
            http.request("POST", target, urlencode(form), headers)
            response = http.getresponse()
            body = response.read()
        except (OSError, HTTPException) as error:
            raise EngineError(f"{url} cannot be asked: {error}") from error
        finally:
            http.close()
        if response.status >= 300:
            said = body[:_MESSAGE_BYTES].decode("utf-8", "replace").strip()
            raise EngineError(f"{url} answered {response.status}: {said}")
        return body
