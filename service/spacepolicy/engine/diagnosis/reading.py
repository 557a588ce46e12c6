"""Reads a text by the grammar, up to where it leaves it.

Linear in the text and without recursion: a stack of the symbols that are still expected, with marks
where each rule ends.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, final

from spacepolicy.engine.diagnosis.grammar import END, Grammar, read_grammar
from spacepolicy.engine.tokens import SparqlToken, tokens

MAX_TOKENS: Final = 20_000
"""The limit of the text that is read: a text that is refused is written by hand, and reading costs
some microseconds a token."""
_CLASSES: Final = {
    "iri": "$iri", "variable": "$variable", "string": "$string", "number": "$number",
    "blank": "$blank", "language": "$language", "name": "$name",
}  # fmt: skip
_DOTS: Final = re.compile(r"(?<!\\)\.+\Z")
_CLOSED: Final = re.compile(
    r"""\'{3}.*(?<!\\)(?:\\\\)*\'{3}|"{3}.*(?<!\\)(?:\\\\)*"{3}"""
    r"""|'(?:[^'\\\r\n]|\\.)*'|"(?:[^"\\\r\n]|\\.)*\"""",
    re.DOTALL,
)


@cache
def grammar() -> Grammar:
    """The grammar, built when it is first needed: most processes never refuse a text."""
    return read_grammar()


@final
@dataclass(slots=True)
class ParsedRule:
    """A rule that was read: the numbers of its first token and of the one behind its last, and its
    parts. The end is -1 as long as it has not ended."""

    rule: str
    start: int
    end: int = -1
    parts: "list[ParsedRule]" = field(default_factory=list)

    def all(self, *rules: str, within: Sequence[str] = ()) -> "Iterator[ParsedRule]":
        """All parts of these rules in the order of the text; without those inside `within`."""
        waiting = list(reversed(self.parts))
        while waiting:
            part = waiting.pop()
            if part.rule in rules:
                yield part
            if part.rule not in within:
                waiting.extend(reversed(part.parts))


@final
@dataclass(frozen=True, slots=True)
class WholeText:
    """A text that follows the grammar to its end."""

    text: str
    tokens: Sequence[SparqlToken]
    parts: Sequence[ParsedRule]
    prefixes: Mapping[str, str]
    based: bool


@final
@dataclass(frozen=True, slots=True)
class SyntaxStop:
    """Where a text leaves the grammar: before the token `at`, inside the rules that are `open`,
    from the outermost to the innermost; `expected` are the tokens that are allowed there.

    `at` is the number of tokens where only the end is not allowed.
    """

    text: str
    tokens: Sequence[SparqlToken]
    at: int
    open: Sequence[ParsedRule]
    expected: frozenset[str]
    prefixes: Mapping[str, str]

    @property
    def here(self) -> SparqlToken:
        """The token that is not allowed here; an empty one at the end."""
        return self.token(self.at)

    def token(self, at: int) -> SparqlToken:
        """The token with that number; an empty one outside of the text."""
        if 0 <= at < len(self.tokens):
            return self.tokens[at]
        end = self.tokens[-1].end if self.tokens and at >= 0 else 0
        return SparqlToken("end", "", end, end)

    def after(self, count: int = 1) -> SparqlToken:
        """The token `count` after this one."""
        return self.token(self.at + count)

    def before(self, count: int = 1) -> SparqlToken:
        """The token `count` before this one."""
        return self.token(self.at - count)

    def inside(self, *rules: str) -> ParsedRule | None:
        """The innermost of these rules that is open."""
        return next((each for each in reversed(self.open) if each.rule in rules), None)

    @property
    def rule(self) -> str:
        """The innermost rule that is open."""
        return self.open[-1].rule if self.open else ""


def terminal(token: SparqlToken) -> str:
    """The grammar's name for the token."""
    if token.kind == "word":
        return "a" if token.text == "a" else token.text.upper()
    if token.kind == "string":
        return "$string" if is_closed(token.text) else "$unclosed"
    if token.kind == "name" and token.text.endswith(":"):
        return "$prefix"
    return _CLASSES.get(token.kind, token.text)


def is_closed(string: str) -> bool:
    """Whether the string ends with the quotes it began with."""
    return _CLOSED.fullmatch(string) is not None


def split(text: str) -> list[SparqlToken]:
    """Split the text into tokens as the grammar has them: dots apart from the words and names that
    they follow, and punctuation together where it is one token of the grammar."""
    found: list[SparqlToken] = []
    for token in tokens(text):
        dots = _DOTS.search(token.text) if token.kind in ("word", "name", "blank") else None
        joined = found and found[-1].end == token.start and found[-1].text + token.text
        if dots is not None:
            middle = token.end - len(dots[0])
            found.append(SparqlToken(token.kind, text[token.start : middle], token.start, middle))
            found.extend(
                SparqlToken("separator", ".", at, at + 1) for at in range(middle, token.end)
            )
        elif joined in ("<<(", "^^"):
            found[-1] = SparqlToken("other", joined, found[-1].start, token.end)
        else:
            found.append(token)
    return found


