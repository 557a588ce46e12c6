"""Lint: likely mistakes in a query, checked against the ontology and the data's languages.

Unknown terms, patterns that nothing can match, languages that do not occur, tags compared as
strings, variables used once, patterns that nothing joins, and joins by variables that may be
unbound.

Spec: https://www.w3.org/TR/sparql11-query/#sparqlAlgebra
"""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, final

from rdflib import BNode, URIRef, Variable
from rdflib import Literal as LiteralNode
from rdflib.paths import InvPath, MulPath, SequencePath
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

from spacepolicy.knowledge.checks import algebra as parts
from spacepolicy.knowledge.checks.algebra import MAX_ALTERNATIVES, Pattern
from spacepolicy.knowledge.checks.bindings import predicates, unbound_joins
from spacepolicy.knowledge.checks.vocabulary import QueryVocabulary
from spacepolicy.knowledge.reasoning.expressions import TYPE

_NOISE: Final = re.compile(
    r"""<[^<>"{}|^`\\\s]*>|\"\"\".*?\"\"\"|'''.*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\#[^\n]*""",
    re.DOTALL,
)
_VARIABLE: Final = re.compile(r"(\bAS\s+)?[?$](\w+)", re.IGNORECASE)
_LITERAL_TAG: Final = re.compile(r"""["']@([A-Za-z]+(?:-[A-Za-z0-9]+)*)""")
_MAY_LEAVE_UNBOUND: Final = re.compile(r"\b(optional|union|bind|undef|as)\b", re.IGNORECASE)
"""Keywords of queries that may leave a variable unbound; parsing takes much longer than this."""
_RDF_TYPE: Final = URIRef(TYPE.value)


@final
@dataclass(frozen=True, slots=True)
class LintRemark:
    """A likely mistake, its line, and the remedy."""

    line: int
    rule: str
    message: str
    remedy: str


def remarks(
    text: str, vocabulary: QueryVocabulary, prefixes: Mapping[str, str]
) -> Iterator[LintRemark]:
    """The likely mistakes in the query, which is known to be SPARQL 1.1; it may omit the
    declarations of the prefixes.

    Raises: pyparsing.ParseException where it is not.
    """
    place = _Place(text, dict(prefixes))
    prologue = " ".join(f"PREFIX {name}: <{iri}>" for name, iri in prefixes.items())
    algebra = _algebra(f"{prologue} {text}")
    terms, comparisons = set(parts.iris(algebra, 0)), list(parts.comparisons(algebra, 0))
    yield from _unknown_terms(terms, vocabulary, place)
    yield from _deprecated_terms(terms, vocabulary, place)
    yield from _languages(comparisons, vocabulary, place)
    yield from _lonely_variables(algebra, place)
    yield from _unbound_joins(algebra, place)
    seen: set[LintRemark] = set()
    for patterns in parts.alternatives(algebra.p if "p" in algebra else algebra)[:MAX_ALTERNATIVES]:
        for remark in (
            *_impossible(patterns, vocabulary, place),
            *_unjoined(algebra, patterns, place),
        ):
            if remark not in seen:
                seen.add(remark)
                yield remark


def unbound_remarks(text: str) -> Iterator[LintRemark]:
    """The remarks on joins by possibly unbound variables; the query declares its prefixes."""
    if _MAY_LEAVE_UNBOUND.search(text):
        yield from _unbound_joins(_algebra(text), _Place(text, {}))


@lru_cache(maxsize=256)
def _algebra(text: str) -> CompValue:
    """The algebra of a query, which must not be changed. A parse takes 50 ms, and `watch` and the
    tests check the same 140 queries and rules again and again: 75 kB each.

    Raises: pyparsing.ParseException where it is no query.
    """
    return translateQuery(parseQuery(text)).algebra


