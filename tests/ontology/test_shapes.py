"""The shapes: the shipped data conforms, and every constraint is seen to fail.

`ontology/checks/examples/<Shape>.ttl` holds bad individuals for the node shape of that name:
between them they break each of its constraints.
"""

import shutil
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from rdflib import Graph

from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.gates import SHAPES
from spacepolicy.knowledge.checks.result import judge
from spacepolicy.knowledge.checks.shape_examples import (
    FOLDER,
    example_faults,
    example_findings,
    message_faults,
)
from spacepolicy.knowledge.validation.validator import graph_of

from .conftest import DATA, ROOT, Content

EXAMPLES: Final = ROOT / FOLDER
MATERIAL: Final = CheckContext(ROOT, packaged=False)


@cache
def shapes() -> Graph:
    return graph_of(MATERIAL.shapes)


def found(folder: Path) -> list[str]:
    return [each.message for each in example_faults(folder, shapes())]


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """A copy of the examples alone, to break."""
    shutil.copytree(EXAMPLES, tmp_path / FOLDER)
    return tmp_path


def test_every_constraint_of_a_shape_is_seen_to_fail() -> None:
    assert found(ROOT) == []
    assert list(example_findings(ROOT, shapes())) == []
    assert len(list(EXAMPLES.glob("*.ttl"))) > 50


def test_a_constraint_that_nothing_breaks_is_found(examples: Path) -> None:
    path = examples / FOLDER / "Deadline.ttl"
    path.write_text(path.read_text(encoding="utf-8").replace("1001", "1000"), encoding="utf-8")
    (message,) = found(examples)
    assert message == (
        "nothing in ontology/checks/examples/Deadline.ttl breaks the constraint maxCount on "
        "deadlineYear of Deadline."
    )


def test_examples_of_one_shape_do_not_break_those_of_another(examples: Path) -> None:
    """Two tasks of a document with the same number break a constraint: not one here, one there."""
    path = examples / FOLDER / "Task.ttl"
    text = path.read_text(encoding="utf-8")
    again = text.index("bad:third-again")
    other = examples / FOLDER / "Deadline.ttl"
    other.write_text(other.read_text(encoding="utf-8") + text[again:], encoding="utf-8")
    path.write_text(text[:again] + text[text.index("bad:wrong") :], encoding="utf-8")
    assert any("of Task" in each for each in found(examples))


def test_every_constraint_has_its_message_in_two_languages() -> None:
    assert list(message_faults(shapes())) == []


def test_the_shipped_data_conforms() -> None:
    findings = judge(SHAPES, MATERIAL).findings
    assert [str(finding) for finding in findings if finding.severity == "error"] == []


def test_a_violation_is_found_at_its_line_with_a_remedy(shipped: Content) -> None:
    shipped.change(DATA, " :ordinal 12 ;", " :ordinal 14 ;")
    found = [each for each in shipped.findings("shapes") if each.severity == "error"]
    assert {each.path for each in found} == {DATA}
    lines = (shipped.folder / DATA).read_text(encoding="utf-8").splitlines()
    assert any(":ordinal 14" in lines[(each.line or 0) - 1] for each in found)
    assert all(each.remedy for each in found)
