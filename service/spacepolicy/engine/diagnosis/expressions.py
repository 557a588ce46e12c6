"""Mistakes in expressions: filters and their parentheses, operators of other languages."""

import re
from collections.abc import Callable
from typing import Final

from spacepolicy.engine.diagnosis.mistake import (
    Mistake,
    TextEdit,
    at,
    inserted,
    replaced,
    words,
)
from spacepolicy.engine.diagnosis.reading import SyntaxStop, end_of, grammar
from spacepolicy.similar_words import nearest

_OPERATORS: Final = {
    "==": "=", "===": "=", "=>": ">=", "=<": "<=", "!==": "!=", ":=": "=",
    "<>": "!=", "AND": "&&", "OR": "||", "&": "&&", "|": "||", "IS": "=", "EQ": "=",
}  # fmt: skip
_MARKS: Final = re.compile(r"[=<>!:&|]+")
_OTHER_NAMES: Final = {
    "LENGTH": "STRLEN", "LEN": "STRLEN", "LOWER": "LCASE", "TOLOWER": "LCASE", "UPPER": "UCASE",
    "TOUPPER": "UCASE", "STARTSWITH": "STRSTARTS", "ENDSWITH": "STRENDS", "SUBSTRING": "SUBSTR",
    "IFNULL": "COALESCE", "NVL": "COALESCE", "ISNULL": "!BOUND", "ISLITTERAL": "ISLITERAL",
    "INSTR": "CONTAINS", "CURRENT_TIMESTAMP": "NOW", "ROW_NUMBER": "COUNT",
    "STRING_AGG": "GROUP_CONCAT", "LISTAGG": "GROUP_CONCAT", "AVERAGE": "AVG", "MEAN": "AVG",
}  # fmt: skip
"""The names of functions in other languages."""
_FILTERS: Final = ("FILTER", "HAVING")


def operator(stop: SyntaxStop) -> Mistake | None:
    """An operator of another language."""
    here, before = stop.here, stop.before()
    if not _in_expression(stop):
        return None
    if here.text in ("!", "=") and stop.text[here.start :].replace(" ", "")[:2] == "!=":
        edit = replaced(here, stop.after(), "!=")
        return at("operator", here, edit, found="! =", meant="!=")
    for token in (here, before):
        marks = _MARKS.match(stop.text, token.start)
        word = marks[0] if marks else token.word
        start = token.start
        if marks and token is here and before.end == here.start:
            joined = re.search(r"[=<>!:&|]+\Z", stop.text[: token.start])
            start -= len(joined[0]) if joined else 0
            word = (joined[0] if joined else "") + word
        meant = _OPERATORS.get(word)
        if word in ("IS", "=", "!=") and _null(stop, start) is not None:
            break
        if meant is not None:
            edit = TextEdit(start, start + len(word), meant)
            return at("operator", start, edit, found=word, meant=meant)
    return _null(stop, here.start) or _sql_operator(stop)


def _in_expression(stop: SyntaxStop) -> bool:
    rules = ("Expression", "Constraint", "HavingClause", "OrderClause", "GroupClause")
    return stop.inside(*rules) is not None or (
        stop.before().text == ")" and bool(stop.inside("Group"))
    )


_NULL: Final = re.compile(
    r"(?P<variable>[?$]\w+)\s*(?P<operator>=|!=|<>|IS\s+NOT|IS|==)\s*NULL\b", re.IGNORECASE
)


def _null(stop: SyntaxStop, start: int) -> Mistake | None:
    line = stop.text.rfind("\n", 0, start) + 1
    for match in _NULL.finditer(stop.text, line):
        if match.start() <= start <= match.end():
            negated = "NOT" in match["operator"].upper() or match["operator"] in ("!=", "<>")
            cured = f"{'' if negated else '!'}bound({match['variable']})"
            edit = TextEdit(match.start(), match.end(), cured)
            return at("null", start, edit, better=cured)
    return None


def _sql_operator(stop: SyntaxStop) -> Mistake | None:
    here, before, after = stop.here, stop.before(), stop.after()
    if here.word in ("LIKE", "ILIKE", "CONTAINS", "MATCHES"):
        if before.kind == "variable" and after.kind == "string":
            inner = after.text[1:-1].strip("%")
            cured = f'CONTAINS(STR({before.text}), "{inner}")'
            return at("sql-like", here, replaced(before, after, cured), better=cured)
        return at("sql-like", here, better='CONTAINS(STR(?x), "…")')
    if here.word == "BETWEEN":
        low, high = after, stop.after(3)
        if before.kind == "variable" and stop.after(2).word == "AND":
            cured = f"{before.text} >= {low.text} && {before.text} <= {high.text}"
            return at("sql-between", here, replaced(before, high, cured), better=cured)
        return at("sql-between", here, better="?x >= … && ?x <= …")
    if here.text == "%" or here.word == "MOD":
        return at("no-modulo", here)
    return None


