"""What holds around every test."""

import os
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import settings
from rdflib.term import _toPythonMapping

_DATATYPES: Final = dict(_toPythonMapping)


# How long an example takes says more of the machine than of the code: no deadlines.
settings.register_profile("search", deadline=None)
# A change is judged by the same examples each time; who works on it searches on.
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "search")


def _restore() -> None:
    _toPythonMapping.clear()
    _toPythonMapping.update(_DATATYPES)


@pytest.fixture(autouse=True)
def datatypes_stay_as_they_are() -> Iterator[None]:
    """owlrl changes rdflib's datatypes for the whole process, and SHACL then judges by them.

    They are put back before a test too: fixtures of wider scope come earlier than this one.
    """
    _restore()
    yield
    _restore()
