"""The deviations of Virtuoso as packaged by Debian (7.2.5), found by trying each datatype and size.

It stores a duration as a number of seconds, refuses a time without a timezone, truncates negative
years, has no integers beyond 64 bits and validates geometries. Such literals are published with
another datatype, unknown to it. It stores a decimal without a fraction as an integer.

A DELETE whose template names several graphs does not delete literals of most datatypes. A request
of several operations is not rolled back where one of them fails.
"""

import re
from typing import Final

from spacepolicy.engine.published_dataset import VIRTUOSO_GRAPHS
from spacepolicy.namespaces import XSD
from spacepolicy.publishing.dialect import Dialect

DATATYPE: Final = "urn:x-spacepolicy:datatype:"
"""The prefix of the substituted datatypes; the local name follows."""
_MAX_STATEMENTS: Final = 1_000
"""Per request: one of 1,500 compiles to more than the limit of 10,000 lines of SQL."""
_MAX_INTEGER: Final = 2**63
"""Virtuoso's integers have 64 bits."""
_LITERAL: Final = re.compile(rb'"([^"\\]*)"\^\^<([^>]+[/#])([^>/#]+)> \.\n\Z')
_UNKNOWN: Final = (
    "duration",
    "dayTimeDuration",
    "yearMonthDuration",
    "time",
    "wktLiteral",
    "gmlLiteral",
)
"""Local names of datatypes whose literals Virtuoso changes or refuses."""


_DATATYPE: Final = re.compile(rb'[^ ]+ [^ ]+ ".*"\^\^<([^>]+)> \.\n\Z')
_OWN: Final = frozenset(
    f"{XSD}{name}".encode()
    for name in ("boolean", "date", "dateTime", "decimal", "double", "float", "integer", "string")
)
"""Datatypes whose values Virtuoso stores natively."""


def kept(line: bytes) -> bytes:
    r"""Return the statement as Virtuoso can store it.

    >>> kept(b'<urn:s> <urn:p> "P1D"^^<http://www.w3.org/2001/XMLSchema#duration> .\n')
    b'<urn:s> <urn:p> "P1D"^^<urn:x-spacepolicy:datatype:duration> .\n'
    >>> kept(b'<urn:s> <urn:p> "1"^^<http://www.w3.org/2001/XMLSchema#decimal> .\n')
    b'<urn:s> <urn:p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'
    """
    found = _LITERAL.search(line)
    if found is None:
        return line
    value, local = found[1].decode(), found[3].decode()
    if local in _UNKNOWN or _is_beyond(value, local):
        datatype = f"{DATATYPE}{local}"
    elif local == "decimal" and "." not in value:
        datatype = f"{XSD}integer"
    else:
        return line
    return line[: found.start()] + f'"{value}"^^<{datatype}> .\n'.encode()


def is_apart(line: bytes) -> bool:
    r"""Return whether Virtuoso fails to delete the statement in a template with several graphs.

    >>> is_apart(b'<urn:s> <urn:p> "urn:o"^^<http://www.w3.org/2001/XMLSchema#anyURI> .\n')
    True
    >>> is_apart(b'<urn:s> <urn:p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .\n')
    False
    """
    found = _DATATYPE.match(line)
    return found is not None and found[1] not in _OWN


def _is_beyond(value: str, local: str) -> bool:
    """Whether the value is a number beyond 64 bits, or a negative year."""
    if local in ("date", "dateTime", "gYear", "gYearMonth"):
        return value.startswith("-")
    digits = value.removeprefix("-")
    if local not in ("integer", "decimal") or not digits.isdecimal():
        return False
    return int(digits) >= _MAX_INTEGER


VIRTUOSO: Final = Dialect(
    "Virtuoso",
    _MAX_STATEMENTS,
    kept,
    is_apart,
    VIRTUOSO_GRAPHS,
)
