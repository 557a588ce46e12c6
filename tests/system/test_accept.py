"""`accept` shows how answers differ from what is expected, and takes over what was looked at."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .conftest import Program

DATA = "data/shanghai-2022-opinions.quotes"
EXPECTED = "data/shanghai-2022-opinions.expect.yaml"
STATED = ">2307,2389\ntask:6 :carriedOutBy actor:shanghai .\n"
KEPT = "passages: ['#char=1140,1167', '#char=599,606']"


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def accept(program: Program, *arguments: str) -> tuple[int, str]:
    ended = program.run("accept", "--content", str(program.content), *arguments)
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stdout + ended.stderr


def test_differences_are_shown_and_taken_over_once(program: Program) -> None:
    expected = program.content / EXPECTED
    assert accept(program) == (0, "Every answer is as expected.\n")
    with (program.content / DATA).open("a", encoding="utf-8") as file:
        file.write(STATED)
    change(expected, "'\"on-orbit maintenance\"@en'", "'\"off-orbit maintenance\"@en'")
    before = expected.read_text(encoding="utf-8")
    status, told = accept(program, "--check", "undertaken-by")
    assert status == 1
    assert '    + ("task 6: build a platform system' in told
    assert "#char=2307,2389\n" in told
    assert told.endswith(f"{EXPECTED}: 1 row more, 0 rows fewer; differs\n")
    assert expected.read_text(encoding="utf-8") == before
    assert accept(program, "undertaken-by")[0] == 0
    assert "off-orbit maintenance" in expected.read_text(encoding="utf-8")
    status, told = accept(program)
    assert status == 0
    assert '    - (5 "task 5: deepen research on key and core technologies"@en "off-orbit' in told
    assert "  undertaken-by:\n" not in told
    written = expected.read_text(encoding="utf-8")
    assert KEPT in written
    assert accept(program) == (0, "Every answer is as expected.\n")
    assert expected.read_text(encoding="utf-8") == written


def test_a_file_is_written_where_there_is_none_in_the_layout_it_has(program: Program) -> None:
    """What is asked of a day is asked of today there, since no other day is written down."""
    expected = program.content / EXPECTED
    before = expected.read_text(encoding="utf-8")
    expected.unlink()
    (program.content / "queries/sets/vocabulary.yaml").unlink()
    assert accept(program)[0] == 0
    days = (str(datetime.now(UTC).date() - timedelta(days=1)), str(datetime.now(UTC).date()))
    written = expected.read_text(encoding="utf-8")
    asked = re.findall(r"\{day: '(.*)'\}", written)
    assert asked
    assert set(asked) <= set(days)
    after = re.sub(r"\{day: '.*'\}", "{day: '2029-04-01'}", written)
    values = [line for line in before.splitlines() if "passages:" not in line]
    assert [line for line in after.splitlines() if "passages:" not in line] == values
    found, were = after.count("passages:"), before.count("passages:")
    assert found > 0.85 * were
    assert accept(program) == (0, "Every answer is as expected.\n")


def test_a_query_that_is_none_is_named(program: Program) -> None:
    status, told = accept(program, "no-such-question")
    assert status == 2
    assert "no-such-question" in told


def test_answers_of_files_that_cannot_be_read_are_not_accepted(program: Program) -> None:
    change(program.content / EXPECTED, "queries:\n", "queries: [\n")
    before = (program.content / EXPECTED).read_bytes()
    status, told = accept(program)
    assert status == 1
    assert EXPECTED in told
    assert (program.content / EXPECTED).read_bytes() == before


def test_a_case_with_parameters_gets_its_rows(program: Program) -> None:
    expected = program.content / EXPECTED
    change(
        expected,
        "  breakthroughs:\n    rows:\n",
        "  breakthroughs:\n    - parameters: {ordinal: 7}\n      rows: []\n"
        "  breakthroughs-before:\n    rows:\n",
    )
    assert accept(program)[0] == 0
    text = expected.read_text(encoding="utf-8")
    case = text[text.index("  breakthroughs:\n") : text.index("  budgets:\n")]
    assert case.startswith("  breakthroughs:\n    - parameters: {ordinal: 7}\n      rows:\n")
    assert '"task 7: consolidate' in case
    assert "#char=2569,2655" in case
    assert "breakthroughs-before" not in text
