"""Processes are killed at any moment under a load of writes: what was acknowledged is there, and
nothing is half there: each process is killed twice (`python -m bench.kills` kills 200 times)."""

import os
import subprocess
from pathlib import Path

import pytest
from bench import graphs
from bench.kills import MODULES, command_line, kill_again_and_again
from bench.processes import children

from ..engine.processes import PATIENCE_SECONDS, state, within
from .conftest import PROGRAM, Program


@pytest.mark.usefixtures("published")
def test_no_kill_loses_a_write_or_halves_one(program: Program) -> None:
    store = ("--content", str(program.content), "--store", str(program.store))
    token = program.run("token", "new", "--scope", "write", "--store", str(program.store))
    wrong, _, acknowledged = kill_again_and_again(store, token.stdout.strip(), times=8)
    assert wrong == []
    assert acknowledged > 8


@pytest.mark.usefixtures("published")
def test_a_writer_does_not_go_on_with_the_job_of_a_service_that_was_killed(
    program: Program,
) -> None:
    file = program.folder / "graphs.nq"
    graphs.write(file, 200_000, "merged")
    where = ("--content", str(program.content), "--store", str(program.store))
    command = [PROGRAM, "import", *where, str(file)]
    importing = subprocess.Popen(
        command, env=program.environment, cwd=program.folder, stdout=subprocess.DEVNULL
    )

    def writers() -> list[int]:
        return [each for each in children(importing.pid) if MODULES["writer"] in command_line(each)]

    try:
        assert within(6 * PATIENCE_SECONDS, lambda: [*map(seconds_used, writers())] > [8.0])
        (writer,) = writers()  # it derives and validates now, which takes it three times as long
    finally:
        importing.kill()
        importing.wait()
    assert within(6, lambda: state(writer) in "XZ")
    assert "revision 1" in program.run_here("doctor", "--deep").stdout


def seconds_used(process: int) -> float:
    """The processor time that the process has used."""
    values = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")
