"""The values of literals: which are equal, and which are not of a datatype.

Only datatypes whose values the rules distinguish are known; a literal of another one is a value by
itself, and belongs to every datatype that is not known.

Spec: https://www.w3.org/TR/xmlschema11-2/, https://www.w3.org/TR/owl2-syntax/#Datatype_Maps
"""

import re
from decimal import Decimal
from typing import Final

from pyoxigraph import Literal, NamedNode

from spacepolicy.namespaces import RDF, RDFS, XSD

_INTEGER: Final = r"[+-]?\d+"
_DECIMAL: Final = r"[+-]?(\d+(\.\d*)?|\.\d+)"
_DOUBLE: Final = rf"({_DECIMAL}([eE][+-]?\d+)?|[+-]?INF|NaN)"
_ZONE: Final = r"(Z|[+-]\d\d:\d\d)?"
_DATE: Final = r"-?\d{4,}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_TIME: Final = r"([01]\d|2[0-4]):[0-5]\d:[0-5]\d(\.\d+)?"
_SPACES: Final = {
    "boolean": r"(true|false|0|1)",
    "decimal": _DECIMAL,
    "double": _DOUBLE,
    "float": _DOUBLE,
    "date": rf"{_DATE}{_ZONE}",
    "dateTime": rf"{_DATE}T{_TIME}{_ZONE}",
    "gYear": rf"-?\d{{4,}}{_ZONE}",
    "gYearMonth": rf"-?\d{{4,}}-(0[1-9]|1[0-2]){_ZONE}",
    "hexBinary": r"([0-9a-fA-F]{2})*",
}
_WRITTEN: Final = {name: re.compile(form) for name, form in _SPACES.items()}
_WHOLE: Final = re.compile(_INTEGER)
_BOUNDS: Final[dict[str, tuple[int | None, int | None]]] = {
    "integer": (None, None),
    "nonNegativeInteger": (0, None),
    "positiveInteger": (1, None),
    "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1),
    "long": (-(2**63), 2**63 - 1),
    "int": (-(2**31), 2**31 - 1),
    "short": (-(2**15), 2**15 - 1),
    "byte": (-(2**7), 2**7 - 1),
    "unsignedLong": (0, 2**64 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedShort": (0, 2**16 - 1),
    "unsignedByte": (0, 2**8 - 1),
}
"""The minimum and maximum of each integer datatype."""
_STRINGS: Final = frozenset({"string", "normalizedString", "token", "language", "Name", "NCName"})
_PLAIN: Final = f"{RDF}PlainLiteral"
_LANG_STRING: Final = f"{RDF}langString"
_ANY: Final = f"{RDFS}Literal"


def value(literal: Literal) -> object:
    """The literal's value; equal where two literals denote the same value.

    >>> from pyoxigraph import Literal, NamedNode
    >>> value(Literal("01", datatype=NamedNode(f"{XSD}int"))) == value(Literal(1))
    True
    """
    name = _name(literal)
    if name in _BOUNDS or name == "decimal":
        if _is_number(literal.value):
            return ("number", Decimal(literal.value))
    elif name == "boolean" and _WRITTEN[name].fullmatch(literal.value):
        return (name, literal.value in ("true", "1"))
    elif name in ("double", "float") and _WRITTEN[name].fullmatch(literal.value):
        return (name, float(literal.value.replace("INF", "inf")))
    language = literal.language.lower() if literal.language else None
    return (literal.value, language, None if name in _STRINGS else literal.datatype.value)


def _is_number(text: str) -> bool:
    return _WRITTEN["decimal"].fullmatch(text) is not None


def _name(literal: Literal) -> str:
    """The name of the literal's datatype among those of XML Schema; empty for others."""
    datatype = literal.datatype.value
    return datatype.removeprefix(XSD) if datatype.startswith(XSD) else ""


def is_of(literal: Literal, datatype: NamedNode) -> bool:
    """Whether the literal's value is in the datatype's value space.

    >>> from pyoxigraph import Literal, NamedNode
    >>> is_of(Literal(5), NamedNode(f"{XSD}decimal")), is_of(Literal("5"), NamedNode(f"{XSD}int"))
    (True, False)
    """
    wanted = datatype.value
    own = literal.datatype.value
    if wanted == _ANY:
        return True
    if wanted == _PLAIN:
        return own in (_LANG_STRING, f"{XSD}string")
    if _LANG_STRING in (wanted, own):
        return wanted == own
    if not wanted.startswith(XSD):
        return True
    return _of_schema(literal, wanted.removeprefix(XSD), _name(literal))


def _of_schema(literal: Literal, wanted: str, own: str) -> bool:
    text = literal.value
    if wanted in _BOUNDS:
        if own not in _BOUNDS and own != "decimal":
            return False
        return _is_number(text) and _within(text, wanted) and (own == "decimal" or _whole(text))
    if wanted == "decimal":
        return (own in _BOUNDS and _whole(text)) or (own == "decimal" and _is_number(text))
    if wanted in _STRINGS:
        return own in _STRINGS
    if wanted in _WRITTEN:
        return own == wanted and _WRITTEN[wanted].fullmatch(text) is not None
    return own == wanted


def _whole(text: str) -> bool:
    return _WHOLE.fullmatch(text) is not None


def _within(text: str, wanted: str) -> bool:
    number = Decimal(text)
    least, greatest = _BOUNDS[wanted]
    return (
        number == number.to_integral_value()
        and (least is None or number >= least)
        and (greatest is None or number <= greatest)
    )


def is_in_owl(datatype: NamedNode) -> bool:
    """Whether the datatype is one of OWL 2.

    >>> from pyoxigraph import NamedNode
    >>> is_in_owl(NamedNode(f"{XSD}date"))
    False
    """
    name = datatype.value.removeprefix(XSD)
    if name == datatype.value:
        return name in (_PLAIN, _LANG_STRING, _ANY)
    known = {*_BOUNDS, *_STRINGS, *_WRITTEN, "anyURI", "base64Binary", "NMTOKEN", "dateTimeStamp"}
    return name in known - {"date", "gYear", "gYearMonth"}
