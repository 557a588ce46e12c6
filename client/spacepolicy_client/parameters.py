"""Parameters of a query: terms in the place of UNDEF in `VALUES ?name { UNDEF }`.

Terms are bound, never text, so that no value changes what a query is.
"""

import re
from collections.abc import Mapping
from typing import Final

from spacepolicy_client.terms import sparql

_TOKEN: Final = re.compile(
    r"""
    (?P<skipped> \#[^\n]* | <[^<>"{}|^`\\\s]*>
      | \"\"\"(?:[^"\\]|\\.|"(?!""))*\"\"\" | '''(?:[^'\\]|\\.|'(?!''))*'''
      | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' )
    | \bVALUES\s*[?$](?P<name>\w+)\s*\{\s*(?P<undef>UNDEF)\s*\}
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def bound(query: str, parameters: Mapping[str, object]) -> str:
    """The query with the parameters bound to their values; a list becomes several rows.

    >>> bound("SELECT * { VALUES ?n { UNDEF } ?s ?p ?n }", {"n": ["a", "b"]})
    'SELECT * { VALUES ?n { "a" "b" } ?s ?p ?n }'

    Raises: ValueError where the query has no place for a parameter.
    """
    missing = set(parameters)

    def replaced(found: re.Match[str]) -> str:
        name = found["name"]
        if name is None or name not in parameters:
            return found[0]
        missing.discard(name)
        value = parameters[name]
        values = value if isinstance(value, list | tuple | set | frozenset) else [value]
        start, end = (place - found.start() for place in found.span("undef"))
        return found[0][:start] + " ".join(map(sparql, values)) + found[0][end:]

    query = _TOKEN.sub(replaced, query)
    if missing:
        name = sorted(missing)[0]
        raise ValueError(f"The query has no `VALUES ?{name} {{ UNDEF }}` that takes {name!r}.")
    return query
