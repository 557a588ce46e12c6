"""Unknown query parameters: they are ignored, and a hint says so."""

from collections.abc import Collection, Iterable
from typing import Final

from spacepolicy.engine.hints import MAX_HINTS, Hint, hint
from spacepolicy.similar_words import nearest

OF_ALL: Final = ("format", "lang", "revision")
"""The parameters that every path takes."""
_FORMAT: Final = OF_ALL[0]
_OTHER_NAMES_OF_FORMAT: Final = frozenset({"output", "results"})
"""Names of `format` in other services; clients send all of them with the same value."""
_CLAUSES: Final = frozenset({"limit", "offset"})
"""Clauses of a query that other services take as parameters."""
_QUERY: Final = "query"


def parameter_hints(
    parameters: Iterable[tuple[str, str]], known: Collection[str]
) -> tuple[Hint, ...]:
    """Return a hint about each unknown parameter, with the name that was perhaps meant."""
    given = list(parameters)
    names = dict.fromkeys(name for name, _ in given if name not in known)
    if not names:
        return ()
    formats = {value for name, value in given if name == _FORMAT}
    repeated = {
        name
        for name in _OTHER_NAMES_OF_FORMAT & names.keys()
        if {value for each, value in given if each == name} <= formats
    }
    return tuple(_hint(name, known) for name in names if name not in repeated)[:MAX_HINTS]


def _hint(name: str, known: Collection[str]) -> Hint:
    if _QUERY in known and name.lower() in _CLAUSES:
        return hint("parameter-clause", name=name, near=name.upper())
    if name in _OTHER_NAMES_OF_FORMAT:
        return hint("parameter-near", name=name, near=_FORMAT)
    near = nearest(name, sorted(known))
    if near is None:
        return hint("parameter-ignored", name=name)
    return hint("parameter-near", name=name, near=near)
