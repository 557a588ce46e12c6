"""The commands as a user meets them."""

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pytest
from bench.documents import OVERLAYS, overlays

from spacepolicy.cli import main
from spacepolicy.knowledge.checks.gates import BUILD_GATES
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.revision import Revision

from .conftest import Program

WORDS = "develop reusable rockets"
PASSAGE = "source/shanghai-2022-opinions#char=1510,1534"
DATA = Path("data") / "shanghai-2022-opinions.quotes"


def in_force(program: Program) -> Revision:
    current = revisions.current(program.store)
    assert current is not None
    return current


def test_build_publishes_a_revision_and_tells_each_stage(program: Program) -> None:
    ended = program.run_here("build")
    assert ended.returncode == 0, ended.stderr
    for stage in ("syntax", "evidence", "rules", "shapes", "queries", "revision 1 published"):
        assert stage in ended.stdout
    assert in_force(program).counts.inferred > 0


@pytest.mark.usefixtures("published")
def test_a_revision_tells_which_checks_its_files_passed(program: Program) -> None:
    checks = in_force(program).checks
    assert list(checks) == [gate.name for gate in BUILD_GATES]
    assert "inferences" in checks["rules"]


@pytest.mark.usefixtures("published")
def test_unchanged_files_publish_nothing(program: Program) -> None:
    before = in_force(program)
    again = program.run_here("build")
    assert "up to date" in again.stdout
    assert in_force(program) == before


@pytest.mark.usefixtures("published")
def test_a_changed_file_publishes_a_revision_that_has_the_change(program: Program) -> None:
    before = in_force(program)
    data = program.content / DATA
    text = data.read_text(encoding="utf-8")
    data.write_text(text.replace('"Guidelines"', '"The Guidelines"'), encoding="utf-8")
    program.run_here("build")
    assert in_force(program).number == before.number + 1
    assert in_force(program).record_sha256 != before.record_sha256


def test_a_query_that_is_not_sparql_is_a_finding(program: Program) -> None:
    (program.content / "queries" / "broken.rq").write_text("SELECT", encoding="utf-8")
    ended = program.run_here("build")
    assert ended.returncode == 1
    assert "broken.rq:1: saved-query" in ended.stderr


@pytest.mark.usefixtures("published")
def test_broken_turtle_is_named_by_file_and_line_and_changes_nothing(program: Program) -> None:
    before = in_force(program)
    data = program.content / DATA
    lines = data.read_text(encoding="utf-8").splitlines()
    data.write_text("\n".join([*lines, "this is no TriG"]), encoding="utf-8")
    ended = program.run_here("build")
    assert ended.returncode == 1
    assert f"{DATA}:{len(lines) + 1}: syntax" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert in_force(program) == before


@pytest.mark.usefixtures("published")
def test_a_quotation_that_is_not_in_the_source_is_named_by_file_and_line(
    program: Program,
) -> None:
    before = in_force(program)
    data = program.content / DATA
    text = data.read_text(encoding="utf-8")
    assert f"> {WORDS}\n" in text
    data.write_text(text.replace(WORDS, "develop reusable buses"), encoding="utf-8")
    ended = program.run_here("build")
    assert ended.returncode == 1
    found = re.search(rf"{DATA}:(\d+): quotation: .*", ended.stderr)
    assert found is not None, ended.stderr
    line = data.read_text(encoding="utf-8").splitlines()[int(found[1]) - 1]
    assert "buses" in line or "char=1510,1534" in line
    assert in_force(program) == before


def test_a_store_that_cannot_be_written_is_one_clear_line(program: Program) -> None:
    (program.folder / "file").write_text("", encoding="utf-8")
    ended = program.run("build", "--content", str(program.content), "--store", "file/store")
    assert ended.returncode != 0
    assert "file/store" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_cite_finds_words_with_their_offsets(program: Program) -> None:
    ended = program.run("cite", "--content", str(program.content), WORDS)
    assert ended.returncode == 0
    assert PASSAGE in ended.stdout
    assert "1510,1534" in ended.stdout
    assert "/task/2" in ended.stdout


def test_cite_finds_words_of_a_text_that_nothing_describes_yet(program: Program) -> None:
    text = "Forests are planted. Rivers are cleaned."
    (program.content / "seeds" / "new-plan.txt").write_text(text, encoding="utf-8")
    ended = program.run("cite", "--content", str(program.content), "rivers are  cleaned")
    assert ended.returncode == 1
    first, *_ = ended.stdout.splitlines()
    start = text.index("Rivers")
    assert f"/source/new-plan#char={start},{start + len('Rivers are cleaned')} " in first
    assert "no passage holds this yet" in first


def test_cite_names_the_nearest_passage_where_words_are_not_there(program: Program) -> None:
    ended = program.run("cite", "--content", str(program.content), "develop resuable rocket")
    assert ended.returncode == 1
    assert PASSAGE in ended.stdout


def test_cite_names_the_nearest_passage_of_all_sources(program: Program) -> None:
    for name in overlays():
        shutil.copytree(OVERLAYS / name, program.content, dirs_exist_ok=True)
    words = "the Department of Drainage pays for this task"
    ended = program.run("cite", "--content", str(program.content), words)
    assert ended.returncode == 1
    first, passage, quoted, *_ = ended.stdout.splitlines()
    assert first.count("/source/") == 1 + len(overlays())
    seeds = program.content / "seeds"
    wordless = len(list(seeds.glob("*.toml"))) - len(list(seeds.glob("*.txt")))
    assert f"(without words here, not searched: {wordless})" in first
    assert "/source/tolmarsh-2026-water#char=" in passage
    assert "The Department of Drainage answers for this task" in quoted
    assert ended.stdout.count('  "') == 1


