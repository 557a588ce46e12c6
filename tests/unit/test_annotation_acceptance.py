"""Accepted proposals: written as quotations that wait for a person, and as confirmed ones."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from spacepolicy.annotation.acceptance import AcceptedProposals, write_quotes
from spacepolicy.annotation.annotating import Background, annotate, read_background
from spacepolicy.annotation.external import AnnotatorError, ask_annotator
from spacepolicy.annotation.proposals import Annotation
from spacepolicy.annotation.review.session import ReviewSession
from spacepolicy.errors import UsageError
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.gates import EVIDENCE
from spacepolicy.knowledge.loading.content import ontology_prefixes
from spacepolicy.turtle_format.printing import print_file

ROOT = Path(__file__).parents[2]
TEXT = """Reef Plan of Gannet

Section 1: Reefs
(a) By 2030, the Survey Office shall build 12 ground terminals. (b) Within 60 days of the date of \
this plan, it develops reusable rockets.
"""
METADATA = """title = "Reef Plan of Gannet"
source = "https://w3id.org/spacepolicy/source/reef-plan"
language = "en"
sha256 = "{sha256}"
bytes = {size}
code_points = {size}
connectives = [".", " ", "\\n"]
"""


@dataclass(frozen=True)
class Draft:
    """A content folder with a text that nobody has annotated."""

    folder: Path
    annotation: Annotation
    background: Background

    @property
    def quotes(self) -> Path:
        return self.folder / "data" / "reef-plan.quotes"

    def findings(self) -> list[str]:
        """What keeps the passages from being published as evidence."""
        context = CheckContext(self.folder, packaged=False)
        found = EVIDENCE.judge(context).findings
        return [f"{each.path}:{each.line}: {each.message} {each.remedy}" for each in found]


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    shutil.copytree(ROOT / "ontology", tmp_path / "ontology")
    shutil.copytree(ROOT / "data" / "background", tmp_path / "data" / "background")
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "reef-plan.txt").write_text(TEXT, encoding="utf-8")
    background = read_background(tmp_path, packaged=False)
    annotation = annotate(TEXT, "reef-plan", background)
    table = METADATA.format(sha256=annotation.sha256, size=len(TEXT))
    (tmp_path / "seeds" / "reef-plan.toml").write_text(table, encoding="utf-8")
    return Draft(tmp_path, annotation, background)


def test_what_is_written_is_in_the_one_layout_and_says_what_the_words_do(draft: Draft) -> None:
    write_quotes(
        draft.folder, "reef-plan", AcceptedProposals(draft.annotation, draft.annotation.proposals)
    )
    written = draft.quotes.read_text(encoding="utf-8")
    prefixes = ontology_prefixes(draft.folder)
    assert print_file(written, path="data/reef-plan.quotes", prefixes=prefixes) == written
    assert "> (a) By 2030, the Survey Office shall build 12 ground terminals" in written
    for statement in (
        ":builds product:ground-terminal",
        "deadline:2030 a :Deadline ; :deadlineYear 2030 .",
        ':offset "P60D"^^xsd:duration',
        ':numbering "1(a)"',
        ':unitCode "{terminal}"',
    ):
        assert statement in written


def test_what_nobody_has_confirmed_is_found_at_its_line_until_the_mark_is_gone(
    draft: Draft,
) -> None:
    write_quotes(
        draft.folder, "reef-plan", AcceptedProposals(draft.annotation, draft.annotation.proposals)
    )
    lines = draft.quotes.read_text(encoding="utf-8").splitlines()
    marks = [n for n, line in enumerate(lines, 1) if "status:proposed" in line]
    found = [each for each in draft.findings() if "nobody has confirmed" in each]
    assert len(marks) == len(found) == 4
    assert all(f"data/reef-plan.quotes:{n}: " in " ".join(found) for n in marks)
    assert all("take out the line" in each for each in found)
    kept = [line for line in lines if ":proposed ." not in line]
    draft.quotes.write_text("\n".join(kept) + "\n", encoding="utf-8")
    assert not [each for each in draft.findings() if "nobody has confirmed" in each]


def test_nothing_is_written_over_what_is_there(draft: Draft) -> None:
    accepted = AcceptedProposals(draft.annotation, draft.annotation.proposals)
    draft.quotes.write_text("# mine\n", encoding="utf-8")
    with pytest.raises(UsageError, match="nothing is written over it"):
        write_quotes(draft.folder, "reef-plan", accepted)
    assert draft.quotes.read_text(encoding="utf-8") == "# mine\n"


def test_what_a_person_confirmed_is_written_without_the_mark(draft: Draft) -> None:
    session = ReviewSession(draft.folder, "reef-plan", draft.annotation, draft.background)
    with pytest.raises(UsageError, match="Nothing is confirmed"):
        session.write(with_undecided=False)
    acts = [n for n, each in enumerate(session.proposals) if each.kind == "act"]
    session.decide(acts[:1], "confirm")
    session.write(with_undecided=False)
    written = draft.quotes.read_text(encoding="utf-8")
    assert ":builds product:ground-terminal" in written
    assert "proposed" not in written
    assert "deadline" not in written
    session.decide(range(len(session.proposals)), "confirm")
    session.write(with_undecided=False)
    assert "deadline:2030" in draft.quotes.read_text(encoding="utf-8")
    session.decide(acts, "undecided")
    session.write(with_undecided=True)
    assert draft.quotes.read_text(encoding="utf-8").count("status:proposed .") == len(acts)


def test_a_change_names_what_exists(draft: Draft) -> None:
    session = ReviewSession(draft.folder, "reef-plan", draft.annotation, draft.background)
    number = next(n for n, each in enumerate(session.proposals) if each.kind == "act")
    with pytest.raises(UsageError, match="Nothing is known of “technology/rockets”"):
        session.change(number, "develops", "technology/rockets")
    session.change(number, ":develops", "technology/reusable-rocket")
    changed = session.proposals[number]
    assert changed.predicate.endswith("/def/develops")
    assert changed.object.endswith("/id/technology/reusable-rocket")
    assert session.decision(number) == "confirm"
    with pytest.raises(UsageError, match="no such proposal"):
        session.decide([10_000], "confirm")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 3", "ended with 3"),
        ("echo no", "did not write JSON"),
        ("echo '[]'", "did not write"),
        ("cat; sleep 60", "took longer than"),
        ("""echo '{"proposals": [{"kind": "song", "start": 0, "end": 1}]}'""", "kind is 'song'"),
        ("""echo '{"proposals": [{"kind": "act", "start": 5, "end": 9999}]}'""", "is no place"),
        ("""echo '{"proposals": [{"kind": "act", "start": 0, "end": 4, "words": "x"}]}'""", "Reef"),
        ("""echo '{"proposals": [{"kind": "act", "start": 0, "end": 4, "score": 7}]}'""", "score"),
        (
            """echo '{"proposals": [{"kind": "act", "start": 0, "end": 4, "object": """
            """"https://w3id.org/spacepolicy/id/technology/no"}]}'""",
            "does not exist",
        ),
    ],
)
def test_what_another_annotator_does_wrong_is_said(draft: Draft, script: str, reason: str) -> None:
    program = draft.folder / "annotator.sh"
    program.write_text(script, encoding="utf-8")
    command = f"sh {program}"
    with pytest.raises(AnnotatorError, match=reason):
        ask_annotator(command, TEXT, "reef-plan", draft.background, timeout_seconds=2)


def test_an_annotator_that_is_not_there_is_said(draft: Draft) -> None:
    with pytest.raises(AnnotatorError, match="could not be started"):
        ask_annotator("no-such-annotator-here", TEXT, "reef-plan", draft.background, 2)
