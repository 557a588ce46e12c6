"""What the comparison of two stores calls the same."""

import pytest
from bench.published import difference

Term = dict[str, str]


def literal(value: str, datatype: str = "") -> Term:
    return {"type": "literal", "value": value, **({"datatype": datatype} if datatype else {})}


BLANK = {"type": "bnode", "value": "b0"}


@pytest.mark.parametrize(
    ("here", "there", "told"),
    [
        ([], [], "the same"),
        ([literal("1"), literal("2")], [literal("2"), literal("1")], "the same"),
        ([BLANK], [{"type": "bnode", "value": "other"}], "the same"),
        ([literal("1", "urn:integer")], [literal("1", "urn:decimal")], "other terms"),
        ([literal("1")], [literal("1"), literal("1")], "others"),
        ([literal("1")], [literal("2")], "others"),
        ([BLANK], [literal("b0")], "others"),
    ],
)
def test_rows_are_compared_as_bags_and_blank_nodes_alike(
    here: list[Term], there: list[Term], told: str
) -> None:
    one, other = ([{"x": term} for term in rows] for rows in (here, there))
    assert difference(one, other) == told
