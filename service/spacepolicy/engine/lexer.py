"""What can be seen of a SPARQL text before it is parsed: its form, its graphs, its depth and
length.

One linear reader without recursion, for text that would crash a parser. It splits the text into
tokens as the grammar does and keeps a stack of the open brackets; it accepts more than the grammar,
and never less than the embedded engine, which also accepts keywords run together with what follows
(`SERVICESILENT<…>`, `trueFILTER(…)`).

Spec: https://www.w3.org/TR/sparql11-query/#sparqlGrammar, of 1.2 triple terms and VERSION
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal, final

from spacepolicy.engine.tokens import LOCAL_ESCAPE, TOKEN, resolved
from spacepolicy.errors import EgressRefusedError, QueryTooComplexError

QueryForm = Literal["select", "ask", "construct", "describe", "update"]


@final
@dataclass(frozen=True, slots=True)
class Scan:
    """What was seen of a text.

    `form` is None where no operation begins; `volatile` says that the answer may differ from one
    evaluation to the next over the same data; `depth` counts nested brackets and groups, `chain`
    the links of the longest chain: operators of one expression, steps of one path, items of one
    collection, elements of one group; the rows of VALUES and of INSERT DATA are no chain. `graphs`
    are the IRIs named by FROM, NAMED, GRAPH, USING, WITH, INTO and their like, as they come;
    `default_graphs` those of FROM and USING among them, `named_graphs` those of NAMED. `scoped`
    says that an update names its dataset itself, by USING or WITH. `shape` is the same for texts
    with the same tokens but for constants and the names of variables, within one process. Where
    `by_marks`, all of it is the same for texts with the same `tokens.marks` and no backslash.
    """

    form: QueryForm | None
    service: bool
    load: bool
    volatile: bool
    depth: int
    chain: int
    graphs: tuple[str, ...]
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    scoped: bool
    shape: int = field(default=0, compare=False)
    by_marks: bool = field(default=False, compare=False)


@final
@dataclass(frozen=True, slots=True)
class TextLimits:
    """How deep and how long a text may be: nested up to `max_depth`, chained up to `max_chain`.
    The engine's parser was seen to die from 512 nested EXISTS and from 2,048 links; a worker's
    larger stack takes eight times that."""

    max_depth: int = 128
    max_chain: int = 1000


_READ_DEPTH: Final = 1 << 10
_READ_CHAIN: Final = 1 << 13
"""A text that nests or chains further is not read to its end, since it is refused anyway: a
megabyte of brackets takes 6.5 s of a processor that the requests of others wait for, a thousand
brackets 8 ms, and 8,000 links 20 to 30 ms."""


def refuse(scan: Scan, limits: TextLimits, *, service: bool = False) -> None:
    """Refuse a text beyond the limits, or one that reaches out; `service`: its SERVICE blocks are
    checked by the caller.

    Raises: QueryTooComplexError, EgressRefusedError.
    """
    for what, seen, limit in (
        ("nests", scan.depth, limits.max_depth),
        ("chains", scan.chain, limits.max_chain),
    ):
        if seen > limit:
            raise QueryTooComplexError(
                f"The query {what} {seen} deep; {limit} is the limit.",
                extras={"found": seen, "limit": limit},
            )
    if scan.load or (scan.service and not service):
        keyword = "LOAD" if scan.load else "SERVICE"
        raise EgressRefusedError(f"{keyword} is refused: queries do not leave this machine.")


def scan(text: str, prefixes: Mapping[str, str] | None = None) -> Scan:
    """Scan a text. `prefixes` are those that it need not declare.

    SPARQL 1.1 decodes codepoint escapes before it reads, 1.2 within IRIs and strings alone; a text
    that has any is read in both ways, and the results are combined.
    """
    read = _Reader(text, prefixes or {}).read()
    if "\\u" not in text and "\\U" not in text:
        return read
    return _either(read, _Reader(without_escapes(text), prefixes or {}).read())


def order_end(text: str) -> int | None:
    """The offset where another key of the outermost ORDER BY would stand; None where there is
    none."""
    reader = _Reader(text, {})
    reader.read()
    return reader.order_end


def _either(one: Scan, other: Scan) -> Scan:
    return Scan(
        form=one.form or other.form,
        service=one.service or other.service,
        load=one.load or other.load,
        volatile=one.volatile or other.volatile,
        depth=max(one.depth, other.depth),
        chain=max(one.chain, other.chain),
        graphs=_each_once(one.graphs + other.graphs),
        default_graphs=_each_once(one.default_graphs + other.default_graphs),
        named_graphs=_each_once(one.named_graphs + other.named_graphs),
        scoped=one.scoped or other.scoped,
        shape=one.shape,
    )


def _each_once(iris: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(iris))


_ESCAPE: Final = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_HIGHEST: Final = 0x10FFFF
"""The highest code point of Unicode."""


def without_escapes(text: str) -> str:
    return _ESCAPE.sub(_decoded, text)


def _decoded(escape: re.Match[str]) -> str:
    codepoint = int(escape[1] or escape[2], 16)
    return chr(codepoint) if codepoint <= _HIGHEST else escape[0]


_FORMS: Final[Mapping[str, QueryForm]] = {
    "SELECT": "select",
    "ASK": "ask",
    "CONSTRUCT": "construct",
    "DESCRIBE": "describe",
    **dict.fromkeys(
        ("INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"),
        "update",
    ),
}
_BEGINS: Final = re.compile("|".join(_FORMS))
_CHANGING: Final = ("NOW", "RAND", "UUID", "BNODE")
"""Endings of the functions that differ from call to call; STRUUID has one of them."""
_BEFORE_A_GRAPH: Final = (
    "FROM", "NAMED", "GRAPH", "USING", "WITH", "INTO", "TO", "ADD", "MOVE", "COPY",
)  # fmt: skip
_NAMES_A_GRAPH: Final = re.compile("|".join(_BEFORE_A_GRAPH), re.IGNORECASE)
_BEFORE_EXPRESSIONS: Final = ("SELECT", "DISTINCT", "REDUCED", "BY", "HAVING", "ASC", "DESC")
_AFTER_EXPRESSIONS: Final = ("WHERE", "FROM", "NAMED", "VALUES", "LIMIT", "OFFSET")
_CONSTANTS: Final = ("TRUE", "FALSE", "UNDEF")
_OPERANDS: Final = frozenset(
    {"iri", "variable", "name", "close", "string", "number", "blank", "language"}
)
_KEYWORDS: Final = re.compile(
    "FILTER|HAVING|BY|SELECT|DISTINCT|REDUCED|EXISTS|VALUES|SERVICE|SILENT"
)


@lru_cache(maxsize=256)
def _may_hold_a_keyword(prefix: str) -> bool:
    """Whether a name with the prefix may be a keyword run together with a name."""
    return _KEYWORDS.search(prefix.upper()) is not None


_TERMS: Final = frozenset({"variable", "string", "number"})
"""Kinds of tokens that are always terms."""
_ANONYMOUS: Final = {"variable": "?", "iri": "<>", "string": "''", "number": "0", "blank": "_:"}
"""The placeholders in a shape for tokens that differ from one text to another with that shape."""
_DIGITS: Final = "0123456789"
_COUNTING: Final = ("LIMIT", "OFFSET")
"""Words before numbers that determine how much work there is; the shape has their lengths."""
_NOTED: Final = re.compile("service|load|now|rand|uuid|bnode", re.IGNORECASE)


@final
@dataclass(slots=True)
class _Bracket:
    """An open bracket: what it contains, and the links of the chains in it so far.

    `lists` says that expressions stand side by side here, as after SELECT or ORDER BY; `values`
    that the rows of a VALUES are to come.
    """

    holds: Literal["patterns", "expression", "terms", "rows"]
    elements: int = 0
    operators: int = 0
    lists: bool = False
    values: bool = False


@final
class _Reader:
    """Reads a text once, and keeps what it has seen so far."""

    def __init__(self, text: str, prefixes: Mapping[str, str]) -> None:
        self._text = text
        self._prefixes = dict(prefixes)
        self._base = ""
        self._declared: str | None = None
        self._form: QueryForm | None = None
        self._service = self._load = self._volatile = self._run_together = False
        self._depth = self._chain = 0
        self._graphs: list[tuple[str, str]] = []  # the keyword before each, and its IRI
        self._brackets = [_Bracket("patterns")]
        self._template: Literal["none", "to come", "open", "closed"] = "none"
        self._kind = ""  # the kind of the token before
        self._word = ""  # the token before, in capitals, where it is a word
        self._function = False  # the name before stands after FILTER: its brackets hold arguments
        self._suspect = False  # the name before may be a keyword run together with a name
        self._place = 0  # where the token begins
        self._ordered = False  # the outermost ORDER BY has begun
        self._order_end: int | None = None
        self._compared = False  # a token that could be an IRI began with an operator here

    @property
    def order_end(self) -> int | None:
        """The offset where the keys of the outermost ORDER BY end, once the text is read."""
        return len(self._text) if self._ordered else self._order_end

    def read(self) -> Scan:
        """Read to the end of the text, or to where it is far beyond its limits."""
        text, steps, anonymous = self._text, _STEPS, _ANONYMOUS
        shape = list[object]()
        position = 0
        while (token := TOKEN.match(text, position)) is not None:
            kind = token.lastgroup or "other"
            start, position = token.span(kind)
            if text[start] == "<" and self._compares():
                self._compared |= kind == "iri"
                kind, position = "operator", start + 1
            self._place = start
            mark = text[start:position]
            shape.append(anonymous.get(kind) or (mark.rstrip(_DIGITS) if kind == "name" else mark))
            if kind in _TERMS:
                if (bracket := self._brackets[-1]).holds == "terms":
                    bracket.elements += 1
            elif (step := steps.get(kind)) is not None:
                step(self, mark)
            if kind == "number" and self._word in _COUNTING:
                shape.append(position - start)
            if kind != "word":
                self._word = ""
            self._kind = kind
            bracket = self._brackets[-1]
            if self._depth > _READ_DEPTH or bracket.elements + bracket.operators > _READ_CHAIN:
                break
        return self._seen(hash(tuple(shape)))

    def _seen(self, shape: int) -> Scan:
        while len(self._brackets) > 1:
            self._close("")
        self._count(self._brackets[0])
        if self._run_together:
            noted = {word.lower() for word in _NOTED.findall(self._text)}
            self._service |= "service" in noted
            self._load |= "load" in noted
            self._volatile |= bool(noted - {"service", "load"})
        return Scan(
            form=self._form,
            service=self._service,
            load=self._load,
            volatile=self._volatile or self._service,
            depth=self._depth,
            chain=self._chain,
            graphs=self._graphs_after(""),
            default_graphs=self._graphs_after("FROM", "USING"),
            named_graphs=self._graphs_after("NAMED"),
            scoped=self._form == "update" and bool(self._graphs_after("USING", "NAMED", "WITH")),
            shape=shape,
            by_marks=not (self._graphs or self._run_together or self._compared),
        )

    def _graphs_after(self, *keywords: str) -> tuple[str, ...]:
        if not self._graphs:
            return ()
        return _each_once(iri for word, iri in self._graphs if word.endswith(keywords))

    def _count(self, bracket: _Bracket) -> None:
        self._chain = max(self._chain, bracket.elements, bracket.operators)

    def _compares(self) -> bool:
        """Whether a `<` here is the operator: inside an expression, after an operand."""
        return self._brackets[-1].holds == "expression" and (
            self._kind in _OPERANDS or self._word.endswith(_CONSTANTS)
        )

    def _term(self, _: str) -> None:
        bracket = self._brackets[-1]
        if bracket.holds == "terms":
            bracket.elements += 1

    def _blank(self, mark: str) -> None:
        self._volatile |= self._template == "open"
        self._term(mark)

    def _iri(self, mark: str) -> None:
        if not self._word and self._declared is None:
            self._function = False
            self._term(mark)
            return
        iri = without_escapes(mark[1:-1])
        if self._base:
            iri = resolved(iri, self._base)
        if self._declared is not None and self._kind == "name":
            self._prefixes[self._declared] = iri
        elif self._word == "BASE":
            self._base = iri
        self._declared = None
        self._refer(iri)
        self._term(mark)

    def _name(self, mark: str) -> None:
        prefix, _, local = mark.partition(":")
        known = self._form is not None and prefix in self._prefixes
        if known and not self._word and len(self._brackets) > 1:
            self._declared, self._function = None, False
            self._suspect = _may_hold_a_keyword(prefix)
            self._term(mark)
            return
        upper = prefix.upper()
        outside = len(self._brackets) == 1
        self._declared = None
        if outside and not local and (self._word == "PREFIX" or upper.startswith("PREFIX")):
            self._declared = prefix if self._word == "PREFIX" else prefix[len("PREFIX") :]
            return
        self._begin(upper)
        if outside and self._form == "update" and not self._word:
            self._load |= upper.startswith("LOAD")
        self._suspect = not self._word.endswith(_BEFORE_A_GRAPH) and bool(_KEYWORDS.search(upper))
        if prefix not in self._prefixes:
            prefix = self._behind_a_keyword(prefix)
        namespace = self._prefixes.get(prefix)
        self._refer(namespace and namespace + LOCAL_ESCAPE.sub(r"\1", local.rstrip(".")))
        self._term(mark)

    def _behind_a_keyword(self, prefix: str) -> str:
        """The declared prefix that stands right behind a keyword, as in `GRAPHex:g`."""
        for keyword in _NAMES_A_GRAPH.finditer(prefix):
            if (rest := prefix[keyword.end() :]) in self._prefixes:
                self._word = keyword[0].upper()
                return rest
        return prefix

    def _refer(self, iri: str | None) -> None:
        if iri is not None and self._word.endswith(_BEFORE_A_GRAPH):
            self._graphs.append((self._word, iri))
        self._function = self._word.endswith(("FILTER", "HAVING"))

    def _words(self, mark: str) -> None:
        """One word, or several with dots between them."""
        for word in mark.upper().split("."):
            if word:
                self._one_word(word)

    def _one_word(self, word: str) -> None:
        self._begin(word)
        self._service |= "SERVICE" in word
        self._load |= "LOAD" in word
        bracket = self._brackets[-1]
        if word.endswith(_BEFORE_EXPRESSIONS):
            bracket.lists = True
        elif word.endswith(_AFTER_EXPRESSIONS):
            bracket.lists = False
        if word.endswith("VALUES"):
            bracket.values = True
        elif word.endswith(_CONSTANTS):
            self._term(word)
        if len(self._brackets) == 1:
            self._modify(word)
        self._word = word

    def _modify(self, word: str) -> None:
        """Note where the outermost ORDER BY begins and ends."""
        if word == "BY" and self._word == "ORDER":
            self._ordered = True
        elif self._ordered and word in _AFTER_EXPRESSIONS:
            self._ordered, self._order_end = False, self._place

    def _begin(self, word: str) -> None:
        """Note the text's form where this is its first keyword after the prologue."""
        if self._form is None and (found := _BEGINS.match(word)) is not None:
            self._form = _FORMS[found[0]]
            if self._form == "construct":
                self._template = "to come"

    def _open(self, mark: str) -> None:
        parent = self._brackets[-1]
        self._run_together |= self._kind == "name" and self._suspect
        holds = self._held(parent, mark)
        if mark == "{":
            parent.values = False
            parent.lists &= self._word.endswith("EXISTS")
            if self._template == "to come":
                self._template = "open"
        elif self._template == "open":
            self._volatile = True
        if mark == "(":
            self._volatile |= self._word.endswith(_CHANGING)
        if parent.holds != "rows":
            parent.elements += 1
        self._brackets.append(_Bracket(holds))
        self._depth = max(self._depth, len(self._brackets) - 1)

    def _held(
        self, parent: _Bracket, mark: str
    ) -> Literal["patterns", "expression", "terms", "rows"]:
        """What the bracket contains that opens here."""
        if parent.holds == "rows" or (parent.values and mark != "["):
            return "rows"
        if mark == "<<":
            return "terms"
        if mark != "(":
            return "rows" if self._word.endswith("DATA") else "patterns"
        if parent.holds != "patterns":
            return parent.holds
        called = self._word not in ("", "A") and not self._word.endswith(_CONSTANTS)
        after_filter = self._function and self._kind in ("iri", "name")
        return "expression" if parent.lists or called or after_filter else "terms"

    def _close(self, mark: str) -> None:
        if mark == ">>" and self._brackets[-1].holds == "expression":
            self._operator(mark)
        elif len(self._brackets) > 1:
            self._count(self._brackets.pop())
            if len(self._brackets) == 1 and self._template == "open":
                self._template = "closed"

    def _separate(self, mark: str) -> None:
        bracket = self._brackets[-1]
        self._count(bracket)
        match bracket.holds:
            case "patterns":
                bracket.operators = 0
                if mark == ";" and len(self._brackets) == 1:
                    bracket.elements = 0
            case "expression" if mark == ",":
                bracket.elements = bracket.operators = 0

    def _operator(self, mark: str) -> None:
        if mark == "<<":
            self._open(mark)
        else:
            self._brackets[-1].operators += 1

    def _other(self, mark: str) -> None:
        self._volatile |= mark == "~" and self._template == "open"


_STEPS: Final[Mapping[str, Callable[[_Reader, str], None]]] = {
    "iri": _Reader._iri,
    "name": _Reader._name,
    "word": _Reader._words,
    "blank": _Reader._blank,
    "open": _Reader._open,
    "close": _Reader._close,
    "separator": _Reader._separate,
    "operator": _Reader._operator,
    "other": _Reader._other,
}
