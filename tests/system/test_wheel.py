"""The package as it is installed elsewhere: content travels in it, other people's texts do not."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.gates import GATES
from spacepolicy.knowledge.checks.result import judge

from .conftest import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_ontology_data_and_queries_travel_in_the_wheel(wheel: Path) -> None:
    travelling = set(names(wheel))
    for folder in ("ontology", "data", "queries"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file():
                assert f"spacepolicy/content/{path.relative_to(ROOT).as_posix()}" in travelling


def test_the_texts_of_others_stay_behind(wheel: Path) -> None:
    assert [path.name for path in (ROOT / "seeds").glob("*.txt")]
    assert not [name for name in names(wheel) if name.endswith(".txt") and "seeds" in name]


def test_an_installed_package_builds_what_it_brought(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(tmp_path / "site"),
        "PYTHONSAFEPATH": "1",
    }
    program = "import sys; from spacepolicy.cli import main; sys.exit(main(['build']))"
    built = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (evidence,) = (each for each in GATES if each.name == "evidence")
    report = judge(evidence, CheckContext(ROOT, packaged=False)).report
    (passages,) = (each for each in report if "of them leaves" in each)
    assert passages in built.stdout
    assert "quotations not compared" in built.stdout
    assert (tmp_path / ".local/share/spacepolicy/revisions/000001/generation").is_dir()
