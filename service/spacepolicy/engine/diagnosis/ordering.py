"""Mistakes in the clauses behind a pattern: grouping, ordering and limits."""

from collections.abc import Callable
from typing import Final

from spacepolicy.engine.diagnosis.mistake import (
    Mistake,
    at,
    inserted,
    removed,
    replaced,
    words,
)
from spacepolicy.engine.diagnosis.reading import SyntaxStop, brackets, end_of

TERMS: Final = ("variable", "iri", "name", "blank", "string", "number")
"""The kinds of tokens that are terms."""
MODIFIERS: Final = {"GROUP": 0, "HAVING": 1, "ORDER": 2, "LIMIT": 3, "OFFSET": 4, "VALUES": 5}


def limits(stop: SyntaxStop) -> Mistake | None:
    """LIMIT as SQL writes it, or without a number."""
    here, before, after = stop.here, stop.before(), stop.after()
    keyword = stop.before(2).word
    if here.text == "," and before.kind == after.kind == "number" and keyword == "LIMIT":
        cured = f"LIMIT {after.text} OFFSET {before.text}"
        return at("sql-limit", stop.here, replaced(stop.before(2), after, cured), better=cured)
    if before.word in ("LIMIT", "OFFSET") and "$number" in stop.expected:
        if here.kind == "string" and here.text.strip("\"'").isdigit():
            edit = replaced(here, here, here.text.strip("\"'"))
            return at("limit-not-number", here, edit, keyword=before.word)
        return at("limit-not-number", here, keyword=before.word)
    return None


def order_of_clauses(stop: SyntaxStop) -> Mistake | None:
    """Clauses behind the pattern in another order than the grammar's, or before it."""
    here = stop.here
    if here.word not in MODIFIERS or here.word == "VALUES" or here.word in stop.expected:
        return None
    if stop.before().word in ("BY", "HAVING"):
        keyword = stop.before(2).word if stop.before().word == "BY" else "HAVING"
        return at("key-missing", here, keyword=_full(keyword))
    asked = stop.inside("SelectClause", "AskQuery", "DescribeQuery")
    if asked and not stop.inside("Group", "Modifiers"):
        return _before_pattern(stop)
    group = stop.inside("Group")
    if group is not None and not stop.inside("SubSelect"):
        return _in_group(stop)
    return _sorted_clauses(stop)


def _sorted_clauses(stop: SyntaxStop) -> Mistake | None:
    here, behind = stop.here, _modifiers_end(stop)
    start = stop.at - 1
    while start > 0 and stop.token(start).text != "}":
        start -= 1
    start += 1
    if behind is None or start >= stop.at:
        return None
    pieces = _pieces(stop, start, behind)
    if len({name for name, _ in pieces}) < len(pieces):
        return at("clause-twice", here, keyword=here.word)
    ordered = sorted(pieces, key=lambda piece: MODIFIERS[piece[0]])
    edit = replaced(
        stop.token(start), stop.token(behind - 1), " ".join(text for _, text in ordered)
    )
    before = ", ".join(name for name, _ in pieces if MODIFIERS[name] > MODIFIERS[here.word])
    return at("clause-order", here, edit, keyword=_full(here.word), before=_full(before))


def _full(keyword: str) -> str:
    return f"{keyword} BY" if keyword in ("GROUP", "ORDER") else keyword


def _modifiers_end(stop: SyntaxStop) -> int | None:
    for number in range(stop.at, len(stop.tokens)):
        if stop.token(number).text == "}":
            return number
    return len(stop.tokens)


def _pieces(stop: SyntaxStop, start: int, behind: int) -> list[tuple[str, str]]:
    places = [n for n in range(start, behind) if stop.token(n).word in MODIFIERS]
    ends = [*places[1:], behind]
    return [(stop.token(n).word, words(stop, n, end)) for n, end in zip(places, ends, strict=True)]


