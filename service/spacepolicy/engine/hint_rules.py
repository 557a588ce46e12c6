"""Finds likely mistakes in a query, from its text and the data that it is about.

Costs little or nothing for a query with a full answer: most rules are applied only where the answer
has no rows or no values, and all of them look up single terms and never read the data through. What
was found is cached: the same query with other constants that the data have costs little too.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import Final, final

from pyoxigraph import Literal, NamedNode, Store

from spacepolicy.engine.diagnosis.reading import ParsedRule, WholeText, is_closed, read
from spacepolicy.engine.hint_cache import HintCache, what_hints_depend_on
from spacepolicy.engine.hints import MAX_HINTS, Hint, hint
from spacepolicy.engine.tokens import Declared, SparqlToken
from spacepolicy.namespaces import DCTERMS, OWL, RDF, RDFS, XSD
from spacepolicy.similar_words import nearest

_PARTIAL: Final = ("OPTIONAL", "UNION", "EXISTS", "MINUS")
"""Words by which a part of a pattern may match nothing and others answer all the same."""
_NAMES: Final = re.compile(r"<[^<>\s]+>|[\w.-]*:[\w.-]+")
"""IRIs and names; a match inside a string costs a look-up and nothing else."""
_WORD: Final = re.compile(r"[\w.~-]+\Z")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
_MAX_NEAR_LETTERS: Final = 40
"""Longer names are not corrected: some 130 terms are looked up for each letter."""
_SAMPLE: Final = 200
"""The sample of a property's values that shows which languages they have."""
_MAX_TERMS: Final = 64
"""The most terms of a query that are looked up."""
_MAX_MENDED: Final = 3
"""The most unknown terms that are compared with known ones."""
_MAX_TYPED: Final = 2_000
"""The most things that are compared with a name more than one typing error away from all."""
_MAX_DEPRECATED: Final = 200
"""The most deprecated terms that are searched in each query; an ontology has a few."""
_TYPE: Final = NamedNode(f"{RDF}type")
_DEPRECATED: Final = NamedNode(f"{OWL}deprecated")
_TRUE: Final = Literal(True)
_REPLACED: Final = NamedNode(f"{DCTERMS}isReplacedBy")
_SUBPROPERTY: Final = NamedNode(f"{RDFS}subPropertyOf")
_MAX_KNOWN: Final = 10_000
"""The most known names that are remembered."""
_LABELS: Final = (
    "http://www.w3.org/2000/01/rdf-schema#label",
    "http://www.w3.org/2004/02/skos/core#prefLabel",
)


