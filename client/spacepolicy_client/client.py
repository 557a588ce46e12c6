"""A client of one SPARQL endpoint, and of the service that it may be a part of.

Spec: https://www.w3.org/TR/sparql11-protocol/
"""

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, final
from urllib.parse import quote, urlencode, urlsplit

from spacepolicy_client.errors import BrokenTransferError, ClientError
from spacepolicy_client.optional import library
from spacepolicy_client.parameters import bound
from spacepolicy_client.saved_queries import SavedQueries, SavedQuery
from spacepolicy_client.selection import JSON, Selection
from spacepolicy_client.terms import IRI, Literal
from spacepolicy_client.transport import Parameters, Reply, Transport

_GRAPH: Final = "application/n-triples, text/turtle;q=0.8"


@final
class Client:
    """Queries the service at the address, or the endpoint at it where it has a path.

    `revision`: answers are from that revision; `token` is sent as a bearer token. A busy service is
    asked again, up to `retries` times, after the time it names (`Retry-After`).
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        revision: int | None = None,
        timeout: float = 60.0,
        retries: int = 3,
    ) -> None:
        address = url.rstrip("/")
        self.endpoint = address if urlsplit(address).path else f"{address}/sparql"
        self.service = self.endpoint.removesuffix("/sparql")
        self.revision = revision
        self._transport = Transport(token, timeout, retries)

    def select(
        self, query: str, /, *, revision: int | None = None, **parameters: object
    ) -> Selection:
        """The solutions of a SELECT; the query is sent when they are used.

        Raises: ValueError where a parameter has no `VALUES ?name { UNDEF }` in the query.
        """
        text = bound(query, parameters)
        number = self.revision if revision is None else revision

        def ask(accept: str, *, terms: bool = False) -> Reply:
            return self._sparql(text, accept, number, (("columns", "terms"),) if terms else ())

        return Selection(ask, text, f"{self.endpoint}?{urlencode({'query': text})}")

    def ask(self, query: str, /, *, revision: int | None = None, **parameters: object) -> bool:
        """The answer of an ASK.

        Raises: ClientError.
        """
        number = self.revision if revision is None else revision
        body = self._sparql(bound(query, parameters), JSON, number).body()
        try:
            return bool(json.loads(body)["boolean"])
        except (ValueError, KeyError) as error:
            raise BrokenTransferError("The answer is no boolean; is the query an ASK?") from error

    def construct(self, query: str, /, *, revision: int | None = None, **parameters: object) -> Any:
        """The graph of a CONSTRUCT or DESCRIBE, as an `rdflib.Graph`.

        Raises: ClientError.
        """
        rdflib = library("rdflib")
        number = self.revision if revision is None else revision
        reply = self._sparql(bound(query, parameters), _GRAPH, number)
        format = "turtle" if reply.media_type == "text/turtle" else "nt"
        return rdflib.Graph().parse(data=reply.body(), format=format)

    @cached_property
    def queries(self) -> SavedQueries:
        """The saved queries of the service, by name.

        Raises: ClientError.
        """
        said = json.loads(self._transport.get(f"{self.service}/queries", "application/json").body())
        found = (SavedQuery(each, self._saved) for each in said["queries"])
        return SavedQueries({each.name: each for each in found})

    def at(self, revision: int) -> "Client":
        """A client of the same service, whose answers are from that revision."""
        made = Client(
            self.endpoint,
            token=self._transport.token,
            revision=revision,
            timeout=self._transport.timeout_seconds,
            retries=self._transport.retries,
        )
        made.service = self.service
        return made

    def _saved(self, name: str, parameters: Mapping[str, object]) -> Selection:
        given = [
            (each, _plain(value))
            for each, values in parameters.items()
            for value in (values if isinstance(values, list | tuple) else [values])
            if value is not None
        ]
        url = f"{self.service}/queries/{quote(name)}"

        def ask(accept: str, *, terms: bool = False) -> Reply:
            more = [*given, *self._at(self.revision)]
            if terms:
                more.append(("columns", "terms"))
            return self._transport.get(url, accept, more)

        text = self.queries[name].query
        return Selection(ask, text, f"{url}?{urlencode(given)}")

    def _sparql(self, text: str, accept: str, revision: int | None, more: Parameters = ()) -> Reply:
        """Send a query by POST; a revision and the like belong in the address."""
        address = urlencode([*self._at(revision), *more])
        joint = "&" if "?" in self.endpoint else "?"
        url = self.endpoint + (joint + address if address else "")
        return self._transport.post(url, accept, [("query", text)])

    def _at(self, revision: int | None) -> Parameters:
        return [] if revision is None else [("revision", str(revision))]

    def __repr__(self) -> str:
        return f"Client({self.endpoint!r})"


def _plain(value: object) -> str:
    """The value as a saved query takes it, which knows its type.

    Raises: ClientError where it is not a value.
    """
    match value:
        case Literal(language=str(language)):
            return f"{value}@{language}"
        case IRI() | str():
            return str(value)
        case bool():
            return "true" if value else "false"
        case _ if hasattr(value, "isoformat"):
            return str(value.isoformat())
        case int() | float():
            return str(value)
        case _:
            raise ClientError(f"{value!r} is no value of a parameter.")
