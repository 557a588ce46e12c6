"""Mistakes in single tokens: quotes, characters that look like others, IRIs, names, variables."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from spacepolicy.engine.diagnosis.mistake import Mistake, TextEdit, at, inserted, replaced
from spacepolicy.engine.diagnosis.reading import SyntaxStop
from spacepolicy.engine.lexer import without_escapes

_LOOKALIKES: Final = {
    **dict.fromkeys("“”„‟«»「」『』＂", '"'),
    **dict.fromkeys("‘’‚‛‹›´＇", "'"),
    **{chr(ord(mark) + 0xFEE0): mark for mark in "(){}[];,.:?!=<>*+-/|&^#@$"},
    "。": ".", "、": ",",
    **dict.fromkeys("\u00a0\u2002\u2003\u2009\u202f\u3000", " "),
    **dict.fromkeys("\u200b\u2060\ufeff", ""),
    **dict.fromkeys("–—−‐‑", "-"),
    "≠": "!=", "≤": "<=", "≥": ">=", "∧": "&&", "∨": "||", "¬": "!",
}  # fmt: skip
_PAIRS: Final = {
    "“": "”“",
    "”": "”",
    "„": "“”",
    "«": "»",
    "「": "」",
    "‘": "’‘",
    "’": "’",
    "`": "`´",
}
_ENTITIES: Final = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&#39;": "'"}
_ESCAPED_NAME: Final = re.compile(r"(?:\w|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})+")
_NAME: Final = re.compile(r"[\w.-]+")


def lookalike(stop: SyntaxStop) -> Mistake | None:
    """A character that looks like one of SPARQL's, as word processors and other keyboards write."""
    token = stop.here
    for offset, character in enumerate(token.text):
        if character in _LOOKALIKES or character == "`":
            return _looks(stop, token.start + offset, character)
    return None


def _looks(stop: SyntaxStop, start: int, character: str) -> Mistake:
    text = stop.text
    meant = _LOOKALIKES.get(character, '"')
    if character in _PAIRS:
        line = text[start + 1 :].partition("\n")[0]
        end = next((i for i, each in enumerate(line) if each in _PAIRS[character]), None)
        if end is not None:
            inner = line[:end]
            if character == "`":
                edit = TextEdit(
                    start, start + end + 2, f":{inner}" if inner.isidentifier() else inner
                )
                return at("backticks", start, edit, name=inner)
            edit = TextEdit(start, start + end + 2, '"' + inner.replace('"', '\\"') + '"')
            return at("typographic-quotes", start, edit, character=character)
    last = start
    for token in stop.tokens[stop.at :]:
        if token.kind != "string" and any(each in _LOOKALIKES for each in token.text):
            last = token.end
    edit = TextEdit(start, last, "".join(_meant(stop, start, last)))
    name = f"U+{ord(character):04X}" if not meant.strip() else character
    return at("lookalike", start, edit, character=name, meant=meant if meant.strip() else "a blank")


def _meant(stop: SyntaxStop, start: int, end: int) -> Iterator[str]:
    """The text between the offsets with SPARQL's characters; strings stay as they are."""
    position = start
    for token in stop.tokens[stop.at :]:
        if token.kind == "string" and token.end <= end:
            yield from (_LOOKALIKES.get(each, each) for each in stop.text[position : token.start])
            yield token.text
            position = token.end
    yield from (_LOOKALIKES.get(each, each) for each in stop.text[position:end])


def encoded_text(stop: SyntaxStop) -> Mistake | None:
    """A text that was percent-encoded twice, or copied out of HTML."""
    text = stop.text
    for entity, meant in _ENTITIES.items():
        if text.startswith(entity, stop.here.start) or text.startswith(entity, stop.before().start):
            start = text.find(entity, stop.before().start)
            edit = TextEdit(start, start + len(entity), meant)
            return at("html-entity", start, edit, entity=entity, meant=meant)
    if re.match(r"%[0-9A-F]{2}", text[stop.here.start :]):
        return at("encoded-twice", stop.here)
    return None


