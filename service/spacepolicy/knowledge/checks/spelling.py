"""Spelling: whether each IRI in files and queries is that of an existing term or thing.

A term under the base exists when the files have statements about it (where the files declare terms
at all), an individual when they state its class. A term of a known vocabulary exists when the
vocabulary has it, or when the files declare it and state with rdfs:isDefinedBy that the vocabulary
does.

Spec: https://www.w3.org/TR/turtle/#sec-iri, https://www.w3.org/TR/sparql11-query/#QSynIRI
"""

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Final, final

from pyoxigraph import Literal, NamedNode, Quad

from spacepolicy.errors import Finding
from spacepolicy.knowledge.checks.vocabularies import vocabularies, vocabulary_of
from spacepolicy.knowledge.loading.record import FileRecord, GraphFile
from spacepolicy.namespaces import OWL, RDF, RDFS
from spacepolicy.turtle_format.tokens import tokens

_TYPE: Final = NamedNode(f"{RDF}type")
_LABEL: Final = NamedNode(f"{RDFS}label")
_IS_DEFINED_BY: Final = NamedNode(f"{RDFS}isDefinedBy")
_KINDS: Final = frozenset(
    NamedNode(f"{OWL}{name}")
    for name in ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty")
)
_OPERATORS: Final = re.compile(r"[|/*+!?=&]")
"""Operators that SPARQL allows between names without a blank."""
_ESCAPE: Final = re.compile(r"\\(.)")
_NEAR: Final = 0.6
"""The least similarity, of 1, of a name that is proposed for another: difflib's own default."""
_SLIP: Final = 0.9
"""The similarity from which one name is probably a typing error for the other."""


@final
@dataclass(frozen=True)
class KnownNames:
    """The names with statements in the files, to find unknown ones and those near them."""

    record: FileRecord

    @cached_property
    def subjects(self) -> frozenset[str]:
        """The IRIs with statements."""
        return frozenset(_subjects(self.record.quads()))

    @cached_property
    def classified(self) -> frozenset[str]:
        """The IRIs with a class."""
        return frozenset(_subjects(self.record.quads(), _TYPE))

    @cached_property
    def labelled(self) -> frozenset[str]:
        """The IRIs that have a label."""
        return frozenset(_subjects(self.record.quads(), _LABEL))

    @cached_property
    def borrowed(self) -> frozenset[str]:
        """The terms that another vocabulary defines, as the files state."""
        return frozenset(
            quad.subject.value
            for quad in self.record.quads()
            if quad.predicate == _IS_DEFINED_BY
            and isinstance(quad.subject, NamedNode)
            and isinstance(quad.object, NamedNode)
            and quad.object.value == vocabulary_of(quad.subject.value)
        )

    def fault(self, iri: str) -> str | None:
        """Return what is wrong with the IRI; None where it names a term or a thing."""
        vocabulary = vocabulary_of(iri)
        if vocabulary is not None:
            has = iri in vocabularies()[vocabulary] or iri in self.borrowed
            return None if has else f"is no term of <{vocabulary}>"
        if not self._is_judged(iri):
            return None
        if self._is_individual(iri):
            return self._individual_fault(iri)
        return None if iri in self.subjects or not self.declares else "is not declared"

    @cached_property
    def declares(self) -> bool:
        """Whether the files declare terms at all, as an ontology in OWL does."""
        terms = self.record.base.term("").value
        return any(
            quad.predicate == _TYPE
            and quad.object in _KINDS
            and isinstance(quad.subject, NamedNode)
            and quad.subject.value.startswith(terms)
            for quad in self.record.quads()
        )

    def _is_judged(self, iri: str) -> bool:
        """Whether the IRI is one of ours and not a graph's; names of graphs are checked
        elsewhere."""
        base = self.record.base
        left_out = (base.sources, f"{base.iri}graph/", base.ontology.value)
        is_name = "#" not in iri and not iri.endswith("/")
        return iri.startswith(base.iri) and is_name and not iri.startswith(left_out)

    def _is_individual(self, iri: str) -> bool:
        return iri.startswith(f"{self.record.base.iri}id/")

    def _individual_fault(self, iri: str) -> str | None:
        if iri not in self.classified:
            return "is no thing that the data know: nothing says its class"
        if iri not in self.labelled and self.near(iri, _SLIP):
            return "has no label, and its name is nearly another one's"
        return None

    def near(self, iri: str, likeness: float = _NEAR) -> str:
        """Return the most similar name; empty where none is similar."""
        vocabulary = vocabulary_of(iri)
        if vocabulary is not None:
            known: Collection[str] = vocabularies()[vocabulary]
        elif self._is_individual(iri):
            known = [each for each in self.classified & self.labelled if self._is_individual(each)]
        else:
            known = [each for each in self.subjects if self._is_judged(each)]
            known = [each for each in known if not self._is_individual(each)]
        stem = iri[: max(iri.rfind("#"), iri.rfind("/")) + 1]
        there = [each for each in known if each.startswith(stem) and each != iri]
        names = {each.removeprefix(stem).lower(): each for each in sorted(there)}
        found = difflib.get_close_matches(iri.removeprefix(stem).lower(), names, 1, likeness)
        if found:
            return names[found[0]]
        anywhere = difflib.get_close_matches(iri, [each for each in known if each != iri], 1, _SLIP)
        return anywhere[0] if anywhere else ""


