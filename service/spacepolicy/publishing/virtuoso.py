"""Virtuoso, as Debian has it (7.2.5): seen by trying each datatype and size.

It keeps a duration as a number of seconds, refuses a time of day without a zone, cuts negative
years, has no integers beyond 64 bits and judges geometries. Such literals are published with
another datatype, of which it knows nothing. A decimal without a fraction is an integer to it.

A DELETE whose template names several graphs leaves literals of most datatypes where they are. A
request of several operations is not undone where one of them fails.
"""

import re
from typing import Final

from spacepolicy.engine.published_dataset import VIRTUOSO_GRAPHS
from spacepolicy.namespaces import XSD
from spacepolicy.publishing.dialect import Dialect

DATATYPE: Final = "urn:x-spacepolicy:datatype:"
"""What the other datatypes begin with; the local name follows."""
_MAX_STATEMENTS: Final = 1_000
"""Of a request: one of 1,500 is compiled to more than the 10,000 lines of SQL that there may be."""
_MAX_INTEGER: Final = 2**63
"""Integers have 64 bits there."""
_LITERAL: Final = re.compile(rb'"([^"\\]*)"\^\^<([^>]+[/#])([^>/#]+)> \.\n\Z')
_UNKNOWN: Final = (
    "duration",
    "dayTimeDuration",
    "yearMonthDuration",
    "time",
    "wktLiteral",
    "gmlLiteral",
)
"""Local names of datatypes whose literals it changes or refuses."""


_DATATYPE: Final = re.compile(rb'[^ ]+ [^ ]+ ".*"\^\^<([^>]+)> \.\n\Z')
_OWN: Final = frozenset(
    f"{XSD}{name}".encode()
    for name in ("boolean", "date", "dateTime", "decimal", "double", "float", "integer", "string")
)
"""Datatypes whose values it keeps as those of its own."""


def kept(line: bytes) -> bytes:
    r"""Return the statement as Virtuoso can keep it.

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
    r"""Return whether the statement is left where a template takes it away beside another graph's.

    >>> is_apart(b'<urn:s> <urn:p> "urn:o"^^<http://www.w3.org/2001/XMLSchema#anyURI> .\n')
    True
    >>> is_apart(b'<urn:s> <urn:p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .\n')
    False
    """
    found = _DATATYPE.match(line)
    return found is not None and found[1] not in _OWN


def _is_beyond(value: str, local: str) -> bool:
    """Whether the value is a number that it does not have, or a year before the first."""
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