def operand(stop: SyntaxStop) -> Mistake | None:
    """An operator without an operand on one side."""
    here, before = stop.here, stop.before()
    ends = here.text in (")", ",", "}") or here.kind == "end"
    binary = ("=", "!=", "<", ">", "<=", ">=", "&&", "||", "+", "*", "/", "-", "!")
    if {"$variable", "$string"} <= stop.expected and stop.inside("Expression"):
        if ends and before.text in binary:
            return at("operand-missing", here, operator=before.text)
        if here.text in binary and before.text in ("(", ",", *binary):
            return at("operand-missing", here, operator=here.text)
    return None


def negation(stop: SyntaxStop) -> Mistake | None:
    """NOT before an expression; `!` before EXISTS is none."""
    here, before = stop.here, stop.before()
    if before.word == "NOT" and {"EXISTS", "IN"} & stop.expected:
        cured = "!" if here.text == "(" or here.kind == "word" else "! "
        if stop.before(2).word in _FILTERS:
            behind = end_of(stop, "Factor", stop.at)
            if behind is not None:
                text = f"(!{words(stop, stop.at, behind)})"
                edit = replaced(before, stop.token(behind - 1), text)
                return at("not-before-expression", before, edit)
        edit = TextEdit(before.start, here.start, cured)
        return at("not-before-expression", before, edit)
    if here.text == "!" and before.word in _FILTERS and stop.after().word in ("EXISTS",):
        return at("exclamation-before-exists", here, replaced(here, here, "NOT "))
    return None


def condition(stop: SyntaxStop) -> Mistake | None:
    """FILTER or HAVING whose condition lacks parentheses, or one of them."""
    here, before = stop.here, stop.before()
    part = stop.inside("Constraint", "HavingClause", "Pattern", "GroupBody", "Modifiers")
    misspelt = here.kind == "word" and stop.after().text == "("
    if before.word in _FILTERS and here.text != "(" and not misspelt:
        return _wrapped(stop, stop.at, before.word)
    if part is None:
        return None
    binary = here.text in ("=", "!=", "<", ">", "<=", ">=", "&&", "||", "+", "-", "*", "/")
    if here.kind == "iri" and here.text[0] == "<":
        binary = before.text == ")"
    if binary or here.word in ("IN", "NOT"):
        start = _filter_start(stop)
        if start is not None:
            return _wrapped(stop, start, stop.token(start - 1).word)
    return None


def _filter_start(stop: SyntaxStop) -> int | None:
    """The number of the first token of the condition that seems to have ended here."""
    for number in range(stop.at - 1, -1, -1):
        token = stop.token(number)
        if token.word in (*_FILTERS, "BY"):
            return number + 1
        if token.text in ("{", "}", ".") or token.text == ";":
            return None
    return None


def _wrapped(stop: SyntaxStop, start: int, keyword: str) -> Mistake:
    first = stop.token(start)
    if first.text in ("}", ".", "") or first.word in ("FILTER", "OPTIONAL", "BIND"):
        return at("condition-missing", first, keyword=keyword)
    behind = end_of(stop, "Expression", start)
    if behind is None:
        return at("condition-without-parentheses", first, keyword=keyword)
    cured = f"({words(stop, start, behind)})"
    edit = replaced(first, stop.token(behind - 1), cured)
    return at("condition-without-parentheses", first, edit, keyword=keyword)


def membership(stop: SyntaxStop) -> Mistake | None:
    """IN whose list lacks parentheses, or has other brackets."""
    here, before = stop.here, stop.before()
    if before.word != "IN" or here.text == "(":
        return None
    if here.text in ("{", "["):
        closing = {"{": "}", "[": "]"}[here.text]
        last = next(
            (n for n in range(stop.at, len(stop.tokens)) if stop.token(n).text == closing), None
        )
        if last is None:
            return at("list-without-parentheses", here)
        items = [stop.token(n).text for n in range(stop.at + 1, last)]
        cured = f"({', '.join(each for each in items if each != ',')})"
        return at("list-without-parentheses", here, replaced(here, stop.token(last), cured))
    last = stop.at
    while stop.token(last + 1).text == ",":
        last += 2
    edit = replaced(here, stop.token(last), f"({words(stop, stop.at, last + 1)})")
    return at("list-without-parentheses", here, edit)


