"""Functions that the engine does not know: calling one is an error of its expression.

The engine refuses a text that calls such a function. The recommendation has the call be an error
where it is evaluated: BIND and AS leave their variable unbound, FILTER leaves the solution out,
COALESCE takes the next, and what is not evaluated harms nobody.

Spec: https://www.w3.org/TR/sparql11-query/#extensionFunctions, #evaluation
"""

import re
from collections.abc import Callable
from typing import Final, TypeVar

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from spacepolicy.errors import BadParameterError

Term = NamedNode | BlankNode | Literal | Triple
Functions = dict[NamedNode, Callable[..., Term | None]]
Result = TypeVar("Result")
_UNKNOWN: Final = re.compile(r"The custom function <(.*)> is not supported", re.DOTALL)
_MOST: Final = 16
"""A text is read once more for each function that is not known, up to so many."""


def no_value(*_: object) -> None:
    """The error that calling an unknown function is."""


def with_unknown_functions(
    evaluate: Callable[[Functions], Result],
) -> tuple[Result, tuple[str, ...]]:
    """What the evaluation gives once it is told which functions are unknown, and their IRIs.

    Raises: BadParameterError where they are too many; whatever else the evaluation raises.
    """
    unknown: Functions = {}
    while True:
        try:
            return evaluate(unknown), tuple(function.value for function in unknown)
        except RuntimeError as error:
            found = _UNKNOWN.fullmatch(str(error))
            if found is None:
                raise
            if len(unknown) >= _MOST:
                raise BadParameterError(f"More than {_MOST} functions are not known.") from error
            unknown[NamedNode(found[1])] = no_value
