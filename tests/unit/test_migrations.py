"""Migrations: data of version 0.1 as they were, and made-up ones, carried over to 0.2."""

import lzma
import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, parse

from spacepolicy.cli import main
from spacepolicy.errors import FindingsError, UsageError
from spacepolicy.knowledge.migrations import StepEffect, migrated, read_migration
from spacepolicy.turtle_format.document import format_text

ROOT = Path(__file__).parents[2]
OLD = lzma.decompress((Path(__file__).parent / "marevia-0.1.trig.xz").read_bytes()).decode()
TERM = "https://w3id.org/spacepolicy/def/"
RENAMED = {"hasDeadline": "isDueBy", "undertakenBy": "carriedOutBy", "fundedBy": "paidForBy"}
STEPS = read_migration(ROOT, "0.2")


def term(name: str) -> NamedNode:
    return NamedNode(TERM + name)


def expected(quads: Iterable[Quad]) -> set[Quad]:
    """What the data are to be, by a table of the changed terms."""
    quads = set(quads)
    money = {quad.object for quad in quads if quad.predicate == term("hasBudget")}
    after = set()
    for quad in quads:
        name = quad.predicate.value.removeprefix(TERM)
        predicate, value = quad.predicate, quad.object
        if name in RENAMED:
            predicate = term(RENAMED[name])
        elif name == "unitCode" and quad.subject in money and value == Literal("{EUR}"):
            predicate, value = term("currencyCode"), Literal("EUR")
        after.add(Quad(quad.subject, predicate, value, quad.graph_name))
    return after


def found(effects: Iterable[StepEffect]) -> dict[str, int]:
    return {effect.step.name.split("-", 1)[1]: effect.found for effect in effects}


def test_data_of_version_0_1_lose_nothing() -> None:
    before = list(parse(OLD, RdfFormat.TRIG))
    after, effects = migrated(before, STEPS)
    assert set(after) == expected(before)
    assert set(after) != set(before)
    old = Counter(quad.predicate.value.removeprefix(TERM) for quad in before)
    assert found(effects) == {
        "own-deadlines": old["hasDeadline"],
        "own-actors": old["undertakenBy"],
        "own-funders": old["fundedBy"],
        "currencies": 2,
    }
    assert all(effect.removed == effect.added == effect.found for effect in effects)


def test_data_that_were_carried_over_are_left_alone() -> None:
    once, _ = migrated(parse(OLD, RdfFormat.TRIG), STEPS)
    twice, effects = migrated(once, STEPS)
    assert set(twice) == set(once)
    assert not any(effect.found or effect.removed or effect.added for effect in effects)


def test_made_up_data_lose_nothing() -> None:
    chosen = random.Random(3)  # noqa: S311 # the same choices each time
    things = [NamedNode(f"https://example.org/{number}") for number in range(5)]
    nodes: list[NamedNode | BlankNode] = [*things, BlankNode("a"), BlankNode("b")]
    integer = NamedNode("http://www.w3.org/2001/XMLSchema#integer")
    values: list[NamedNode | BlankNode | Literal] = [
        *nodes,
        Literal("01", datatype=integer),
        Literal("x", language="en-GB"),
        Literal("{EUR}"),
    ]
    predicates = [*map(term, (*RENAMED, "hasBudget", "unitCode", "label")), things[0]]
    graphs: list[NamedNode | DefaultGraph] = [*things[:2], DefaultGraph()]
    for _ in range(50):
        quads = [
            Quad(
                chosen.choice(nodes),
                chosen.choice(predicates),
                chosen.choice(values),
                chosen.choice(graphs),
            )
            for _ in range(25)
        ]
        after, _ = migrated(quads, STEPS)
        assert set(after) == expected(quads)


def test_a_file_keeps_its_layout_prefixes_and_base(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "data.trig"
    path.write_text(OLD, encoding="utf-8")
    assert main(["migrate", "0.2", str(path), "--dry-run", "--content", str(ROOT)]) == 0
    assert path.read_text(encoding="utf-8") == OLD
    assert "34 would be changed" in capsys.readouterr().out
    assert main(["migrate", "0.2", str(tmp_path), "--content", str(ROOT)]) == 0
    text = path.read_text(encoding="utf-8")
    assert "34 changed" in capsys.readouterr().out
    assert text == format_text(text, path="data.trig")
    assert text.splitlines()[:5] == OLD.splitlines()[:5]
    assert set(parse(text, RdfFormat.TRIG)) == expected(parse(OLD, RdfFormat.TRIG))
    assert main(["migrate", "0.2", str(path), "--content", str(ROOT)]) == 0
    assert "nothing to change" in capsys.readouterr().out


QUOTES = """@prefix task: <urn:x:task/> .

# First, plant … every spring.
task:1 a :Task .
> plant trees
task:1 :hasDeadline <urn:x:may> ; :note [ :undertakenBy <urn:x:someone> ] .
@ sec.2
task:2 :fundedBy <urn:x:somebody> .
"""
TABLE = """@prefix,task:,<urn:x:task/>
#,label@en,tasks
iri,label@en,:hasDeadline |
task:1,first task,<urn:x:june> | <urn:x:may>
task:2,second task,
"""


@pytest.mark.parametrize(
    ("name", "text", "found"), [("a.quotes", QUOTES, 3), ("background/a.csv", TABLE, 2)]
)
def test_a_file_in_another_notation_is_carried_over_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, found: int
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    assert main(["migrate", "0.2", str(tmp_path), "--content", str(ROOT)]) == 0
    assert f"{found} changed" in capsys.readouterr().out
    for old, new in RENAMED.items():
        text = text.replace(f":{old} ", f":{new} ")
    assert path.read_text(encoding="utf-8") == text


def test_a_version_without_a_migration_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no migration to version 9\.9; there are: 0\.2"):
        read_migration(ROOT, "9.9")
    assert read_migration(ROOT, "0.2.0") == STEPS
    (tmp_path / "migrations" / "0.3").mkdir(parents=True)
    (tmp_path / "migrations" / "0.3" / "10-one.ru").write_text("#+ title: one\nCLEAR ALL\n")
    with pytest.raises(FindingsError, match="finds, changes, count"):
        read_migration(tmp_path, "0.3")


def test_a_place_that_is_no_file_of_graphs_is_told(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a,b\n")
    assert main(["migrate", "0.2", str(tmp_path / "data.csv"), "--content", str(ROOT)]) == 2