def _before_pattern(stop: SyntaxStop) -> Mistake:
    """The edit moves the clause behind the pattern."""
    here = stop.here
    first = next(
        (n for n in range(stop.at, len(stop.tokens))
         if stop.token(n).text == "{" or stop.token(n).word == "WHERE"), None
    )  # fmt: skip
    keyword = _full(here.word)
    if first is None:
        return at("clause-before-pattern", here, keyword=keyword)
    behind = end_of(stop, "WhereClause", first)
    if behind is None:
        return at("clause-before-pattern", here, keyword=keyword)
    clause, pattern = words(stop, stop.at, first), words(stop, first, behind)
    edit = replaced(here, stop.token(behind - 1), f"{pattern} {clause}")
    return at("clause-before-pattern", here, edit, keyword=keyword)


def _in_group(stop: SyntaxStop) -> Mistake:
    """A clause inside the braces of its pattern, or behind a pattern that is not closed."""
    here, keyword = stop.here, _full(stop.here.word)
    behind = _modifiers_end(stop)
    if any(sign > 0 for _, sign in brackets(stop.tokens)) or behind is None:
        return at("brace-before-clause", here, inserted(here.start, "} "), keyword=keyword)
    clause = words(stop, stop.at, behind)
    if behind >= len(stop.tokens):
        return at("clause-in-group", here, keyword=keyword)
    edit = replaced(here, stop.token(behind), f"}} {clause}")
    return at("clause-in-group", here, edit, keyword=keyword)


def order_key(stop: SyntaxStop) -> Mistake | None:
    """Keys of ORDER BY and GROUP BY as SQL writes them."""
    here, before, after = stop.here, stop.before(), stop.after()
    if before.word in ("ASC", "DESC") and here.kind in TERMS:
        cured = f"({here.text})"
        return at("direction-without-parentheses", here, replaced(here, here, cured),
                  better=f"{before.word}{cured}")  # fmt: skip
    if before.word in ("ASC", "DESC") and "(" in stop.expected:
        key = stop.before(2)
        if key.kind != "variable":
            return at("direction-behind-key", before, better=f"{before.word}(…)")
        cured = f"{before.word}({key.text})"
        return at("direction-behind-key", before, replaced(key, before, cured), better=cured)
    if before.word in ("GROUP", "ORDER") and "BY" in stop.expected:
        return at("by-missing", here, inserted(before.end, " BY"), keyword=before.word)
    if before.word == "BY" and here.kind in ("word", "number") and after.text != "(":
        cured = f"?{here.text}"
        edit = replaced(here, here, cured) if here.kind == "word" else None
        return at("word-for-variable", here, edit, word=here.text, better=cured)
    return None


def two_queries(stop: SyntaxStop) -> Mistake | None:
    """A second WHERE, or something behind a query that has ended."""
    here, before = stop.here, stop.before()
    if here.word in ("PREFIX", "BASE") and not stop.inside("Updates"):
        return at("prefix-not-first", here, keyword=here.word)
    if here.word == "FROM" and (before.text == "}" or stop.inside("Group")):
        return at("from-behind-pattern", here)
    return _second_where(stop) or _behind_query(stop)


def _second_where(stop: SyntaxStop) -> Mistake | None:
    here, before = stop.here, stop.before()
    if here.word == "WHERE" and before.text == "}":
        opening = stop.after()
        if opening.text == "{" and stop.before(2).text != "{":
            dot = " " if stop.before(2).text in (".", "}") else " . "
            return at("two-wheres", here, replaced(before, opening, dot.rstrip() or ""))
        return at("two-wheres", here)
    return None


def _behind_query(stop: SyntaxStop) -> Mistake | None:
    here = stop.here
    ended = "$end" in stop.expected and not stop.inside("Updates")
    if here.text in (";", ".") and ended and stop.at == len(stop.tokens) - 1:
        return at("mark-behind-query", here, removed(stop.text, here), mark=here.text)
    begins = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
    if here.text == ";" and ended and stop.after().word in begins:
        return at("two-queries", stop.after(), keyword=stop.after().word)
    if here.word in begins and "$end" in stop.expected and stop.inside("Unit"):
        return at("two-queries", here, keyword=here.word)
    return None


ORDERING: Final[tuple[Callable[[SyntaxStop], Mistake | None], ...]] = (
    limits,
    order_of_clauses,
    order_key,
    two_queries,
)
"""The rules for texts that leave the grammar, in the order in which they are tried."""
