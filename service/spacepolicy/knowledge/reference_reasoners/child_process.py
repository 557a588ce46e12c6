"""Another reasoner in a separate process, which can be killed: N-Triples in, an answer out."""

import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from spacepolicy.errors import SpacepolicyError

_MISSING: Final = 3
"""The exit status of a child that lacks a library or a Java runtime."""
_PATIENCE: Final = 4
"""The factor from a reasoner's seconds to its wall-clock limit: beside other work on two processors
(load 12), 36 s of work took 170 s."""


class ReasonerError(SpacepolicyError):
    """Another reasoner could not answer: it took too long, could not read, or is not installed."""


def ask(reasoner: str, module: str, arguments: Sequence[str], data: bytes, seconds: float) -> bytes:
    """Run the module as a program that reads the data; return its output. `reasoner` is the name
    for people.

    `seconds` are of processor time for a program that limits itself, and a quarter of the
    wall-clock limit.

    Raises: ReasonerError where it ends with another status than 0, or takes too long.
    """
    command = [sys.executable, "-m", module, *arguments]
    try:
        ended = subprocess.run(  # noqa: S603  our own interpreter and module
            command, input=data, capture_output=True, timeout=_PATIENCE * seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ReasonerError(f"{reasoner} was stopped after {_PATIENCE * seconds:.0f} s.") from error
    if ended.returncode == 0:
        return ended.stdout
    lines = ended.stderr.decode(errors="replace").strip().splitlines()
    message = lines[-1] if lines else f"status {ended.returncode}"
    if ended.returncode == _MISSING:
        raise ReasonerError(
            f"{reasoner} is not whole here: {message}. `spacepolicy doctor` says what mends it."
        )
    raise ReasonerError(f"{reasoner} failed: {message}")


def missing(what: object) -> SystemExit:
    """The exit of a child that cannot start, since what is named is missing."""
    print(what, file=sys.stderr)
    return SystemExit(_MISSING)
