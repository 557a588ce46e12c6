"""Graphs as compact JSON-LD: one thing at the top, linked things nested in it with their names,
everything else under `included`.

Spec: https://www.w3.org/TR/json-ld11/, https://www.w3.org/TR/json-ld11-framing/ (the shape)
"""

import json
import re
from collections.abc import Iterable
from typing import Any, Final, final

from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy.namespaces import XSD
from spacepolicy.web.linked_data.context import LANGUAGE, LINK, JsonLdContext, Property
from spacepolicy.web.linked_data.documents import NAMES, TYPE
from spacepolicy.web.linked_data.skolem import FRAGMENT

_INTEGER: Final = re.compile(r"0|-?[1-9]\d{0,14}", re.ASCII)
_STRING: Final = f"{XSD}string"


def compacted(
    triples: Iterable[Triple], thing: NamedNode, context: JsonLdContext, context_iri: str
) -> bytes:
    """Return the statements as one JSON object about the thing, with the keys of the context."""
    writer = _Writer(triples, context)
    table = {"@context": context_iri, **writer.whole(thing)}
    rest = writer.rest()
    if rest:
        table["included"] = rest
    return json.dumps(table, ensure_ascii=False, indent=1).encode() + b"\n"


@final
class _Writer:
    """Writes each statement at least once; `_written` are those already written."""

    def __init__(self, triples: Iterable[Triple], context: JsonLdContext) -> None:
        self._context = context
        self._by_subject: dict[object, list[Triple]] = {}
        for triple in triples:
            self._by_subject.setdefault(triple.subject, []).append(triple)
        self._written: set[Triple] = set()

    def whole(self, subject: object, above: tuple[object, ...] = ()) -> dict[str, Any]:
        """Return the object of a thing with all statements about it."""
        return self._object(subject, self._by_subject.get(subject, ()), (*above, subject))

    def rest(self) -> list[dict[str, Any]]:
        """Return the objects of things with statements that are not written yet."""
        return [
            self.whole(subject)
            for subject in sorted(self._by_subject, key=str)
            if not self._written.issuperset(self._by_subject[subject])
        ]

    def _linked(self, term: object, above: tuple[object, ...]) -> dict[str, Any]:
        """A thing nested in another: a skolemised blank node in full, others only with names."""
        if FRAGMENT in str(term) and term not in above:
            return self.whole(term, above)
        named = [t for t in self._by_subject.get(term, ()) if t.predicate in NAMES]
        return self._object(term, named, (*above, term))

    def _object(
        self, subject: object, triples: Iterable[Triple], above: tuple[object, ...]
    ) -> dict[str, Any]:
        members: dict[str, Any] = {"id": _iri(subject)}
        for triple in sorted(triples, key=str):
            self._written.add(triple)
            self._add(members, triple, above)
        return members

    def _add(self, members: dict[str, Any], triple: Triple, above: tuple[object, ...]) -> None:
        """Write one statement, under its property's key if the value has the key's type."""
        iri, value = triple.predicate.value, triple.object
        if triple.predicate == TYPE and isinstance(value, NamedNode):
            name = self._context.classes.get(value.value, value.value)
            members.setdefault("type", []).append(name)
            return
        term = self._context.properties.get(iri)
        if not isinstance(value, Literal):
            fits = term is not None and term.type == LINK
            key = term.key if term and fits else iri
            members.setdefault(key, []).append(self._linked(value, above))
        elif term is not None and term.type == LANGUAGE and value.language is not None:
            texts = members.setdefault(term.key, {})
            _put(texts, language_tag(value.language), value.value, several=term.several)
        else:
            _add_plain(members, iri, term, value)


def _add_plain(members: dict[str, Any], iri: str, term: Property | None, value: Literal) -> None:
    if term is None or term.type in (LINK, LANGUAGE):
        members.setdefault(iri, []).append(_value(value, None))
    else:
        _put(members, term.key, _value(value, term.type), several=term.several)


def _put(members: dict[str, Any], key: str, value: object, *, several: bool) -> None:
    """Add the value under the key; values become a list where there are several."""
    if several:
        members.setdefault(key, []).append(value)
    elif key not in members:
        members[key] = value
    else:
        before = members[key]
        members[key] = [*(before if isinstance(before, list) else [before]), value]


def _value(literal: Literal, expected: str | None) -> object:
    """The literal as JSON without loss: a plain value where its type is the expected one or native
    to JSON."""
    datatype, text = literal.datatype.value, literal.value
    if literal.language is not None:
        return {"@value": text, "@language": language_tag(literal.language)}
    if datatype == expected or (expected is None and datatype == _STRING):
        return text
    if expected is None and datatype == f"{XSD}integer" and _INTEGER.fullmatch(text):
        return int(text)
    if expected is None and datatype == f"{XSD}boolean" and text in ("true", "false"):
        return text == "true"
    return {"@value": text} if datatype == _STRING else {"@value": text, "@type": datatype}


def _iri(term: object) -> str:
    return term.value if isinstance(term, NamedNode) else str(term)


def language_tag(tag: str) -> str:
    """Return the tag in the case that BCP 47 recommends; the engine stores it in lower case.

    >>> language_tag("zh-hans-cn"), language_tag("en")
    ('zh-Hans-CN', 'en')

    Spec: https://www.rfc-editor.org/rfc/rfc5646#section-2.1.1
    """
    first, *others = tag.lower().split("-")
    parts, single = [first], False
    for part in others:
        cased = part
        if not single and len(part) == 2:
            cased = part.upper()
        elif not single and len(part) == 4 and part.isalpha():
            cased = part.title()
        single = single or len(part) == 1
        parts.append(cased)
    return "-".join(parts)
