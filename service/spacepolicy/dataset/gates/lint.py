"""Lint: what is likely wrong with a query, judged against the ontology and the data's languages.

Unknown terms, patterns that nothing can match, languages that do not occur, tags compared as
strings, variables used once, and patterns that nothing joins. Only the project's own queries are
read here: clients' queries never meet this parser.

Spec: https://www.w3.org/TR/sparql11-query/#sparqlAlgebra
"""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any, Final, final

from pyoxigraph import Literal, NamedNode, Triple
from rdflib import BNode, URIRef, Variable
from rdflib import Literal as LiteralNode
from rdflib.paths import InvPath, MulPath, Path, SequencePath
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

from spacepolicy.dataset.reasoning.expressions import (
    DOMAIN,
    RANGE,
    SUBCLASS,
    SUBPROPERTY,
    TYPE,
    Axioms,
    owl,
)

_MAX_ALTERNATIVES: Final = 64
_MAX_DEPTH: Final = 100
_NOISE: Final = re.compile(
    r"""<[^<>"{}|^`\\\s]*>|\"\"\".*?\"\"\"|'''.*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\#[^\n]*""",
    re.DOTALL,
)
_VARIABLE: Final = re.compile(r"(\bAS\s+)?[?$](\w+)", re.IGNORECASE)
_LITERAL_TAG: Final = re.compile(r"""["']@([A-Za-z]+(?:-[A-Za-z0-9]+)*)""")
_RDF_TYPE: Final = URIRef(TYPE.value)
_NONE: Final[frozenset[str]] = frozenset()
Pattern = tuple[object, object, object]


@final
@dataclass(frozen=True, slots=True)
class Remark:
    """What is likely wrong, at which line, and what to do."""

    line: int
    rule: str
    message: str
    remedy: str


