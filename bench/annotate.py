"""What annotation by rules finds of texts, held against annotations that people made first.

    python -m bench.annotate [NAME…]

`bench/annotations/<name>.csv` has the places, kinds and values of a text, made by hand before the
rules; texts that are not the project's stand there without their words. Each text is annotated
with what the other documents know: names and wordings, without its own data; of its own names
only those of technologies, actors and regions. A kind is printed with how many there are (n), which
share of them is found (recall), and which share of what is proposed is right (precision). Ends with
1 where a floor is missed.
"""

import csv
import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pyoxigraph import NamedNode, Quad

from bench.documents import OVERLAYS, ROOT, lay_out, overlays
from spacepolicy.annotation.annotating import Background, annotate
from spacepolicy.annotation.names import Name, Names, read_names
from spacepolicy.annotation.proposals import Proposal
from spacepolicy.annotation.wordings import WordingTable, read_wordings
from spacepolicy.knowledge.loading.content import read_content

ANNOTATIONS: Final = ROOT / "bench" / "annotations"
BASE: Final = "https://w3id.org/spacepolicy/"
POLICIES: Final = ROOT.parent / "shared" / "policies"
KNOWN_KINDS: Final = ("Technology", "Actor", "Region")
"""The classes whose instances' names are known of a text before it is read."""
_SAME_CLAUSE: Final = 0.8
"""The least share of two passages' words that they have in common where they are the same."""
FLOORS: Final[Mapping[str, float]] = {
    "part": 0.9,
    "measure": 0.6,
    "date": 0.85,
    "mention": 0.8,
    "act": 0.6,
    "quantity": 0.8,
}
"""The least recall of each kind; and of all that is proposed, `MOST_WRONG` may be wrong."""
MOST_WRONG: Final = 0.15


@dataclass(frozen=True)
class Expected:
    """What an annotator marked: a place, and its value. `optional`: nothing is wrong either way."""

    kind: str
    start: int
    end: int
    value: str

    @property
    def optional(self) -> bool:
        """Whether it need not be found."""
        return self.value.endswith("?")

    @property
    def said(self) -> str:
        """The value alone."""
        return self.value.rstrip("?")


@dataclass(frozen=True)
class Marked:
    """A text with its annotations by hand."""

    name: str
    text: str
    expected: tuple[Expected, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.kind for each in self.expected))


@dataclass(frozen=True)
class Score:
    """What came of a kind: how many are expected and found, how many proposed and right."""

    expected: int
    found: int
    proposed: int
    right: int

    @property
    def recall(self) -> float:
        return self.found / self.expected if self.expected else 1.0

    @property
    def precision(self) -> float:
        return self.right / self.proposed if self.proposed else 1.0


def text_of(name: str) -> Path:
    """Where the text of that name is: shipped, of the tests, or a copy beside the checkout."""
    places = (
        ROOT / "seeds" / f"{name}.txt",
        OVERLAYS / name / "seeds" / f"{name}.txt",
        ANNOTATIONS / f"{name}.txt",
        POLICIES / f"{name}.txt",
    )
    return next((each for each in places if each.is_file()), places[-1])


def marked(name: str) -> Marked:
    """The text of that name with its annotations.

    Raises: SystemExit where the text is not the one that was annotated.
    """
    text = text_of(name).read_bytes().decode()
    with (ANNOTATIONS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            Expected(r["kind"], int(r["start"]), int(r["end"]), r["value"])
            for r in csv.DictReader(file)
        ]
    digest = next(each.value for each in rows if each.kind == "text")
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        raise SystemExit(f"{name}: the text is not the one that was annotated")
    return Marked(name, text, tuple(each for each in rows if each.kind != "text"))


@dataclass(frozen=True)
class Known:
    """What the documents know: all names, and the things that each document speaks of."""

    base: str
    names: tuple[Name, ...]
    wordings: WordingTable
    spoken_of: Mapping[str, frozenset[str]]


