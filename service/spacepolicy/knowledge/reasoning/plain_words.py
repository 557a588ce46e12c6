"""Axioms and statements as sentences of labels, in English or Chinese, for readers without OWL."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal, final

from pyoxigraph import Literal as LiteralTerm
from pyoxigraph import NamedNode, Triple

from spacepolicy.knowledge.reasoning.expressions import (
    DOMAIN,
    RANGE,
    SUBCLASS,
    SUBPROPERTY,
    TYPE,
    AxiomIndex,
    Term,
    owl,
)
from spacepolicy.knowledge.reasoning.wording import Wording
from spacepolicy.namespaces import OWL, RDFS, SKOS

Language = Literal["en", "zh"]
_LABELS: Final = (NamedNode(f"{RDFS}label"), NamedNode(f"{SKOS}prefLabel"))
_BETWEEN: Final[Mapping[NamedNode, tuple[str, str]]] = {
    SUBCLASS: ("every {0} is a {1}", "凡{0}都是{1}"),
    SUBPROPERTY: ("what {0} links, {1} links too", "凡以{0}相联系者，也以{1}相联系"),
    DOMAIN: ("what {0} starts from is a {1}", "{0}的主语都是{1}"),
    RANGE: ("what {0} leads to is a {1}", "{0}所指都是{1}"),
    owl("equivalentClass"): ("every {0} is a {1}, and the other way round", "{0}与{1}等同"),
    owl("equivalentProperty"): ("{0} and {1} mean the same", "{0}与{1}同义"),
    owl("inverseOf"): ("{0} is {1} read backwards", "{0}与{1}互逆"),
    owl("disjointWith"): ("nothing is both a {0} and a {1}", "没有事物既是{0}又是{1}"),
    owl("propertyDisjointWith"): (
        "{0} and {1} never link the same two",
        "{0}与{1}不能联系同样的两者",
    ),
    NamedNode(f"{SKOS}broader"): ("{0} lies under {1}", "{0}属于{1}之下"),
}
_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "FunctionalProperty": ("{0} leads to one thing at most", "{0}至多指向一物"),
    "InverseFunctionalProperty": ("{0} starts from one thing at most", "{0}至多由一物指出"),
    "TransitiveProperty": ("{0} goes on over several steps", "{0}可传递"),
    "SymmetricProperty": ("{0} holds both ways", "{0}是对称的"),
    "AsymmetricProperty": ("{0} never holds both ways", "{0}不能双向成立"),
    "IrreflexiveProperty": ("nothing has {0} to itself", "{0}不能指向自身"),
}
_OF_MEMBERS: Final[Mapping[str, tuple[str, str]]] = {
    "AllDisjointClasses": ("nothing is two of {0}", "没有事物同时属于{0}中的两类"),
    "AllDisjointProperties": ("no two of {0} link the same two", "{0}中任两者不联系同样的两者"),
    "AllDifferent": ("no two of {0} are the same", "{0}各不相同"),
}


def with_articles(words: str) -> str:
    """The words with “an” before the labels that take it.

    >>> with_articles("every “oak” is a “oak” or a “tree”")
    'every “oak” is an “oak” or a “tree”'
    """
    return re.sub(r"\ba (?=“[aeiou])", "an ", words, flags=re.IGNORECASE)


class TermLabels:
    """The labels of terms, by language, from some statements."""

    def __init__(self, statements: Iterable[Triple]) -> None:
        self._found: dict[object, dict[str, str]] = {}
        for each in statements:
            if each.predicate in _LABELS and isinstance(each.object, LiteralTerm):
                named = self._found.setdefault(each.subject, {})
                named.setdefault(each.object.language or "", each.object.value)

    def of(self, term: Term, language: Language) -> str | None:
        """The label in the language, else in English; None where there is none."""
        found = self._found.get(term, {})
        return found.get(language) or found.get("en")


@final
class PlainWords:
    """Writes axioms and statements as sentences in a language.

    `axioms` include all parts of class expressions.
    """

    def __init__(self, axioms: Iterable[Triple], labels: TermLabels, language: Language) -> None:
        kept = tuple(axioms)
        self._axioms = AxiomIndex(kept)
        self._labels = labels
        self._language = language
        self._expressions = Wording(kept, self.named)

    def named(self, term: Term) -> str:
        """The label of the term in quotation marks; a literal as it is written."""
        if isinstance(term, LiteralTerm):
            return f"“{term.value}”"
        label = self._labels.of(term, self._language)
        if label is None:
            value = term.value if isinstance(term, NamedNode) else str(term)
            label = value.rpartition("#")[2].rpartition("/")[2] or value
        return f"“{label}”"

    def axiom(self, axiom: Triple) -> str:
        """The axiom of the statement as a sentence."""
        subject, predicate, value = axiom
        if predicate in _BETWEEN:
            return self._said(_BETWEEN[predicate], *map(self.expression, (subject, value)))
        if predicate == owl("propertyChainAxiom"):
            steps = [self.expression(each) for each in self._axioms.members(value)]
            chain = ("{0}, one after the other, make {1}", "{0}依次相接即为{1}")
            return self._said(chain, self._listed(steps), self.expression(subject))
        if predicate == owl("hasKey"):
            keys = self._listed([self.expression(each) for each in self._axioms.members(value)])
            form = ("two of {0} that agree in {1} are one", "{1}相同的两个{0}是同一个")
            return self._said(form, self.expression(subject), keys)
        if predicate == TYPE and isinstance(value, NamedNode):
            return self._kind(subject, value)
        return self._expressions.axiom(axiom)

    def _kind(self, subject: Term, kind: NamedNode) -> str:
        name = kind.value.removeprefix(OWL)
        if name in _OF_MEMBERS:
            heads = (self._axioms.one(subject, each) for each in ("members", "distinctMembers"))
            members = [
                self.expression(each)
                for head in heads
                if head is not None
                for each in self._axioms.members(head)
            ]
            return self._said(_OF_MEMBERS[name], self._listed(members))
        if name in _KINDS:
            return self._said(_KINDS[name], self.expression(subject))
        return self.statement(Triple(subject, TYPE, kind))  # type: ignore[arg-type] # a declaration

    def statement(self, statement: Triple) -> str:
        """The statement as a sentence."""
        subject, predicate, value = statement
        one, other = self.named(subject), self.named(value)
        if predicate == TYPE:
            return self._said(("{0} is a {1}", "{0}是{1}"), one, other)
        return self._said(
            ("{0} {2} {1}", "{0}{2}{1}"), one, other, self.named(predicate).strip("“”")
        )

    def expression(self, term: Term) -> str:
        """A class or property by its label, or by its expression."""
        return self._expressions.expression(term)

    def _said(self, form: tuple[str, str], *parts: str) -> str:
        return with_articles(form[self._language == "zh"].format(*parts))

    def _listed(self, parts: list[str]) -> str:
        return ("、" if self._language == "zh" else ", ").join(parts)
