"""`spacepolicy diff` over git revisions and folders: what breaks for users is said."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from spacepolicy.cli import main

from .conftest import ROOT, copy_content


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True
    )


def edit(path: Path, pattern: str, replacement: str) -> None:
    text = path.read_text(encoding="utf-8")
    after = re.sub(pattern, replacement, text, count=0, flags=re.MULTILINE)
    assert after != text, path
    path.write_text(after, encoding="utf-8")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of the content with three revisions: as it is, other words, breaks."""
    folder = tmp_path_factory.mktemp("diff")
    copy_content(folder)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "as it is")
    git(folder, "tag", "v1")
    edit(folder / "ontology/policy.ttl", 'rdfs:label "milestone"@en', 'rdfs:label "mile mark"@en')
    git(folder, "commit", "-qam", "other words")
    git(folder, "tag", "v2")
    for path in [
        *(folder / "ontology").glob("*.ttl"),
        *folder.glob("data/*.quotes"),
        *folder.glob("queries/*.rq"),
    ]:
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(":seeksBreakthroughIn", ":breaksThroughIn"), encoding="utf-8")
    excluded = ":Laboratory\n  owl:disjointWith :Platform ;\n"
    edit(folder / "ontology/entities.ttl", r"^:Laboratory\n", excluded)
    (folder / "queries/milestones.rq").unlink()
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "breaks")
    git(folder, "tag", "v3")
    return folder


def compared(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> tuple[int, str]:
    status = main(["diff", *arguments, "--content", str(folder)])
    return status, capsys.readouterr().out


def test_other_words_ask_for_a_patch_and_break_nothing(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = compared(capsys, repository, "v1", "v2", "--format", "json")
    found: dict[str, Any] = json.loads(said)
    assert status == 0
    assert (found["step"], found["asked"], found["breaks"]) == ("patch", "0.2.1", False)
    assert [each["what"] for each in found["changes"]] == ["label: “milestone”@en → “mile mark”@en"]


def test_what_breaks_is_told_with_what_it_changes_for_users(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = compared(capsys, repository, "v2", "v3", "--format", "md")
    assert status == 1
    assert "a major step" in said
    assert "that is 0.3.0 at least; it has 0.2.0, which is too small a step" in said
    assert (
        "<https://w3id.org/spacepolicy/def/breaksThroughIn> has its label".replace("<", "&lt;")
        in said
    )
    assert "now: nothing is both a “laboratory” and a “platform”" in said
    assert (
        "| query | milestones | the saved query is gone | **breaks**: /queries/milestones" in said
    )
    rows = [line for line in said.splitlines() if line.startswith("| ")]
    assert all(line.count(" | ") >= 3 for line in rows)


def test_the_working_tree_and_folders_are_compared_too(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compared(capsys, repository, "v3")[0] == 0
    old, new = repository / "ontology/time.ttl", tmp_path / "time.ttl"
    shutil.copy(old, new)
    edit(new, r"^  owl:versionInfo .*\n", "")
    assert compared(capsys, repository, str(old), str(new))[0] == 0


def test_what_is_no_state_cannot_be_compared(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.ttl"
    broken.write_text("nothing", encoding="utf-8")
    for state in ("v9", "--upload-pack=x", str(tmp_path), str(broken)):
        assert main(["diff", "--content", str(repository), "--", state, "v1"]) == 2, state
    assert "is no git revision, content folder or Turtle file" in capsys.readouterr().err


def test_the_workflow_posts_the_difference_with_actions_of_github_alone() -> None:
    text = (ROOT / ".github/workflows/what-changes.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["diff"]["steps"]
    assert all(each["uses"].startswith("actions/") for each in steps if "uses" in each)
    commands = "\n".join(each.get("run", "") for each in steps)
    assert "./run diff" in commands
    assert "gh pr comment" in commands
    assert "${{" not in commands  # what a pull request brings is never text of a command