@cache
def known() -> Known:
    """What the shipped documents and those of the tests know."""
    with TemporaryDirectory() as place:
        content = Path(place)
        lay_out(content, overlays())
        record = read_content(content, packaged=False).record
    spoken_of = {
        Path(each.name).stem: frozenset(_iris_in(each.quads))
        for each in record.files
        if Path(each.name).parent == Path("data")
    }
    names = tuple(read_names(record))
    return Known(record.base.iri, names, read_wordings(record), spoken_of)


def _iris_in(quads: Iterable[Quad]) -> Iterator[str]:
    for quad in quads:
        yield from (each.value for each in quad.triple if isinstance(each, NamedNode))


def background(text: Marked, all_known: Known) -> Background:
    """What is known before the text is read: the things of other documents, and three kinds."""
    wanted = {f"{all_known.base}def/{each}" for each in KNOWN_KINDS}
    others = {
        iri for name, iris in all_known.spoken_of.items() if name != text.name for iri in iris
    }
    names = [each for each in all_known.names if each.iri in others or each.classes & wanted]
    return Background(all_known.base, Names(names), all_known.wordings)


def scores(text: Marked, proposals: Sequence[Proposal], base: str) -> Mapping[str, Score]:
    """The score of each kind that the text is annotated for."""
    found = {kind: _score(text, kind, proposals, base) for kind in text.kinds}
    if any(each.value == "measure" for each in text.expected):
        measures = [each for each in text.expected if each.value == "measure"]
        proposed = [each for each in proposals if each.kind == "passage"]
        met = sum(any(_fits(e, p, base) for p in proposed) for e in measures)
        found["measure"] = Score(len(measures), met, 0, 0)
    return found


def _score(text: Marked, kind: str, proposals: Sequence[Proposal], base: str) -> Score:
    expected = [each for each in text.expected if each.kind == kind]
    needed = [each for each in expected if not each.optional]
    proposed = [each for each in proposals if each.kind == kind]
    met = sum(any(_fits(e, p, base) for p in proposed) for e in needed)
    places: dict[tuple[int, int, str], bool] = {}
    for each in proposed:
        ambiguous = each.kind == "mention"  # several candidates for one place are one proposal
        key = (each.start, each.end, "" if ambiguous else f"{each.predicate}{each.object}")
        places[key] = places.get(key, False) or any(_fits(e, each, base) for e in expected)
    return Score(len(needed), met, len(places), sum(places.values()))


def _fits(expected: Expected, proposal: Proposal, base: str) -> bool:
    """Whether the proposal is what was expected there."""
    if not (proposal.start < expected.end and expected.start < proposal.end):
        return False
    return _FITTING.get(expected.kind, _value_fits)(expected, proposal, base)


def _part_fits(expected: Expected, proposal: Proposal, _base: str) -> bool:
    locator = proposal.subject.partition("/part/")[2].replace("/", ".")
    return proposal.start == expected.start and locator == expected.said


def _passage_fits(expected: Expected, proposal: Proposal, _base: str) -> bool:
    common = min(proposal.end, expected.end) - max(proposal.start, expected.start)
    whole = max(proposal.end, expected.end) - min(proposal.start, expected.start)
    return common / whole >= _SAME_CLAUSE


def _mention_fits(expected: Expected, proposal: Proposal, base: str) -> bool:
    return proposal.object.removeprefix(f"{base}id/") in _iris(expected.said)


def _act_fits(expected: Expected, proposal: Proposal, _base: str) -> bool:
    said = (proposal.predicate, proposal.object)
    return bool({*expected.said.split("/")} & {each.rpartition("/")[2] for each in said})


def _role_fits(expected: Expected, proposal: Proposal, _base: str) -> bool:
    return not expected.said or proposal.predicate.rpartition("/")[2] == expected.said


def _value_fits(expected: Expected, proposal: Proposal, _base: str) -> bool:
    return not expected.said or _same_value(proposal.object, expected.said)


