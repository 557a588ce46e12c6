"""The shipped files, assembled once."""

from pathlib import Path

import pytest
from pyoxigraph import DefaultGraph, Triple

from spacepolicy.dataset.assembly import Assembly, assemble

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def shipped() -> Assembly:
    return assemble(ROOT, packaged=False, report=lambda _: None)


@pytest.fixture(scope="session")
def inferred(shipped: Assembly) -> frozenset[Triple]:
    quads = shipped.store.quads_for_pattern(None, None, None, shipped.base.inferred)
    return frozenset(quad.triple for quad in quads)


@pytest.fixture(scope="session")
def asserted(shipped: Assembly, inferred: frozenset[Triple]) -> frozenset[Triple]:
    """What the default graph asserts."""
    quads = shipped.store.quads_for_pattern(None, None, None, DefaultGraph())
    return frozenset(quad.triple for quad in quads) - inferred
