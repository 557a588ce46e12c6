"""Rules beyond OWL: SPARQL CONSTRUCT queries that the ontology states as `sh:SPARQLRule`.

They express what OWL cannot: computed dates, and default values. A rule concludes one statement
about the things of its first variable; its body has triple patterns, `GRAPH ?g { … }` for asserted
statements, FILTER, FILTER NOT EXISTS, BIND and VALUES.

Spec: https://www.w3.org/TR/shacl-af/#SPARQLRule, https://www.w3.org/TR/sparql11-query/#construct
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import Literal, NamedNode, Store, Triple, Variable

from spacepolicy.knowledge.reasoning.expressions import TYPE, Pattern, PatternTerm, Term
from spacepolicy.knowledge.reasoning.rule import InferenceRule
from spacepolicy.namespaces import RDFS, SH, Base

CONSTRUCT: Final = NamedNode(f"{SH}construct")
_RULE: Final = NamedNode(f"{SH}SPARQLRule")
_LABEL: Final = NamedNode(f"{RDFS}label")
_FORM: Final = re.compile(
    r"\s*CONSTRUCT\s*\{(?P<head>[^{}]*)\}\s*WHERE\s*\{(?P<body>.*)\}\s*", re.DOTALL
)
_TOKEN: Final = re.compile(
    r'<[^<>"{}|^`\\\s]*>|"(?:[^"\\\n]|\\.)*"|[?$]\w+|[A-Za-z_][\w-]*:[\w-]*|:[\w-]+|\w+|\^\^|[^\s]'
)
_CLOSING: Final = {"(": ")", "{": "}"}


class RuleError(ValueError):
    """The rule is not of the supported form."""


@final
@dataclass(frozen=True, slots=True)
class ConstructRule:
    """A rule: its conclusion follows where its body has a solution.

    `body` is the group of its WHERE clause, in SPARQL, with the prefixes of `prologue`; `predicate`
    is that of the conclusion; `positive` are the triple patterns outside of FILTERs, which are the
    premises of a proof; `links` are the predicates by which the body leads from one variable to
    another, `watched` all its predicates, and `constants` the things that it names as subjects.
    """

    iri: NamedNode
    name: str
    text: Literal
    prologue: str
    body: str
    conclusion: Pattern
    predicate: NamedNode
    positive: tuple[Pattern, ...]
    links: frozenset[NamedNode]
    watched: frozenset[NamedNode]
    constants: frozenset[Term]

    @property
    def axiom(self) -> Triple:
        """The statement that makes it a rule."""
        return Triple(self.iri, CONSTRUCT, self.text)

    @property
    def rule(self) -> InferenceRule:
        """The rule as it is named in a step of a proof."""
        return InferenceRule(self.name, self.axiom, self.positive, self.conclusion)


def read_construct_rules(
    stated: Iterable[Triple], prefixes: Mapping[str, str]
) -> tuple[ConstructRule, ...]:
    """Return the rules that the statements describe, in the order of their IRIs.

    Raises: RuleError where one is of another form.
    """
    stated = tuple(stated)
    rules = {each.subject for each in stated if each.predicate == TYPE and each.object == _RULE}
    texts = {
        each.subject: each.object
        for each in stated
        if each.predicate == CONSTRUCT and isinstance(each.object, Literal)
    }
    names = {
        each.subject: each.object.value
        for each in stated
        if each.predicate == _LABEL
        and isinstance(each.object, Literal)
        and each.object.language == "en"
    }
    return tuple(
        _read(rule, names.get(rule, rule.value), texts[rule], prefixes)
        for rule in sorted(rules, key=str)
        if isinstance(rule, NamedNode) and rule in texts
    )


def stored_rules(
    dataset: Store, base: Base, prefixes: Mapping[str, str]
) -> tuple[ConstructRule, ...]:
    """Return the rules of the graph that only the project's files may state."""
    quads = dataset.quads_for_pattern(None, None, None, base.rules)
    return read_construct_rules((quad.triple for quad in quads), prefixes)