@final
class Hints:
    """Finds hints for queries of one store. Names that were found once are remembered."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: set[str] = set()
        self._found = HintCache()

    @cached_property
    def _replaced(self) -> Mapping[str, str | None]:
        """The deprecated terms, each with its replacement: the object of a property narrower than
        isReplacedBy, else that of isReplacedBy."""
        quads = self._store.quads_for_pattern(None, _DEPRECATED, _TRUE)
        old = [quad.subject for quad in islice(quads, _MAX_DEPRECATED)]
        wide = self._store.quads_for_pattern(None, _SUBPROPERTY, _REPLACED)
        verbs = [*(q.subject for q in wide if isinstance(q.subject, NamedNode)), _REPLACED]
        verbs.sort(key=lambda verb: verb == _REPLACED)
        return {each.value: self._first(each, verbs) for each in old if isinstance(each, NamedNode)}

    @cached_property
    def _replaced_names(self) -> tuple[str, ...]:
        """A part of each deprecated IRI that occurs in a text however the IRI is written."""
        found = {_WORD.search(iri) for iri in self._replaced}
        return tuple({each[0] for each in found if each})

    def _first(self, term: NamedNode, verbs: Iterable[NamedNode]) -> str | None:
        """The first IRI that is an object of one of the properties."""
        for verb in verbs:
            for quad in self._store.quads_for_pattern(term, verb, None):
                if isinstance(quad.object, NamedNode):
                    return quad.object.value
        return None

    def of(
        self, text: str, prefixes: Mapping[str, str], base: str | None, *, says_little: bool
    ) -> tuple[Hint, ...]:
        """The likely mistakes in the query; `says_little` where its answer has no rows, or no
        values."""
        outdated = any(name in text for name in self._replaced_names)
        little = says_little or self._suspicious(text, prefixes)
        if not little and not outdated:
            return ()
        marks = what_hints_depend_on(text, lambda name: self._is_unremarkable(name, prefixes))
        key = (marks, base, little)
        found = self._found.get(key)
        if found is None:
            found = self._searched(text, prefixes, base, little=little, outdated=outdated)
            self._found.keep(key, found)
        return found

    def _searched(
        self,
        text: str,
        prefixes: Mapping[str, str],
        base: str | None,
        *,
        little: bool,
        outdated: bool,
    ) -> tuple[Hint, ...]:
        """Search the text and the data for mistakes."""
        whole = read(text, prefixes)
        if not isinstance(whole, WholeText):
            return ()
        declared = _declared(whole, base)
        found = [*self._outdated(whole, declared)] if outdated else []
        if little:
            found += self._terms(whole, declared)
            found += self._strings(whole, declared)
            found += unbound_variables(whole)
        return tuple(dict.fromkeys(found))[:MAX_HINTS]

    def _outdated(self, whole: WholeText, declared: Declared) -> Iterator[Hint]:
        """Deprecated terms, with their replacements."""
        for token, iri in islice(_iris(whole, declared), _MAX_TERMS):
            if iri not in self._replaced:
                continue
            near = self._replaced[iri]
            if near is None:
                yield hint("term-deprecated", term=token.text)
            else:
                yield hint("term-replaced", term=token.text, near=_written(token, iri, near))

    def _suspicious(self, text: str, prefixes: Mapping[str, str]) -> bool:
        """Whether a query that answers may have a part that never matches."""
        upper = text.upper()
        if not any(word in upper for word in _PARTIAL):
            return False
        names = set(_NAMES.findall(text)) - self._known
        return any(not self._is_known(name, prefixes) for name in names)

    def _is_known(self, name: str, prefixes: Mapping[str, str]) -> bool:
        """Whether the data have statements with the IRI that the name stands for, or it is no
        IRI."""
        prefix, _, local = name.partition(":")
        iri = name[1:-1] if name[0] == "<" else prefixes.get(prefix, "") + local
        if node(iri) is None:
            return True  # no data could have it
        if not self._there(iri):
            return False
        if len(self._known) < _MAX_KNOWN:
            self._known.add(name)
        return True

    def _is_unremarkable(self, name: str, prefixes: Mapping[str, str]) -> bool:
        """Whether the data have statements with the name's IRI, and it is not deprecated."""
        if name not in self._known:
            self._is_known(name, prefixes)
        return name in self._known and not name.rstrip(">").endswith(self._replaced_names)

    def _there(self, iri: str) -> bool:
        """Whether the IRI occurs in any position of a statement."""
        term, store = node(iri), self._store
        if term is None:
            return True  # no data could have it
        return (
            next(store.quads_for_pattern(term, None, None), None) is not None
            or next(store.quads_for_pattern(None, term, None), None) is not None
            or next(store.quads_for_pattern(None, None, term), None) is not None
            or store.contains_named_graph(term)
        )

    def _terms(self, whole: WholeText, declared: Declared) -> Iterator[Hint]:
        """Terms that the data do not have, with the nearest known one."""
        mended = 0
        for token, iri in islice(_iris(whole, declared), _MAX_TERMS):
            if self._there(iri):
                continue
            near = self._near(iri) if mended < _MAX_MENDED else None
            mended += 1
            if near is None:
                yield hint("term-unknown", term=token.text)
            else:
                yield hint("term-near", term=token.text, near=_written(token, iri, near))

    def _near(self, iri: str) -> str | None:
        """A known IRI whose last part is one typing error away."""
        found = _WORD.search(iri)
        if found is None or len(found[0]) > _MAX_NEAR_LETTERS:
            return None
        space, word = iri[: found.start()], found[0]
        near = next((name for name in _slips(word) if self._said(space + name)), None)
        near = near or nearest(word, self._declared_in(space))
        return None if near is None else space + near

    def _declared_in(self, space: str) -> Iterator[str]:
        """The first names of things in the namespace that have a type."""
        typed = self._store.quads_for_pattern(None, _TYPE, None)
        for quad in islice(typed, _MAX_TYPED):
            iri = quad.subject.value if isinstance(quad.subject, NamedNode) else ""
            if iri.startswith(space):
                yield iri[len(space) :]

    def _said(self, iri: str) -> bool:
        """Whether the IRI is the subject of a statement, or a property of one."""
        term, store = node(iri), self._store
        return term is not None and (
            next(store.quads_for_pattern(term, None, None), None) is not None
            or next(store.quads_for_pattern(None, term, None), None) is not None
        )

    def _strings(self, whole: WholeText, declared: Declared) -> Iterator[Hint]:
        """Strings that the data have with another language or with none, and literals in the
        position of a subject."""
        for part in _all(whole, "Subject", "Object", "Constant"):
            token = whole.tokens[part.start]
            if token.kind != "string" or not is_closed(token.text):
                continue
            if part.rule == "Subject":
                yield hint("literal-subject", literal=words(whole, part))
            elif part.rule == "Object" or _compared(whole, part):
                yield from self._string(whole, part, declared)

    def _string(self, whole: WholeText, part: ParsedRule, declared: Declared) -> Iterator[Hint]:
        token, behind = whole.tokens[part.start], whole.tokens[part.end - 1]
        value = unquoted(token.text)
        if value is None or (behind is not token and behind.kind != "language"):
            return
        given = behind.text[1:].lower() if behind.kind == "language" else ""
        if self._has(Literal(value, language=given) if given else Literal(value)):
            return
        verb = _verb(whole, part)
        languages = self._languages(declared.iri(whole.tokens, verb) if verb else None)
        literal = words(whole, part)
        others = [f"{token.text}@{each}" for each in languages
                  if each != given and self._has(Literal(value, language=each))]  # fmt: skip
        if others and not given:
            yield hint("string-tagged", literal=literal, better=", ".join(others))
        elif others or (given and self._has(Literal(value))):
            better = ", ".join(others) or token.text
            yield hint("string-plain", literal=literal, better=better)
        elif languages and not given and verb is not None:
            yield hint(
                "languages-there",
                literal=literal,
                property=whole.tokens[verb].text,
                languages=", ".join(languages),
            )

    def _has(self, literal: Literal) -> bool:
        return next(self._store.quads_for_pattern(None, None, literal), None) is not None

    def _languages(self, iri: str | None) -> list[str]:
        """The languages of some values of the property; where it is unknown, those of labels, or of
        the first values of all."""
        found: set[str] = set()
        for name in (iri,) if iri else (*_LABELS, None):
            verb = None if name is None else node(name)
            if verb is None and (found or name is not None):
                break
            quads = self._store.quads_for_pattern(None, verb, None)
            for quad in islice(quads, _SAMPLE):
                if isinstance(quad.object, Literal) and quad.object.language:
                    found.add(quad.object.language)
        return sorted(found)