@final
class GrammarReader:
    """Reads tokens by the grammar from a rule on, and knows which tokens are allowed next; `parts`
    are the rules that were read at the outermost level."""

    def __init__(
        self, text: str, found: list[SparqlToken], rule: str = "Unit", start: int = 0
    ) -> None:
        self.text = text
        self.tokens = found
        self.at = start
        self._stack: list[str | None] = [END, rule]
        self.parts: list[ParsedRule] = []
        self.open: list[ParsedRule] = []
        self._grammar = grammar()

    def read(self, until: int | None = None) -> bool:
        """Read up to the token with that number, or as far as the grammar allows; return whether
        the end of the rule was reached."""
        while (symbol := self._stack[-1]) != END:
            if symbol is None:
                self._stack.pop()
                self.open.pop().end = self.at
            elif self.at == until or not self._step(symbol):
                return False
        return True

    def _step(self, symbol: str) -> bool:
        token = self._terminal(symbol)
        rule = self._grammar.table.get(symbol)
        if rule is None:
            if symbol == token:
                self._stack.pop()
                self.at += 1
            return symbol == token
        symbols = rule.get(token, () if symbol in self._grammar.nullable else None)
        if symbols is None:
            return False
        self._stack.pop()
        if symbol[0] != "#":
            self._begin(ParsedRule(symbol, self.at))
        self._stack.extend(reversed(symbols))
        return True

    def _begin(self, part: ParsedRule) -> None:
        (self.open[-1].parts if self.open else self.parts).append(part)
        self.open.append(part)
        self._stack.append(None)

    def _terminal(self, symbol: str) -> str:
        """The class of the current token. What looks like an IRI is an operator where only that
        fits."""
        if self.at >= len(self.tokens) or self.at >= MAX_TOKENS:
            return END
        token = self.tokens[self.at]
        found = terminal(token)
        if found == "$prefix" and symbol != "$prefix":
            return "$name"
        if token.kind == "iri":
            return self._compared(token, found)
        return found

    def _compared(self, token: SparqlToken, found: str) -> str:
        expected = self.expected()
        if found in expected or "<" not in expected or len(token.text) < 3:  # <>
            return found
        rest = split(self.text[token.start + 1 : token.end])
        moved = (token.start + 1 + each.start for each in rest)
        self.tokens[self.at : self.at + 1] = [
            SparqlToken("operator", "<", token.start, token.start + 1),
            *(
                SparqlToken(e.kind, e.text, at, at + len(e.text))
                for e, at in zip(rest, moved, strict=True)
            ),
        ]
        return "<"

    def expected(self) -> frozenset[str]:
        """The tokens that are allowed next."""
        found: set[str] = set()
        for symbol in reversed(self._stack):
            if symbol is None:
                continue
            found |= self._grammar.first.get(symbol, frozenset({symbol}))
            if symbol not in self._grammar.nullable:
                break
        return frozenset(found)


def read(
    text: str, prefixes: Mapping[str, str], *, based: bool = True
) -> SyntaxStop | WholeText | None:
    """Read the text: where it leaves the grammar, or its parts where it follows the grammar to its
    end; None where it is too long."""
    reader = GrammarReader(text, split(text))
    if reader.read() and reader.at == len(reader.tokens):
        return WholeText(text, reader.tokens, tuple(reader.parts), prefixes, based)
    if reader.at >= MAX_TOKENS:
        return None
    again = GrammarReader(text, reader.tokens)
    again.read(reader.at)
    return SyntaxStop(text, reader.tokens, reader.at, tuple(again.open), again.expected(), prefixes)


def end_of(stop: SyntaxStop, rule: str, start: int) -> int | None:
    """The number of the token behind the rule that begins at this one; None where the rule does not
    fit."""
    reader = GrammarReader(stop.text, list(stop.tokens), rule, start)
    if reader.read() and reader.at > start and len(reader.tokens) == len(stop.tokens):
        return reader.at
    return None


def brackets(found: Sequence[SparqlToken]) -> Iterator[tuple[int, int]]:
    """The brackets that are not closed, or have no opening one: the number of each, and 1 or -1."""
    waiting: list[int] = []
    pairs = {")": "(", "}": "{", "]": "[", "|}": "{|"}
    for at, token in enumerate(found):
        if token.text in pairs.values() or token.text == "<<(":
            waiting.append(at)
        elif token.text in pairs:
            if waiting and found[waiting[-1]].text.endswith(pairs[token.text]):
                waiting.pop()
            else:
                yield at, -1
    yield from ((at, 1) for at in waiting)
