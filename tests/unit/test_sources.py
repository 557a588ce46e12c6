"""Sources: a text and its metadata, and whether they belong together."""

import hashlib
from pathlib import Path

import pytest

from spacepolicy.errors import Finding
from spacepolicy.knowledge.loading.sources import SourceDocument, read_sources
from spacepolicy.namespaces import Base

BASE = Base("https://example.org/gov/")
TEXT = "The council’s plan.\r\nTrees will be planted."
DIGEST = hashlib.sha256(TEXT.encode()).hexdigest()


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """The folder seeds/ of a content that has one source."""
    folder = tmp_path / "seeds"
    folder.mkdir()
    (folder / "tree-plan.txt").write_bytes(TEXT.encode())
    table = f'title = "The plan"\nsha256 = "{DIGEST}"\n'
    (folder / "tree-plan.toml").write_text(table, encoding="utf-8")
    return folder


def read(
    seeds: Path, *, packaged: bool = False
) -> tuple[tuple[SourceDocument, ...], list[Finding]]:
    findings: list[Finding] = []
    sources = read_sources(seeds.parent, BASE, packaged=packaged, note=findings.append)
    return sources, findings


def test_a_source_is_named_after_its_file_and_keeps_its_text_to_the_byte(seeds: Path) -> None:
    (source,), findings = read(seeds)
    assert (source.name, source.iri) == ("tree-plan", "https://example.org/gov/source/tree-plan")
    assert source.text == TEXT
    assert source.metadata["title"] == "The plan"
    assert findings == []


def test_a_text_that_changed_is_found_at_the_line_of_its_digest(seeds: Path) -> None:
    (seeds / "tree-plan.txt").write_text("Another text.", encoding="utf-8")
    _, (finding,) = read(seeds)
    assert (finding.path, finding.line) == ("seeds/tree-plan.toml", 2)
    assert DIGEST in finding.message


def test_a_missing_text_is_found_in_a_checkout_and_not_in_a_package(seeds: Path) -> None:
    (seeds / "tree-plan.txt").unlink()
    (source,), (finding,) = read(seeds)
    assert source.text is None
    assert finding.path == "seeds/tree-plan.txt"
    assert read(seeds, packaged=True)[1] == []


def test_a_text_without_metadata_is_found(seeds: Path) -> None:
    (seeds / "tree-plan.toml").unlink()
    sources, (finding,) = read(seeds)
    assert sources == ()
    assert (finding.path, finding.remedy) == (
        "seeds/tree-plan.txt",
        "Describe it in seeds/tree-plan.toml.",
    )


def test_metadata_without_a_digest_are_found(seeds: Path) -> None:
    (seeds / "tree-plan.toml").write_text('title = "The plan"\n', encoding="utf-8")
    _, (finding,) = read(seeds)
    assert finding.path == "seeds/tree-plan.toml"
    assert "digest" in finding.message


def test_metadata_that_are_not_toml_are_found_at_their_line(seeds: Path) -> None:
    (seeds / "tree-plan.toml").write_text('title = "The plan"\nsha256 = \n', encoding="utf-8")
    _, (finding,) = read(seeds)
    assert (finding.path, finding.line, finding.rule) == ("seeds/tree-plan.toml", 2, "syntax")


def test_a_text_that_is_not_utf_8_is_found(seeds: Path) -> None:
    content = b"\xff\xfe"
    (seeds / "tree-plan.txt").write_bytes(content)
    table = f'sha256 = "{hashlib.sha256(content).hexdigest()}"\n'
    (seeds / "tree-plan.toml").write_text(table, encoding="utf-8")
    (source,), (finding,) = read(seeds)
    assert source.text is None
    assert (finding.path, finding.rule) == ("seeds/tree-plan.txt", "encoding")
