"""What axioms are for: a sample of those shipped, each taken away (`bench/axioms.py` does all)."""

import random
from pathlib import Path

import pytest
from bench import axioms

IDLE = (Path(__file__).with_name("idle-axioms.txt")).read_text(encoding="utf-8").splitlines()
SEED, SIZE = 20261123, 12


@pytest.fixture(scope="module")
def source() -> axioms.Shipped:
    return axioms.shipped()


def test_an_axiom_changes_an_answer_or_a_clash_or_is_listed_as_idle(
    source: axioms.Shipped,
) -> None:
    for axiom in random.Random(SEED).sample(axioms.axioms(source), SIZE):  # noqa: S311  no secret
        words = source.wording.axiom(axiom)
        assert words in IDLE or axioms.purpose(source, axiom, shapes=False) != "nothing", words
