"""Scaffolds of classes, properties and concepts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from pyoxigraph import BlankNode, NamedNode, Triple

from spacepolicy.errors import UsageError
from spacepolicy.knowledge.loading.ontology import with_imports
from spacepolicy.knowledge.loading.placeholders import fill_in, fill_in_zh
from spacepolicy.knowledge.loading.record import GraphFile
from spacepolicy.knowledge.scaffolds.scaffold import (
    CLASS_NAME,
    DEFINED_BY,
    DEFINITION,
    EXAMPLE,
    KEBAB_NAME,
    LABEL,
    PROPERTY_NAME,
    TYPE,
    Scaffold,
    ScaffoldContext,
    Statement,
    checked_name,
    in_words,
    text,
)
from spacepolicy.knowledge.scaffolds.shapes import class_shape
from spacepolicy.namespaces import OWL, RDFS, SKOS, XSD

_CLASS: Final = NamedNode(f"{OWL}Class")
_OBJECT_PROPERTY: Final = NamedNode(f"{OWL}ObjectProperty")
_DATATYPE_PROPERTY: Final = NamedNode(f"{OWL}DatatypeProperty")
_SUBCLASS: Final = NamedNode(f"{RDFS}subClassOf")
_DISJOINT: Final = NamedNode(f"{OWL}disjointWith")
_SCHEME: Final = NamedNode(f"{SKOS}ConceptScheme")
_CONCEPT: Final = NamedNode(f"{SKOS}Concept")
_PREFERRED: Final = NamedNode(f"{SKOS}prefLabel")
_AFTER: Final = (
    "Say it in CHANGELOG.md, under Ontology.",
    "`spacepolicy check --since HEAD`, then `spacepolicy check`.",
)
_EXAMPLE: Final = "words of a source, in quotation marks, or “… (made up)”"


def new_class(
    context: ScaffoldContext, name: str, *, parent: str, module: str, labels: tuple[str, str]
) -> Scaffold:
    """A class below a parent, with its shape and an example that violates the shape.

    `labels` are those in English and Chinese, empty where they are not known.

    Raises: UsageError where a name is wrong, or the class exists.
    """
    rule = "a class is a singular noun in UpperCamelCase, as PolicyDocument"
    term = context.base.term(checked_name(name, CLASS_NAME, rule))
    above = context.known(parent, [_CLASS], "class")
    file = context.module(module)
    context.unused(term)
    label = labels[0] or in_words(name)
    parent_label = context.label(above)
    apart = f"what sets it apart from other kinds of {parent_label}; in other words than its name"
    definition = f"{parent_label} that {fill_in(apart)}"
    siblings = _siblings(context, file, above)
    statements: list[Statement] = [
        (TYPE, _CLASS),
        (_SUBCLASS, above),
        *_names(label, labels[1], definition, file),
        *((_DISJOINT, each) for each in siblings.within_reach),
    ]
    grown = {file.name: context.grown(file, _of(term, statements))}
    for importer, classes in siblings.in_importers:
        apart_from = [Triple(each, _DISJOINT, term) for each in classes]
        grown[importer.name] = context.grown(importer, apart_from)
    shape = class_shape(context, term, label, parents=(above,))
    return Scaffold(shape.new, {**grown, **shape.grown}, (*siblings.advice(), *_AFTER))


@final
@dataclass(frozen=True, slots=True)
class _Siblings:
    """The classes directly below the parent, by the file that can state that they are disjoint with
    it.

    The new class's file can name those `within_reach`, which it or its imports declare; the files
    of those `in_importers` import it, and can name the new class; neither can for those
    `out_of_reach`.
    """

    within_reach: tuple[NamedNode, ...]
    in_importers: tuple[tuple[GraphFile, tuple[NamedNode, ...]], ...]
    out_of_reach: tuple[NamedNode, ...]

    def advice(self) -> Iterator[str]:
        """What to check once the class is described."""
        if self.within_reach:
            listed = _listed(self.within_reach)
            yield f"It is stated to be disjoint with {listed}: take out what may be both."
        for file, classes in self.in_importers:
            listed = _listed(classes)
            yield f"{file.name} states it to be disjoint with {listed}: take out what may be both."
        if self.out_of_reach:
            listed = _listed(self.out_of_reach)
            yield f"No import leads to {listed}: state that it is disjoint where both are imported."


def _listed(classes: Iterable[NamedNode]) -> str:
    return ", ".join(f":{each.value.rpartition('/')[2]}" for each in classes)


def _siblings(context: ScaffoldContext, file: GraphFile, parent: NamedNode) -> _Siblings:
    """The siblings of a new class in the file; without roles, which overlap."""
    reach = with_imports(context.record, file.graphs)
    within: list[NamedNode] = []
    in_importers: dict[str, tuple[GraphFile, tuple[NamedNode, ...]]] = {}
    beyond: list[NamedNode] = []
    for subject in sorted(context.stated, key=lambda each: each.value):
        above = context.values(subject, _SUBCLASS)
        if parent not in above or any(isinstance(each, BlankNode) for each in above):
            continue
        home = context.home(subject, _CLASS)
        if home is None or home.graphs & reach:
            within.append(subject)
        elif file.graphs & with_imports(context.record, home.graphs):
            _, others = in_importers.get(home.name, (home, ()))
            in_importers[home.name] = (home, (*others, subject))
        else:
            beyond.append(subject)
    return _Siblings(tuple(within), tuple(in_importers.values()), tuple(beyond))


def new_property(
    context: ScaffoldContext,
    name: str,
    *,
    domain: str,
    range_: str,
    module: str,
    labels: tuple[str, str],
) -> Scaffold:
    """A property with its domain and range; a range in `xsd:` makes it one of data.

    Raises: UsageError where a name is wrong, or the property exists.
    """
    rule = "a property is in lowerCamelCase and begins with a verb, as hasTask"
    term = context.base.term(checked_name(name, PROPERTY_NAME, rule))
    start = context.known(domain, [_CLASS], "class")
    is_data = range_.startswith("xsd:")
    end = NamedNode(XSD + range_[4:]) if is_data else context.known(range_, [_CLASS], "class")
    file = context.module(module)
    context.unused(term)
    label = labels[0] or in_words(name)
    if is_data:
        definition = f"attribute that gives {fill_in(f'what of a {context.label(start)}')}"
    else:
        meant = fill_in(f"how: a {context.label(end)} …; in other words than its name")
        definition = f"relation that links a {context.label(start)} with {meant}"
    statements: list[Statement] = [
        (TYPE, _DATATYPE_PROPERTY if is_data else _OBJECT_PROPERTY),
        (NamedNode(f"{RDFS}domain"), start),
        (NamedNode(f"{RDFS}range"), end),
        *_names(label, labels[1], definition, file),
        (
            NamedNode(f"{SKOS}scopeNote"),
            text(fill_in("when to take it, and when its neighbour"), "en"),
        ),
        (NamedNode(f"{SKOS}scopeNote"), text(fill_in_zh("何时用它，何时用相近的属性"), "zh")),
    ]
    return Scaffold({}, {file.name: context.grown(file, _of(term, statements))}, _AFTER)


def new_concept(
    context: ScaffoldContext, path: str, *, broader: str, labels: tuple[str, str]
) -> Scaffold:
    """A concept `scheme/name` of an existing scheme, on top or below a broader one.

    Raises: UsageError where a name is wrong, the scheme is unknown or the concept exists.
    """
    scheme_name, _, name = path.partition("/")
    rule = "a concept is scheme/name, both in kebab-case, as goal-kind/outcome"
    for each in (scheme_name, name):
        checked_name(each, KEBAB_NAME, rule)
    scheme = NamedNode(f"{context.base.iri}concept/{scheme_name}")
    file = _scheme_file(context, scheme)
    term = NamedNode(f"{scheme.value}/{name}")
    context.unused(term)
    label = labels[0] or in_words(name)
    zh = labels[1] or _unnamed(label)
    statements: list[Statement] = [
        (TYPE, _CONCEPT),
        *_names(label, labels[1], fill_in("the parent, then what sets it apart"), file),
        (_PREFERRED, text(label, "en")),
        (_PREFERRED, text(zh, "zh")),
        (NamedNode(f"{SKOS}inScheme"), scheme),
    ]
    if broader:
        wide = NamedNode(f"{scheme.value}/{broader.rpartition('/')[2]}")
        if wide not in context.stated:
            raise UsageError(f"<{wide.value}> is no concept of the scheme.")
        statements.append((NamedNode(f"{SKOS}broader"), wide))
        more = _of(term, statements)
    else:
        statements.append((NamedNode(f"{SKOS}topConceptOf"), scheme))
        more = [*_of(term, statements), Triple(scheme, NamedNode(f"{SKOS}hasTopConcept"), term)]
    return Scaffold({}, {file.name: context.grown(file, more)}, _AFTER)


def _scheme_file(context: ScaffoldContext, scheme: NamedNode) -> GraphFile:
    file = context.home(scheme, _SCHEME)
    if file is not None:
        return file
    known = (s.value for s in context.stated if _SCHEME in context.values(s, TYPE))
    names = sorted(Path(iri).name for iri in known)
    raise UsageError(
        f"There is no scheme {Path(scheme.value).name}; there are: {', '.join(names)}."
    )


def _names(label: str, zh: str, definition: str, file: GraphFile) -> Iterator[Statement]:
    """The statements of every term: texts in both languages, and where it is defined."""
    yield LABEL, text(label, "en")
    yield LABEL, text(zh or _unnamed(label), "zh")
    yield DEFINITION, text(definition, "en")
    yield DEFINITION, text(fill_in_zh("定义：上位概念加区别特征"), "zh")
    yield EXAMPLE, text(fill_in(_EXAMPLE), "en")
    yield EXAMPLE, text(fill_in_zh("原文用语，加引号，或“……（虚构）”"), "zh")
    yield DEFINED_BY, NamedNode(next(iter(file.graphs)))


def _unnamed(label: str) -> str:
    """The mark for a Chinese name, which is unique to the term."""
    return fill_in_zh(f"“{label}”的中文名称")


def _of(subject: NamedNode, statements: list[Statement]) -> list[Triple]:
    return [Triple(subject, predicate, value) for predicate, value in statements]
