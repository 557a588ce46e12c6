"""Mistakes in strings and prefixes, searched in everything that was read."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Final

from spacepolicy.engine.diagnosis.mistake import Mistake, TextEdit, at, inserted, replaced
from spacepolicy.engine.diagnosis.reading import SyntaxStop, WholeText, is_closed
from spacepolicy.similar_words import nearest

Found = SyntaxStop | WholeText
WELL_KNOWN: Final = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "geof": "http://www.opengis.net/def/function/geosparql/",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "https://schema.org/",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "time": "http://www.w3.org/2006/time#",
    "void": "http://rdfs.org/ns/void#",
    "wd": "http://www.wikidata.org/entity/",
    "wdt": "http://www.wikidata.org/prop/direct/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""Namespaces that a text probably means by a prefix that it does not declare."""


_LOOKS_AHEAD: Final = 200
"""A string that was ended by a quote within it is searched for so many characters further on."""
_ESCAPE: Final = re.compile(
    r"\\(?:[tbnrf\\\"']|u[0-9A-Fa-f]{4}|U00(?:0[0-9A-Fa-f]|10)[0-9A-Fa-f]{4})|(?P<bad>\\.?)",
    re.DOTALL,
)


_HALF: Final = re.compile(
    r"\\\\|(?P<half>\\u[Dd][89ABab]..(?P<low>\\u[Dd][C-Fc-f]..)?|\\(?:u|U0000)[Dd][89A-Fa-f]..)"
)
"""A backslash of its own, or an escape of a surrogate (RFC 3987 section 2.2 leaves these out)."""
_BARE_IRI: Final = re.compile(
    r"(?:(?:urn|mailto|tag|doi|file):|[A-Za-z][A-Za-z0-9+.-]*://)(?:[^\s<>\"{}|^`\\();,]+)"
)


def prefix_not_declared(found: Found, upto: int) -> Iterator[Mistake]:
    """A prefix that is used before any declaration."""
    declared = set(found.prefixes)
    for number, token in enumerate(found.tokens[:upto]):
        if token.kind != "name":
            continue
        prefix, _, local = token.text.partition(":")
        before = found.tokens[number - 1] if number else None
        if not local and before is not None and before.word == "PREFIX":
            declared.add(prefix)
        elif prefix not in declared:
            yield _undeclared(found, number, prefix, declared)
            return


def _undeclared(found: Found, number: int, prefix: str, declared: set[str]) -> Mistake:
    token = found.tokens[number]
    bare = _BARE_IRI.match(found.text, token.start)
    if bare is not None:
        iri = bare[0].rstrip(".")
        edit = TextEdit(token.start, token.start + len(iri), f"<{iri}>")
        return at("iri-without-brackets", token, edit, iri=iri)
    known = WELL_KNOWN.get(prefix)
    if known is not None:
        edit = inserted(0, f"PREFIX {prefix}: <{known}>\n")
        return at("prefix-well-known", token, edit, prefix=f"{prefix}:", iri=known)
    near = nearest(prefix, sorted(declared - {""}))
    if near is not None:
        edit = TextEdit(token.start, token.start + len(prefix), near)
        return at("prefix-misspelt", token, edit, prefix=f"{prefix}:", near=f"{near}:")
    return at("prefix-not-declared", token, prefix=f"{prefix}:")


def bad_escape(found: Found, upto: int) -> Iterator[Mistake]:
    """A backslash in a string that begins no escape."""
    for token in found.tokens[:upto]:
        if token.kind != "string" or "\\" not in token.text:
            continue
        for match in _ESCAPE.finditer(token.text):
            if match["bad"] is not None:
                start = token.start + match.start()
                fixed = _ESCAPE.sub(lambda m: "\\\\" + m[0][1:] if m["bad"] else m[0], token.text)
                yield at("bad-escape", start, replaced(token, token, fixed), escape=match[0])
                return


def half_character(found: Found, upto: int) -> Iterator[Mistake]:
    """An escape of half a character, as in texts of JSON or Java; two halves are one."""
    for token in found.tokens[:upto]:
        if token.kind not in ("string", "iri"):
            continue
        halves = (each for each in _HALF.finditer(token.text) if each["half"])
        match = next(halves, None)
        if match is None:
            continue
        start, edit = token.start + match.start(), None
        if match["low"]:
            edit = TextEdit(start, start + len(match[0]), json.loads(f'"{match[0]}"'))
        place = token.start if token.kind == "iri" else start
        yield at("half-character", place, edit, escape=match[0])
        return


def quote_in_quotes(found: Found, upto: int) -> Iterator[Mistake]:
    """A quote inside a string of the same quotes, which ends it."""
    for number in range(upto):
        token = found.tokens[number]
        behind = found.tokens[number + 1] if number + 1 < len(found.tokens) else None
        if token.kind != "string" or behind is None or behind.start != token.end:
            continue
        if behind.kind not in ("word", "string", "number") or not is_closed(token.text):
            continue
        quote = token.text[0]
        line = found.text[token.start : token.end + _LOOKS_AHEAD].partition("\n")[0]
        last = line.rfind(quote)
        if last > len(token.text) and "?" not in line[len(token.text) : last]:
            inner = line[1:last]
            other = '"' if quote == "'" else "'"
            text = f"{other}{inner}{other}" if other not in inner else _escaped(inner, quote)
            edit = TextEdit(token.start, token.start + last + 1, text)
            yield at("quote-in-quotes", token.end - 1, edit, quote=quote, better=text)
            return


def _escaped(inner: str, quote: str) -> str:
    return quote + inner.replace(quote, "\\" + quote) + quote


def unclosed_string(found: Found, upto: int) -> Iterator[Mistake]:
    """A string whose closing quote is missing."""
    for token in found.tokens[:upto]:
        if token.kind != "string" or is_closed(token.text):
            continue
        quote = token.text[:3] if token.text[:3] in ("'''", '"""') else token.text[0]
        rest = found.text[token.end :]
        if len(quote) == 1 and _goes_on(rest, quote):
            end = token.end + rest.index(quote)
            inner = found.text[token.start + 1 : end]
            edit = TextEdit(token.start, end + 1, quote * 3 + inner + quote * 3)
            yield at("line-break-in-string", token, edit, quotes=quote * 3)
        else:
            end = token.start + len(token.text.rstrip(" \t\r\n.;,)}]"))
            yield at("unclosed-string", token, inserted(end, quote), quote=quote)
        return


def _goes_on(rest: str, quote: str) -> bool:
    """Whether the string continues beyond its line, up to a quote that opens no other."""
    place = rest.find(quote)
    return place > 0 and rest[place + 1 : place + 2] in (
        "",
        " ",
        "@",
        "^",
        ")",
        ".",
        ";",
        ",",
        "\n",
    )


EARLIER: Final[tuple[Callable[[Found, int], Iterator[Mistake]], ...]] = (
    unclosed_string,
    quote_in_quotes,
    half_character,
    bad_escape,
    prefix_not_declared,
)
"""The rules for everything that was read; the first mistake in the text is reported."""
