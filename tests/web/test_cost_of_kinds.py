"""What a query that was not done in time says of its kind."""

from dataclasses import dataclass

import pytest

from spacepolicy.sparql_service.cost_estimates import LONG_SECONDS, CostEstimate
from spacepolicy.web.answering.query_start import _was_not_done


@dataclass
class Stream:
    """A stream whose worker has had so much of a processor."""

    seconds: float | None
    has_new_worker: bool = False

    def processor_seconds(self) -> float | None:
        return self.seconds


@pytest.mark.parametrize(
    ("known", "had", "new", "long"),
    [
        (True, LONG_SECONDS / 2, False, False),
        (True, LONG_SECONDS * 2, False, True),
        (True, LONG_SECONDS * 2, True, False),
        (True, None, False, True),
        (False, LONG_SECONDS / 2, False, True),
    ],
)
def test_a_quick_kind_is_long_only_by_what_it_has_had_of_a_processor(
    known: bool, had: float | None, new: bool, long: bool
) -> None:
    estimate = CostEstimate()
    if known:
        estimate.took(0.01)
    for _ in range(20):
        _was_not_done(estimate, Stream(had, new))  # type: ignore[arg-type] # what is asked of it
    assert estimate.is_long == long
