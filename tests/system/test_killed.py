"""Processes are killed at any moment under a load of writes: what was acknowledged is there, and
nothing is half there: each process is killed twice (`python -m bench.kills` kills 200 times)."""

import pytest
from bench.kills import kill_again_and_again

from .conftest import Program


@pytest.mark.usefixtures("published")
def test_no_kill_loses_a_write_or_halves_one(program: Program) -> None:
    store = ("--content", str(program.content), "--store", str(program.store))
    token = program.run("token", "new", "--scope", "write", "--store", str(program.store))
    wrong, _, acknowledged = kill_again_and_again(store, token.stdout.strip(), times=8)
    assert wrong == []
    assert acknowledged > 8
