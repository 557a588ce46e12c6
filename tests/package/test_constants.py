"""Constants: each number that schedules, limits or tunes says why it is so."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "service" / "spacepolicy"
CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")
LIMIT = re.compile(r"max_\w+|\w+_(?:seconds|bytes|mib)")
"""Fields whose default limits something."""
NO_NUMBERS = (ast.Call, ast.Dict, ast.List, ast.Set, ast.Lambda, ast.JoinedStr, ast.Subscript)
"""What an expression has that is more than a number."""


def numbers(value: ast.expr | None) -> list[float]:
    """The numbers of an expression of numbers; none of any other."""
    if value is None or any(isinstance(node, NO_NUMBERS) for node in ast.walk(value)):
        return []
    found = [node.value for node in ast.walk(value) if isinstance(node, ast.Constant)]
    plain = all(isinstance(each, int | float) and not isinstance(each, bool) for each in found)
    return [each for each in found if isinstance(each, int | float)] if plain else []


def named(statement: ast.stmt) -> tuple[str, ast.expr | None]:
    """The name that a statement gives a value, and the value."""
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), value=value):
            return name, value
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, value
        case _:
            return "", None


def is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def is_explained(body: Sequence[ast.stmt], place: int, lines: Sequence[str]) -> bool:
    """Whether a docstring stands below the constant, or below those of numbers that follow it; or a
    comment in its line or the one above."""
    statement = body[place]
    if "# " in lines[(statement.end_lineno or 0) - 1]:
        return True
    if lines[statement.lineno - 2].lstrip().startswith("#"):
        return True
    rest = [each for each in body[place:] if not numbers(named(each)[1])]
    return bool(rest) and is_text(rest[0])


def unexplained(text: str) -> Iterator[str]:
    """The constants and limits of a module that do not say why."""
    tree, lines = ast.parse(text), text.splitlines()
    for place, statement in enumerate(tree.body):
        name, value = named(statement)
        if (
            CONSTANT.fullmatch(name)
            and numbers(value)
            and not is_explained(tree.body, place, lines)
        ):
            yield name
    for each in tree.body:
        if isinstance(each, ast.ClassDef):
            yield from unexplained_fields(each, lines)


def unexplained_fields(owner: ast.ClassDef, lines: Sequence[str]) -> Iterator[str]:
    """The limits of a class that neither its docstring nor their own explains."""
    said = ast.get_docstring(owner) or ""
    for place, statement in enumerate(owner.body):
        name, value = named(statement)
        limits = LIMIT.fullmatch(name) and any(numbers(value))
        if limits and f"`{name}`" not in said and not is_explained(owner.body, place, lines):
            yield f"{owner.name}.{name}"


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix()
)
def test_a_number_that_limits_or_tunes_says_why(path: Path) -> None:
    assert list(unexplained(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("_LOOK_SECONDS: Final = 0.5\nx = 1\n", ["_LOOK_SECONDS"]),
        ('_LOOK_SECONDS: Final = 0.5\n"""A look costs 1 ms."""\n', []),
        ("_LOOK_SECONDS = 0.5  # a look costs 1 ms\n", []),
        ('_A = 1 << 2\n_B = 3\n"""Pixels."""\n', []),
        ('_A = 1\n\ndef f(): ...\n\n_B = 3\n"""Pixels."""\n', ["_A"]),
        ("class C:\n    max_bytes: int = 1 << 20\n    used_bytes: int = 0\n", ["C.max_bytes"]),
        ('class C:\n    """May have `max_bytes`."""\n\n    max_bytes: int = 1 << 20\n', []),
    ],
)
def test_a_reason_is_a_docstring_or_a_comment(text: str, found: list[str]) -> None:
    assert list(unexplained(text)) == found
