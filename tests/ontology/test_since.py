"""`check --since`: what a change concerns, and what the parts of gates find that judge it."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from spacepolicy.commands.changed_files import changed_files
from spacepolicy.commands.fmt import fmt
from spacepolicy.errors import Finding, UsageError
from spacepolicy.knowledge.changed_part import part_of
from spacepolicy.knowledge.changes import ChangeKind, Changes, concerned, read_changes
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.gates import GATES
from spacepolicy.knowledge.checks.result import judge
from spacepolicy.settings import Settings

from .conftest import DATA, ROOT, Content

NAMES = [gate.name for gate in GATES]
TECHNOLOGIES = "data/background/technologies.trig"
LABEL_OF_NO_EXAMPLE = (
    '"intelligent satellite hardware platform"@en',
    '"hardware platform of intelligent satellites"@en',
)


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=maintainer", "-c", "user.email=maintainer@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def committed(shipped: Content) -> Content:
    git(shipped.folder, "init", "--quiet")
    git(shipped.folder, "add", "--all")
    git(shipped.folder, "commit", "--quiet", "--message", "as shipped")
    return shipped


def changes_of(content: Content) -> tuple[CheckContext, Changes]:
    material = CheckContext(content.folder, packaged=False)
    return material, read_changes(material, changed_files(content.folder, "HEAD"))


def found_in(content: Content, name: str) -> tuple[Finding, ...]:
    """What the part of the gate finds that judges the change."""
    material, changes = changes_of(content)
    (gate,) = (gate for gate in GATES if gate.name == name)
    return judge(part_of(gate, changes), material).findings


@pytest.mark.parametrize(
    ("name", "before", "after", "kind"),
    [
        (TECHNOLOGIES, '"reusable rocket"@en', '"rocket that flies again"@en', ChangeKind.WORDS),
        ("ontology/policy.ttl", 'rdfs:label "task"@en', 'rdfs:label "duty"@en', ChangeKind.WORDS),
        (DATA, ":develops [ id technology:reusable-", ":builds [ id technology:reusable-",
         ChangeKind.STATEMENTS),
        ("ontology/policy.ttl", "rdfs:subClassOf :PolicyElement ;", "", ChangeKind.AXIOMS),
        ("ontology/shapes.ttl", "sh:minCount 1", "sh:minCount 2", ChangeKind.SHAPES),
        ("data/background/facilities.csv", "rocket assembly line", "rocket works",
         ChangeKind.WORDS),
        (DATA, "@prefix task", "\n@prefix task", None),
        ("queries/tasks.rq", "ORDER BY", "ORDER BY ", ChangeKind.QUERIES),
        ("seeds/shanghai-2022-opinions.toml", "title", "title ", ChangeKind.SOURCES),
        ("ontology/checks/disjoint-siblings.rq", "SELECT", "SELECT ", ChangeKind.RULES),
    ],
)  # fmt: skip
def test_a_change_is_of_a_kind(
    committed: Content, name: str, before: str, after: str, kind: ChangeKind | None
) -> None:
    committed.change(name, before, after)
    _, changes = changes_of(committed)
    assert changes.files == {name}
    assert changes.kinds == {kind} - {None}


def test_another_layout_is_no_change_of_statements(committed: Content) -> None:
    committed.add("ontology/policy.ttl", "\n\n")
    _, changes = changes_of(committed)
    assert changes.files == {"ontology/policy.ttl"}
    assert not changes.kinds
    assert [each.path for each in found_in(committed, "layout")] == ["ontology/policy.ttl"]


def test_a_file_that_git_does_not_know_and_one_that_is_gone_are_changes(
    committed: Content,
) -> None:
    (committed.folder / TECHNOLOGIES).rename(committed.folder / "data/background/new.trig")
    _, changes = changes_of(committed)
    assert changes.files == {TECHNOLOGIES, "data/background/new.trig"}
    assert changes.added == changes.removed


@pytest.mark.parametrize(
    ("name", "to"), [(DATA, "trig"), ("data/background/facilities.csv", "trig")]
)
def test_another_notation_is_no_change_of_statements(
    committed: Content, name: str, to: str
) -> None:
    path = committed.folder / name
    fmt(Settings(content=str(committed.folder)), [path], check=False, to=to)
    _, changes = changes_of(committed)
    assert changes.files == {name, str(Path(name).with_suffix(f".{to}"))}
    assert changes.added == changes.removed


def test_passages_that_stand_elsewhere_in_another_text_are_a_change(committed: Content) -> None:
    seed = "seeds/shanghai-2022-opinions.txt"
    committed.change(seed, "Shanghai: To build", "In Shanghai: To build")
    material, changes = changes_of(committed)
    assert changes.files == {seed}
    assert ChangeKind.SOURCES in changes.kinds
    assert any("char=1513,1537" in str(triple.subject) for triple in changes.added)
    assert any("char=1510,1534" in str(triple.subject) for triple in changes.removed)
    assert changes.added <= {quad.triple for quad in material.record.quads()}


@pytest.mark.parametrize(
    ("kinds", "left_out"),
    [
        ({ChangeKind.WORDS}, {"profiles", "consistency", "rules", "queries"}),
        ({ChangeKind.STATEMENTS}, {"profiles", "consistency", "queries"}),
        ({ChangeKind.STATEMENTS, ChangeKind.QUERIES}, {"profiles", "consistency"}),
        ({ChangeKind.AXIOMS, ChangeKind.WORDS}, set()),
    ],
)
def test_gates_are_left_out_that_no_kind_of_change_concerns(
    kinds: set[ChangeKind], left_out: set[str]
) -> None:
    changes = Changes(frozenset({"a file"}), frozenset(kinds))
    run, out = concerned(NAMES, changes)
    assert set(out) == left_out
    assert sorted((*run, *out)) == sorted(NAMES)


def test_shapes_are_asked_of_what_a_change_reaches(committed: Content) -> None:
    line = committed.change(TECHNOLOGIES, '    rdfs:label "可重复使用火箭"@zh ;\n', "")
    found = found_in(committed, "shapes")
    assert [each.path for each in found] == [TECHNOLOGIES]
    assert found[0].line is not None
    assert abs(found[0].line - line) < 10
    assert "reusable-rocket" in found[0].message


def test_what_follows_from_a_change_is_judged_too(committed: Content) -> None:
    committed.change(DATA, " :isMeasureOf task:1 ;", "")
    whole = [each for each in committed.findings("shapes") if each.path == DATA]
    assert whole  # other documents have remarks of their own
    assert set(whole) <= set(found_in(committed, "shapes"))


def test_clashes_are_found_without_other_reasoners(committed: Content) -> None:
    committed.add(TECHNOLOGIES, "\ngraph:technologies { technology:reusable-rocket a :Goal . }\n")
    assert {each.path for each in found_in(committed, "rules")} == {TECHNOLOGIES}


def test_a_folder_without_history_and_an_unknown_revision_are_told(
    shipped: Content,
) -> None:
    with pytest.raises(UsageError, match="git"):
        changed_files(shipped.folder, "HEAD")
    git(shipped.folder, "init", "--quiet")
    with pytest.raises(UsageError, match="single revision"):
        changed_files(shipped.folder, "no-such-branch")


def test_the_command_names_the_gates_that_it_leaves_out(committed: Content) -> None:
    program = str(Path(sys.executable).with_name("spacepolicy"))
    command = [program, "check", "--since", "HEAD"]
    content = ["--content", str(committed.folder)]
    check = partial(subprocess.run, cwd=ROOT, capture_output=True, text=True, check=False)
    unchanged = check([*command, *content])
    assert (unchanged.returncode, unchanged.stdout) == (0, "")
    assert "No file differs from HEAD." in unchanged.stderr
    committed.change(TECHNOLOGIES, *LABEL_OF_NO_EXAMPLE)
    changed = check([*command, *content])
    assert changed.returncode == 0, changed.stdout
    assert "1 file changed since HEAD (words)" in changed.stderr
    assert "profiles, consistency, rules, queries" in changed.stderr
    judged = {line.split()[0] for line in changed.stdout.splitlines()}
    assert judged == set(NAMES) - {"profiles", "consistency", "rules", "queries"}
