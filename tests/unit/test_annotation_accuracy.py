"""What the rules find of texts that people annotated first."""

import os

import pytest
from bench.annotate import annotated, measure, missed_floors, text_of


@pytest.mark.parametrize("name", annotated())
def test_as_much_is_found_of_a_text_as_is_asked(name: str) -> None:
    if not text_of(name).is_file() and os.environ.get("CI") != "true":
        pytest.skip(f"the text of {name} is not here")
    ((_, proposals, found),) = measure([name])
    assert proposals
    assert [*missed_floors(name, found)] == []
