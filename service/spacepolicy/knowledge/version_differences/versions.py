"""The version number after a step.

Below 1.0 the second number is the major step, and the third one any other.

Spec: https://semver.org/spec/v2.0.0.html
"""

import re
from typing import Final

from spacepolicy.errors import UsageError
from spacepolicy.knowledge.version_differences.changes_of_terms import Step

_VERSION: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)")
Version = tuple[int, int, int]


def read_version(text: str) -> Version:
    """Parse a version. Raises: UsageError where it does not have three numbers.

    >>> read_version("0.2.0")
    (0, 2, 0)
    """
    found = _VERSION.fullmatch(text)
    if found is None:
        raise UsageError(f"A version is three numbers, as 0.3.0, not {text!r}.")
    return (int(found[1]), int(found[2]), int(found[3]))


def after(version: Version, step: Step) -> Version:
    """The least version that the step leads to.

    >>> after((0, 2, 0), "major"), after((0, 2, 0), "minor"), after((1, 2, 3), "minor")
    ((0, 3, 0), (0, 2, 1), (1, 3, 0))
    """
    first, second, third = version
    if step == "none":
        return version
    if first == 0:
        return (0, second + 1, 0) if step == "major" else (0, second, third + 1)
    if step == "major":
        return (first + 1, 0, 0)
    return (first, second + 1, 0) if step == "minor" else (first, second, third + 1)


def written(version: Version) -> str:
    """The version as text."""
    return ".".join(map(str, version))