def iri_with_blanks(stop: SyntaxStop) -> Mistake | None:
    """An IRI in angle brackets that holds a blank, or does not end."""
    place = next((n for n in (0, -1) if stop.after(n).text in ("<", "<<")), None)
    if place is None or (not {"$iri", "$variable"} & stop.expected and place == 0):
        return None
    token = stop.after(place)
    line = stop.text[token.start :].partition("\n")[0]
    end = line.find(">")
    inner = line[1:end]
    if end > 0 and not re.search(r"\s[?$\"{}]|<", inner):
        cured = re.sub(r"[\s{}|^`\\\"]", lambda m: f"%{ord(m[0]):02X}", inner)
        return at(
            "iri-with-blanks", token, TextEdit(token.start, token.start + end + 1, f"<{cured}>")
        )
    word = re.match(r"<[^\s<>\"{}|^`\\,;)]*", line)
    if word is None or len(word[0]) < 3:  # `<` alone begins no IRI
        return None
    return at("iri-not-closed", token, inserted(token.start + len(word[0].rstrip(".")), ">"))


def comment(stop: SyntaxStop) -> Mistake | None:
    """A comment as other languages write it."""
    for marks in ("--", "//", "/*"):
        start = stop.here.start if stop.text.startswith(marks, stop.here.start) else None
        if start is None and stop.text.startswith(marks, stop.before().start):
            start = stop.before().start
        own_line = start is not None and not stop.text[:start].rpartition("\n")[2].strip()
        spaced = start is not None and stop.text[start + 2 : start + 3].isspace()
        if start is None or not (own_line or spaced):
            continue
        closing = stop.text.find("*/", start)
        if marks == "/*":
            if closing < 0:
                return at("comment", start, marks=marks)
            inner = " ".join(stop.text[start + 2 : closing].split())
            return at("comment", start, TextEdit(start, closing + 2, f"# {inner}\n"), marks=marks)
        return at("comment", start, TextEdit(start, start + 2, "#"), marks=marks)
    return None


def escaped_name(stop: SyntaxStop) -> Mistake | None:
    """A variable whose name has escapes of characters, as SPARQL 1.1 takes them (section 19.2)."""
    mark = stop.here
    escaped = _ESCAPED_NAME.match(stop.text, mark.end)
    if mark.text not in ("?", "$") or escaped is None or "\\" not in escaped[0]:
        return None
    better = without_escapes(escaped[0])
    edit = TextEdit(mark.end, escaped.end(), better)
    return at("escape-in-name", mark, edit, escape=escaped[0], better=mark.text + better)


def variable_name(stop: SyntaxStop) -> Mistake | None:
    """A variable with a hyphen, a blank behind its mark, or none of its own."""
    here, before = stop.here, stop.before()
    for n in (0, -1, -2):
        mark, name = stop.after(n), stop.after(n + 1)
        if mark.text in ("?", "$") and name.kind == "word" and name.start > mark.end:
            edit = replaced(mark, name, mark.text + name.text)
            return at("blank-in-variable", mark, edit, variable=mark.text + name.text)
    for n in (0, -1):
        minus, first, rest = stop.after(n), stop.after(n - 1), stop.after(n + 1)
        close = first.end == minus.start and minus.end == rest.start
        called = minus.text == "." and stop.after(n + 2).text in ("(", "{")
        if minus.text in ("-", ".") and first.kind == "variable" and close and not called:
            if rest.kind not in ("word", "number"):
                continue
            return _hyphen(stop, first.start)
    if (here.kind == "language" or here.text == "%") and "$variable" in stop.expected:
        other = before.kind in ("variable", "string") or stop.inside("Prologue")
        return None if other else at("variable-mark", here, mark=here.text[0])
    if here.text[:1] in ("?", "$") and here.kind == "other" and before.kind != "end":
        return at("variable-without-name", here)
    alone = (
        before.text in ("?", "$") and before.kind == "other" and stop.before(2).end < before.start
    )
    if alone and here.kind not in ("variable", "word"):
        return at("variable-without-name", before)
    return None


