"""The SPARQL protocol's query operation: from the parameters of a request to what is asked.

Spec: https://www.w3.org/TR/sparql11-protocol/#query-operation,
https://www.w3.org/TR/sparql12-protocol/ (version)
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, final
from urllib.parse import unquote_plus

from spacepolicy import formats
from spacepolicy.errors import (
    BadParameterError,
    ForbiddenError,
    NotAcceptableError,
)
from spacepolicy.formats import Choice
from spacepolicy.web.answering.call import FORM, Call, media_type
from spacepolicy.web.service import Service

_SINGLE: Final = frozenset({"query", "update", "format", "timeout", "version"})
_SHORT_FIELD: Final = 256
_GRAPHS: Final = ("default-graph-uri", "named-graph-uri")


@final
@dataclass(frozen=True, slots=True)
class QueryOperation:
    """What is asked. `text` is None where the request brings no query, `plain` where it brings
    nothing at all that the protocol names; `format` and `accept` say how to answer."""

    text: str | None
    default_graphs: tuple[str, ...] | None
    named_graphs: tuple[str, ...] | None
    format: str | None
    accept: str | None
    timeout_seconds: float
    plain: bool

    @property
    def wants_page(self) -> bool:
        """Whether the client would rather have a page than a graph."""
        choice = self._choice("graph", "page")
        return choice is not None and choice.format.kind == "page"

    def choice(self, *kinds: formats.Kind) -> Choice:
        """The format of these kinds that the client asks for.

        Raises: NotAcceptableError that lists those there are.
        """
        choice = self._choice(*kinds)
        if choice is None:
            available = [format.media_type for format in formats.offered(*kinds)]
            what = "a graph" if "graph" in kinds else "solutions"
            raise NotAcceptableError(
                f"The answer is {what}; there are {', '.join(available)}.",
                extras={"available": available},
            )
        return choice

    def _choice(self, *kinds: formats.Kind) -> Choice | None:
        if self.format is None:
            accept = self.accept or ""
            if len(accept) < _SHORT_FIELD:
                return _negotiated(accept, kinds)
            return formats.negotiate(accept, formats.offered(*kinds))
        found = formats.named(self.format, formats.offered(*kinds))
        return Choice(found, found.media_type) if found else None


@lru_cache(maxsize=256)
def _negotiated(accept: str, kinds: tuple[formats.Kind, ...]) -> Choice | None:
    """What is negotiated, remembered: most clients send one of a few fields."""
    return formats.negotiate(accept, formats.offered(*kinds))


def query_operation(service: Service, call: Call) -> QueryOperation:
    """The operation that the request asks for; parameters of other protocols are passed over.

    Raises: ProblemError where a parameter is wrong or given twice, or asks for an update.
    """
    content = media_type(call.field(b"content-type") or "") if call.body else None
    parameters = _parameters(call.target)
    if content is not None and f"{content.type}/{content.subtype}" == FORM:
        parameters += _parameters(call.body)
    elif content is not None:
        parameters.append(("query", _text(call.body)))
    single = _single(parameters)
    versions = {single.get("version"), dict(content.parameters).get("version") if content else None}
    _check_version(versions - {None})
    _check_format(single.get("format"))
    return QueryOperation(
        text=single.get("query"),
        default_graphs=_all(parameters, _GRAPHS[0]),
        named_graphs=_all(parameters, _GRAPHS[1]),
        format=single.get("format"),
        accept=call.field(b"accept"),
        timeout_seconds=timeout_seconds(service, single.get("timeout")),
        plain=not any(name in (*_GRAPHS, "query") for name, _ in parameters),
    )


def _parameters(encoded: bytes) -> list[tuple[str, str]]:
    """The names and values of a form-encoded text.

    Raises: BadParameterError where the bytes are not UTF-8.
    """
    pairs = [piece.partition(b"=") for piece in encoded.split(b"&") if piece]
    return [(_decoded(name), _decoded(value)) for name, _, value in pairs]


def _decoded(piece: bytes) -> str:
    try:
        return unquote_plus(piece.decode("utf-8"), errors="strict")
    except UnicodeDecodeError as error:
        raise BadParameterError("The request's parameters are not UTF-8.") from error


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadParameterError(f"The query is not UTF-8: {error}.") from error


def _single(parameters: list[tuple[str, str]]) -> dict[str, str]:
    """The parameters that may come once.

    Raises: BadParameterError where one comes twice, ForbiddenError where there is an update.
    """
    names = [name for name, _ in parameters]
    for name in sorted(_SINGLE):
        if names.count(name) > 1:
            raise BadParameterError(f"The parameter {name!r} is given more than once.")
    if "query" in names and "update" in names:
        raise BadParameterError("A request holds a query or an update, not both.")
    if "update" in names:
        raise ForbiddenError("This service is read only: it takes queries, and no updates.")
    return {name: value for name, value in parameters if name in _SINGLE}


def _all(parameters: Iterable[tuple[str, str]], wanted: str) -> tuple[str, ...] | None:
    return tuple(value for name, value in parameters if name == wanted) or None


def _check_version(versions: set[str | None]) -> None:
    """Raises: BadParameterError where the versions differ, or none such is spoken here."""
    if len(versions) > 1:
        raise BadParameterError("The version parameter and the media type's version differ.")
    for version in versions:
        if version not in formats.VERSIONS:
            raise BadParameterError(
                f"SPARQL {version} is not spoken here; {', '.join(formats.VERSIONS)} are.",
                extras={"supported": list(formats.VERSIONS)},
            )


def _check_format(name: str | None) -> None:
    """Raises: NotAcceptableError where `?format=` names no format at all."""
    if name is not None and formats.named(name) is None:
        available = [format.name for format in formats.FORMATS]
        raise NotAcceptableError(
            f"{name!r} names no format; there are {', '.join(available)}.",
            extras={"available": available},
        )


def timeout_seconds(service: Service, text: str | None) -> float:
    """How long the query may take, as asked.

    Raises: BadParameterError where that is no time it may take.
    """
    if text is None:
        return service.timeout_seconds
    try:
        seconds = float(text)
    except ValueError as error:
        raise BadParameterError(f"timeout takes seconds, not {text!r}.") from error
    most = max(service.timeout_seconds, service.max_timeout_seconds)
    if not 0 < seconds <= most:
        raise BadParameterError(f"timeout lies above 0 and up to {most:g} seconds, not {text}.")
    return seconds
