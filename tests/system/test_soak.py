"""An hour of mixed work, in short: nothing is lost, nothing stays, all kills are survived."""

from pathlib import Path

import pytest
from bench.soak.run import Plan, soak

pytestmark = pytest.mark.debian


def test_mixed_work_survives_kills_and_a_full_disk(tmp_path: Path) -> None:
    outcome = soak(tmp_path, Plan(seconds=75, size=0, disk_mib=1024))
    assert outcome.journal.faults == []
    assert outcome.undone == []
    assert set(outcome.recovered) == {
        "disk full", "front killed", "server killed", "worker killed", "writer killed"
    }  # fmt: skip
    assert outcome.journal.answers["writer", "204"] > 10
    assert outcome.journal.answers["runaway", "504"]
