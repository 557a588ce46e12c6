"""Names: each is the field's word or the plain one, and a public class's means one thing."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "service" / "spacepolicy"
MODULES = sorted(PACKAGE.rglob("*.py"))
GIVEN_UP = {
    "ahead", "always", "asking", "begun", "beside", "call", "catalogue", "connected",
    "contents", "desk", "diagram", "door", "drawing", "durable", "editing", "expectations",
    "explainer", "explainers", "explaining", "explanation", "hinting", "hygiene", "incoming",
    "interface", "judgement", "keeper", "keeping", "kept", "large_editing", "library",
    "material", "nearness", "notes", "oracles", "outward", "parts", "permission", "pinned",
    "reach", "reply", "request_revision", "running", "screen", "sealing", "shelf", "told", "turns",
    "unnamed", "validators", "verdict", "warming", "words",
}  # fmt: skip
"""Names that modules and packages had, and none is to have again."""
GIVEN_UP_CLASSES = {
    "Asked", "Begun", "Bench", "Beside", "Call", "Desk", "Door", "Exchange", "Held", "Home",
    "Judged", "Judgement", "Keeper", "KeptResponse", "Leftover", "Library", "Made", "Material",
    "Nameable", "Noted", "Notes", "Opened", "Outside", "Placed", "Reach", "Remark", "Reply",
    "Said", "Screen", "SearchDesk", "Shelf", "Shift", "Shown", "Standing", "Told", "Trial",
    "Turns", "Unnamed", "Verdict", "Warming", "Whole", "Wish", "WriteDesk",
}  # fmt: skip
"""The same for public classes."""


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


def public_classes(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_no_module_has_a_name_that_was_given_up(path: Path) -> None:
    assert not GIVEN_UP & set(place(path).split("/"))


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_no_public_class_has_a_name_that_was_given_up(path: Path) -> None:
    assert not GIVEN_UP_CLASSES & set(public_classes(path))


def test_no_public_class_has_the_name_of_another() -> None:
    counts = Counter(name for path in MODULES for name in public_classes(path))
    assert [name for name, count in counts.items() if count > 1] == []
