"""Queries of which no two have the same tokens, though all ask for as little.

What a service remembers of a shape of query is of no use to these: variables have new names, and
clauses, modifiers and conditions come in another order and number each time.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from bench.vocabulary import LABEL, term

_TOKEN: Final = re.compile(
    r"(?P<iri><[^<>\s]*>)|(?P<string>\"[^\"]*\")|(?P<variable>\?\w+)|\d+|\w+|[^\w\s]"
)
_ALIKE: Final = {"iri": "<>", "string": '""', "variable": "?"}
_STAR: Final = (LABEL, term("isMeasureOf"), term("ordinal"), term("hasActionKind"))
_NAMES: Final = "abcdefghijklmnopqrstuvwxyz"


def shape(query: str) -> tuple[str, ...]:
    """The tokens of the query: IRIs, strings and variables are all alike, numbers are not.

    >>> shape('ASK { <urn:a> ?b "c" }') == shape('ASK { <urn:d> ?e "f" }')
    True
    >>> shape("ASK { ?a ?b ?c }") == shape("ASK { ?a ?b ?c . }")
    False
    """
    return tuple(_ALIKE.get(found.lastgroup or "", found[0]) for found in _TOKEN.finditer(query))


def look_ups(subjects: Sequence[str], seed: int) -> Iterator[str]:
    """Queries for what is said of one of the subjects, without end."""
    return _distinct(subjects, seed, _look_up)


def stars(subjects: Sequence[str], seed: int) -> Iterator[str]:
    """Queries for four properties of one of the measures, without end."""
    return _distinct(subjects, seed, _star)


def _distinct(
    subjects: Sequence[str], seed: int, make: Callable[[random.Random, str], str]
) -> Iterator[str]:
    chance, seen = random.Random(seed), set[int]()  # noqa: S311 # queries, no secret
    while True:
        query = make(chance, chance.choice(subjects))
        key = hash(shape(query))
        if key not in seen:
            seen.add(key)
            yield query


def _look_up(chance: random.Random, subject: str) -> str:
    name, value = _variables(chance, 2)
    pattern = f"{subject} {name} {value}"
    return _query(chance, [pattern], [name, value])


def _star(chance: random.Random, subject: str) -> str:
    variables = _variables(chance, len(_STAR))
    pairs = [f"{name} {value}" for name, value in zip(_STAR, variables, strict=True)]
    chance.shuffle(pairs)
    if chance.random() < 0.5:
        patterns = [f"{subject} {' ; '.join(pairs)}"]
    else:
        patterns = [f"{subject} {pair}" for pair in pairs]
    return _query(chance, patterns, variables)


def _query(chance: random.Random, patterns: list[str], variables: list[str]) -> str:
    """A SELECT with these patterns; its conditions hold for every solution."""
    conditions = [_condition(chance, variables, 3) for _ in range(chance.randint(1, 2))]
    parts = [*patterns, *(f"FILTER({each})" for each in conditions)]
    chance.shuffle(parts)
    separator = " . "
    body = separator.join(parts) + (" ." if chance.random() < 0.5 else "")
    form = chance.choice(("SELECT", "SELECT DISTINCT"))
    shown = chance.sample(variables, k=len(variables)) if chance.random() < 0.8 else ["*"]
    where = chance.choice(("WHERE ", ""))
    return f"{form} {' '.join(shown)} {where}{{ {body} }}{_modifiers(chance, variables)}"


def _condition(chance: random.Random, variables: Sequence[str], depth: int) -> str:
    """An expression that is true of whatever the variables are bound to."""
    if depth == 0 or chance.random() < 0.2:
        variable = chance.choice(variables)
        return chance.choice(
            (
                f"BOUND({variable})",
                f"isIRI({variable}) || isLiteral({variable})",
                f"!isBlank({variable}) || BOUND({variable})",
                f"{variable} = {variable}",
                f"STRLEN(STR({variable})) > 0",
                f'STR({variable}) != ""',
                f"sameTerm({variable}, {variable})",
            )
        )
    one, other = (_condition(chance, variables, depth - 1) for _ in range(2))
    return f"({one}) {chance.choice(('&&', '||'))} ({other})"


def _modifiers(chance: random.Random, variables: Sequence[str]) -> str:
    keys = chance.sample(list(variables), k=chance.randint(0, len(variables)))
    order = " ".join(chance.choice(("ASC({})", "DESC({})", "{}")).format(each) for each in keys)
    limit = f" LIMIT {chance.randint(1000, 9999)}" if chance.random() < 0.5 else ""
    return f"{f' ORDER BY {order}' if order else ''}{limit}"


def _variables(chance: random.Random, count: int) -> list[str]:
    """So many names, all of them different."""
    return [
        f"?{''.join(chance.choices(_NAMES, k=chance.randint(3, 8)))}{number}"
        for number in range(count)
    ]
