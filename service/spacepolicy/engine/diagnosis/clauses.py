"""Mistakes in the clauses of a query: its keywords, what it selects, how it orders and limits."""

import re
from collections.abc import Callable
from typing import Final

from spacepolicy.engine.diagnosis.mistake import (
    Mistake,
    TextEdit,
    at,
    fresh,
    inserted,
    removed,
    replaced,
    words,
)
from spacepolicy.engine.diagnosis.ordering import MODIFIERS, TERMS
from spacepolicy.engine.diagnosis.reading import ParsedRule, SyntaxStop, end_of, grammar
from spacepolicy.similar_words import nearest

_BEFORE_BRACES: Final = (
    "WHERE", "OPTIONAL", "MINUS", "EXISTS", "UNION", "CONSTRUCT", "INSERT", "DELETE", "DATA", "ASK",
)  # fmt: skip
_SQL: Final = re.compile(
    r"\A\s*SELECT\b[^{]*\bFROM\s+(?!NAMED\b)([A-Za-z_]\w*)[^{:]*\Z", re.IGNORECASE
)
"""A query of SQL: it has a table and no pattern."""
_SELECTS: Final = ("SELECT", "DISTINCT", "REDUCED", "WHERE")


def no_query(stop: SyntaxStop) -> Mistake | None:
    """No text at all, or one that ends before the query begins."""
    here = stop.here
    if here.kind == "end" and stop.rule in ("", "Unit", "Prologue"):
        return at("nothing-asked", here)
    if here.kind == "end" and "{" in stop.expected and not stop.inside("Group", "Updates"):
        return at("pattern-missing", here)
    return None


def no_form(stop: SyntaxStop) -> Mistake | None:
    """A text that begins with no keyword of SPARQL."""
    if "SELECT" in stop.expected and stop.rule in ("", "Unit", "Prologue"):
        return at("no-query-form", stop.here, found=stop.here.text)
    return None


def prologue(stop: SyntaxStop) -> Mistake | None:
    """A declaration of a prefix as Turtle writes it, or one that goes on."""
    here, before = stop.here, stop.before()
    if here.kind == "language" and here.text.lower() in ("@prefix", "@base"):
        found = re.compile(r"@\w+([^<.]*<[^>\s]*>)?(\s*\.)?").match(stop.text, here.start)
        cured = here.text[1:].upper() + (found[1] or "" if found else "")
        end = found.end() if found else here.end
        return at("turtle-prefix", here, TextEdit(here.start, end, cured))
    if stop.rule != "Prologue":
        return None
    if here.text in (".", ";", ",") and before.kind == "iri":
        return at("mark-behind-prefix", here, removed(stop.text, here), mark=here.text)
    if here.text == "=" and before.kind == "name":
        return at("mark-behind-prefix", here, removed(stop.text, here), mark="=")
    return _prefix_name(stop) or _prefix_iri(stop)


def _prefix_name(stop: SyntaxStop) -> Mistake | None:
    here, before, after = stop.here, stop.before(), stop.after()
    if before.word == "PREFIX" and here.kind == "word":
        if after.text in (":", "="):
            edit = replaced(here, after, f"{here.text}:")
            return at("prefix-without-colon", here, edit, prefix=f"{here.text}:")
        edit = inserted(here.end, ":")
        return at("prefix-without-colon", here, edit, prefix=f"{here.text}:")
    if before.word == "PREFIX" and here.kind == "iri":
        return at("prefix-without-name", here, inserted(here.start, ": "))
    return None


def _prefix_iri(stop: SyntaxStop) -> Mistake | None:
    here, before = stop.here, stop.before()
    declares = before.word == "BASE" or stop.before(2).word == "PREFIX"
    if declares and "$iri" in stop.expected:
        bare = re.compile(r"[^\s<>\"{}|^`\\]+|\"[^\"\s]*\"").match(stop.text, here.start)
        if bare is not None and ":" in bare[0]:
            cured = f"<{bare[0].strip(chr(34))}>"
            edit = TextEdit(here.start, here.start + len(bare[0]), cured)
            return at("iri-without-brackets", here, edit, iri=bare[0].strip('"'))
    return None


