"""Terms in the arguments and answers of tools.

Spec: https://www.w3.org/TR/sparql11-results-json/#select-encode-terms
"""

from collections.abc import Iterator
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from spacepolicy.errors import BadParameterError, UsageError
from spacepolicy.proofs.proof_service import read_term
from spacepolicy.web.linked_data.jsonld import language_tag
from spacepolicy.web.service import Service


def term_table(term: NamedNode | BlankNode | Literal | Triple) -> dict[str, Any]:
    """Return the term as in SPARQL JSON results.

    >>> term_table(Literal("word", language="en"))
    {'type': 'literal', 'value': 'word', 'xml:lang': 'en'}
    """
    match term:
        case NamedNode():
            return {"type": "uri", "value": term.value}
        case BlankNode():
            return {"type": "bnode", "value": term.value}
        case Literal():
            return {"type": "literal", "value": term.value, **_kind(term)}
        case Triple():
            parts = zip(("subject", "predicate", "object"), term, strict=True)
            return {"type": "triple", "value": {name: term_table(part) for name, part in parts}}


def _kind(literal: Literal) -> dict[str, str]:
    if literal.language is not None:
        return {"xml:lang": language_tag(literal.language)}
    datatype = literal.datatype.value
    plain = datatype == "http://www.w3.org/2001/XMLSchema#string"
    return {} if plain else {"datatype": datatype}


def iris_in(value: object) -> Iterator[str]:
    """Yield the IRIs of terms and graphs anywhere in a JSON value."""
    match value:
        case {"type": "uri", "value": str(iri)}:
            yield iri
        case dict():
            for name, each in value.items():
                if name in ("graph", "source") and isinstance(each, str):
                    yield each
                yield from iris_in(each)
        case list() | tuple():
            for each in value:
                yield from iris_in(each)


def named_thing(service: Service, written: str, base: str) -> NamedNode:
    """Return the thing that is written as an IRI or a prefixed name.

    Raises: BadParameterError where it is neither.
    """
    try:
        term = read_term(written.strip(), service.revision.prefixes, base)
    except UsageError as error:
        raise BadParameterError(str(error)) from error
    if not isinstance(term, NamedNode):
        raise BadParameterError(f"{written[:200]!r} is no IRI and no prefixed name.")
    return term
