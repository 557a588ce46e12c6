"""A document whose text is not shipped: its passages are named by its own numbering."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.lark import ACT, ADDRESS, NAME, TEXT, TRIG, add

from spacepolicy.cli import main
from spacepolicy.commands.fmt import fmt
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.gates import BUILD_GATES, EVIDENCE
from spacepolicy.knowledge.checks.result import judge
from spacepolicy.settings import Settings

from .conftest import Content


@pytest.fixture
def lark(shipped: Content) -> Content:
    add(shipped.folder)
    return shipped


def said(content: Content) -> list[tuple[str, str]]:
    return [(each.path, each.rule) for each in content.findings("evidence")]


def test_statements_in_a_passage_by_reference_are_evidence(lark: Content) -> None:
    verdict = judge(EVIDENCE, CheckContext(lark.folder, packaged=False))
    assert verdict.findings == ()
    report = "; ".join(verdict.report)
    tables = (lark.folder / "seeds").glob("*.toml")
    sources = sum("sha256" not in each.read_text(encoding="utf-8") for each in tables)
    assert f"references to {sources} source" in report
    assert "statements of content in leaf passages (100.0 %)" in report


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ('"sec.2.a"', '"sec.2.c"', "locator"),
        ("<#loc=sec.2> ;\n    :copyRead", "<#loc=sec.2.b> ;\n    :copyRead", "locator"),
    ],
)
def test_a_locator_that_does_not_fit_is_found(
    lark: Content, before: str, after: str, rule: str
) -> None:
    lark.change(TRIG, before, after)
    assert (TRIG, rule) in said(lark)


def test_what_follows_from_the_locator_need_not_be_written(lark: Content) -> None:
    before = set(CheckContext(lark.folder, packaged=False).quads)
    for written in ("    :isWithin <#loc=sec.2> ;\n", '    :locator "sec.2.a" ;\n'):
        lark.change(TRIG, written, "")
    assert set(CheckContext(lark.folder, packaged=False).quads) == before
    assert lark.findings("evidence") == ()


def test_a_locator_that_nobody_read_lacks_what_the_shapes_ask(lark: Content) -> None:
    line = lark.change(TRIG, "loc=sec.2.a> {\n", "loc=sec.2.c> {\n")
    found = [each for each in lark.findings("shapes") if "loc=sec.2.c" in each.message]
    assert {each.rule for each in found} >= {"Reference-minCount"}
    assert {(each.path, each.line) for each in found} == {(TRIG, line + 1)}


def test_a_container_states_structure_alone(lark: Content) -> None:
    lark.change(TRIG, "  task:1 a :Task ;", "  task:1 :builds facility:lark-slipway ; a :Task ;")
    assert (TRIG, "containers-hold-structure") in said(lark)


def test_what_is_quoted_needs_the_text(lark: Content) -> None:
    quoted = '  <#char=0,3> a :Passage ; :start 0 ; :end 3 ; :exactText "The"@en ; '
    lark.change(TRIG, "  <#loc=sec.2>\n", f"{quoted}:source source:{NAME} .\n  <#loc=sec.2>\n")
    assert (TRIG, "quotation") in said(lark)


def test_a_text_that_was_recorded_and_is_gone_is_missing(lark: Content) -> None:
    lark.add(f"seeds/{NAME}.toml", f'sha256 = "{"0" * 64}"\n')
    assert (f"seeds/{NAME}.txt", "source") in said(lark)


def run(lark: Content, *arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    status = main(["verify", *arguments, "--content", str(lark.folder)])
    return status, capsys.readouterr().out


def copy(folder: Path, text: str, name: str = f"{NAME}.txt") -> str:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_verify_shows_the_words_that_a_copy_has(
    lark: Content, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = TEXT.replace("tide-free", "<em>tide</em>-\nfree").replace("Section", "</p><p>Section")
    path = copy(tmp_path / "texts", page, "page.html")
    status, out = run(lark, NAME, "--text", path, capsys=capsys)
    assert status == 3  # three passages have no fingerprint
    assert "1 checked, 3 skipped, 0 failed" in out
    assert "“The Harbour Office shall build a tide- free slipway" in out
    assert f"sec.2.b of {ADDRESS}" in out


@pytest.mark.parametrize(
    ("before", "after"),
    [("slipway", "dock"), ("by 2029", "by the end of 2029"), ("2029.", f"2029. {ACT}")],
)
def test_verify_fails_where_a_copy_says_otherwise_or_twice(
    lark: Content, tmp_path: Path, capsys: pytest.CaptureFixture[str], before: str, after: str
) -> None:
    path = copy(tmp_path / "texts", TEXT.replace(before, after))
    status, out = run(lark, NAME, "--text", path, "--json", capsys=capsys)
    told = json.loads(out)
    assert (status, told["counts"]) == (1, {"checked": 0, "skipped": 3, "failed": 1})
    (failed,) = (each for each in told["sources"][0]["passages"] if each["outcome"] == "failed")
    assert (failed["locator"], failed["address"], failed["words"]) == ("sec.2.a", ADDRESS, None)


def test_verify_without_a_copy_skips_and_says_so(
    lark: Content, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out = run(lark, capsys=capsys)
    assert status == 3
    assert f"source/{NAME}  0 checked, 4 skipped, 0 failed" in out
    assert "source/shanghai-2022-opinions  82 checked, 0 skipped, 0 failed" in out


def test_a_folder_of_copies_is_looked_through(
    lark: Content, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy(tmp_path / "texts", TEXT)
    status, out = run(lark, NAME, "--texts", str(tmp_path / "texts"), capsys=capsys)
    assert (status, "1 checked" in out) == (3, True)


def test_check_holds_fingerprints_to_the_copies(
    lark: Content, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "texts"
    copy(folder, TEXT)
    arguments = ["check", "evidence", "--texts", str(folder), "--content", str(lark.folder)]
    assert main(arguments) == 0
    copy(folder, TEXT.replace("slipway", "dock"))
    assert main(arguments) == 1
    assert f"{TRIG}:" in (out := capsys.readouterr().out)
    assert "does not fit: its words do not stand in the text" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no-such-source"], "There is no source 'no-such-source'; there are: "),
        (["--text", "copy.txt"], "Say of which source the text is a copy."),
        ([NAME, "--text", "nowhere.txt"], "cannot be read"),
        (["--texts", "nowhere"], "no such folder"),
    ],
)
def test_what_cannot_be_verified_is_told(
    lark: Content, capsys: pytest.CaptureFixture[str], arguments: Sequence[str], message: str
) -> None:
    assert main(["verify", *arguments, "--content", str(lark.folder)]) == 2
    assert message in capsys.readouterr().err


def test_a_document_by_reference_passes_the_gates_of_a_build(shipped: Content) -> None:
    add(shipped.folder, background=True)
    assert fmt(Settings(content=str(shipped.folder)), [], check=False) == 0
    material = CheckContext(shipped.folder, packaged=False)
    found = [each for gate in BUILD_GATES for each in judge(gate, material).findings]
    assert [each for each in found if each.severity == "error"] == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("    :copyRead", "Say which copy was read."),
        ("    :independentSourceCount", "how many independent sources agree"),
        ("    :officialAddress", "at which address the document is"),
        ("    :readOn", "on which day the passage was read"),
    ],
)
def test_a_reference_says_where_and_when_and_by_how_many(
    shipped: Content, line: str, said: str
) -> None:
    add(shipped.folder)
    text = (shipped.folder / TRIG).read_text(encoding="utf-8")
    (gone,) = {each for each in text.splitlines() if each.startswith(line)}
    shipped.change(TRIG, f"{gone}\n", "")
    shipped.change(f"seeds/{NAME}.toml", f'address = "{ADDRESS}"\n', "")
    assert any(said in each.message + each.remedy for each in shipped.findings("shapes"))
