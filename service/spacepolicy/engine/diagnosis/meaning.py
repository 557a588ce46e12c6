"""Mistakes in texts that follow the grammar, and break one of its notes.

Spec: https://www.w3.org/TR/sparql11-query/#sparqlGrammar (notes), #aggregateRestrictions
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from pyoxigraph import NamedNode

from spacepolicy.engine.diagnosis.mistake import (
    Mistake,
    TextEdit,
    at,
    fresh,
    inserted,
    replaced,
    words,
)
from spacepolicy.engine.diagnosis.reading import ParsedRule, WholeText
from spacepolicy.engine.tokens import SparqlToken

_SELECTS: Final = ("SelectQuery", "SubSelect")
_ARITIES: Final = {
    **dict.fromkeys(("RAND", "NOW", "UUID", "STRUUID"), (0, 0)),
    **dict.fromkeys(
        ("STR", "LANG", "DATATYPE", "IRI", "URI", "ABS", "CEIL", "FLOOR", "ROUND", "STRLEN",
         "UCASE", "LCASE", "ENCODE_FOR_URI", "YEAR", "MONTH", "DAY", "HOURS", "MINUTES", "SECONDS",
         "TIMEZONE", "TZ", "MD5", "SHA1", "SHA256", "SHA384", "SHA512", "ISIRI", "ISURI",
         "ISBLANK", "ISLITERAL", "ISNUMERIC", "BOUND"), (1, 1),
    ),
    **dict.fromkeys(
        ("LANGMATCHES", "CONTAINS", "STRSTARTS", "STRENDS", "STRBEFORE", "STRAFTER", "STRLANG",
         "STRDT", "SAMETERM"), (2, 2),
    ),
    "IF": (3, 3), "REGEX": (2, 3), "SUBSTR": (2, 3), "REPLACE": (3, 4), "BNODE": (0, 1),
}  # fmt: skip
"""The least and the most arguments that functions take."""


def _own(part: ParsedRule, *rules: str) -> Iterator[ParsedRule]:
    """The parts of these rules that belong to this SELECT, and to none inside it."""
    return (each for each in part.all(*rules, within=("SubSelect", "Group")))


def _variables(
    whole: WholeText, part: ParsedRule, skip: tuple[str, ...] = ()
) -> Iterator[SparqlToken]:
    """The variables of an expression; not those inside the rules to skip."""
    skipped = list(part.all(*skip))
    for number in range(part.start, part.end):
        token = whole.tokens[number]
        inside = any(each.start <= number < each.end for each in skipped)
        if token.kind == "variable" and not inside:
            yield token


def _named(whole: WholeText, part: ParsedRule) -> SparqlToken:
    """The variable behind AS."""
    return whole.tokens[part.end - 2]


def not_grouped(whole: WholeText) -> Iterator[Mistake]:
    """A variable that is selected, and neither grouped nor aggregated."""
    for select in _parts(whole, *_SELECTS):
        clause = next(_own(select, "SelectClause"))
        keys = list(_own(select, "GroupKey"))
        aggregated = next(clause.all("Aggregate"), None) is not None
        if not keys and not aggregated:
            continue
        star = whole.tokens[clause.end - 1]
        if star.text == "*" and clause.end - clause.start <= 3 and keys:  # SELECT DISTINCT *
            variables = [whole.tokens[key.start].text for key in keys]
            yield at("star-with-group", star, replaced(star, star, " ".join(variables)))
            continue
        yield from _ungrouped(whole, select, clause, keys)


def _ungrouped(
    whole: WholeText, select: ParsedRule, clause: ParsedRule, keys: list[ParsedRule]
) -> Iterator[Mistake]:
    grouped = {_key(whole, key) for key in keys}
    missing: list[SparqlToken] = []
    for projected in clause.all("Projected"):
        named = next(projected.all("NamedExpression"), None)
        skip = ("Aggregate",)
        if named is None:
            found = [whole.tokens[projected.start]]
        else:
            expression = ParsedRule("Expression", named.start, named.end - 2, named.parts)
            found = list(_variables(whole, expression, skip))
        missing += [each for each in found if each.text[1:] not in grouped]
        if named is not None:
            grouped.add(_named(whole, named).text[1:])
    if not missing:
        return
    names = " ".join(dict.fromkeys(each.text for each in missing))
    if keys:
        edit = inserted(whole.tokens[keys[-1].end - 1].end, f" {names}")
    else:
        pattern = next(_own(select, "WhereClause"))
        edit = inserted(whole.tokens[pattern.end - 1].end, f" GROUP BY {names}")
    first = missing[0]
    kind = "not-grouped" if keys else "beside-aggregate"
    yield at(kind, first, edit, variable=first.text, names=names)


def _key(whole: WholeText, key: ParsedRule) -> str:
    """The variable that a key groups by; nothing where it is an expression without a name."""
    last = whole.tokens[key.end - 1]
    if last.kind == "variable":
        return last.text[1:]
    named = whole.tokens[key.end - 2]
    before = whole.tokens[key.end - 3]
    return named.text[1:] if before.word == "AS" or key.end - key.start == 3 else ""  # (?x)


def _parts(whole: WholeText, *rules: str) -> Iterator[ParsedRule]:
    for part in whole.parts:
        if part.rule in rules:
            yield part
        yield from part.all(*rules)


def named_again(whole: WholeText) -> Iterator[Mistake]:
    """An AS with a name that the pattern, or another AS, has already."""
    for select in _parts(whole, *_SELECTS):
        clause, pattern = next(_own(select, "SelectClause")), next(_own(select, "WhereClause"))
        seen = set(_in_scope(whole, pattern))
        selected: set[str] = set()
        for projected in clause.all("Projected"):
            last = whole.tokens[projected.end - 1]
            name = last if last.kind == "variable" else _named(whole, projected)
            taken = seen | selected if last.kind != "variable" else set()
            if name.text[1:] in taken:
                better = fresh(whole.text, name.text[1:])
                yield at("named-again", name, replaced(name, name, better), variable=name.text,
                         better=better)  # fmt: skip
            selected.add(name.text[1:])


def bound_again(whole: WholeText) -> Iterator[Mistake]:
    """A BIND of a variable that its group has bound before."""
    for group in _parts(whole, "GroupBody"):
        seen: set[str] = set()
        for part in group.parts:
            bind = next((each for each in part.parts if each.rule == "Bind"), None)
            if bind is not None:
                name = _named(whole, bind)
                if name.text[1:] in seen:
                    better = fresh(whole.text, name.text[1:])
                    yield at("bound-again", name, replaced(name, name, better),
                             variable=name.text, better=better)  # fmt: skip
            if part.rule == "Pattern" and whole.tokens[part.start].word in ("FILTER", "MINUS"):
                continue
            seen |= set(_in_scope(whole, part))


def _in_scope(whole: WholeText, part: ParsedRule) -> Iterator[str]:
    """The variables that the part of a pattern gives values to."""
    hidden = [
        *(each for each in part.all("Constraint")),
        *(each for each in part.all("Pattern") if whole.tokens[each.start].word == "MINUS"),
        *_hidden_by_select(whole, part),
        *(ParsedRule("", each.start + 1, each.end - 2) for each in part.all("NamedExpression")),
    ]
    shown = bytearray(b"\1") * (part.end - part.start)
    for each in hidden:
        first, behind = each.start - part.start, each.end - part.start
        shown[first:behind] = bytes(behind - first)
    for token, is_shown in zip(whole.tokens[part.start : part.end], shown, strict=True):
        if token.kind == "variable" and is_shown:
            yield token.text[1:]


def _hidden_by_select(whole: WholeText, part: ParsedRule) -> Iterator[ParsedRule]:
    """The parts behind the SELECT clauses of sub-queries, of which only selected variables are
    visible."""
    for select in part.all("SubSelect"):
        clause = next(_own(select, "SelectClause"))
        if whole.tokens[clause.end - 1].text != "*":
            yield ParsedRule("", clause.end, select.end)


def rows_of_values(whole: WholeText) -> Iterator[Mistake]:
    """A row of VALUES with more or fewer terms than there are variables."""
    for block in _parts(whole, "Values"):
        count = start = block.start + 2
        while whole.tokens[count].kind == "variable":
            count += 1
        width = count - start
        for row in block.parts:
            if row.rule == "Row" and len(row.parts) != width:
                first, last = whole.tokens[row.start], whole.tokens[row.end - 1]
                given = len(row.parts)
                edit = None
                if given < width:
                    edit = inserted(last.start, " UNDEF" * (width - given))
                yield at("row-width", first, edit, given=str(given), wanted=str(width))


def variables_of_values(whole: WholeText) -> Iterator[Mistake]:
    """A variable that stands twice at the head of a VALUES."""
    for block in _parts(whole, "Values"):
        seen = set[str]()
        for token in whole.tokens[block.start + 1 : block.end]:
            if token.kind == "variable" and token.text[1:] in seen:
                better = fresh(whole.text, token.text[1:])
                yield at("values-variable-again", token, replaced(token, token, better),
                         variable=token.text, better=better)  # fmt: skip
            elif token.kind == "variable":
                seen.add(token.text[1:])
            elif token.text != "(":
                break


def blank_in_two_patterns(whole: WholeText) -> Iterator[Mistake]:
    """A blank node's label in two basic graph patterns: one is all triples of a group up to what
    is neither triples nor a FILTER."""
    pattern_of: dict[str, tuple[int, int]] = {}
    for number, pattern in sorted(_labels(whole)):
        token = whole.tokens[number]
        if pattern_of.setdefault(token.text, pattern) != pattern:
            yield _as_variable(whole, token.text)
            return


def _labels(whole: WholeText) -> Iterator[tuple[int, tuple[int, int]]]:
    """The number of each token that is a blank node's label in a pattern, and its basic graph
    pattern: where the group begins, and how many such patterns of it came before."""
    for group in _parts(whole, "GroupBody"):
        before = 0
        for part in group.parts:
            if part.rule == "Pattern":
                before += whole.tokens[part.start].word != "FILTER"
                continue
            for number in range(part.start, part.end):
                if whole.tokens[number].kind == "blank":
                    yield number, (group.start, before)


def _as_variable(whole: WholeText, label: str) -> Mistake:
    """The mistake at the label, with an edit that makes a variable of it."""
    found = [token for token in whole.tokens if token.kind == "blank" and token.text == label]
    better = fresh(whole.text, re.sub(r"\W", "_", label[2:]))
    start, end = found[0].start, found[-1].end
    text = re.sub(rf"{re.escape(label)}(?![\w.-]*\w)", better, whole.text[start:end])
    return at("blank-in-two-patterns", found[1], TextEdit(start, end, text), label=label,
              better=better)  # fmt: skip


def aggregate_in_pattern(whole: WholeText) -> Iterator[Mistake]:
    """An aggregate in a FILTER or BIND, where no groups are."""
    for group in _parts(whole, "GroupBody"):
        for part in group.parts:
            if part.rule == "Pattern" and whole.tokens[part.start].word in ("FILTER", "BIND"):
                for found in part.all("Aggregate", within=("Group",)):
                    name = whole.tokens[found.start]
                    keyword = whole.tokens[part.start].word
                    yield at("aggregate-in-pattern", name, function=name.text, keyword=keyword)
    for keys in _parts(whole, "GroupClause"):
        for found in keys.all("Aggregate"):
            name = whole.tokens[found.start]
            yield at("aggregate-in-pattern", name, function=name.text, keyword="GROUP BY")


def in_data(whole: WholeText) -> Iterator[Mistake]:
    """Variables in data, and blank nodes where something is deleted."""
    for part in _parts(whole, "QuadData", "Quads"):
        keyword = whole.tokens[part.start - 1].word
        deletes = keyword == "DELETE" or whole.tokens[part.start - 2].word == "DELETE"
        for number in range(part.start, part.end):
            token = whole.tokens[number]
            if token.kind == "variable" and part.rule == "QuadData":
                yield at("variable-in-data", token, variable=token.text,
                         keyword=whole.tokens[part.start - 2].word)  # fmt: skip
            if (token.kind == "blank" or token.text == "[") and deletes:
                yield at("blank-in-delete", token, found=token.text)


def path_in_template(whole: WholeText) -> Iterator[Mistake]:
    """A property path in a template."""
    for part in _parts(whole, "Template", "QuadData", "Quads"):
        for path in part.all("Path"):
            for number in range(path.start, path.end):
                token = whole.tokens[number]
                if token.kind == "operator" or token.text in ("?", "("):
                    yield at("path-in-template", token, path=words(whole, path.start, path.end))
                    break


def arguments(whole: WholeText) -> Iterator[Mistake]:
    """A function with more or fewer arguments than it takes."""
    for call in _parts(whole, "Builtins"):
        name = whole.tokens[call.start]
        argument = whole.tokens[call.start + 2] if call.end > call.start + 2 else name
        if name.word == "BOUND" and call.end == call.start + 4 and argument.kind != "variable":
            yield at("bound-of-variable", argument, found=argument.text)
        given = sum(part.rule == "Expression" for part in call.parts)
        least, most = _ARITIES.get(name.word, (0, given))
        if not least <= given <= most:
            wanted = str(least) if least == most else f"{least}–{most}"
            yield at("arguments", name, function=name.word, given=str(given), wanted=wanted)


def numbers(whole: WholeText) -> Iterator[Mistake]:
    """LIMIT and OFFSET take whole numbers."""
    for part in _parts(whole, "LimitClauses"):
        for number in range(part.start, part.end):
            token = whole.tokens[number]
            if token.kind == "number" and not token.text.isdecimal():
                yield at("limit-not-number", token, keyword=whole.tokens[number - 1].word)


def wrong_iri(whole: WholeText) -> Iterator[Mistake]:
    """An IRI that is not valid, or has no scheme and no base."""
    based = any(token.word == "BASE" for token in whole.tokens)
    for token in whole.tokens:
        if token.kind != "iri":
            continue
        try:
            NamedNode(token.text[1:-1])
        except ValueError as error:
            relative = "scheme" in str(error) or not token.text[1:-1]
            if relative and (based or whole.based):
                continue
            kind = "iri-without-scheme" if relative else "iri-wrong"
            yield at(kind, token, iri=token.text, why=str(error))


MEANINGS: Final[tuple[Callable[[WholeText], Iterator[Mistake]], ...]] = (
    not_grouped,
    named_again,
    bound_again,
    rows_of_values,
    variables_of_values,
    blank_in_two_patterns,
    aggregate_in_pattern,
    in_data,
    path_in_template,
    arguments,
    numbers,
    wrong_iri,
)
"""The rules for texts that follow the grammar; the first mistake in the text is reported."""