def node(iri: str) -> NamedNode | None:
    """The IRI as a term; None where it is none."""
    try:
        return NamedNode(iri)
    except ValueError:
        return None


def only_selected(text: str, variable: str) -> bool:
    """Whether the query names the variable once, where it is selected, and never binds it."""
    if text.count(f"?{variable}") + text.count(f"${variable}") != 1:
        return False
    place = max(text.find(f"?{variable}"), text.find(f"${variable}"))
    return place < text.find("{") and text[:place].rstrip()[-2:].upper() != "AS"


def unbound_variables(whole: WholeText) -> Iterator[Hint]:
    """Variables that are selected or compared, and never bound."""
    bound, used = set[str](), dict[str, None]()
    places = [False] * len(whole.tokens)
    for part in _all(whole, "SameSubject", "Values", "VarOrIri"):
        places[part.start : part.end] = [True] * (part.end - part.start)
    for part in _all(whole, "NamedExpression"):
        places[part.end - 2] = True
    for part in _all(whole, "GroupKey"):
        places[part.end - 2] = whole.tokens[part.end - 3].word == "AS"
    for part in _all(whole, "Template"):
        places[part.start : part.end] = [False] * (part.end - part.start)
    for token, binds in zip(whole.tokens, places, strict=True):
        if token.kind == "variable":
            bound |= {token.text[1:]} if binds else set()
            used[token.text[1:]] = None
    for name in used:
        if name in bound:
            continue
        near = nearest(name, sorted(bound))
        if near is None:
            yield hint("variable-unbound", variable=f"?{name}")
        else:
            yield hint("variable-near", variable=f"?{name}", near=f"?{near}")


