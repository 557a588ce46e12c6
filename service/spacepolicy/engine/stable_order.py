"""The order of an answer's rows by its query; equal rows get a fixed order too.

Spec: https://www.w3.org/TR/sparql11-query/#modOrderBy
"""

from collections.abc import Iterable
from typing import Final

from spacepolicy.engine.lexer import order_end

_KEYS: Final = "BOUND(?{0}) STR(?{0}) LANG(?{0}) DATATYPE(?{0})"


def is_ordered(text: str) -> bool:
    """Whether the query orders its rows; an ORDER BY of a sub-query does not."""
    return order_end(text) is not None


def in_stable_order(text: str, columns: Iterable[str]) -> str:
    """The SELECT with its columns as the last keys of its ORDER BY, so that rows which it leaves
    equal have an order too; unchanged where it has no ORDER BY.

    Rows that differ in blank nodes alone stay equal.
    """
    end = order_end(text)
    if end is None:
        return text
    keys = " ".join(_KEYS.format(column) for column in columns)
    return f"{text[:end]}\n{keys}\n{text[end:]}"
