"""RDF terms as Python values, and Python values as terms of SPARQL.

Spec: https://www.w3.org/TR/sparql11-results-json/, https://www.w3.org/TR/xmlschema11-2/
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Self

XSD: Final = "http://www.w3.org/2001/XMLSchema#"
LANG_STRING: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
_NO_IRI: Final = re.compile(r'[\x00-\x20<>"{}|^`\\]')
INTEGERS: Final = frozenset(
    f"{XSD}{name}"
    for name in (
        "integer", "long", "int", "short", "byte", "nonNegativeInteger", "positiveInteger",
        "nonPositiveInteger", "negativeInteger", "unsignedLong", "unsignedInt", "unsignedShort",
        "unsignedByte",
    )
)  # fmt: skip


class IRI(str):
    """An IRI, which is a string."""

    __slots__ = ()


class BlankNode(str):
    """A blank node by its label, which is valid within one answer."""

    __slots__ = ()


class Literal(str):
    """A literal by its lexical form, where no Python type represents it: with a language, of
    another datatype, or ill-typed."""

    language: str | None
    datatype: str

    def __new__(cls, form: str, *, language: str | None = None, datatype: str = "") -> Self:
        """The literal of the form."""
        made = super().__new__(cls, form)
        made.language = language
        made.datatype = LANG_STRING if language else datatype or f"{XSD}string"
        return made

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Literal):
            same = (self.language, self.datatype) == (other.language, other.datatype)
            return same and str.__eq__(self, other)
        return str.__eq__(self, other)

    def __hash__(self) -> int:
        return str.__hash__(self)

    def __repr__(self) -> str:
        more = f"language={self.language!r}" if self.language else f"datatype={self.datatype!r}"
        return f"Literal({str(self)!r}, {more})"


Value = str | int | float | Decimal | bool | date | datetime
"""The value of a cell; IRIs, blank nodes and literals of other datatypes are subclasses of
`str`."""


def _boolean(form: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[form]


def _integer(form: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+", form):
        raise ValueError(form)
    return int(form)


def _decimal(form: str) -> Decimal:
    if not re.fullmatch(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)", form):
        raise ValueError(form)
    return Decimal(form)


def _double(form: str) -> float:
    if not re.fullmatch(
        r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN", form
    ):
        raise ValueError(form)
    return float(form)


def _date(form: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", form):
        raise ValueError(form)
    return date.fromisoformat(form)


def _date_time(form: str) -> datetime:
    """Raises: ValueError also where the time is finer than a microsecond."""
    pattern = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
    if not re.fullmatch(pattern, form) or "T24:" in form:
        raise ValueError(form)
    whole, point, rest = form.partition(".")
    digits = re.match(r"[0-9]+", rest)
    if point and digits:
        form = f"{whole}.{digits[0]:0<6}{rest[digits.end() :]}"
    return datetime.fromisoformat(form)


READERS: Final[Mapping[str, Callable[[str], Value]]] = {
    **dict.fromkeys(INTEGERS, _integer),
    f"{XSD}decimal": _decimal,
    f"{XSD}double": _double,
    f"{XSD}float": _double,
    f"{XSD}boolean": _boolean,
    f"{XSD}date": _date,
    f"{XSD}dateTime": _date_time,
    f"{XSD}string": str,
}
"""The parsers of lexical forms; each raises where the form does not fit."""


def value_of(term: Mapping[str, Any]) -> Value:
    """The value of a term in SPARQL's JSON; an ill-typed literal is a `Literal`.

    >>> value_of({"type": "literal", "value": "7", "datatype": XSD + "integer"})
    7
    >>> value_of({"type": "literal", "value": "x", "datatype": XSD + "integer"})
    Literal('x', datatype='http://www.w3.org/2001/XMLSchema#integer')
    """
    form = term["value"]
    match term["type"]:
        case "uri":
            return IRI(form)
        case "bnode":
            return BlankNode(form)
        case "literal" | "typed-literal":
            return _literal(form, term.get("xml:lang"), term.get("datatype") or f"{XSD}string")
        case _:
            return str(form)


def _literal(form: str, language: str | None, datatype: str) -> Value:
    if language:
        return Literal(form, language=language)
    reader = READERS.get(datatype)
    try:
        return reader(form) if reader else Literal(form, datatype=datatype)
    except (ValueError, KeyError, InvalidOperation, OverflowError):
        return Literal(form, datatype=datatype)


def sparql(value: object) -> str:
    """The value as a term of SPARQL.

    >>> print(sparql(IRI("urn:a")), sparql('say "a"'), sparql(True), sparql(1))
    <urn:a> "say \\"a\\"" true "1"^^<http://www.w3.org/2001/XMLSchema#integer>

    Raises: ValueError where it cannot be one.
    """
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if hasattr(value, "n3"):  # a term of rdflib
        return str(value.n3())
    for kind, name in _WRITTEN.items():
        if isinstance(value, kind):
            return _typed(_form(value), f"{XSD}{name}")
    raise ValueError(f"{value!r} is no term.")


_WRITTEN: Final[Mapping[type, str]] = {
    int: "integer", float: "double", Decimal: "decimal", datetime: "dateTime", date: "date"
}  # fmt: skip
"""Datatypes by Python type; a datetime is also a date, and comes first."""


def _form(value: object) -> str:
    match value:
        case float():
            return str(value).replace("inf", "INF").replace("nan", "NaN")
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _string(value: str) -> str:
    match value:
        case IRI():
            if _NO_IRI.search(value):
                raise ValueError(f"{str(value)!r} is no IRI.")
            return f"<{value}>"
        case BlankNode():
            raise ValueError("A blank node of an answer cannot be asked about: it has no name.")
        case Literal(language=str(language)):
            return f"{_quoted(value)}@{language}"
        case Literal():
            return _typed(value, value.datatype)
        case _ if hasattr(value, "n3"):  # rdflib's terms are strings too
            return str(value.n3())
        case _:
            return _quoted(value)


def _quoted(text: str) -> str:
    for plain, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(plain, written)
    return f'"{text}"'


def _typed(form: str, datatype: str) -> str:
    return f"{_quoted(form)}^^<{datatype}>"