def misspelt_keyword(stop: SyntaxStop) -> Mistake | None:
    """A word that is nearly a keyword, or two of them run together."""
    token = stop.here
    if token.kind not in ("word", "name") or token.word in grammar().keywords:
        return None
    word = token.text.partition(":")[0]
    expected = sorted(each for each in stop.expected if each in grammar().keywords)
    if token.kind == "word":
        found = _together(stop)
        if found is not None:
            return found
    near = nearest(word.upper(), expected) or _only_start(stop, word.upper())
    if near is None or token.kind == "name":
        return None
    return at("keyword-misspelt", token, replaced(token, token, near), word=token.text, near=near)


def _together(stop: SyntaxStop) -> Mistake | None:
    """Two keywords without a blank between them."""
    token, keywords = stop.here, grammar().keywords
    for keyword in sorted(keywords & stop.expected, key=len, reverse=True):
        if token.word.startswith(keyword) and token.word[len(keyword) :] in keywords:
            better = f"{keyword} {token.word[len(keyword) :]}"
            edit = replaced(token, token, better)
            return at("keywords-together", token, edit, word=token.text, better=better)
    return None


def other_words(stop: SyntaxStop) -> Mistake | None:
    """A keyword of another language, or one with a colon."""
    here = stop.here
    keyword = here.text.removesuffix(":").upper()
    if here.kind == "name" and here.text.endswith(":") and keyword in stop.expected:
        edit = replaced(here, here, here.text[:-1])
        return at("keyword-with-colon", here, edit, keyword=keyword)
    if here.word == "OR" and stop.before().text == "}" and stop.after().text == "{":
        return at("keyword-other", here, replaced(here, here, "UNION"), word="OR", better="UNION")
    if here.word == "SORT" and "ORDER" in stop.expected:
        edit = replaced(here, here, "ORDER")
        return at("keyword-other", here, edit, word=here.text, better="ORDER BY")
    if here.word in ("LET", "SET") and "BIND" in stop.expected:
        return at("keyword-other", here, word=here.text, better="BIND(… AS ?x)")
    if here.word == "NULL" and "UNDEF" in stop.expected:
        return at("keyword-other", here, replaced(here, here, "UNDEF"), word="NULL", better="UNDEF")
    return None


def _only_start(stop: SyntaxStop, word: str) -> str | None:
    """The keyword nearest to the first word of a text, whatever stands there."""
    if stop.at and stop.rule not in ("Unit", "Prologue"):
        return None
    return nearest(word, ("SELECT", "CONSTRUCT", "DESCRIBE", "INSERT", "DELETE", "PREFIX"))


def comma_in_list(stop: SyntaxStop) -> Mistake | None:
    """Commas between variables or keys, which SPARQL separates by blanks."""
    if stop.here.text != "," or stop.inside(
        "Bracketted", "Arguments", "Builtins", "NamedExpression"
    ):
        return None
    clause = stop.inside("SelectClause", "GroupClause", "OrderClause", "DescribeQuery", "Values")
    if clause is None or stop.inside("Group") not in (None, *stop.open[: _place(stop, clause)]):
        return None
    last = stop.at
    while stop.token(last).kind != "end" and stop.token(last).text not in ("{", "}"):
        if stop.token(last).word in ("WHERE", *MODIFIERS):
            break
        last += 1
    if clause.rule == "Values":
        return at("comma-in-values", stop.here, _without_commas(stop, last, flat=False))
    return at("comma-between-variables", stop.here, _without_commas(stop, last, flat=True))


def _place(stop: SyntaxStop, part: object) -> int:
    return next(n for n, each in enumerate(stop.open) if each is part)


def _without_commas(stop: SyntaxStop, last: int, *, flat: bool) -> TextEdit:
    """The edit that removes the commas up to that token; where `flat`, those in no brackets."""
    depth, start, pieces, position = 0, stop.here.start, [], stop.here.start
    end = stop.here.end
    for number in range(stop.at, last):
        token = stop.token(number)
        depth += (token.text == "(") - (token.text == ")")
        if token.text == "," and (depth <= 0 or not flat):
            gap = "" if stop.text[token.end : token.end + 1].isspace() else " "
            pieces.append(stop.text[position : token.start] + gap)
            position = end = token.end
    return TextEdit(start, end, "".join(pieces))