_FITTING: Final[Mapping[str, Callable[[Expected, Proposal, str], bool]]] = {
    "part": _part_fits,
    "passage": _passage_fits,
    "mention": _mention_fits,
    "act": _act_fits,
    "duty": _role_fits,
    "relation": _role_fits,
}


def _same_value(proposed: str, expected: str) -> bool:
    """Values are the same; where things are counted in Chinese, whatever word counts them."""
    if proposed == expected:
        return True
    counted = proposed.endswith("}") and expected.endswith("{}")
    return counted and proposed.partition("{")[0] == expected.partition("{")[0]


def _iris(value: str) -> tuple[str, ...]:
    """One thing, or several that a name may be of: `region/one/actor/one`."""
    pieces = value.split("/")
    return tuple("/".join(pieces[n : n + 2]) for n in range(0, len(pieces), 2))


def misses(text: Marked, proposals: Sequence[Proposal], base: str) -> Iterator[str]:
    """What is not found, and what is wrong, a line each."""
    for each in text.expected:
        own = [p for p in proposals if p.kind == each.kind]
        if not each.optional and not any(_fits(each, p, base) for p in own):
            words = text.text[each.start : each.end][:70]
            yield f"  not found  {each.kind} {each.value} {each.start},{each.end} {words!r}"
    for p in proposals:
        own_kind = [each for each in text.expected if each.kind == p.kind]
        if p.kind in text.kinds and not any(_fits(each, p, base) for each in own_kind):
            said = " ".join(each.rpartition("/")[2] for each in (p.predicate, p.object))
            yield f"  not right  {p.kind} {said} {p.start},{p.end} {p.words[:70]!r}"


def table(name: str, found: Mapping[str, Score]) -> Iterator[str]:
    """The lines of the table of one text."""
    for kind, score in found.items():
        precision = f"{score.precision:7.1%}" if score.proposed else "      -"
        counts = f"{score.expected:4} {score.recall:7.1%} {score.proposed:8}"
        yield f"{name:28} {kind:9} {counts} {precision}"
    proposed = sum(each.proposed for each in found.values())
    right = sum(each.right for each in found.values())
    wrong = 1 - right / proposed if proposed else 0
    yield f"{name:28} {'wrong':9} {proposed:4} {wrong:7.1%}"


def missed_floors(name: str, found: Mapping[str, Score]) -> Iterator[str]:
    """Where the rules find less than they have to, or propose more that is wrong."""
    for kind, floor in FLOORS.items():
        if kind in found and found[kind].expected and found[kind].recall < floor:
            yield f"{name}: {found[kind].recall:.1%} of {kind} found, {floor:.0%} are asked"
    proposed = sum(each.proposed for each in found.values())
    right = sum(each.right for each in found.values())
    if "passage" in found and proposed and 1 - right / proposed > MOST_WRONG:
        yield f"{name}: {1 - right / proposed:.1%} of proposals are wrong"


def annotated() -> tuple[str, ...]:
    """The names of the texts that have annotations."""
    return tuple(sorted(each.stem for each in ANNOTATIONS.glob("*.csv") if "." not in each.stem))


def measure(
    names: Iterable[str],
) -> Iterator[tuple[Marked, tuple[Proposal, ...], Mapping[str, Score]]]:
    """Each text with what is proposed for it, and the scores."""
    all_known = known()
    for name in names:
        text = marked(name)
        proposals = annotate(text.text, name, background(text, all_known)).proposals
        yield text, proposals, scores(text, proposals, all_known.base)


def main(arguments: Sequence[str]) -> int:
    """Print the tables; 1 where a floor is missed."""
    names = [each for each in arguments if not each.startswith("-")] or annotated()
    print(f"{'text':28} {'kind':9} {'n':>4} {'recall':>7} {'proposed':>8} {'precise':>7}")
    missed: list[str] = []
    for text, proposals, found in measure(names):
        print(*table(text.name, found), sep="\n")
        missed += missed_floors(text.name, found)
        if "--misses" in arguments:
            print(*misses(text, proposals, BASE), sep="\n")
    print(*missed, sep="\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
