"""What holds around every test."""

from collections.abc import Iterator

import pytest
from rdflib.term import _toPythonMapping


@pytest.fixture(autouse=True)
def datatypes_stay_as_they_are() -> Iterator[None]:
    """owlrl changes rdflib's datatypes for the whole process, and SHACL then judges by them."""
    before = dict(_toPythonMapping)
    yield
    _toPythonMapping.clear()
    _toPythonMapping.update(before)
