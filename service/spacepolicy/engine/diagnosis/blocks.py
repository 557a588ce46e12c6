"""Mistakes in the blocks of a group, and in templates."""

import re
from collections.abc import Callable
from typing import Final

from spacepolicy.engine.diagnosis.mistake import Mistake, at, fresh, inserted, replaced, words
from spacepolicy.engine.diagnosis.ordering import TERMS
from spacepolicy.engine.diagnosis.patterns import BLOCK_KEYWORDS
from spacepolicy.engine.diagnosis.reading import SyntaxStop, end_of
from spacepolicy.engine.tokens import SparqlToken


def template(stop: SyntaxStop) -> Mistake | None:
    """A block in a template or in data, which hold triples only."""
    part = stop.inside("Template", "QuadData", "Quads", "Group")
    if part is None or part.rule == "Group":
        return None
    begins = stop.here.word in BLOCK_KEYWORDS or stop.here.text == "{"
    if begins and stop.before().word != "GRAPH":
        return at("block-in-template", stop.here, keyword=stop.here.text)
    return None


def block(stop: SyntaxStop) -> Mistake | None:
    """Blocks of a group that lack a part."""
    here = stop.here
    if here.word == "SELECT" and stop.inside("Group"):
        behind = end_of(stop, "SubSelect", stop.at)
        if behind is None:
            return at("subquery-without-braces", here)
        edit = replaced(here, stop.token(behind - 1), f"{{ {words(stop, stop.at, behind)} }}")
        return at("subquery-without-braces", here, edit)
    if here.word == "UNION":
        return at("union-without-braces", here)
    if here.word == "AS" and stop.inside("Group") and "AS" not in stop.expected:
        return at("as-without-bind", here)
    return None


def nameless_block(stop: SyntaxStop) -> Mistake | None:
    """GRAPH and SERVICE without a name."""
    here, before = stop.here, stop.before()
    if here.text != "{":
        return None
    if before.word in ("SERVICE", "SILENT"):
        return at("service-without-name", here)
    if before.word == "GRAPH":
        name = fresh(stop.text, "g")
        return at("graph-without-name", here, inserted(here.start, f"{name} "), better=name)
    return None


def bind(stop: SyntaxStop) -> Mistake | None:
    """BIND without parentheses, without AS, or without a variable."""
    here, before = stop.here, stop.before()
    if stop.inside("Bind") is None:
        return None
    if before.word == "BIND":
        return _bare_bind(stop)
    if before.word == "AS" and here.kind in ("word", "string"):
        name = "?" + re.sub(r"\W", "_", here.text.strip("\"'"))
        return at("as-not-variable", here, replaced(here, here, name), better=name)
    if "AS" in stop.expected:
        return _nameless_bind(stop)
    return None


def _bare_bind(stop: SyntaxStop) -> Mistake:
    behind = end_of(stop, "Expression", stop.at)
    last = stop.token((behind or stop.at) + 1)
    if behind is None or stop.token(behind).word != "AS" or last.kind != "variable":
        return at("bind-without-parentheses", stop.here)
    cured = f"({words(stop, stop.at, behind + 2)})"
    return at("bind-without-parentheses", stop.here, replaced(stop.here, last, cured))


def _nameless_bind(stop: SyntaxStop) -> Mistake | None:
    here = stop.here
    if here.kind == "variable":
        return at("as-missing", here, inserted(here.start, "AS "), variable=here.text)
    if here.text == ")":
        name = fresh(stop.text, "value")
        return at("bind-without-as", here, inserted(here.start, f" AS {name}"), better=name)
    if here.text == ",":
        return at("as-missing", here, replaced(here, here, " AS"), variable=stop.after().text)
    return None


def variables_of_values(stop: SyntaxStop) -> Mistake | None:
    """Something before the braces of VALUES that does not fit."""
    here, before = stop.here, stop.before()
    if before.word == "VALUES" and here.kind == "word":
        cured = f"?{here.text}"
        edit = replaced(here, here, cured)
        return at("word-for-variable", here, edit, word=here.text, better=cured)
    if before.word == "VALUES" and here.text == "{":
        return at("values-without-variable", here)
    if stop.before(2).word != "VALUES" or before.kind != "variable":
        return None
    last = stop.at
    if here.kind == "variable":
        while stop.token(last + 1).kind == "variable":
            last += 1
        cured = f"({words(stop, stop.at - 1, last + 1)})"
        edit = replaced(before, stop.token(last), cured)
        return at("values-variables", before, edit, better=cured)
    closing = {"(": ")", "[": "]"}.get(here.text)
    while closing and stop.token(last).text not in (closing, ""):
        last += 1
    if closing is None or stop.token(last).text != closing:
        return None
    edit = replaced(here, stop.token(last), f"{{ {words(stop, stop.at + 1, last)} }}")
    return at("wrong-brackets", here, edit, found=here.text, keyword="VALUES")


def values(stop: SyntaxStop) -> Mistake | None:
    """Rows and terms in VALUES that do not fit."""
    here, before, part = stop.here, stop.before(), stop.inside("Values")
    if part is None:
        return None
    first = stop.token(part.start + 1)
    if first.text == "(" and before.text in ("{", ")") and here.kind in TERMS:
        return _rows(stop, part.start)
    return _value(stop, first) if "$string" in stop.expected else None


def _value(stop: SyntaxStop, first: SparqlToken) -> Mistake | None:
    here = stop.here
    if here.kind == "variable":
        return at("variable-in-values", here, variable=here.text)
    if here.kind == "blank":
        return at("blank-in-values", here, found=here.text)
    if here.text == "(":
        edit = replaced(first, first, f"({first.text})")
        return at("rows-of-one", first, edit, variable=first.text)
    return None


def _rows(stop: SyntaxStop, start: int) -> Mistake:
    """Rows of terms without parentheses, which the edit adds around as many terms as there are
    variables."""
    width = 0
    while stop.token(start + 2 + width).kind == "variable":
        width += 1
    last, terms = stop.at, []
    while stop.token(last).kind in TERMS:
        terms.append(stop.token(last).text)
        last += 1
    if not width or len(terms) % width or stop.token(last).text != "}":
        return at("rows-without-parentheses", stop.here)
    rows = (terms[n : n + width] for n in range(0, len(terms), width))
    cured = " ".join(f"({' '.join(row)})" for row in rows)
    return at("rows-without-parentheses", stop.here,
              replaced(stop.here, stop.token(last - 1), cured))  # fmt: skip


BLOCKS: Final[tuple[Callable[[SyntaxStop], Mistake | None], ...]] = (
    template,
    bind,
    variables_of_values,
    values,
    block,
    nameless_block,
)
"""The rules for texts that leave the grammar, in the order in which they are tried."""