@final
@dataclass(frozen=True, slots=True)
class _Place:
    """The text of a query, to find lines in and to shorten IRIs with."""

    text: str
    prefixes: dict[str, str]

    def line(self, words: str) -> int:
        """The first line with the words, without the header."""
        found = re.search(rf"^(?!#).*{re.escape(words)}(?!\w)", self.text, re.MULTILINE)
        return self.text.count("\n", 0, found.start()) + 1 if found else 1

    def last_line(self, name: str, beside: Sequence[str]) -> int:
        """The last line with the variable and one of the words, without the header; or with the
        variable alone."""
        lines = enumerate(_without_header(self.text).splitlines(), 1)
        found = [(n, line) for n, line in lines if re.search(rf"[?$]{name}(?!\w)", line)]
        both = [n for n, line in found if any(word in line for word in beside)]
        return (both or [n for n, _ in found] or [1])[-1]

    def short(self, iri: object) -> str:
        for prefix, namespace in self.prefixes.items():
            if str(iri).startswith(namespace):
                return f"{prefix}:{str(iri).removeprefix(namespace)}"
        return f"<{iri}>"

    def line_of(self, iri: object) -> int:
        short = self.line(self.short(iri))
        return short if short > 1 else self.line(f"<{iri}>")


def _unknown_terms(
    terms: Iterable[URIRef], vocabulary: QueryVocabulary, place: _Place
) -> Iterator[LintRemark]:
    for term in sorted(terms):
        iri = str(term)
        if iri.startswith(vocabulary.namespace) and iri not in vocabulary.names:
            nearest = difflib.get_close_matches(iri, vocabulary.names, n=1, cutoff=0.0)
            near = nearest[0] if nearest else ""
            called = f" (“{vocabulary.names[near]}”)" if vocabulary.names.get(near) else ""
            yield LintRemark(
                place.line_of(iri),
                "unknown-term",
                f"{place.short(iri)} is not in the data.",
                f"The nearest is {place.short(near)}{called}.",
            )


def _deprecated_terms(
    terms: Iterable[URIRef], vocabulary: QueryVocabulary, place: _Place
) -> Iterator[LintRemark]:
    for iri in sorted(map(str, terms)):
        if iri in vocabulary.deprecated:
            instead = " or ".join(map(place.short, sorted(vocabulary.deprecated[iri])))
            yield LintRemark(
                place.line_of(iri),
                "deprecated-term",
                f"{place.short(iri)} is deprecated.",
                f"Ask {instead}." if instead else "Ask what its note says.",
            )


def _languages(
    comparisons: Iterable[tuple[str, object]], vocabulary: QueryVocabulary, place: _Place
) -> Iterator[LintRemark]:
    asked = {match[1]: match[0] for match in _LITERAL_TAG.finditer(_without_header(place.text))}
    for kind, tag in comparisons:
        if kind == "=" and str(tag):
            line = next(_lines(place.text, r"(?i)\blang\s*\([^)]*\)\s*(=|!=|in\b)"), 1)
            yield LintRemark(
                line,
                "lang-equals",
                "a language tag is compared as a string.",
                "Write langMatches(lang(?x), …), which also takes en-GB for en.",
            )
        if isinstance(tag, LiteralNode) and str(tag) not in ("", "*"):
            asked.setdefault(str(tag), f'"{tag}"')
    for tag, words in asked.items():
        used = {language.partition("-")[0] for language in vocabulary.languages}
        if tag.lower() not in vocabulary.languages and tag.lower() not in used:
            yield LintRemark(
                place.line(words),
                "unknown-language",
                f"no text is in the language {tag}.",
                f"There are: {', '.join(sorted(vocabulary.languages))}.",
            )


def _without_header(text: str) -> str:
    return "\n".join("" if line.startswith("#") else line for line in text.splitlines())


def _lines(text: str, pattern: str) -> Iterator[int]:
    for number, line in enumerate(_without_header(text).splitlines(), 1):
        if re.search(pattern, line):
            yield number


