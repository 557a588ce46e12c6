"""Another reasoner in a process of its own, which can be killed: N-Triples in, an answer out."""

import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from spacepolicy.errors import SpacepolicyError

_MISSING: Final = 3
"""The status with which a child ends that lacks a library or a Java runtime."""
_PATIENCE: Final = 4
"""How much longer than its seconds a reasoner may take by the clock: beside other work on two
processors (load 12), 36 s of work took 170 s."""


class ReasonerError(SpacepolicyError):
    """Another reasoner could not judge: it ran too long, or could not read, or is not there."""


def ask(reasoner: str, module: str, arguments: Sequence[str], data: bytes, seconds: float) -> bytes:
    """What the module prints as a program that reads the data; the reasoner's name is for people.

    `seconds` are of processor time for one that limits itself by them, and a quarter of the time
    that may pass.

    Raises: ReasonerError where it ends with another status than 0, or not in the time.
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
    said = lines[-1] if lines else f"status {ended.returncode}"
    if ended.returncode == _MISSING:
        raise ReasonerError(
            f"{reasoner} is not whole here: {said}. `spacepolicy doctor` says what mends it."
        )
    raise ReasonerError(f"{reasoner} failed: {said}")


def missing(what: object) -> SystemExit:
    """The end of a child that cannot begin, for want of what is named."""
    print(what, file=sys.stderr)
    return SystemExit(_MISSING)
