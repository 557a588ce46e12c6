"""Mistakes in patterns: dots, brackets, terms, paths, and blocks inside a group."""

import re
from collections.abc import Callable
from typing import Final

from spacepolicy.engine.diagnosis.mistake import (
    Mistake,
    at,
    inserted,
    place_of,
    removed,
    replaced,
)
from spacepolicy.engine.diagnosis.ordering import TERMS
from spacepolicy.engine.diagnosis.reading import SyntaxStop, brackets, grammar
from spacepolicy.engine.tokens import SparqlToken

_CLOSING: Final = {"(": ")", "{": "}", "[": "]", "{|": "|}", "<<(": ")"}
BLOCK_KEYWORDS: Final = (
    "FILTER",
    "OPTIONAL",
    "BIND",
    "UNION",
    "MINUS",
    "VALUES",
    "GRAPH",
    "SERVICE",
)


def surplus_bracket(stop: SyntaxStop) -> Mistake | None:
    """A closing bracket that closes nothing, or another than was opened."""
    here = stop.here
    if here.text not in (")", "}", "]"):
        return None
    opened = _opened(stop)
    if opened is None:
        return at("bracket-surplus", here, removed(stop.text, here), bracket=here.text)
    closing = _CLOSING[opened.text]
    if closing == here.text or closing not in stop.expected:
        return None
    if _balanced(stop, SparqlToken("close", closing, here.start, here.end)):
        line, column = place_of(stop.text, opened.start)
        values = {"closing": closing, "opening": opened.text, "found": here.text}
        edit = replaced(here, here, closing)
        return at("bracket-other", here, edit, line=str(line), column=str(column), **values)
    if _balanced(stop):
        return at("bracket-surplus", here, removed(stop.text, here), bracket=here.text)
    return None


def _balanced(stop: SyntaxStop, *instead: SparqlToken) -> bool:
    """Whether each bracket has its pair if these tokens replace the one here."""
    found = [*stop.tokens[: stop.at], *instead, *stop.tokens[stop.at + 1 :]]
    return next(brackets(found), None) is None


def _opened(stop: SyntaxStop) -> SparqlToken | None:
    """The innermost bracket that is open here."""
    found = [number for number, sign in brackets(stop.tokens[: stop.at]) if sign > 0]
    return stop.token(found[-1]) if found else None


def unclosed_bracket(stop: SyntaxStop) -> Mistake | None:
    """A bracket that is missing here: what comes can only stand outside of it."""
    opened = _opened(stop)
    if opened is None or opened.text not in _CLOSING:
        return None
    closing = _CLOSING[opened.text]
    here, missing = stop.here, any(sign > 0 for _, sign in brackets(stop.tokens))
    if closing not in stop.expected or not missing or here.text == closing:
        return None
    every = [closing]
    if here.kind == "end":
        left = [number for number, sign in brackets(stop.tokens) if sign > 0]
        every = [_CLOSING.get(stop.token(number).text, "") for number in reversed(left)]
    text = "".join(f" {each}" if each == "}" else each for each in every)
    edit = inserted(stop.before().end, text)
    line, column = place_of(stop.text, opened.start)
    place = here if here.kind != "end" else stop.before().end
    values = {"closing": closing, "opening": opened.text, "line": str(line), "column": str(column)}
    return at("bracket-missing", place, edit, **values)


def missing_dot(stop: SyntaxStop) -> Mistake | None:
    """Triples without a separator between them."""
    here = stop.here
    begins = here.kind in TERMS or here.text in ("[", "a", "<<")
    if not begins or not {".", ";"} <= stop.expected or stop.inside("Bracketted", "Nodes"):
        return None
    behind = _run(stop)
    count = _terms(stop, stop.at, behind)
    before = stop.before()
    if stop.before(2).text == "," and count == 2:  # the last value is a subject
        comma = stop.before(2)
        return at("comma-for-dot", comma, replaced(comma, comma, " ."))
    if here.text == "a" or count == 2:  # a property and its value
        return at("semicolon-missing", here, inserted(before.end, " ;"), before=before.text)
    if count == 1:
        return at("term-too-many", here, found=here.text, before=before.text)
    return at("dot-missing", here, inserted(before.end, " ."), before=before.text)


