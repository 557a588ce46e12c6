"""The SPARQL protocol's operations, parsed from the parameters of a request.

Spec: https://www.w3.org/TR/sparql11-protocol/#query-operation,
https://www.w3.org/TR/sparql11-protocol/#update-operation,
https://www.w3.org/TR/sparql12-protocol/ (version)
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, final
from urllib.parse import unquote_plus

from spacepolicy import formats
from spacepolicy.engine.hints import Hint
from spacepolicy.errors import BadParameterError, ForbiddenError, NotAcceptableError
from spacepolicy.formats import FormatChoice
from spacepolicy.web.answering.sparql_request import FORM, UPDATE, SparqlRequest, media_type
from spacepolicy.web.ignored_parameters import OF_ALL, parameter_hints
from spacepolicy.web.service import Service

_SINGLE: Final = frozenset({"query", "update", "timeout", "version"})
COLUMNS: Final = "columns"
"""The parameter that says whether cells of Arrow, Parquet and NDJSON are `values` or `terms`."""
Parameters = list[tuple[str, str]]
_SHORT_FIELD: Final = 256
"""The result of negotiating a longer Accept is not cached: the cache is limited by number, so each
entry has to be short. Browsers send up to 140 characters."""
BYTE_ORDER_MARK: Final = "\ufeff"
"""The byte order mark that some editors begin a text with."""
_GRAPHS: Final = ("default-graph-uri", "named-graph-uri")
_KNOWN: Final = frozenset({*_SINGLE, *_GRAPHS, *OF_ALL, COLUMNS})
"""The parameters of a query; the parameters of an update get an error of their own."""
_USING: Final = ("using-graph-uri", "using-named-graph-uri")


@final
@dataclass(frozen=True, slots=True)
class QueryOperation:
    """A query operation. `text` is None where the request has no query; `plain`: it has no
    parameter of the protocol at all. `format` (all values given) and `accept` choose the format,
    `terms` the cells of columns; `hints` are about ignored parameters."""

    text: str | None
    default_graphs: tuple[str, ...] | None
    named_graphs: tuple[str, ...] | None
    format: tuple[str, ...]
    accept: str | None
    timeout_seconds: float
    plain: bool
    hints: tuple[Hint, ...] = ()
    terms: bool = False

    @property
    def wants_page(self) -> bool:
        """Whether the client prefers a page to a graph."""
        choice = self._choice("graph", "page")
        return choice is not None and choice.format.kind == "page"

    def choice(self, *kinds: formats.Kind) -> FormatChoice:
        """Return the format among these kinds that the client asks for.

        Raises: NotAcceptableError, which lists the formats offered.
        """
        choice = self._choice(*kinds)
        if choice is None:
            available = [format.media_type for format in formats.offered(*kinds)]
            what = "a graph" if "graph" in kinds else "solutions"
            advice = formats.advice(self.format or (self.accept or "",))
            raise NotAcceptableError(
                f"The answer is {what}; there are {', '.join(available)}.{advice}",
                extras={"available": available},
            )
        return FormatChoice(choice.format.of_terms, choice.media_type) if self.terms else choice

    def _choice(self, *kinds: formats.Kind) -> FormatChoice | None:
        if not self.format:
            accept = self.accept or ""
            if len(accept) < _SHORT_FIELD:
                return _negotiated(accept, kinds)
            return formats.negotiate(accept, formats.offered(*kinds))
        found = formats.last_named(self.format, formats.offered(*kinds))
        return FormatChoice(found, found.media_type) if found else None


@final
@dataclass(frozen=True, slots=True)
class UpdateOperation:
    """An update operation; the graphs are None where the request names none."""

    text: str
    using_graphs: tuple[str, ...] | None
    using_named_graphs: tuple[str, ...] | None
    timeout_seconds: float


@lru_cache(maxsize=256)
def _negotiated(accept: str, kinds: tuple[formats.Kind, ...]) -> FormatChoice | None:
    """The negotiated format, cached: most clients send one of a few fields."""
    return formats.negotiate(accept, formats.offered(*kinds))


def operation(service: Service, call: SparqlRequest) -> QueryOperation | UpdateOperation:
    """Return the operation that the request asks for; unknown parameters are ignored.

    Raises: ProblemError where a parameter is wrong or repeated, or an update is not allowed.
    """
    content = _content(call)
    name = f"{content.type}/{content.subtype}" if content else ""
    parameters = _parameters(call.target)
    addressed = len(parameters)
    if name == FORM:
        parameters += _parameters(call.body)
    elif content is not None:
        parameters.append(("update" if name == UPDATE else "query", _text(call.body)))
    single = _single(parameters)
    versions = {single.get("version"), dict(content.parameters).get("version") if content else None}
    _check_version(versions - {None})
    _check_format(_all(parameters, "format") or ())
    if any(name == "revision" for name, _ in parameters[addressed:]):
        raise BadParameterError("The parameter 'revision' belongs into the address.")
    if "update" in single:
        return _update(service, call, single, parameters, addressed)
    return _query(service, call, single, parameters)


def _content(call: SparqlRequest) -> formats.MediaRange | None:
    """The media type of the body, None where there is no body; an update may be empty."""
    if not call.body and call.method != "POST":
        return None
    content = media_type(call.field(b"content-type") or "")
    is_update = content is not None and f"{content.type}/{content.subtype}" == UPDATE
    return content if call.body or is_update else None


def _query(
    service: Service, call: SparqlRequest, single: Mapping[str, str], parameters: Parameters
) -> QueryOperation:
    return QueryOperation(
        text=single.get("query"),
        default_graphs=_all(parameters, _GRAPHS[0]),
        named_graphs=_all(parameters, _GRAPHS[1]),
        format=_all(parameters, "format") or (),
        accept=call.field(b"accept"),
        timeout_seconds=timeout_seconds(service, single.get("timeout")),
        plain=not any(name in (*_GRAPHS, "query") for name, _ in parameters),
        hints=parameter_hints(parameters, _KNOWN),
        terms=wants_terms(_all(parameters, COLUMNS) or ()),
    )


def wants_terms(given: Sequence[str]) -> bool:
    """Whether the cells of columns are to be terms; `given` are the values of the parameter.

    Raises: BadParameterError where the last is neither `terms` nor `values`.
    """
    if given and given[-1] not in ("terms", "values"):
        raise BadParameterError(f"{COLUMNS} is `values` or `terms`, not {given[-1][:40]!r}.")
    return bool(given) and given[-1] == "terms"


def _update(
    service: Service,
    call: SparqlRequest,
    single: Mapping[str, str],
    parameters: Parameters,
    addressed: int,
) -> UpdateOperation:
    """Raises: ForbiddenError where the service takes no writes, BadParameterError."""
    if service.writer is None:
        raise ForbiddenError(f"{service.read_only} It takes queries, and no updates.")
    in_address = any(name == "update" for name, _ in parameters[:addressed])
    if in_address or call.method != "POST":
        raise BadParameterError("An update comes by POST, and in its body.")
    foreign = sorted({name for name, _ in parameters if name in _GRAPHS})
    if foreign:
        raise BadParameterError(
            f"{', '.join(foreign)} belong to queries; an update takes {', '.join(_USING)}."
        )
    text, seconds = single["update"], write_seconds(service, single.get("timeout"))
    graphs, named_graphs = (_all(parameters, name) for name in _USING)
    return UpdateOperation(text, graphs, named_graphs, seconds)


def _parameters(encoded: bytes) -> Parameters:
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
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadParameterError(f"The text is not UTF-8: {error}.") from error


def _single(parameters: Parameters) -> dict[str, str]:
    """The parameters that may be given only once.

    Raises: BadParameterError where one is repeated, or a query and an update come together.
    """
    names = [name for name, _ in parameters]
    for name in sorted(_SINGLE):
        if names.count(name) > 1:
            raise BadParameterError(f"The parameter {name!r} is given more than once.")
    if "query" in names and "update" in names:
        raise BadParameterError("A request holds a query or an update, not both.")
    return {
        name: value.removeprefix(BYTE_ORDER_MARK) for name, value in parameters if name in _SINGLE
    }


def _all(parameters: Iterable[tuple[str, str]], wanted: str) -> tuple[str, ...] | None:
    return tuple(value for name, value in parameters if name == wanted) or None


def _check_version(versions: set[str | None]) -> None:
    """Raises: BadParameterError where the versions differ, or one is not supported."""
    if len(versions) > 1:
        raise BadParameterError("The version parameter and the media type's version differ.")
    for version in versions:
        if version not in formats.VERSIONS:
            raise BadParameterError(
                f"SPARQL {version} is not spoken here; {', '.join(formats.VERSIONS)} are.",
                extras={"supported": list(formats.VERSIONS)},
            )


def _check_format(names: Sequence[str]) -> None:
    """Raises: NotAcceptableError where `?format=` names no known format."""
    if names and formats.last_named(names) is None:
        available = [format.name for format in formats.FORMATS]
        raise NotAcceptableError(
            f"{names[-1]!r} names no format; there are {', '.join(available)}.",
            extras={"available": available},
        )


def timeout_seconds(service: Service, text: str | None) -> float:
    """Return the query's timeout: the default, or the parameter's value.

    Raises: BadParameterError where that is no number, or not in the allowed range.
    """
    most = max(service.timeout_seconds, service.max_timeout_seconds)
    return service.timeout_seconds if text is None else _seconds(text, most)


def write_seconds(service: Service, text: str | None) -> float:
    """Return the write's timeout: the default, or the parameter's value.

    Raises: as `timeout_seconds`.
    """
    most = service.write_timeout_seconds
    return most if text is None else _seconds(text, most)


def _seconds(text: str, most: float) -> float:
    try:
        seconds = float(text)
    except ValueError as error:
        raise BadParameterError(f"timeout takes seconds, not {text!r}.") from error
    if not 0 < seconds <= most:
        raise BadParameterError(f"timeout lies above 0 and up to {most:g} seconds, not {text}.")
    return seconds
