"""Functions that the engine does not know: calling one is an error of its expression.

The engine refuses a text that calls such a function. In the recommendation the call is an error
where it is evaluated: BIND and AS leave their variable unbound, FILTER leaves the solution out,
COALESCE takes the next, and where it is not evaluated it has no effect.

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
"""The most unknown functions; a text is parsed once more for each."""


def no_value(*_: object) -> None:
    """Always an error: the result of calling an unknown function."""


def with_unknown_functions(
    evaluate: Callable[[Functions], Result],
) -> tuple[Result, tuple[str, ...]]:
    """Evaluate with the unknown functions defined as errors; return the result, and their IRIs.

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