def _run(stop: SyntaxStop) -> int:
    """The number of the token behind the terms that stand here together."""
    number, depth = stop.at, 0
    while (token := stop.token(number)).kind != "end":
        depth += (token.text in ("[", "(")) - (token.text in ("]", ")"))
        outside = token.text in (".", ";", ",", "}", "{") or token.word in BLOCK_KEYWORDS
        if depth < 0 or (depth == 0 and outside):
            break
        number += 1
    return number


def _terms(stop: SyntaxStop, start: int, behind: int) -> int:
    """How many terms stand there; a path is one, as is a literal with its language or type."""
    count, depth, joined = 0, 0, False
    for number in range(start, behind):
        token = stop.token(number)
        depth += (token.text in ("[", "(")) - (token.text in ("]", ")"))
        if depth > 0 and token.text not in ("[", "("):
            continue
        mark = token.kind in ("operator", "language") or token.text in ("^^", "?", ")", "]")
        if not mark and not joined:
            count += 1
        joined = token.text in ("/", "|", "^", "^^", "!")
    return count


def separators(stop: SyntaxStop) -> Mistake | None:
    """Two separators, or one with nothing behind it."""
    here, before = stop.here, stop.before()
    inside = stop.inside("Group", "Template", "Quads", "QuadData")
    if inside and here.text in (".", ";", ",") and before.text in (".", ";", ",", "{"):
        return at("mark-twice", here, removed(stop.text, here), mark=here.text)
    if before.text == "," and here.text in ("}", ".", ";", "]"):
        return at("comma-without-value", before, removed(stop.text, before))
    if here.text in (";", ",") and before.text in ("}", ")") and "." in stop.expected:
        return at("mark-behind-block", here, replaced(here, here, "."), mark=here.text)
    if here.text == "," and {".", ";"} & stop.expected and stop.inside("Group"):
        return at("mark-behind-block", here, replaced(here, here, "."), mark=",")
    return None


def incomplete_triple(stop: SyntaxStop) -> Mistake | None:
    """A triple that lacks its object, or its property and object."""
    here, before = stop.here, stop.before()
    ends = (
        here.text in (".", ";", ",", "}", "]") or here.kind == "end" or here.word in BLOCK_KEYWORDS
    )
    if not ends or not stop.inside("Group", "Template", "Quads", "QuadData"):
        return None
    if stop.rule == "PathSequence" or before.text in ("/", "|", "^"):
        return at("path-ends", before, removed(stop.text, before), mark=before.text)
    if (
        stop.rule in ("PropertyList", "Path", "PathElement", "Object")
        and "$string" in stop.expected
    ):
        return at("object-missing", here, property=before.text)
    if "a" in stop.expected and "^" in stop.expected and before.kind in TERMS:
        return at("property-missing", here, subject=before.text)
    return None


def wrong_term(stop: SyntaxStop) -> Mistake | None:
    """A term where its kind is not allowed, or a word that is not a term."""
    here = stop.here
    property_here = "a" in stop.expected and "^" in stop.expected
    if property_here and here.kind in ("string", "number"):
        return at("literal-as-property", here, found=here.text)
    if property_here and here.kind == "blank":
        return at("blank-as-property", here, found=here.text)
    if property_here and here.text == "A":
        return at("capital-a", here, replaced(here, here, "a"))
    if here.text == "a" and {"$iri", "$variable"} & stop.expected and "a" not in stop.expected:
        edit = replaced(here, here, "rdf:type") if "rdf" in stop.prefixes else None
        return at("a-misplaced", here, edit)
    if here.kind == "word" and {"$name", "$variable"} & stop.expected:
        return _bare_word(stop)
    return None


