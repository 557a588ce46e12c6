"""What texts have in common that differ in constants alone.

Texts of one likeness have the same form, reach, volatility and depth, so that the lexer need read
only the first of them. Constants are IRIs of http and https, strings in plain quotation marks, and
digits wherever they stand; no IRI begins in `<<`. A text in which it takes a closer look to tell
what is one has no likeness.
"""

import re
from typing import Final

_CONSTANT: Final = re.compile(
    r"(?P<iri>(?<!<)<https?://[A-Za-z0-9_.:/~%#?=-]*+>)"
    r'|(?P<string>"(?!"")[^"\\\r\n]*+")|[0-9]++'
)
_UNLIKE: Final = re.compile(r"[\\'\"#]")
"""Escapes, other strings and comments: what is in them is read by the lexer alone."""
_BLANKS: Final = {"iri": "<>", "string": "''", None: "0"}


def likeness(text: str) -> str | None:
    """The text without its constants; None where it is like no other.

    >>> likeness('ASK { <http://a.org/1> ?p2 "so" }') == likeness('ASK { <http://b.org> ?p7 "" }')
    True
    >>> likeness("ASK {} # a comment") is None
    True
    """
    if "'" in text:
        return None
    common = _CONSTANT.sub(_blank, text)
    return None if _UNLIKE.search(common.replace("''", "")) else common


def _blank(constant: re.Match[str]) -> str:
    return _BLANKS[constant.lastgroup]
