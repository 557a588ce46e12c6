"""What axioms are for: a sample of those shipped, each taken away (`bench/axioms.py` does all)."""

import random

import pytest
from bench import axioms

SEED, SIZE = 20261123, 6


@pytest.fixture(scope="module")
def source() -> axioms.Shipped:
    return axioms.shipped()


def test_each_axiom_changes_an_answer_a_clash_or_a_shape(source: axioms.Shipped) -> None:
    for axiom in random.Random(SEED).sample(axioms.axioms(source), SIZE):  # noqa: S311  no secret
        assert axioms.purpose(source, axiom, shapes=True) != "nothing", source.wording.axiom(axiom)