@pytest.mark.usefixtures("published")
def test_query_asks_a_saved_query_with_a_parameter(program: Program) -> None:
    answers = [
        program.run_here("query", "tasks-by-technology", "-f", "csv", *parameter)
        for parameter in ((), ("-p", "technology=https://w3id.org/spacepolicy/none"))
    ]
    rows = [list(csv.DictReader(io.StringIO(answer.stdout))) for answer in answers]
    assert [answer.returncode for answer in answers] == [0, 0], answers[0].stderr
    assert rows[0]
    assert not rows[1]


@pytest.mark.usefixtures("published")
def test_a_thing_is_named_by_the_last_part_of_its_iri(program: Program) -> None:
    named, meant, wrong = (
        program.run_here("query", "tasks-by-technology", "-f", "csv", "-p", f"technology={value}")
        for value in ("reusable-rocket", TECHNOLOGY + "reusable-rocket", "reusable-roket")
    )
    assert named.stdout == meant.stdout != ""
    assert wrong.returncode == 1
    assert "was perhaps meant" in wrong.stderr


@pytest.mark.usefixtures("published")
def test_hints_stand_beside_the_answer(program: Program) -> None:
    ended = program.run_here("query", "-", "-f", "csv", stdin="SELECT ?t { ?t a :Taks }")
    assert ended.stdout.split() == ["t"]
    assert "hint: nothing is said of :Taks here; :Task was perhaps meant" in ended.stderr


@pytest.mark.usefixtures("published")
def test_query_reads_a_query_from_standard_input(program: Program) -> None:
    ended = program.run_here("query", "-", "-f", "json", stdin="ASK { ?t a :Task }")
    assert json.loads(ended.stdout)["boolean"] is True


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("no-such-query",), "there are: "),
        (("-", "-f", "docx"), "docx"),
        (("tasks", "-p", "nothing"), "name=value"),
        (("tasks", "-p", "nothing=1"), "nothing"),
    ],
)
def test_query_says_what_is_wrong(
    program: Program, arguments: tuple[str, ...], message: str
) -> None:
    ended = program.run_here("query", *arguments, stdin="ASK {}")
    assert ended.returncode != 0
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.usefixtures("published")
def test_a_syntax_error_names_its_place(program: Program) -> None:
    ended = program.run_here("query", "-", stdin="SELECT *\n{ ?s ?p }")
    assert ended.returncode == 1
    assert "Line 2, column 9: no value follows `?p`." in ended.stderr
    assert ended.stderr.endswith("\n\n  { ?s ?p }\n          ^\n")


def test_shipped_files_are_in_the_one_layout(program: Program) -> None:
    ended = program.run("fmt", "--check", "--content", str(program.content))
    assert ended.returncode == 0, ended.stdout


def test_every_command_has_help_with_an_example(
    program: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = program.run("--help").stdout
    commands = re.findall(r"^ {4}(\w+) ", listed, re.MULTILINE)
    assert {"serve", "build", "check", "cite", "query", "fmt", "bench", "doctor"} <= set(commands)
    for command in commands:
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0
        assert "Example: spacepolicy" in capsys.readouterr().out


TECHNOLOGY = "https://w3id.org/spacepolicy/id/technology/"
TASK = "<id/policy/shanghai-2022-spatial-information/task/2>"
ROCKET = "<id/technology/reusable-rocket>"


@pytest.mark.usefixtures("published")
def test_explain_prints_the_proof_down_to_the_quoted_words(program: Program) -> None:
    ended = program.run_here("explain", TASK, ":concerns", ROCKET)
    assert ended.returncode == 0, ended.stderr
    first, *rest = ended.stdout.splitlines()
    assert first.endswith(":concerns <https://w3id.org/spacepolicy/id/technology/reusable-rocket>")
    assert any(line.strip().startswith("follows by prp-spo2: :hasPart o") for line in rest)
    assert any(line.endswith(f"{PASSAGE}>: “{WORDS}”") for line in rest)


@pytest.mark.usefixtures("published")
def test_explain_prints_the_same_proof_for_programs(program: Program) -> None:
    ended = program.run_here("explain", TASK, ":concerns", ROCKET, "--format", "json")
    proof = json.loads(ended.stdout)
    assert proof["steps"][-1]["statement"] == proof["statement"]
    words = {origin.get("exact") for step in proof["steps"] for origin in step.get("stated", ())}
    assert WORDS in words


@pytest.mark.usefixtures("published")
def test_explain_of_a_literal_finds_it_however_it_is_written(program: Program) -> None:
    for written in ("2", "02", '"2"^^xsd:integer'):
        ended = program.run_here("explain", TASK, ":ordinal", written)
        assert ended.returncode == 0, written


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("terms", "status", "said"),
    [
        ((TASK, "a", ":Region"), 1, "does not hold"),
        ((TASK, "a", "unknown:Region"), 2, "no IRI, prefixed name or Turtle literal"),
        ((TASK, "'a'", ":Region"), 2, "is no property"),
        (("5", "a", ":Region"), 2, "only things with names"),
    ],
)
def test_explain_says_what_cannot_be_explained(
    program: Program, terms: tuple[str, str, str], status: int, said: str
) -> None:
    ended = program.run_here("explain", *terms)
    assert (ended.returncode, said in ended.stderr) == (status, True), ended.stderr