def _bare_word(stop: SyntaxStop) -> Mistake | None:
    here = stop.here
    if here.word in grammar().keywords or stop.after().text == "(":
        return None
    if stop.inside("Expression") and "$string" in stop.expected:
        cured = f'"{here.text}"'
        return at("bare-word", here, replaced(here, here, cured), word=here.text, better=cured)
    if "$name" in stop.expected and "" in stop.prefixes:
        cured = f":{here.text}"
    elif "$variable" in stop.expected:
        cured = f"?{here.text}"
    else:
        return None
    if not re.fullmatch(r"[:?]\w+", cured):
        return at("bare-word", here, word=here.text, better=cured)
    return at("bare-word", here, replaced(here, here, cured), word=here.text, better=cured)


def path(stop: SyntaxStop) -> Mistake | None:
    """Operators of property paths in the wrong place."""
    here, before = stop.here, stop.before()
    marks = ("*", "+", "|", "/")
    if here.text in marks and before.text in (*marks, "?") and here.text not in stop.expected:
        return at("mark-twice", here, removed(stop.text, here), mark=here.text)
    verb = before.kind in ("name", "iri") or before.text in ("a", ")")
    if here.text == "^" and verb and "/" in stop.expected:
        better = f"^{before.text}"
        return at("caret-behind-property", here, replaced(before, here, better), better=better)
    if here.text == "{" and verb and "/" in stop.expected:
        return _quantifier(stop, before)
    return _variable_in_path(stop) if stop.inside("PropertyList") else None


def _counted(stop: SyntaxStop) -> Mistake | None:
    before, counted = stop.before(), stop.before(2)
    if counted.text in ("*", "+", "?"):
        return at("mark-twice", before, removed(stop.text, before), mark=before.text)
    if counted.kind == "variable":
        return at("path-of-variable", before, variable=counted.text)
    return None


def _variable_in_path(stop: SyntaxStop) -> Mistake | None:
    here, before = stop.here, stop.before()
    marks = here.text in ("/", "|", "*", "+", "^") or (here.text == "?" and here.kind == "other")
    if marks and before.kind == "variable":
        return at("path-of-variable", here, variable=before.text)
    if before.text in ("*", "+"):
        return _counted(stop)
    if here.kind != "variable":
        return None
    if before.text in ("/", "|") and stop.after().text in (".", ";", ",", "}"):
        return at("path-ends", before, removed(stop.text, before), mark=before.text)
    if before.text in ("/", "|", "^", "!"):
        return at("path-of-variable", here, variable=here.text)
    return None


_MOST_STEPS: Final = 8
"""The largest quantifier that is written out as steps."""


def _quantifier(stop: SyntaxStop, step: SparqlToken) -> Mistake:
    found = re.compile(r"\{\s*(\d*)\s*(,?)\s*(\d*)\s*\}").match(stop.text, stop.here.start)
    if found is None:
        return at("path-quantifier", stop.here)
    low = int(found[1] or 0)
    high = int(found[3]) if found[3] else (None if found[2] else low)
    steps = [step.text] * low
    if high is None:
        steps = [*steps[1:], f"{step.text}{'+' if low else '*'}"]
    else:
        steps += [f"{step.text}?"] * (high - low)
    if not 0 < len(steps) <= _MOST_STEPS or step.text == ")":
        return at("path-quantifier", stop.here)
    cured = "/".join(steps)
    last = next(n for n in range(stop.at, len(stop.tokens)) if stop.token(n).text == "}")
    edit = replaced(step, stop.token(last), cured)
    return at("path-quantifier", stop.here, edit)


PATTERNS: Final[tuple[Callable[[SyntaxStop], Mistake | None], ...]] = (
    path,
    separators,
    incomplete_triple,
    wrong_term,
    missing_dot,
)
"""The rules for texts that leave the grammar, in the order in which they are tried."""
BRACKETS: Final[tuple[Callable[[SyntaxStop], Mistake | None], ...]] = (
    surplus_bracket,
    unclosed_bracket,
)
"""The rules that are tried where no other finds a mistake."""