def words(whole: WholeText, part: ParsedRule) -> str:
    """The text of the part."""
    return whole.text[whole.tokens[part.start].start : whole.tokens[part.end - 1].end]


def unquoted(text: str) -> str | None:
    """The value of a string as it is written; None where it has escapes."""
    if "\\" in text:
        return None
    quotes = 3 if text[:3] in ("'''", '"""') and len(text) > 5 else 1
    return text[quotes:-quotes]


def _declared(whole: WholeText, base: str | None) -> Declared:
    declared = Declared(whole.prefixes, base)
    for number, token in enumerate(whole.tokens):
        if token.word in ("PREFIX", "BASE"):
            declared.declare(whole.tokens, number)
    return declared


def _all(whole: WholeText, *rules: str) -> Iterator[ParsedRule]:
    for part in whole.parts:
        yield from part.all(*rules)


def _iris(whole: WholeText, declared: Declared) -> Iterator[tuple[SparqlToken, str]]:
    """The IRIs of patterns and expressions, each once; not those that are declared, constructed, or
    the names of datatypes, functions and other endpoints."""
    skipped = bytearray(len(whole.tokens))
    for part in _all(whole, "Prologue", "Template", "DatasetClause", "Custom"):
        last = part.start + 1 if part.rule == "Custom" else part.end
        skipped[part.start : last] = b"\1" * (last - part.start)
    seen: set[str] = set()
    for number, token in enumerate(whole.tokens):
        if skipped[number] or token.kind not in ("iri", "name") or _is_other(whole, number):
            continue
        iri = declared.iri(whole.tokens, number)
        if iri is not None and iri not in seen:
            seen.add(iri)
            yield token, iri


def _is_other(whole: WholeText, number: int) -> bool:
    """Whether the IRI at that token names a datatype, a function that is called, or an endpoint."""
    before = whole.tokens[number - 1] if number else None
    behind = whole.tokens[number + 1] if number + 1 < len(whole.tokens) else None
    called = behind is not None and behind.text == "(" and behind.start == whole.tokens[number].end
    other = before is not None and (before.text == "^^" or before.word in ("SERVICE", "SILENT"))
    return other or called or whole.tokens[number].text.startswith(f"<{XSD}")


def _compared(whole: WholeText, part: ParsedRule) -> bool:
    """Whether the literal is an operand of = or !=."""
    around = (part.start - 1, part.end)
    texts = [whole.tokens[n].text for n in around if 0 <= n < len(whole.tokens)]
    return "=" in texts or "!=" in texts


def _verb(whole: WholeText, part: ParsedRule) -> int | None:
    """The number of the property before an object, where it is a single IRI."""
    before = part.start - 1
    if part.rule == "Object" and whole.tokens[before].kind in ("iri", "name"):
        return before
    return None


def _written(token: SparqlToken, iri: str, near: str) -> str:
    """The near IRI in the notation that the text has for the other; in full where its namespace
    differs."""
    local = token.text.partition(":")[2]
    kept = len(iri) - len(local)
    if token.kind == "iri" or not near.startswith(iri[:kept]):
        return f"<{near}>"
    return token.text[: len(token.text) - len(local)] + near[kept:]


def _slips(word: str) -> Iterable[str]:
    """All words that are one typing error away: two letters exchanged, one too much, one wrong, one
    too few, or another case."""
    cuts = range(len(word) + 1)
    yield from (word[0].upper() + word[1:], word[0].lower() + word[1:])
    yield from (word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1))
    yield from (word[:i] + word[i + 1 :] for i in range(len(word)) if len(word) > 2)
    for letter in _LETTERS:
        yield from (word[:i] + letter + word[i:] for i in cuts)
        yield from (word[:i] + letter + word[i + 1 :] for i in range(len(word)))
