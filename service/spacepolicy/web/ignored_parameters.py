"""Parameters of requests that say nothing where they are given: ignored, and hinted at."""

from collections.abc import Collection, Iterable
from typing import Final

from spacepolicy.engine.hints import MAX_HINTS, Hint, hint
from spacepolicy.similar_words import nearest

OF_ALL: Final = ("format", "lang", "revision")
"""The parameters that every path knows."""
_FORMAT: Final = OF_ALL[0]
_OTHER_NAMES_OF_FORMAT: Final = frozenset({"output", "results"})
"""What other services call `format`; clients send all of them with the same value."""
_CLAUSES: Final = frozenset({"limit", "offset"})
"""What a query says itself, and other services take as parameters."""
_QUERY: Final = "query"


def parameter_hints(
    parameters: Iterable[tuple[str, str]], known: Collection[str]
) -> tuple[Hint, ...]:
    """Hints about the parameters that are not known, each once; with what was perhaps meant."""
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
