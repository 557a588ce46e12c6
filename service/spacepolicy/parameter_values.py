"""Values of parameters that are names: where a value is no IRI, it names a thing.

It is read, in this order, as an IRI, a prefixed name, the last part of an IRI of the dataset, a
label; the last two only where a single thing has it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import Literal, NamedNode

from spacepolicy.errors import BadParameterError
from spacepolicy.similar_words import nearest

_PREFIXED: Final = re.compile(r"([\w.-]*):([\w./-]*)")
_LABELS: Final = (
    "<http://www.w3.org/2000/01/rdf-schema#label> <http://www.w3.org/2004/02/skos/core#prefLabel>"
)
_MOST_FOUND: Final = 20
"""The most things of one name, or choices, that a message lists."""
_LOCAL, _LABEL = "local", "label"


@final
@dataclass(frozen=True, slots=True)
class NamedValue:
    """A thing that a value may stand for, and its name."""

    iri: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.iri} ({self.name})" if self.name else self.iri


def iri_of(value: str, prefixes: Mapping[str, str]) -> str | None:
    """The IRI that the value is, absolute, in angle brackets or with a prefix; None where it is not
    one."""
    if value.startswith("<") and value.endswith(">"):
        return value[1:-1]
    prefixed = _PREFIXED.fullmatch(value)
    if prefixed and prefixed[1] in prefixes:
        return prefixes[prefixed[1]] + prefixed[2]
    try:
        return NamedNode(value).value
    except ValueError:
        return None


def text_for(word: str) -> str:
    """The query for the things whose IRI ends in the word, or that have it as a label: their IRIs
    as `thing`, and which of the two it was as `by`."""
    name = str(Literal(word))
    ends = " || ".join(f"STRENDS(STR(?thing), {Literal(mark + word)})" for mark in "/#")
    return f"""SELECT DISTINCT ?thing ?by {{
  {{ ?thing ?property ?value FILTER(isIRI(?thing) && ({ends})) BIND("{_LOCAL}" AS ?by) }}
  UNION
  {{ VALUES ?property {{ {_LABELS} }} ?thing ?property ?label
    FILTER(isIRI(?thing) && LCASE(STR(?label)) = LCASE({name})) BIND("{_LABEL}" AS ?by) }}
}} ORDER BY ?thing LIMIT {2 * _MOST_FOUND}"""


def meant(
    parameter: str, word: str, found: Iterable[tuple[str, str]], choices: Sequence[NamedValue]
) -> str:
    """The IRI of the only thing with that name; `found` are pairs of an IRI and what it was found
    by, `choices` the values that the parameter may have, empty where that is not known.

    Raises: BadParameterError, with the choices, where no thing has the name, or several have it.
    """
    allowed = {choice.iri for choice in choices}
    named = list(found)
    for by in (_LOCAL, _LABEL):
        things = sorted(
            {iri for iri, how in named if how == by and (not allowed or iri in allowed)}
        )
        if len(things) == 1:
            return things[0]
        if things:
            raise _unclear(parameter, word, [NamedValue(iri) for iri in things])
    raise _unknown(parameter, word, choices)


def _unclear(parameter: str, word: str, things: Sequence[NamedValue]) -> BadParameterError:
    listed = ", ".join(map(str, things[:_MOST_FOUND]))
    return _error(f"{parameter}: {word!r} is the name of several things: {listed}.", things)


def _unknown(parameter: str, word: str, choices: Sequence[NamedValue]) -> BadParameterError:
    wanted = "Give an IRI, a prefixed name, the last part of an IRI of the dataset, or a label."
    if not choices:
        return _error(f"{parameter}: nothing is called {word!r}. {wanted}", choices)
    near = _near(word, choices)
    first = f" {near} was perhaps meant." if near else ""
    listed = ", ".join(map(str, choices[:_MOST_FOUND]))
    more = " …" if len(choices) > _MOST_FOUND else ""
    return _error(
        f"{parameter}: none of the choices is called {word!r}.{first} They are: {listed}{more}.",
        choices,
    )


def _near(word: str, choices: Sequence[NamedValue]) -> NamedValue | None:
    names = {local(choice.iri): choice for choice in choices}
    names |= {choice.name: choice for choice in choices if choice.name}
    found = nearest(word, names)
    return None if found is None else names[found]


def local(iri: str) -> str:
    """The last part of the IRI.

    >>> local("https://example.org/id/a#b")
    'b'
    """
    return re.split(r"[/#]", iri)[-1]


def _error(detail: str, choices: Sequence[NamedValue]) -> BadParameterError:
    listed = [{"iri": choice.iri, "name": choice.name} for choice in choices[:_MOST_FOUND]]
    return BadParameterError(detail, extras={"choices": listed})