def spelling_findings(names: KnownNames) -> Iterator[Finding]:
    """Return the unknown names in the files of graphs, each once a file, at its line."""
    for file in names.record.files:
        faults = {iri: fault for iri in sorted(_used(file)) if (fault := names.fault(iri))}
        if faults:
            for each in text_findings(names, file.name, file.text, faults):
                yield replace(each, line=None if each.line is None else file.line(each.line))


def query_spelling(names: KnownNames, name: str, text: str) -> Iterator[Finding]:
    """Return the unknown names in a query, each once, at its line."""
    used = {iri for iri, _, _ in mentions(text)}
    faults = {iri: fault for iri in sorted(used) if (fault := names.fault(iri))}
    return text_findings(names, name, text, faults)


def text_findings(
    names: KnownNames, path: str, text: str, faults: Mapping[str, str]
) -> Iterator[Finding]:
    """Return a finding for each faulty IRI, where the text first mentions it."""
    places: dict[str, tuple[int, str]] = {}
    prefixes: dict[str, str] = {}
    for iri, written, line in mentions(text, prefixes):
        places.setdefault(iri, (line, written))
    for iri, fault in faults.items():
        place, written = places.get(iri, (None, f"<{iri}>"))
        near = names.near(iri)
        proposed = f"Did you mean {_short(near, prefixes)}? " if near else ""
        remedy = f"{proposed}{_otherwise(iri, names)}"
        yield Finding(path, place, "unknown-name", f"{written} {fault}.", remedy)


def _otherwise(iri: str, names: KnownNames) -> str:
    if (vocabulary := vocabulary_of(iri)) is not None:
        return (
            f"If the vocabulary has it, declare it with rdfs:isDefinedBy <{vocabulary}> where "
            "borrowed terms are."
        )
    if iri.startswith(f"{names.record.base.iri}id/"):
        return "If it is a new thing, say its class and its label."
    return "If it is new, declare it."


def mentions(text: str, prefixes: dict[str, str] | None = None) -> Iterator[tuple[str, str, int]]:
    """Return each IRI in a text of Turtle, TriG or SPARQL, as it is written, with its line.

    Prefixes that the text declares are added to `prefixes`.

    >>> list(mentions("PREFIX a: <urn:a:>\\nASK { a:b|a:c* ?x . <urn:d> a a:e }"))
    [('urn:a:b', 'a:b', 2), ('urn:a:c', 'a:c', 2), \
('urn:d', '<urn:d>', 2), ('urn:a:e', 'a:e', 2)]
    """
    declared = {} if prefixes is None else prefixes
    before = ""
    for token in tokens(text):
        if token.kind == "iri":
            iri = token.text[1:-1]
            if before.endswith(":"):
                declared[before[:-1]] = iri
            else:
                yield iri, token.text, token.line
        elif token.kind == "word":
            for piece in _OPERATORS.split(token.text):
                prefix, colon, local = piece.partition(":")
                if colon and prefix in declared:
                    yield declared[prefix] + _ESCAPE.sub(r"\1", local), piece, token.line
        before = token.text


def _used(file: GraphFile) -> set[str]:
    """The IRIs in the file's statements, datatypes among them."""
    terms = chain.from_iterable((quad.subject, quad.predicate, quad.object) for quad in file.quads)
    return {
        term.datatype.value if isinstance(term, Literal) else term.value
        for term in set(terms)
        if isinstance(term, Literal | NamedNode)
    }


def _subjects(quads: Iterable[Quad], predicate: NamedNode | None = None) -> Iterator[str]:
    for quad in quads:
        if predicate in (None, quad.predicate) and isinstance(quad.subject, NamedNode):
            yield quad.subject.value


def _short(iri: str, prefixes: Mapping[str, str]) -> str:
    """The IRI with the longest of the prefixes that fits."""
    fitting = [each for each in prefixes.items() if iri.startswith(each[1])]
    if not fitting:
        return f"<{iri}>"
    prefix, namespace = max(fitting, key=lambda each: len(each[1]))
    return f"{prefix}:{iri.removeprefix(namespace)}"