def select_expression(stop: SyntaxStop) -> Mistake | None:
    """An expression in SELECT that lacks its parentheses, its AS, or the name after it."""
    clause = stop.inside("SelectClause")
    if clause is None or stop.inside("Group") not in (None, *stop.open[: _place(stop, clause)]):
        return None
    named = stop.inside("NamedExpression")
    return _bare_expression(stop) if named is None else _named_expression(stop, named)


def _named_expression(stop: SyntaxStop, named: ParsedRule) -> Mistake | None:
    here, before = stop.here, stop.before()
    if here.text == ")" and "AS" in stop.expected:
        return _nameless(stop, named.start)
    if here.kind in ("variable", "separator") and stop.at == named.start + 2:
        return _only_variables(stop, named.start)
    if here.kind == "variable" and "AS" in stop.expected:
        edit = inserted(here.start, "AS ")
        return at("as-missing", here, edit, variable=here.text)
    if before.word == "AS" and here.kind in ("word", "string"):
        name = re.sub(r"\W", "_", here.text.strip("\"'"))
        return at("as-not-variable", here, replaced(here, here, f"?{name}"), better=f"?{name}")
    return None


def _nameless(stop: SyntaxStop, opening: int) -> Mistake:
    inner = words(stop, opening + 1, stop.at)
    before = stop.token(opening - 1)
    if re.fullmatch(r"[?$]\w+", inner):
        gap = "" if before.end < stop.token(opening).start else " "
        edit = replaced(stop.token(opening), stop.here, gap + inner)
        return at("parentheses-around-variable", stop.token(opening), edit, variable=inner)
    name = fresh(stop.text, _called(stop.token(opening + 1).text))
    edit = inserted(stop.here.start, f" AS {name}")
    return at("expression-without-name", stop.token(opening), edit, expression=inner,
              better=f"({inner} AS {name})")  # fmt: skip


def _only_variables(stop: SyntaxStop, opening: int) -> Mistake | None:
    """Variables in parentheses, which the edit removes."""
    last = opening + 1
    while stop.token(last).kind == "variable" or stop.token(last).text == ",":
        last += 1
    if stop.token(last).text != ")" or stop.token(opening + 1).kind != "variable":
        return None
    names = [stop.token(n).text for n in range(opening + 1, last) if stop.token(n).text != ","]
    edit = replaced(stop.token(opening), stop.token(last), " ".join(names))
    return at("parentheses-around-variable", stop.token(opening), edit, variable=" ".join(names))


def _called(word: str) -> str:
    """A name for the result of the function."""
    return word.lower() if word.isidentifier() else "value"


def _bare_expression(stop: SyntaxStop) -> Mistake | None:
    """`COUNT(?x)`, `COUNT(?x) AS ?n` and `?x AS ?y` outside of parentheses."""
    here, start = stop.here, stop.at
    if here.word == "AS" and stop.before().kind == "variable":
        start = stop.at - 1
    elif here.word not in grammar().functions or stop.after().text != "(":
        return None
    behind = end_of(stop, "Expression", start)
    if behind is None:
        return None
    inner = words(stop, start, behind)
    given, name = stop.token(behind).word == "AS", None
    if given:
        name = stop.token(behind + 1)
    elif stop.token(behind).kind == "variable" and stop.text.count(stop.token(behind).text) == 1:
        name = stop.token(behind)
    if name is not None and name.kind in ("variable", "word"):
        variable = name.text if name.kind == "variable" else f"?{name.text}"
        last = name
    else:
        variable, last = fresh(stop.text, _called(stop.token(start).text)), stop.token(behind - 1)
    cured = f"({inner} AS {variable})"
    edit = replaced(stop.token(start), last, cured)
    return at("expression-without-parentheses", stop.token(start), edit, expression=inner,
              better=cured)  # fmt: skip


