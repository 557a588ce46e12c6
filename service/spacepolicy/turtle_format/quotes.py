"""The notation of `.quotes` files: quotations, each with the Turtle statements that they make.

    @prefix task: <https://example.org/id/plan/task/> .

    # First, plant trees … every spring.

    > plant trees
    task:1 a :Task ; :plants :Tree .

    @ sec.3.b.ii
    = 24 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    task:2 a :Task .

A line that begins with `>` quotes a passage in full; `#` is the heading of a part, a passage that
contains others, by its first and last words; `@` names a passage by the locator in the document
itself, `=` its fingerprint. Statements before the first of these are about the document. Where the
words alone do not determine the place, its start follows the sign (`>953 plant trees`) or, for
words that cannot be written, start and end (`>953,964`). In the statements of a passage, `<#>` is
the passage itself, as `<>` is the document. Only a line that begins so and is not within a string
is one of these; all others are Turtle, with the IRI property lists of Notation3 beside it:
`task:1 :plants [ id :oak a :Tree ] .`.

Spec: https://www.w3.org/TR/turtle/#sec-grammar, https://w3c.github.io/N3/spec/#iripropertylist
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, cast, final

from pyoxigraph import Quad, RdfFormat, parse

from spacepolicy.turtle_format.iri_property_lists import BracketError, Separated, separate
from spacepolicy.turtle_format.tokens import TurtleToken, tokens

Sign = Literal[">", "#", "@"]

ITSELF: Final = "<#>"
"""The name of the passage in its own statements."""
OMITTED: Final = " … "
"""Replaces the words between the first and the last ones of a part."""
_MARK: Final = re.compile(
    r"(?P<sign>[>#])(?:(?P<start>0|[1-9][0-9]*)(?:,(?P<end>0|[1-9][0-9]*))?)?"
    r"(?:[ \t]+(?P<words>.*))?"
)
_SIGNED: Final = re.compile(r"[>#=]|@\s")
_LOCATOR: Final = re.compile(r"@[ \t]+(?P<locator>[^\s<>\"{}|^`\\#%]+)[ \t]*")
_FINGERPRINT: Final = re.compile(r"=[ \t]+(?P<written>[1-9][0-9]*[ \t]+[0-9a-f]{64})[ \t]*")
_PIECE: Final = re.compile(
    r"""\"\"\"(?:[^"\\]|\\.|"(?!""))*\"\"\"|'''(?:[^'\\]|\\.|'(?!''))*'''
      |"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|<[^<>"{}|^`\x00-\x20]*>|\#[^\n]*|[^\n]""",
    re.VERBOSE | re.DOTALL,
)
"""A string, an IRI or a comment, inside of which every line is Turtle; else a character."""


@final
@dataclass(frozen=True, slots=True)
class Mark:
    """A line that names a passage, by its words, their place or a locator.

    `words` are as they are written, `fingerprint` the number of tokens and their digest.
    """

    sign: Sign
    line: int
    words: str = ""
    start: int | None = None
    end: int | None = None
    locator: str = ""
    fingerprint: str = ""

    def __str__(self) -> str:
        """The line or lines, as they are written."""
        if self.sign == "@":
            return f"@ {self.locator}" + (f"\n= {self.fingerprint}" if self.fingerprint else "")
        place = ",".join(str(each) for each in (self.start, self.end) if each is not None)
        return f"{self.sign}{place}" + (f" {self.words}" if self.words else "")


@final
@dataclass(frozen=True, slots=True)
class QuotedSection:
    """A passage with its statements; the first section has no mark and is about the document.

    `text` is Turtle, with blanks in place of whatever stands before and behind it.
    """

    mark: Mark | None
    line: int
    text: str

    def tokens(self) -> Iterator[TurtleToken]:
        """The tokens of the statements, with their places in the file."""
        for each in tokens(self.text):
            yield TurtleToken(each.kind, each.text, each.line + self.line - 1, each.column)


@final
class NotationError(SyntaxError):
    """A line or statement that the notation does not allow; its place is in the file."""

    def __init__(self, reason: str, line: int, column: int) -> None:
        super().__init__(reason)
        self.lineno, self.offset = line, column


def read_sections(text: str) -> tuple[QuotedSection, ...]:
    """The sections of a file, in its order.

    Raises: NotationError where a line begins with a sign and is none of the notation, or statements
    hold what only a whole document may.
    """
    marks: list[Mark | None] = [None]
    starts, pieces = [1], [[""]]
    for number, line in _lines(text):
        if not _SIGNED.match(line):
            pieces[-1].append(line)
            continue
        mark = _mark(line.rstrip("\n"), number, marks[-1], pieces[-1])
        if line[0] == "=":
            marks[-1] = mark
            pieces[-1].append("\n")
        else:
            marks.append(mark)
            starts.append(number + 1)
            pieces.append([])
    found = zip(marks, starts, map("".join, pieces), strict=True)
    sections = tuple(QuotedSection(*each) for each in found)
    for section in sections:
        _refuse(section)
    return sections


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers; a line continues where a string does."""
    at, number = 0, 1
    while at < len(text):
        end = _end_of_line(text, at)
        yield number, text[at:end]
        number += text.count("\n", at, end)
        at = end


def _end_of_line(text: str, at: int) -> int:
    """Where the line ends; line breaks within strings do not count."""
    if text[at] in ">#=":
        return (text.find("\n", at) + 1) or len(text)
    while at < len(text) and text[at] != "\n":
        found = _PIECE.match(text, at)
        at = found.end() if found else at + 1
    return min(at + 1, len(text))


def _mark(line: str, number: int, before: Mark | None, pieces: Sequence[str]) -> Mark:
    if line[0] == "=":
        found = _FINGERPRINT.fullmatch(line)
        if before is None or before.sign != "@" or "".join(pieces).strip() or before.fingerprint:
            reason = "a fingerprint stands on the line after `@ locator`"
            raise NotationError(reason, number, 1)
        if not found:
            reason = "a fingerprint is `= tokens sha256`: a number and 64 hexadecimal digits"
            raise NotationError(reason, number, 1)
        written = " ".join(found["written"].split())
        return Mark("@", before.line, locator=before.locator, fingerprint=written)
    if line[0] == "@":
        found = _LOCATOR.fullmatch(line)
        if not found:
            reason = "a locator is one word of the document's own numbering, as `@ sec.3.b.ii`"
            raise NotationError(reason, number, 1)
        return Mark("@", number, locator=found["locator"])
    found = _MARK.fullmatch(line)
    words = " ".join((found["words"] or "").split()) if found else ""
    if not found or not (words or found["end"]):
        reason = f"a passage is `{line[0]} words of the text`, or `{line[0]}START,END`"
        raise NotationError(reason, number, 1)
    start, end = (None if each is None else int(each) for each in found.group("start", "end"))
    return Mark(cast("Sign", found["sign"]), number, words, start, end)


def _refuse(section: QuotedSection) -> None:
    """Raise NotationError for graphs, which lines of the notation name, and late prefixes."""
    for token in section.tokens():
        if token.kind == "mark" and token.text in ("{", "}"):
            reason = "graphs are named by the lines that begin with >, # and @, not by braces"
            raise NotationError(reason, token.line, token.column)
        if section.mark is not None and _is_directive(token):
            reason = "prefixes are declared before the first quotation"
            raise NotationError(reason, token.line, token.column)


def _is_directive(token: TurtleToken) -> bool:
    if token.kind == "tag":
        return token.text in ("@prefix", "@base")
    return token.kind == "word" and token.text.upper() in ("PREFIX", "BASE")


@final
@dataclass(frozen=True, slots=True)
class Expansion:
    """The sections as TriG, each statement on the line that it has in the file.

    `shifts` says by how many columns a line is moved to the right, `marks` which lines name
    passages. From the line `end` on there are the statements that stand in brackets in the file,
    where the lines of `moved` say.
    """

    trig: str
    shifts: Mapping[int, int]
    marks: frozenset[int]
    end: int
    moved: Mapping[int, int]

    def quads(self) -> tuple[Quad, ...]:
        """The statements, blank nodes renamed.

        Raises: NotationError with the place in the file.
        """
        try:
            return tuple(parse(self.trig, RdfFormat.TRIG, rename_blank_nodes=True))
        except SyntaxError as error:
            line, column = error.lineno or 1, error.offset or 1
            reason = error.msg.partition(": ")[2] or error.msg
            if line in self.marks:
                reason = "the last statement before this line is not complete"
            if line == self.end:  # at the brace behind the last line of the file
                reason = "the last statement of the file is not complete"
                line, column = line - 1, len(self.trig.split("\n")[line - 2]) + 1
            column = max(column - self.shifts.get(line, 0), 1)
            raise NotationError(reason, self.moved.get(line, line), column) from error


def expand(
    sections: Sequence[QuotedSection],
    *,
    base: str,
    graphs: Sequence[str],
    described: Sequence[str],
    prefixes: Mapping[str, str],
) -> Expansion:
    """The sections as TriG under the base, which names the document and the graph about it.

    `graphs` are the IRIs of the passages, `described` what is said of each in the document's graph
    (Turtle, or nothing); `prefixes` need no declaration.
    """
    first, *passages = [*map(_separated, sections)]
    declared = "".join(f"@prefix {prefix}: <{iri}> . " for prefix, iri in prefixes.items())
    prelude = f"@base <{base}> . {declared}"
    lines = first.section.text.split("\n")
    shifts = {1: len(prelude)}
    opened = _open(lines, first.section, f"<{base}> {{ ", shifts)
    lines[0] = prelude + lines[0]
    text = "\n".join(lines)
    for each, graph, says in zip(passages, graphs, described, strict=True):
        own = f"<{base}> {{ {says} }} " if says else ""
        stated = _naming_itself(each.section, graph, shifts)
        text += f"{'} ' if opened else ''}{own}<{graph}> {{\n{stated}"
        opened = True
    text += "\n}" if opened else ""
    end, moved = text.count("\n") + 1, dict[int, int]()
    for each, graph in zip((first, *passages), (base, *graphs), strict=True):
        for separated in each.nested:
            text += f"\n<{graph}> {{\n"
            line = text.count("\n") + 1
            text += f"{_naming_itself(QuotedSection(None, line, separated.text), graph, shifts)} }}"
            there = separated.line + each.section.line - 1
            moved |= {line + n: there + n for n in range(separated.text.count("\n") + 1)}
    marks = frozenset(section.mark.line for section in sections if section.mark)
    return Expansion(text, shifts, marks, end if opened else 0, moved)


@final
@dataclass(frozen=True, slots=True)
class _SeparatedSection:
    """A section as Turtle, and what stands in it in brackets that name an IRI."""

    section: QuotedSection
    nested: tuple[Separated, ...]


def _separated(section: QuotedSection) -> _SeparatedSection:
    try:
        text, nested = separate(section.text)
    except BracketError as error:
        raise NotationError(error.reason, error.line + section.line - 1, error.column) from error
    return _SeparatedSection(replace(section, text=text), nested)


def _naming_itself(section: QuotedSection, graph: str, shifts: dict[int, int]) -> str:
    """The statements of a passage with its name in the place of `<#>`."""
    lines = section.text.split("\n")
    for token in section.tokens():
        if token.kind == "iri" and token.text == ITSELF:
            at = token.line - section.line
            place = token.column - 1 + shifts.get(token.line, 0)
            lines[at] = f"{lines[at][:place]}<{graph}>{lines[at][place + len(ITSELF) :]}"
            shifts[token.line] = shifts.get(token.line, 0) + len(graph) + 2 - len(ITSELF)
    return "\n".join(lines)


def _open(lines: list[str], first: QuotedSection, opening: str, shifts: dict[int, int]) -> bool:
    """Open the document's graph before its first statement; return whether there is one."""
    start = _first_statement(list(first.tokens()))
    if start is None:
        return False
    line = lines[start.line - 1]
    lines[start.line - 1] = line[: start.column - 1] + opening + line[start.column - 1 :]
    shifts[start.line] = shifts.get(start.line, 0) + len(opening)
    return True


def _first_statement(found: Sequence[TurtleToken]) -> TurtleToken | None:
    """The first token that belongs to no declaration and is no comment."""
    meant = [token for token in found if token.kind != "comment"]
    at = 0
    while at < len(meant):
        token = meant[at]
        if not _is_directive(token):
            return token
        ends = token.kind == "tag"
        at += 1
        if ends:
            while at < len(meant) and meant[at].text != ".":
                at += 1
            at += 1
        else:
            at += 1 if token.text.upper() == "BASE" else 2
    return None


def comments(sections: Iterable[QuotedSection]) -> Iterator[TurtleToken]:
    """The comments among the statements, which are lost when a file is printed."""
    return (token for each in sections for token in each.tokens() if token.kind == "comment")