@final
@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What queries can be judged by: the terms there are, their types, and the languages used."""

    namespace: str
    names: Mapping[str, str]
    languages: frozenset[str]
    domains: Mapping[str, frozenset[str]]
    ranges: Mapping[str, frozenset[str]]
    above: Mapping[str, frozenset[str]]
    disjoint: frozenset[frozenset[str]]

    def clash(self, classes: Iterable[str]) -> tuple[str, str] | None:
        """Two of the classes that share no individual."""
        for one, other in combinations(sorted(set(classes)), 2):
            wide = product(
                self.above.get(one, {one}) | {one}, self.above.get(other, {other}) | {other}
            )
            if any(frozenset(pair) in self.disjoint for pair in wide):
                return one, other
        return None


def read_vocabulary(namespace: str, knowledge: Iterable[Triple]) -> Vocabulary:
    """The vocabulary of what is known, inferences included; IRIs in the namespace must be there."""
    triples = tuple(knowledge)
    above = _grouped(triples, SUBCLASS)
    wider = _grouped(triples, SUBPROPERTY)
    return Vocabulary(
        namespace,
        dict(_names(triples)),
        frozenset(
            triple.object.language
            for triple in triples
            if isinstance(triple.object, Literal) and triple.object.language
        ),
        _inherited(_grouped(triples, DOMAIN), wider),
        _inherited(_grouped(triples, RANGE), wider),
        above,
        frozenset(_disjoint(triples)),
    )


def _names(triples: Iterable[Triple]) -> Iterator[tuple[str, str]]:
    """Every IRI that is said something of, with a name for people."""
    label = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
    labelled: list[tuple[str, str]] = []
    for triple in triples:
        if isinstance(triple.subject, NamedNode):
            yield triple.subject.value, ""
            value = triple.object
            if triple.predicate == label and isinstance(value, Literal) and value.language == "en":
                labelled.append((triple.subject.value, value.value))
    yield from labelled


def _grouped(triples: Iterable[Triple], predicate: NamedNode) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for triple in triples:
        match triple.subject, triple.object:
            case NamedNode() as subject, NamedNode() as value if triple.predicate == predicate:
                found.setdefault(subject.value, set()).add(value.value)
    return {name: frozenset(values) for name, values in found.items()}


def _inherited(
    own: Mapping[str, frozenset[str]], wider: Mapping[str, frozenset[str]]
) -> dict[str, frozenset[str]]:
    return {
        name: own.get(name, _NONE).union(*(own.get(each, _NONE) for each in wider.get(name, _NONE)))
        for name in own.keys() | wider.keys()
    }


def _disjoint(triples: Sequence[Triple]) -> Iterator[frozenset[str]]:
    ontology = Axioms(triples)
    for axiom in ontology.statements(owl("disjointWith")):
        yield from _pairs([axiom.subject, axiom.object])
    for axiom in ontology.statements(owl("members")):
        yield from _pairs(ontology.members(axiom.object))


def _pairs(terms: Iterable[object]) -> Iterator[frozenset[str]]:
    named = [term.value for term in terms if isinstance(term, NamedNode)]
    return (frozenset(pair) for pair in combinations(named, 2))


def remarks(text: str, vocabulary: Vocabulary, prefixes: Mapping[str, str]) -> Iterator[Remark]:
    """What is likely wrong with the query, which is known to be SPARQL."""
    place = _Place(text, dict(prefixes))
    algebra = translateQuery(parseQuery(text)).algebra
    terms, comparisons = set(_iris(algebra, 0)), list(_comparisons(algebra, 0))
    yield from _unknown_terms(terms, vocabulary, place)
    yield from _languages(comparisons, vocabulary, place)
    yield from _lonely_variables(algebra, place)
    seen: set[Remark] = set()
    for patterns in _alternatives(algebra.p if "p" in algebra else algebra)[:_MAX_ALTERNATIVES]:
        for remark in (
            *_impossible(patterns, vocabulary, place),
            *_unjoined(algebra, patterns, place),
        ):
            if remark not in seen:
                seen.add(remark)
                yield remark


@final
@dataclass(frozen=True, slots=True)
class _Place:
    """The text of a query, to find lines in and to shorten IRIs with."""

    text: str
    prefixes: dict[str, str]

    def line(self, words: str) -> int:
        """The first line, header left out, with the words."""
        found = re.search(rf"^(?!#).*{re.escape(words)}(?!\w)", self.text, re.MULTILINE)
        return self.text.count("\n", 0, found.start()) + 1 if found else 1

    def short(self, iri: object) -> str:
        for prefix, namespace in self.prefixes.items():
            if str(iri).startswith(namespace):
                return f"{prefix}:{str(iri).removeprefix(namespace)}"
        return f"<{iri}>"

    def line_of(self, iri: object) -> int:
        short = self.line(self.short(iri))
        return short if short > 1 else self.line(f"<{iri}>")


def _children(node: object) -> Iterator[object]:
    match node:
        case CompValue():
            yield from (value for key, value in node.items() if key != "_vars")
        case MulPath():
            yield node.path
        case InvPath():
            yield node.arg
        case Path():
            yield from getattr(node, "args", ())
        case dict():
            yield from node.values()
        case list() | tuple() | set() | frozenset():
            yield from node


def _iris(node: object, depth: int) -> Iterator[URIRef]:
    if isinstance(node, URIRef):
        yield node
    if isinstance(node, LiteralNode | str) or depth > _MAX_DEPTH:
        return
    for child in _children(node):
        yield from _iris(child, depth + 1)


def _unknown_terms(
    terms: Iterable[URIRef], vocabulary: Vocabulary, place: _Place
) -> Iterator[Remark]:
    for term in sorted(terms):
        iri = str(term)
        if iri.startswith(vocabulary.namespace) and iri not in vocabulary.names:
            nearest = difflib.get_close_matches(iri, vocabulary.names, n=1, cutoff=0.0)
            near = nearest[0] if nearest else ""
            called = f" (“{vocabulary.names[near]}”)" if vocabulary.names.get(near) else ""
            yield Remark(
                place.line_of(iri),
                "unknown-term",
                f"{place.short(iri)} is not in the data.",
                f"The nearest is {place.short(near)}{called}.",
            )


def _comparisons(node: object, depth: int) -> Iterator[tuple[str, object]]:
    """Comparisons of a language tag: how it is compared (`=` or `langMatches`), and with what."""
    if depth > _MAX_DEPTH or isinstance(node, str):
        return
    if isinstance(node, CompValue):
        if node.name == "RelationalExpression":
            sides = (node.expr, node.other)
            tags = [isinstance(each, CompValue) and each.name == "Builtin_LANG" for each in sides]
            if any(tags):
                yield "=", sides[tags.index(True) - 1]
        if node.name == "Builtin_LANGMATCHES":
            yield "langMatches", node.arg2
    for child in _children(node):
        yield from _comparisons(child, depth + 1)


def _languages(
    comparisons: Iterable[tuple[str, object]], vocabulary: Vocabulary, place: _Place
) -> Iterator[Remark]:
    asked = {match[1]: match[0] for match in _LITERAL_TAG.finditer(_without_header(place.text))}
    for kind, tag in comparisons:
        if kind == "=" and str(tag):
            line = next(_lines(place.text, r"(?i)\blang\s*\([^)]*\)\s*(=|!=|in\b)"), 1)
            yield Remark(
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
            yield Remark(
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


def _lonely_variables(algebra: CompValue, place: _Place) -> Iterator[Remark]:
    """Variables that join nothing and are not answered: most are slips of the pen."""
    text = _NOISE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), place.text)
    if re.search(r"(?i)\bselect\s+(distinct\s+|reduced\s+)?\*", text):
        return
    ends, predicates = Counter[str](), set[str]()
    for subject, predicate, value in _triples(algebra, 0):
        ends.update(str(each) for each in (subject, value) if isinstance(each, Variable))
        predicates.add(str(predicate))
    names = Counter(match[2] for match in _VARIABLE.finditer(text))
    for match in _VARIABLE.finditer(text):
        name = match[2]
        if names[name] == 1 and ends[name] < 2 and name not in predicates and not match[1]:
            line = text.count("\n", 0, match.end()) + 1
            message = f"?{name} is used once."
            yield Remark(line, "lonely-variable", message, "Write [] where any value will do.")


def _triples(node: object, depth: int) -> Iterator[Pattern]:
    """Every triple pattern of the query."""
    if isinstance(node, str) or depth > _MAX_DEPTH:
        return
    if isinstance(node, CompValue) and node.name == "BGP":
        yield from node.triples
    if isinstance(node, CompValue) and node.name == "TriplesBlock":
        # What stands in an EXISTS among other conditions is left as it was parsed.
        for parts in node.triples:
            yield from zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    for child in _children(node):
        yield from _triples(child, depth + 1)


def _alternatives(node: object, depth: int = 0) -> list[list[Pattern]]:
    """The triple patterns that must be met together, for each choice of the branches of UNIONs."""
    if not isinstance(node, CompValue) or depth > _MAX_DEPTH:
        return [[]]
    match node.name:
        case "BGP":
            return [[(s, p, o) for s, p, o in node.triples]]
        case "Join" | "LeftJoin":
            both = product(_alternatives(node.p1, depth + 1), _alternatives(node.p2, depth + 1))
            return [[*one, *other] for one, other in list(both)[:_MAX_ALTERNATIVES]]
        case "Union":
            return [*_alternatives(node.p1, depth + 1), *_alternatives(node.p2, depth + 1)]
        case "Minus":
            return _alternatives(node.p1, depth + 1)
        case _:
            return _alternatives(node.get("p"), depth + 1)


def _impossible(
    patterns: Iterable[Pattern], vocabulary: Vocabulary, place: _Place
) -> Iterator[Remark]:
    """Nodes that would have to be of two classes that share nothing."""
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
            yield Remark(
                place.line(f"?{node}") if named else 1,
                "impossible-pattern",
                f"{what} would have to be both {one} and {other}, which share nothing.",
                "Look at the domains and ranges of its properties.",
            )


def _ends(predicate: object, vocabulary: Vocabulary) -> tuple[Iterable[str], Iterable[str]]:
    """The classes of what a predicate or path begins and ends at."""
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


def _unjoined(algebra: CompValue, patterns: Sequence[Pattern], place: _Place) -> Iterator[Remark]:
    """Triple patterns that share no variable with the others, directly or by an expression."""
    groups: list[set[str]] = []
    for pattern in patterns:
        _join(groups, {str(each) for each in pattern if isinstance(each, Variable | BNode)})
    stated = set().union(*groups) if groups else set()
    for linked in _linked(algebra, 0):
        if len(linked & stated) > 1:
            _join(groups, linked & stated)
    if len(groups) > 1:
        second = sorted(groups[1])[0]
        yield Remark(
            place.line(f"?{second}"),
            "cross-product",
            "two parts of the pattern share no variable: every row of one meets every one of the "
            "other.",
            "Join them by a variable, or ask two questions.",
        )


def _join(groups: list[set[str]], names: set[str]) -> None:
    if not names:
        return
    for group in [each for each in groups if each & names]:
        groups.remove(group)
        names = names | group
    groups.append(names)


def _linked(node: object, depth: int) -> Iterator[set[str]]:
    """The variables that an expression, a BIND, a graph or a sub-query brings together."""
    if depth > _MAX_DEPTH or isinstance(node, str):
        return
    if isinstance(node, CompValue):
        if node.name in ("Filter", "LeftJoin") and node.get("expr") is not None:
            yield set(_variables(node.expr, depth))
        if node.name == "Extend":
            yield {str(node.var), *_variables(node.expr, depth)}
        if node.name == "Graph" and isinstance(node.term, Variable):
            yield {str(node.term), *_variables(node.p, depth)}
    for child in _children(node):
        yield from _linked(child, depth + 1)


def _variables(node: Any, depth: int) -> Iterator[str]:  # noqa: ANN401  a tree of many types
    if isinstance(node, Variable):
        yield str(node)
    elif depth <= _MAX_DEPTH and not isinstance(node, str):
        for child in _children(node):
            yield from _variables(child, depth + 1)