def nothing_selected(stop: SyntaxStop) -> Mistake | None:
    """SELECT or DESCRIBE without variables; ASK with some; DISTINCT and its parentheses."""
    here, before = stop.here, stop.before()
    opens = here.text == "{" or here.word == "WHERE"
    if opens and before.word in ("SELECT", "DISTINCT", "REDUCED", "DESCRIBE"):
        return at("nothing-selected", here, inserted(here.start, "* "), keyword=before.word)
    if (stop.rule == "AskQuery" and here.kind in TERMS) or (
        here.text == "*" and before.word == "ASK"
    ):
        last = stop.at
        while stop.token(last + 1).kind in (*TERMS,) or stop.token(last + 1).text == "*":
            last += 1
        return at("ask-selects", here, removed(stop.text, here, stop.token(last)))
    if before.word in _SELECTS and here.kind == "word" and stop.inside("SelectClause"):
        if here.word == "TOP" and stop.after().kind == "number":
            return at("sql-top", here, number=stop.after().text)
        if "$variable" in stop.expected and here.word not in grammar().keywords:
            name = f"?{here.text}"
            return at("word-for-variable", here, replaced(here, here, name), word=here.text,
                      better=name)  # fmt: skip
    return None


def where_braces(stop: SyntaxStop) -> Mistake | None:
    """A pattern, template or data without the braces that it must stand in."""
    here, keyword = stop.here, stop.before().word
    after_name = stop.before(2).word in ("GRAPH", "SERVICE", "SILENT")
    needs = keyword in _BEFORE_BRACES or after_name or stop.rule == "SelectClause"
    if "{" not in stop.expected or here.text in ("{", "}") or not needs:
        return None
    braced = here.text in ("(", "[") and keyword not in ("INSERT", "DELETE", "CONSTRUCT")
    if braced and (end := _closing(stop)) is not None:
        inner = stop.text[here.end : stop.token(end).start]
        edit = replaced(here, stop.token(end), "{" + inner + "}")
        return at("wrong-brackets", here, edit, found=here.text, keyword=keyword)
    if here.kind not in (*TERMS, "end") and here.text not in ("[", "*"):
        return None
    if here.kind == "end" or (stop.inside("SelectClause") and stop.rule != "SelectClause"):
        return None
    behind = _triples_end(stop)
    name = keyword or "…"
    if behind is None or behind < stop.at + 3:
        return at("braces-missing", here, keyword=name)
    inner = words(stop, stop.at, behind)
    gap = "" if stop.text[here.start - 1 : here.start].isspace() else " "
    if keyword in ("INSERT", "DELETE") and behind == len(stop.tokens) and "?" not in inner:
        gap += "DATA "
    edit = replaced(here, stop.token(behind - 1), f"{gap}{{ {inner} }}")
    return at("braces-missing", here, edit, keyword=name)


def _closing(stop: SyntaxStop) -> int | None:
    depth = 0
    for number in range(stop.at, len(stop.tokens)):
        depth += (stop.token(number).text in ("(", "[")) - (stop.token(number).text in (")", "]"))
        if depth == 0:
            return number
    return None


def _triples_end(stop: SyntaxStop) -> int | None:
    """The number of the token behind the triples that begin here."""
    start = stop.at
    while (triples := end_of(stop, "GroupBody", start)) is None:
        return _some_end(stop)
    return triples


def _some_end(stop: SyntaxStop) -> int | None:
    from_here = stop.at
    for number in range(from_here, len(stop.tokens)):
        token = stop.token(number)
        if token.text in ("}", "{") or token.word in ("WHERE", *MODIFIERS):
            return number
    return len(stop.tokens)


def dataset(stop: SyntaxStop) -> Mistake | None:
    """FROM as SQL writes it, or without an IRI."""
    here, before = stop.here, stop.before()
    if (sql := _SQL.search(stop.text)) is not None:
        return at("sql", stop.token(0), name=sql[1])
    if before.word == "FROM" and here.kind in ("word", "variable", "string"):
        if here.kind == "string":
            cured = f"<{here.text.strip(chr(34) + chr(39))}>"
            return at("iri-as-string", here, replaced(here, here, cured), better=cured)
        return at("sql-from", before, name=here.text)
    if here.word in ("JOIN", "INNER", "LEFT", "ON") and here.word not in stop.expected:
        return at("sql-join", here, keyword=here.word)
    return None


CLAUSES: Final[tuple[Callable[[SyntaxStop], Mistake | None], ...]] = (
    no_query,
    dataset,
    prologue,
    comma_in_list,
    select_expression,
    other_words,
    misspelt_keyword,
    nothing_selected,
    where_braces,
    no_form,
)
"""The rules for texts that leave the grammar, in the order in which they are tried."""
