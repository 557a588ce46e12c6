"""SERVICE blocks of a query: the query and the endpoint of each, and the query with their answers
in place.

A block is evaluated once, as it stands, and its solutions replace it as VALUES, which is what the
algebra makes of it: a join with a multiset of solutions. So the workers need no connections, and
the query that they evaluate has no SERVICE in it.

Spec: https://www.w3.org/TR/sparql11-federated-query/#algebra_service
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryResultsFormat,
    QuerySolutions,
    Triple,
    parse_query_results,
)

from spacepolicy.engine.lexer import scan
from spacepolicy.engine.tokens import Declared, after_group, tokens
from spacepolicy.errors import EgressRefusedError, EngineError, ResultLimitError
from spacepolicy.federation_policy import FederationPolicy

MAX_BLOCKS: Final = 8
MAX_ROWS: Final = 50_000
"""The limit of a block's solutions. Its query asks for one more, to see that it was exceeded."""
UNIT: Final = "VALUES () { () }"
"""The one solution without bindings, which is the result of a SILENT block that fails."""


@final
@dataclass(frozen=True, slots=True)
class ServiceBlock:
    """A SERVICE block from `start` to `stop` of a text: the `query` that it sends to the `url`."""

    start: int
    stop: int
    url: str
    silent: bool
    query: str


def blocks(
    text: str, prefixes: Mapping[str, str], base: str, outside: FederationPolicy
) -> tuple[ServiceBlock, ...]:
    """The SERVICE blocks of a query text, which need not declare the prefixes and whose IRIs are
    resolved against the base.

    Raises: EgressRefusedError where one names no constant IRI of an allowed origin, does not
    clearly show where it begins and ends, or has another in it.
    """
    reader = _Reader(text, prefixes, base)
    found = tuple(reader.blocks())
    for block in found:
        if not outside.allows(block.url):
            raise EgressRefusedError(f"SERVICE is refused: <{block.url}> is of no allowed origin.")
    if len(found) > MAX_BLOCKS:
        raise EgressRefusedError(f"A query may ask {MAX_BLOCKS} SERVICE blocks, not {len(found)}.")
    left = [joined(text, found, [UNIT] * len(found)), *(block.query for block in found)]
    if any(scan(each, prefixes).service for each in left):
        raise EgressRefusedError(
            "SERVICE is refused where it does not stand as SERVICE <IRI> { … }, or in another."
        )
    return found


def joined(text: str, found: Sequence[ServiceBlock], texts: Sequence[str]) -> str:
    """The text with each block replaced by one of `texts`."""
    pieces, position = [], 0
    for block, each in zip(found, texts, strict=True):
        pieces += [text[position : block.start], f" {each} "]
        position = block.stop
    return "".join((*pieces, text[position:]))


@final
class _Reader:
    """Reads a text once."""

    def __init__(self, text: str, prefixes: Mapping[str, str], base: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._declared = Declared(prefixes, base)
        self._prologue = self._declarations()

    def _declarations(self) -> str:
        """Record the declarations before the query form; return their text."""
        for place, token in enumerate(self._tokens):
            if token.word in ("PREFIX", "BASE"):
                self._declared.declare(self._tokens, place)
            elif token.word and token.word != "VERSION":
                return self._text[: token.start]
        return ""

    def blocks(self) -> Iterator[ServiceBlock]:
        """The blocks whose extent is clear, in their order."""
        place = 0
        while place < len(self._tokens):
            found = self._block(place) if self._tokens[place].word == "SERVICE" else None
            if found is not None:
                yield found[0]
            place = place + 1 if found is None else found[1]

    def _block(self, place: int) -> tuple[ServiceBlock, int] | None:
        """The block that begins at this token, and the number of the token behind it."""
        at = place + 1
        silent = at < len(self._tokens) and self._tokens[at].word == "SILENT"
        at += silent
        url, end = self._declared.iri(self._tokens, at), after_group(self._tokens, at + 1)
        if url is None or end is None:
            return None
        stop = self._tokens[end - 1].end
        pattern = self._text[self._tokens[at + 1].start : stop]
        query = f"{self._prologue}SELECT * {pattern} LIMIT {MAX_ROWS + 1}"
        return ServiceBlock(self._tokens[place].start, stop, url, silent, query), end


def values(answer: bytes) -> str:
    """The solutions, in JSON, as a VALUES clause; each of their blank nodes gets an IRI of its own,
    since a clause can name none.

    Raises: EngineError where they are no solutions, ResultLimitError where there are too many.
    """
    names, rows = _table(answer)
    if len(rows) > MAX_ROWS:
        raise ResultLimitError(
            f"The answer has more than {MAX_ROWS} rows.", extras={"limit_rows": MAX_ROWS}
        )
    return f"VALUES ({names}) {{ {' '.join(f'({row})' for row in rows)} }}"


def _table(answer: bytes) -> tuple[str, list[str]]:
    """The variables of the solutions, and their terms row by row."""
    solutions = parse_query_results(answer, format=QueryResultsFormat.JSON)
    if not isinstance(solutions, QuerySolutions):
        raise EngineError("The answer has no solutions.")
    names = " ".join(str(variable) for variable in solutions.variables)
    namespace = uuid.uuid4()
    return names, [" ".join(_cell(term, namespace) for term in solution) for solution in solutions]


def _cell(term: object, namespace: uuid.UUID) -> str:
    match term:
        case BlankNode():
            return f"<{uuid.uuid5(namespace, term.value).urn}>"
        case Triple():
            parts = (term.subject, term.predicate, term.object)
            return f"<<( {' '.join(_cell(part, namespace) for part in parts)} )>>"
        case NamedNode() | Literal():
            return str(term)
        case _:
            return "UNDEF"
