"""What the engine keeps of a literal: its value in canonical form, as `docs/writing.md` says."""

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

XSD = "http://www.w3.org/2001/XMLSchema#"


def kept(value: str, datatype: str) -> str:
    store = Store()
    literal = Literal(value, datatype=NamedNode(datatype))
    store.add(Quad(NamedNode("urn:s"), NamedNode("urn:p"), literal))
    (quad,) = store
    assert isinstance(quad.object, Literal)
    return quad.object.value


@pytest.mark.parametrize(("datatype", "value", "canonical"), [
    ("integer", "01", "1"), ("nonNegativeInteger", "+5", "5"), ("decimal", "1.50", "1.5"),
    ("double", "1.0E2", "100"), ("boolean", "1", "true"), ("duration", "P12M", "P1Y"),
    ("dateTime", "2020-01-01T00:00:00.100+00:00", "2020-01-01T00:00:00.1Z"),
    ("date", "2020-01-01+00:00", "2020-01-01Z"), ("time", "24:00:00", "00:00:00"),
])  # fmt: skip
def test_values_of_numbers_times_and_booleans_are_kept_in_canonical_form(
    datatype: str, value: str, canonical: str
) -> None:
    assert kept(value, XSD + datatype) == canonical


@pytest.mark.parametrize(("datatype", "value"), [
    (f"{XSD}string", "01"), ("urn:number", "01"), (f"{XSD}byte", "300"), (f"{XSD}integer", " 1 "),
    (f"{XSD}hexBinary", "0a"), (f"{XSD}gYear", "02020"),
    (f"{XSD}integer", "0123456789012345678901234567890"),
])  # fmt: skip
def test_every_other_literal_is_kept_as_it_was_written(datatype: str, value: str) -> None:
    assert kept(value, datatype) == value


def test_language_tags_are_kept_in_lower_case() -> None:
    assert Literal("a", language="en-GB").language == "en-gb"