def _lonely_variables(algebra: CompValue, place: _Place) -> Iterator[LintRemark]:
    """Variables that join nothing and are not selected: most are typing errors."""
    text = _NOISE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), place.text)
    if re.search(r"(?i)\bselect\s+(distinct\s+|reduced\s+)?\*", text):
        return
    ends, predicates = Counter[str](), set[str]()
    for subject, predicate, value in parts.triples(algebra, 0):
        ends.update(str(each) for each in (subject, value) if isinstance(each, Variable))
        predicates.add(str(predicate))
    names = Counter(match[2] for match in _VARIABLE.finditer(text))
    for match in _VARIABLE.finditer(text):
        name = match[2]
        if names[name] == 1 and ends[name] < 2 and name not in predicates and not match[1]:
            line = text.count("\n", 0, match.end()) + 1
            message = f"?{name} is used once."
            yield LintRemark(line, "lonely-variable", message, "Write [] where any value will do.")


def _impossible(
    patterns: Iterable[Pattern], vocabulary: QueryVocabulary, place: _Place
) -> Iterator[LintRemark]:
    """Nodes that would have to be in two disjoint classes."""
    classes: dict[object, set[str]] = {}
    for subject, predicate, value in patterns:
        if predicate == _RDF_TYPE:
            if isinstance(value, URIRef):
                classes.setdefault(subject, set()).add(str(value))
            continue
        starts, ends = _ends(predicate, vocabulary)
        classes.setdefault(subject, set()).update(starts)
        classes.setdefault(value, set()).update(ends)
    for node, found in classes.items():
        if isinstance(node, Variable | BNode | URIRef) and (pair := vocabulary.clash(found)):
            one, other = map(place.short, pair)
            named = isinstance(node, Variable)
            what = f"?{node}" if named else "a node"
            yield LintRemark(
                place.line(f"?{node}") if named else 1,
                "impossible-pattern",
                f"{what} would have to be both {one} and {other}, which share nothing.",
                "Look at the domains and ranges of its properties.",
            )


def _ends(predicate: object, vocabulary: QueryVocabulary) -> tuple[Iterable[str], Iterable[str]]:
    """The classes of the two ends of a predicate or path."""
    match predicate:
        case URIRef():
            name = str(predicate)
            return vocabulary.domains.get(name, ()), vocabulary.ranges.get(name, ())
        case InvPath():
            start, end = _ends(predicate.arg, vocabulary)
            return end, start
        case SequencePath():
            return (
                _ends(predicate.args[0], vocabulary)[0],
                _ends(predicate.args[-1], vocabulary)[1],
            )
        case MulPath() if predicate.mod == "+":
            return _ends(predicate.path, vocabulary)
        case _:
            return (), ()


def _unjoined(
    algebra: CompValue, patterns: Sequence[Pattern], place: _Place
) -> Iterator[LintRemark]:
    """Triple patterns that share no variable with the others, directly or by an expression."""
    groups: list[set[str]] = []
    for pattern in patterns:
        _join(groups, {str(each) for each in pattern if isinstance(each, Variable | BNode)})
    stated = set().union(*groups) if groups else set()
    for linked in parts.linked(algebra, 0):
        if len(linked & stated) > 1:
            _join(groups, linked & stated)
    if len(groups) > 1:
        second = sorted(groups[1])[0]
        yield LintRemark(
            place.line(f"?{second}"),
            "cross-product",
            "two parts of the pattern share no variable: every row of one meets every one of the "
            "other.",
            "Join them by a variable, or ask two questions.",
        )


def _unbound_joins(algebra: CompValue, place: _Place) -> Iterator[LintRemark]:
    """Patterns that are joined by a variable which an earlier one may leave unbound."""
    for join in unbound_joins(algebra):
        name = join.variable
        yield LintRemark(
            place.last_line(name, [place.short(each) for each in predicates(join)]),
            "unbound-join",
            f"?{name} may be unbound here, and is then joined with every solution of the pattern.",
            f"Put the pattern into the branch that binds ?{name}, or require it before.",
        )


def _join(groups: list[set[str]], names: set[str]) -> None:
    if not names:
        return
    for group in [each for each in groups if each & names]:
        groups.remove(group)
        names = names | group
    groups.append(names)
