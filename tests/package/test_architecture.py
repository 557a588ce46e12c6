"""Documentation that names parts of the code is current, its links lead somewhere, and it reads."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.architecture_pictures import FOLDER, Flow, drawn, flows
from tests.package.test_layers import LAYERS, LAYERS_OF_KNOWLEDGE, PACKAGE

ROOT: Final = Path(__file__).parents[2]
MOST_WORDS: Final = 110
"""A paragraph of more is read by nobody."""
GENERATED: Final = ("docs/errors.md", "docs/engine-differences.md", "docs/checks.md")
FENCE: Final = re.compile(r"^[ \t]*```.*?^[ \t]*```[ \t]*$", re.MULTILINE | re.DOTALL)
LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
MODULE: Final = re.compile(r"`((?:[a-z_]+/)*[a-z_]+\.py|(?:[a-z_]+/){2,})`")


def pages() -> list[Path]:
    """The Markdown that the project writes."""
    beside = ("README", "CONTRIBUTING", "SECURITY")
    return sorted([*(ROOT / f"{name}.md" for name in beside), *(ROOT / "docs").rglob("*.md")])


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose(path: Path) -> str:
    """The page without its fenced blocks."""
    return FENCE.sub("", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("flow", flows(), ids=lambda flow: flow.name)
def test_a_picture_is_the_one_of_its_table(flow: Flow) -> None:
    remedy = "python -m tests.architecture_pictures"
    assert (FOLDER / f"{flow.name}.svg").read_text(encoding="utf-8") == drawn(flow), remedy


@pytest.mark.parametrize("flow", flows(), ids=lambda flow: flow.name)
def test_a_picture_names_modules_that_there_are(flow: Flow) -> None:
    for step in flow.steps:
        for module in step.modules:
            path = PACKAGE / module
            assert path.is_dir() or path.with_suffix(".py").is_file(), module


@pytest.mark.parametrize("flow", flows(), ids=lambda flow: flow.name)
def test_words_of_a_picture_fit_into_their_boxes(flow: Flow) -> None:
    for step in flow.steps:
        assert len(step.does) <= 42, step.does
        assert max(map(len, step.modules), default=0) <= 42, step.modules


@pytest.mark.parametrize("flow", flows(), ids=lambda flow: flow.name)
def test_each_flow_has_a_page_that_shows_it_and_the_index_leads_to(flow: Flow) -> None:
    page = (FOLDER / f"{flow.name}.md").read_text(encoding="utf-8")
    assert f"![]({flow.name}.svg)" in page
    assert f"({flow.name}.md)" in (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", sorted(FOLDER.glob("*.md")), ids=named)
def test_a_page_of_the_architecture_names_modules_that_there_are(page: Path) -> None:
    for module in MODULE.findall(prose(page)):
        assert (PACKAGE / module).exists() or (ROOT / module).exists(), module


def test_the_layers_are_those_that_are_held() -> None:
    text = (FOLDER / "layers.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", text, re.MULTILINE)
    assert {name: int(layer) for layer, name in rows} == LAYERS
    assert [name for name in LAYERS_OF_KNOWLEDGE if f"`{name}`" not in text] == [
        "changes",
        "changed_part",
    ]


@pytest.mark.parametrize("page", pages(), ids=named)
def test_links_to_files_lead_to_files(page: Path) -> None:
    for target in LINK.findall(prose(page)):
        if not re.match(r"[a-z]+:|#", target):
            assert (page.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("page", [p for p in pages() if named(p) not in GENERATED], ids=named)
def test_no_paragraph_is_long(page: Path) -> None:
    long = [each for each in paragraphs(prose(page)) if len(each.split()) > MOST_WORDS]
    assert long == []


def paragraphs(text: str) -> Iterator[str]:
    """Blocks between empty lines; an item of a list is one, and a row of a table is none."""
    for block in re.split(r"\n\s*\n", text):
        for each in re.split(r"^\s*(?:[-*]|\d+\.) ", block, flags=re.MULTILINE):
            if not each.startswith("|"):
                yield each


def test_each_decision_has_its_line_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    for path in folder.glob("*.md"):
        assert path.name == "README.md" or index.count(f"]({path.name})") == 1, path.name


def test_each_page_is_in_the_map() -> None:
    text = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for path in (ROOT / "docs").glob("*.md"):
        if not path.name.startswith("README."):
            assert f"]({path.name})" in text, path.name
