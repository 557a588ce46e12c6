"""`spacepolicy release`: versions are written whole, and a step too small is refused."""

import shutil
import subprocess
from pathlib import Path

import pytest

from spacepolicy.cli import main
from spacepolicy.knowledge.version_differences.releasing import with_heading

from .conftest import ROOT, copy_content
from .test_diff import edit, git


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose last version is tagged."""
    folder = tmp_path_factory.mktemp("release")
    copy_content(folder)
    shutil.copy(ROOT / "CHANGELOG.md", folder)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "as it is")
    git(folder, "tag", "v0.2.0")
    return folder


@pytest.fixture
def checkout(released: Path) -> Path:
    """The same with nothing changed."""
    git(released, "reset", "-q", "--hard", "v0.2.0")
    git(released, "clean", "-qfd")
    return released


def changed(folder: Path) -> list[str]:
    command = ["git", "-C", str(folder), "status", "--porcelain", "-uall"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return sorted(line[3:] for line in printed.splitlines())


def test_a_release_writes_versions_and_keeps_the_one_before(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(checkout / "ontology/policy.ttl", 'label "milestone"@en', 'label "mile mark"@en')
    before = (checkout / "ontology/policy.ttl").read_text(encoding="utf-8")
    assert main(["release", "0.2.1", "--dry-run", "--content", str(checkout)]) == 0
    assert "ontology/versions/0.2.0/policy.ttl: would be written" in capsys.readouterr().out
    assert changed(checkout) == ["ontology/policy.ttl"]
    assert main(["release", "0.2.1", "--content", str(checkout)]) == 0
    assert changed(checkout) == [
        "CHANGELOG.md",
        "ontology/catalog-v001.xml",
        "ontology/concepts/catalog-v001.xml",
        "ontology/policy.ttl",
        "ontology/spacepolicy.ttl",
        "ontology/versions/0.2.0.txt",
        "ontology/versions/0.2.0/policy.ttl",
        "ontology/versions/0.2.0/spacepolicy.ttl",
    ]
    after = (checkout / "ontology/policy.ttl").read_text(encoding="utf-8")
    assert 'owl:versionInfo "0.2.1"' in after
    assert "owl:versionIRI <https://w3id.org/spacepolicy/ontology/policy/0.2.1>" in after
    assert "owl:priorVersion <https://w3id.org/spacepolicy/ontology/policy/0.2.0>" in after
    kept = (checkout / "ontology/versions/0.2.0/policy.ttl").read_text(encoding="utf-8")
    assert kept == before.replace('"mile mark"@en', '"milestone"@en')
    terms = (checkout / "ontology/versions/0.2.0.txt").read_text(encoding="utf-8").splitlines()
    assert "def/Milestone" in terms
    assert "### [Unreleased]\n\n### 0.2.1\n" in (checkout / "CHANGELOG.md").read_text("utf-8")
    assert main(["check", "syntax", "layout", "metadata", "--content", str(checkout)]) == 0


def test_a_step_that_is_too_small_is_refused(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    narrower = ":Milestone\n  owl:disjointWith :Task ;\n  rdfs:subClassOf :TimeBoundPolicy ;\n"
    edit(checkout / "ontology/policy.ttl", r"^:Milestone\n", narrower)
    assert main(["release", "0.2.1", "--content", str(checkout)]) == 1
    said = capsys.readouterr().out
    assert "refused: 0.2.1 is too small a step: what differs asks for 0.3.0 at least." in said
    assert changed(checkout) == ["ontology/policy.ttl"]


def test_data_of_the_version_before_that_break_need_a_migration(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(checkout / "ontology/evidence.ttl", r"^:cites\n", ":cites\n  rdfs:domain :Region ;\n")
    assert main(["release", "0.3.0", "--content", str(checkout)]) == 1
    said = capsys.readouterr().out
    assert "breaks: " in said
    assert "refused: data of 0.2.0 break: write a migration in migrations/0.3/" in said
    folder = checkout / "migrations/0.3"
    folder.mkdir()
    (folder / "10-citations.ru").write_text(MIGRATION, encoding="utf-8")
    assert main(["release", "0.3.0", "--dry-run", "--content", str(checkout)]) == 0
    assert "10-citations: " in capsys.readouterr().out


MIGRATION = """\
#+ title: what is cited
#+ finds: "a statement with :cites"
#+ changes: "it is taken out"
#+ count: "SELECT (COUNT(*) AS ?found) { GRAPH ?graph { ?part :cites ?value } }"
PREFIX : <https://w3id.org/spacepolicy/def/>

DELETE { GRAPH ?graph { ?part :cites ?value } }
WHERE { GRAPH ?graph { ?part :cites ?value } }
"""


def test_a_version_that_is_no_tag_is_named(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(checkout, "tag", "-d", "v0.2.0")
    try:
        assert main(["release", "0.2.1", "--content", str(checkout)]) == 2
        assert "name it with --after" in capsys.readouterr().err
        assert main(["release", "new", "--content", str(checkout)]) == 2
        assert "three numbers" in capsys.readouterr().err
        edit(checkout / "ontology/spacepolicy.ttl", 'versionInfo "0.2.0"', 'versionInfo "0.2.5"')
        assert main(["release", "0.2.6", "--after", "HEAD", "--content", str(checkout)]) == 2
        assert "HEAD has version 0.2.0, and not 0.2.5" in capsys.readouterr().err
    finally:
        git(checkout, "tag", "v0.2.0")


def test_a_changelog_that_says_nothing_is_no_release() -> None:
    log = "## Ontology\n\n### [Unreleased]\n\n#### Added\n\n- A term.\n\n### 0.1.0\n"
    assert "### [Unreleased]\n\n### 0.2.0\n\n#### Added" in with_heading(log, "0.2.0")
    for nothing in (log.replace("- A term.\n", ""), log.replace("## Ontology", "## Other")):
        with pytest.raises(Exception, match=r"CHANGELOG\.md"):
            with_heading(nothing, "0.2.0")
