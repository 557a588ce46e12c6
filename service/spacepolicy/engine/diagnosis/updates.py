"""Mistakes in updates."""

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
from spacepolicy.engine.diagnosis.reading import SyntaxStop


def data_missing(stop: SyntaxStop) -> Mistake | None:
    """INSERT and DELETE of triples without DATA, or of patterns without WHERE."""
    here, operation = stop.here, stop.inside("Operation")
    if operation is None or "WHERE" not in stop.expected or "{" in stop.expected:
        return None
    if here.text == "{":
        return at("where-missing", here, inserted(here.start, "WHERE "))
    if here.kind != "end" and here.text != ";":
        return None
    first, inner = stop.token(operation.start), stop.tokens[operation.start : stop.at]
    fixed = not any(token.kind == "variable" for token in inner)
    if fixed and first.word in ("INSERT", "DELETE"):
        return at("data-missing", first, inserted(first.end, " DATA"), keyword=first.word)
    if first.word == "DELETE" and not any(token.word == "INSERT" for token in inner):
        return at("delete-without-where", here, inserted(first.end, " WHERE"))
    return at("where-missing", here)


def where_behind_data(stop: SyntaxStop) -> Mistake | None:
    """A WHERE behind INSERT DATA or DELETE DATA."""
    if stop.here.word != "WHERE" or not stop.inside("Updates"):
        return None
    number = stop.at
    while number > 0 and stop.token(number).word != "DATA":
        number -= 1
    data = stop.token(number)
    if data.word != "DATA":
        return None
    return at("where-behind-data", stop.here, removed(stop.text, data))


def graph_missing(stop: SyntaxStop) -> Mistake | None:
    """A graph that is named without GRAPH, or by INTO."""
    here, before = stop.here, stop.before()
    operation = stop.inside("Operation")
    if operation is None:
        return None
    names = here.kind in ("iri", "name")
    if "TO" in stop.expected and (names or here.word == "INTO"):
        edit = inserted(here.start, "TO ") if names else replaced(here, here, "TO")
        return at("to-missing", here, edit)
    after_operation = before.word in ("CLEAR", "DROP", "CREATE", "SILENT", "INTO")
    if names and "GRAPH" in stop.expected and after_operation:
        return at("graph-keyword-missing", here, inserted(here.start, "GRAPH "))
    if here.word in ("INTO", "GRAPH") and before.word in ("INSERT", "DATA", "DELETE"):
        return _into(stop)
    if here.word == "FROM" and before.word == "DELETE":
        return at("sql-delete", here)
    return None


def _into(stop: SyntaxStop) -> Mistake:
    number = stop.at + 1
    while stop.token(number).word == "GRAPH":
        number += 1
    name, opening = stop.token(number), stop.token(number + 1)
    last = number + 1
    while stop.token(last).text not in ("}", ""):
        last += 1
    if name.kind not in ("iri", "name") or opening.text != "{" or stop.token(last).text != "}":
        return at("insert-into", stop.here)
    inner = words(stop, number + 2, last)
    data = stop.before().word != "DATA" and last == len(stop.tokens) - 1 and "?" not in inner
    cured = f"{'DATA ' if data else ''}{{ GRAPH {name.text} {{ {inner} }} }}"
    return at("insert-into", stop.here, replaced(stop.here, stop.token(last), cured))


def sql_statement(stop: SyntaxStop) -> Mistake | None:
    """UPDATE … SET, and other statements of SQL."""
    if stop.rule in ("Unit", "Prologue", "") and stop.here.word in ("UPDATE", "REPLACE", "UPSERT"):
        return at("sql-update", stop.here, keyword=stop.here.word)
    return None


def semicolon_missing(stop: SyntaxStop) -> Mistake | None:
    """Two operations without a semicolon between them."""
    starts = ("INSERT", "DELETE", "CLEAR", "DROP", "CREATE", "LOAD", "ADD", "MOVE", "COPY", "WITH",
              "PREFIX", "BASE")  # fmt: skip
    if stop.here.word in starts and ";" in stop.expected and stop.inside("Updates"):
        return at("operations-without-semicolon", stop.here, inserted(stop.before().end, " ;"))
    return None


UPDATES: Final[tuple[Callable[[SyntaxStop], Mistake | None], ...]] = (
    sql_statement,
    semicolon_missing,
    where_behind_data,
    graph_missing,
    data_missing,
)
"""The rules for texts that leave the grammar, in the order in which they are tried."""