def function(stop: SyntaxStop) -> Mistake | None:
    """A function that is misspelt, or lacks its parentheses."""
    here, before, after = stop.here, stop.before(), stop.after()
    functions = grammar().functions
    if before.word in functions and "(" in stop.expected and before.word != "NOT":
        return _unparenthesized(stop)
    called = here.kind == "word" and after.text == "(" and here.word not in grammar().keywords
    if not called or not functions & stop.expected:
        return None
    near = _OTHER_NAMES.get(here.word) or nearest(here.word, sorted(functions & stop.expected))
    if near is None:
        return at("function-unknown", here, word=here.text)
    return at("function-misspelt", here, replaced(here, here, near), word=here.text, near=near)


def bare_condition(stop: SyntaxStop) -> Mistake | None:
    """A condition in a pattern without FILTER before it."""
    here, start = stop.here, stop.at
    if not stop.inside("Group") or stop.inside("Constraint", "NamedExpression", "Builtins"):
        return None
    operators = ("=", "!=", "<", ">", "<=", ">=", "&&", "||")
    if here.text in operators and stop.before(2).text in (".", "{", "}", ";"):
        start = stop.at - 1
    elif "FILTER" not in stop.expected or here.word not in grammar().functions:
        return None
    behind = end_of(stop, "Expression", start)
    if behind is None or stop.token(behind).word == "AS":
        return None
    first, cured = stop.token(start), f"FILTER({words(stop, start, behind)})"
    return at("filter-missing", first, replaced(first, stop.token(behind - 1), cured))


def arguments(stop: SyntaxStop) -> Mistake | None:
    """Two arguments without a comma between them."""
    here, inside = stop.here, stop.inside("Builtins", "Arguments", "List")
    begins = here.kind in ("variable", "string", "number", "name", "iri")
    if inside is not None and {",", ")"} <= stop.expected and begins:
        return at("comma-missing", here, inserted(stop.before().end, ","))
    return None


def _unparenthesized(stop: SyntaxStop) -> Mistake:
    name, here, last = stop.before(), stop.here, stop.at
    if here.word == "DISTINCT":
        last += 1
    while stop.token(last + 1).text == ",":
        last += 2
    if stop.token(last).kind in ("variable", "string", "number", "name", "iri") or here.text == "*":
        cured = f"({words(stop, stop.at, last + 1)})"
        gap = TextEdit(name.end, stop.token(last).end, cured)
        return at("function-without-parentheses", here, gap, function=name.text)
    return at("function-without-parentheses", here, function=name.text)


def aggregate(stop: SyntaxStop) -> Mistake | None:
    """An argument that an aggregate does not take: several expressions, or `*` where it is not
    COUNT."""
    here, part = stop.here, stop.inside("Aggregate")
    if part is None:
        return None
    name = stop.token(part.start).word
    if here.text == "*":
        return at("star-in-aggregate", here, function=name)
    if name == "GROUP_CONCAT" and (found := _separator(stop)) is not None:
        return found
    if here.text == "," or (here.kind == "variable" and ")" in stop.expected):
        return at("aggregate-of-one", here, function=name)
    return None


def _separator(stop: SyntaxStop) -> Mistake | None:
    here, before, after = stop.here, stop.before(), stop.after()
    if here.text == "," and after.kind == "string":
        return at("separator", here, replaced(here, after, f"; SEPARATOR={after.text}"))
    if here.text == "," and after.word == "SEPARATOR":
        return at("separator", here, replaced(here, here, ";"))
    if here.kind == "string" and "SEPARATOR" in stop.expected:
        return at("separator", here, inserted(here.start, "SEPARATOR="))
    if here.kind == "string" and before.word == "SEPARATOR":
        return at("separator", here, inserted(here.start, "= "))
    return None


EXPRESSIONS: Final[tuple[Callable[[SyntaxStop], Mistake | None], ...]] = (
    operator,
    aggregate,
    operand,
    negation,
    membership,
    bare_condition,
    condition,
    function,
    arguments,
)
"""The rules for texts that leave the grammar, in the order in which they are tried."""
