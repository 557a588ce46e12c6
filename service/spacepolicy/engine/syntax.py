"""What a syntax error of the engine means, with its place, in words that help.

The engine's parser tells the farthest place it came to and a long list of what it would have
taken there; an undeclared prefix, the most common cause, is only one item of that list.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from spacepolicy.errors import QuerySyntaxError

_ERROR: Final = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)
_CAUSE: Final = re.compile(r"expected (?:one of )?([A-Z][a-z][^\[,]*)")
_TOKEN: Final = re.compile(
    r'''<[^<>"{}|^`\\\s]*>|"""(?:[^\\]|\\.)*?"""|\'\'\'(?:[^\\]|\\.)*?\'\'\''''
    r"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\#[^\n]*|[?$@]\w+|_:\w+"""
    r"""|(?P<declared>\bPREFIX\s+[\w.-]*:)|(?P<used>[^\W\d_][\w.-]*:|(?<!\w):)""",
    re.DOTALL | re.IGNORECASE,
)
_MAX_TEXT: Final = 1000


def query_syntax_error(message: str, text: str, prefixes: Iterable[str]) -> QuerySyntaxError:
    """The problem to tell for the engine's message on the query text.

    `prefixes` are those that need no declaration.
    """
    undeclared = next(_undeclared(text, prefixes), None)
    if undeclared is not None:
        prefix, offset = undeclared
        line = text.count("\n", 0, offset) + 1
        column = offset - text.rfind("\n", 0, offset)
        return _problem(text, line, column, f"the prefix {prefix} is not declared")
    found = _ERROR.match(message)
    if found is None:
        return QuerySyntaxError(message)
    line, column = int(found[1]), int(found[2])
    ended = "\n".join(text.split("\n")[line - 1 :])[column - 1 :].strip() == ""
    reason = "the query ends too early" if ended else _reason(found[3])
    return _problem(text, line, column, reason)


def _undeclared(text: str, prefixes: Iterable[str]) -> Iterator[tuple[str, int]]:
    """The prefixes used and not declared before, with their offsets."""
    declared = {f"{prefix}:" for prefix in prefixes}
    for token in _TOKEN.finditer(text):
        if token["declared"]:
            declared.add(token["declared"].split()[-1])
        elif token["used"] and token["used"] not in declared:
            yield token["used"], token.start()


def _reason(expected: str) -> str:
    cause = _CAUSE.search(expected)
    if cause is not None:
        return cause[1].strip()
    return expected if len(expected) < 120 and "[_]" not in expected else "unexpected text"


def _problem(text: str, line: int, column: int, reason: str) -> QuerySyntaxError:
    lines = text.split("\n")
    quoted = lines[line - 1] if line <= len(lines) else ""
    return QuerySyntaxError(
        f"Line {line}, column {column}: {reason}.",
        extras={"line": line, "column": column, "text": quoted[:_MAX_TEXT]},
    )