def _hyphen(stop: SyntaxStop, start: int) -> Mistake:
    found = re.compile(r"[?$]\w+(?:[-.]\w+)+").match(stop.text, start)
    assert found is not None  # noqa: S101 # a hyphen was seen there
    wrong = found[0]
    right = re.sub(r"[-.]", "_", wrong)
    last = stop.text.rfind(wrong) + len(wrong)
    edit = TextEdit(start, last, stop.text[start:last].replace(wrong, right))
    return at("hyphen-in-variable", start, edit, variable=wrong, better=right)


def name_with_slash(stop: SyntaxStop) -> Mistake | None:
    """A slash within a prefixed name, which the grammar takes for a path."""
    for n in (0, -1):
        slash, name, rest = stop.after(n - 1), stop.after(n - 2), stop.after(n)
        close = name.end == slash.start and slash.end == rest.start
        if slash.text == "/" and name.kind == "name" and close and rest.kind in ("word", "number"):
            cured = f"{name.text}\\/{rest.text}"
            return at(
                "slash-in-name", slash, replaced(name, rest, cured), name=name.text, better=cured
            )
    return None


def number(stop: SyntaxStop) -> Mistake | None:
    """A number with a dot and no digits behind it, or with a comma in it."""
    here, before, after = stop.here, stop.before(), stop.after()
    if before.kind == "number" and before.end == here.start:
        if here.text == "." and "$number" not in stop.expected:
            cured = f"{before.text}.0"
            return at("dot-without-digits", before, replaced(before, here, cured), better=cured)
        if here.text == "," and after.kind == "number" and here.end == after.start:
            cured = f"{before.text}.{after.text}"
            return at("comma-in-number", before, replaced(before, after, cured), better=cured)
    return None


def language_tag(stop: SyntaxStop) -> Mistake | None:
    """An @ with no language behind it, or one that does not stand behind a string."""
    here, before, after = stop.here, stop.before(), stop.after()
    if here.text == "@" and before.kind == "string" and after.kind != "language":
        if after.kind == "word" and after.start > here.end:
            edit = replaced(here, after, f"@{after.text}")
            return at("blank-in-language", here, edit, language=after.text)
        return at("language-missing", here, inserted(here.end, "en"))
    if before.kind == "language" and before.end == here.start:
        tag = re.compile(r"@[\w-]+").match(stop.text, before.start)
        if tag is not None and "_" in tag[0]:
            cured = tag[0].replace("_", "-")
            edit = TextEdit(before.start, before.start + len(tag[0]), cured)
            return at("underscore-in-language", before, edit, better=cured)
    if here.kind == "language" and before.kind == "variable":
        return at("language-of-variable", here, variable=before.text, language=here.text[1:])
    return None


def datatype(stop: SyntaxStop) -> Mistake | None:
    """A datatype behind one ^, or behind a number or variable."""
    here, before, after = stop.here, stop.before(), stop.after()
    if here.text == "^" and before.kind == "string" and after.kind in ("name", "iri"):
        return at("one-caret", here, replaced(here, here, "^^"))
    if here.text == "^^" and before.kind == "number":
        return at("datatype-of-number", before, replaced(before, before, f'"{before.text}"'),
                  number=before.text)  # fmt: skip
    if here.text == "^^" and before.kind == "variable":
        return at("datatype-of-variable", here, variable=before.text)
    return _datatype_name(stop) if before.text == "^^" else None


def _datatype_name(stop: SyntaxStop) -> Mistake | None:
    here = stop.here
    if here.kind == "string":
        return at("datatype-as-string", here, datatype=here.text)
    if here.kind == "word":
        if here.text in stop.prefixes:
            return at("datatype-incomplete", here, prefix=here.text)
        name = f"xsd:{here.text}"
        return at("datatype-without-prefix", here, replaced(here, here, name), better=name)
    return None


MARKS: Final[tuple[Callable[[SyntaxStop], Mistake | None], ...]] = (
    lookalike,
    encoded_text,
    comment,
    iri_with_blanks,
    escaped_name,
    variable_name,
    name_with_slash,
    language_tag,
    datatype,
    number,
)
"""The rules for texts that leave the grammar, in the order in which they are tried."""
