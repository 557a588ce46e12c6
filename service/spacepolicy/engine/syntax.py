"""The problem to report where the engine's parser refuses a text.

The parser reports the farthest place that it came to and all tokens that it would have accepted
there, which misleads more than it helps; `diagnosis` finds what is wrong. The parser's own reason
is included, and is reported where nothing better is known.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from spacepolicy.engine.diagnosis.finding import find_mistake
from spacepolicy.engine.diagnosis.mistake import Mistake, at, place_of
from spacepolicy.engine.diagnosis.wording import ENGLISH, detail
from spacepolicy.errors import QuerySyntaxError

_ERROR: Final = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)
_SENTENCE: Final = re.compile(r"expected (?:one of )?.*?([A-Z][a-z]+ [^\[,]*)")
"""The sentence about a mistake that the parser's authors have among the tokens that it lists."""
_MAX_TEXT: Final = 1000
"""A longer line is cut to this length, and so is a reason."""


def query_syntax_error(
    message: str, text: str, prefixes: Iterable[str], *, based: bool = True
) -> QuerySyntaxError:
    """The problem to report for the engine's message on the text of a query or update.

    `prefixes` are those that need no declaration; `based`: relative IRIs have a base.
    """
    declared = prefixes if isinstance(prefixes, Mapping) else dict.fromkeys(prefixes, "")
    mistake = find_mistake(text, declared, based=based) or _as_the_engine_says(message, text)
    line, column = place_of(text, mistake.start)
    explanation, cure = detail(mistake.kind, mistake.values, line, column)
    extras: dict[str, Any] = {
        "line": line,
        "column": column,
        "text": text.split("\n")[line - 1][:_MAX_TEXT],
        "mistake": mistake.kind,
        "values": dict(mistake.values),
        "cure": cure,
        "reason": message[:_MAX_TEXT],
    }
    if mistake.edit is not None:
        edit = mistake.edit
        extras["edit"] = {"start": edit.start, "end": edit.end, "text": edit.text}
    return QuerySyntaxError(explanation, extras=extras)


def in_language(error: QuerySyntaxError, language: str) -> dict[str, Any]:
    """The problem's detail and remedy in the language, where they are known in it."""
    extras = error.extras
    if language == ENGLISH or "mistake" not in extras:
        return {}
    line, column, values = (extras[name] for name in ("line", "column", "values"))
    explanation, cure = detail(str(extras["mistake"]), values, line, column, language)  # type: ignore[arg-type] # as made above
    return {"detail": explanation, "cure": cure}


def _as_the_engine_says(message: str, text: str) -> Mistake:
    """The mistake where the engine's parser stopped, with the parser's reason."""
    found = _ERROR.match(message)
    if found is None:
        return at("engine", 0, reason=message)
    lines = text.split("\n")
    number, column = min(int(found[1]), len(lines)), int(found[2])
    offset = sum(len(line) + 1 for line in lines[: number - 1]) + column - 1
    sentence = _SENTENCE.match(found[3])
    return at(
        "engine", min(offset, len(text)), reason=sentence[1].strip() if sentence else found[3]
    )