def _read(iri: NamedNode, name: str, text: Literal, prefixes: Mapping[str, str]) -> ConstructRule:
    form = _FORM.fullmatch(text.value)
    if form is None:
        raise RuleError(f"{iri} is not CONSTRUCT {{ … }} WHERE {{ … }}.")
    (conclusion, *more), _ = _patterns(form["head"], prefixes)
    positive, negative = _patterns(form["body"], prefixes)
    if more or not isinstance(conclusion.predicate, NamedNode):
        raise RuleError(f"{iri} concludes more than one statement, or of any predicate.")
    whole = (*positive, *negative)
    if any(not isinstance(each.predicate, NamedNode) for each in whole):
        raise RuleError(f"{iri} asks for statements of any predicate.")
    _check_reach(iri, conclusion, whole)
    watched = frozenset(each.predicate for each in whole if isinstance(each.predicate, NamedNode))
    links = frozenset(
        each.predicate
        for each in whole
        if isinstance(each.object, Variable) and isinstance(each.predicate, NamedNode)
    )
    prologue = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in prefixes.items())
    return ConstructRule(
        iri,
        name,
        text,
        prologue,
        form["body"],
        conclusion,
        conclusion.predicate,
        positive,
        links,
        watched,
        frozenset(each.subject for each in whole if not isinstance(each.subject, Variable)),
    )


def _check_reach(iri: NamedNode, conclusion: Pattern, whole: tuple[Pattern, ...]) -> None:
    """Raises RuleError where a pattern is not connected to the conclusion's subject: otherwise it
    would not be known whose conclusions a changed statement affects."""
    reached: set[PatternTerm] = {conclusion.subject}
    while more := {e.object for e in whole if e.subject in reached} - reached:
        reached |= more
    if any(isinstance(e.subject, Variable) and e.subject not in reached for e in whole):
        raise RuleError(f"{iri} has a pattern that its first variable does not lead to.")


def _patterns(
    text: str, prefixes: Mapping[str, str]
) -> tuple[tuple[Pattern, ...], tuple[Pattern, ...]]:
    """The triple patterns of a group, and those of its FILTER NOT EXISTS."""
    positive: list[str] = []
    negative: list[str] = []
    words = iter(_TOKEN.findall(text))
    for word in words:
        match word:
            case "FILTER" | "BIND":
                negative += [*_in_brackets(words), "."]
            case "VALUES":
                _in_brackets(words)
            case _:
                positive.append(word)
    one, other = (tuple(_read_patterns(_of_triples(e), prefixes)) for e in (positive, negative))
    return one, other


def _in_brackets(words: Iterator[str]) -> list[str]:
    """Skip what is in brackets or braces; return what is in braces."""
    kept: list[str] = []
    expected: list[str] = []
    for word in words:
        if expected and word == expected[-1]:
            expected.pop()
            if not expected:
                break
        if word in _CLOSING:
            expected.append(_CLOSING[word])
        elif expected and expected[0] == "}":
            kept.append(word)
    return kept


def _of_triples(words: Iterable[str]) -> Iterator[str]:
    """The tokens of the triple patterns, those in a GRAPH group too, each group ended by a dot."""
    words = iter(words)
    for word in words:
        if word == "GRAPH":
            next(words, None)
        elif word == "}":
            yield "."
        elif word != "{":
            yield word


def _read_patterns(tokens: Iterable[str], prefixes: Mapping[str, str]) -> Iterator[Pattern]:
    """Triples, abbreviated by `;` where a subject has several."""
    shared: list[PatternTerm] = []
    parts: list[PatternTerm] = []
    for word in [*tokens, "."]:
        if word not in (".", ";"):
            parts.append(_term(word, prefixes))
            continue
        if parts:
            subject, predicate, value = parts if len(parts) == 3 else (*shared, *parts)
            yield Pattern(subject, predicate, value)
            shared = [subject]
        parts = []


def _term(word: str, prefixes: Mapping[str, str]) -> PatternTerm:
    if word[0] in "?$":
        return Variable(word[1:])
    if word == "a":
        return TYPE
    if word.startswith("<"):
        return NamedNode(word[1:-1])
    prefix, colon, local = word.partition(":")
    if not colon or prefix not in prefixes:
        raise RuleError(f"{word!r} is not a variable, an IRI or a prefixed name.")
    return NamedNode(prefixes[prefix] + local)
