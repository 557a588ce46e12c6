"""The form of a scaffold, its context, and the rules for names."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, serialize

from spacepolicy.errors import FindingsError, UsageError
from spacepolicy.knowledge.loading.content import read_content
from spacepolicy.knowledge.loading.notations import NotationContext, context_of
from spacepolicy.knowledge.loading.ontology import shape_graphs
from spacepolicy.knowledge.loading.placeholders import fill_in_findings
from spacepolicy.knowledge.loading.record import FileRecord, GraphFile
from spacepolicy.namespaces import RDF, RDFS, SKOS, Base
from spacepolicy.similar_words import nearest
from spacepolicy.text_files import read_text
from spacepolicy.turtle_format.order import Term
from spacepolicy.turtle_format.printing import print_file

CLASS_NAME: Final = re.compile(r"[A-Z][A-Za-z0-9]*")
PROPERTY_NAME: Final = re.compile(r"[a-z][A-Za-z0-9]*")
KEBAB_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
TYPE: Final = NamedNode(f"{RDF}type")
LABEL: Final = NamedNode(f"{RDFS}label")
DEFINITION: Final = NamedNode(f"{SKOS}definition")
EXAMPLE: Final = NamedNode(f"{SKOS}example")
DEFINED_BY: Final = NamedNode(f"{RDFS}isDefinedBy")
Statement = tuple[NamedNode, Term]


@final
@dataclass(frozen=True, slots=True)
class Scaffold:
    """Files by their names in the content folder, with their whole text: `new` ones, and `grown`
    ones, to which text was added. `after` lists what to do once the marks are filled in."""

    new: Mapping[str, str]
    grown: Mapping[str, str]
    after: tuple[str, ...]

    def to_fill(self) -> list[str]:
        """The places that have to be filled in, and with what: a line each."""
        found = {**self.new, **self.grown}
        return [
            f"{finding.path}:{finding.line}: {finding.message}"
            for name, text in found.items()
            for finding in fill_in_findings(name, text)
        ]


@final
class ScaffoldContext:
    """The content that a scaffold is for."""

    def __init__(self, content: Path) -> None:
        read = read_content(content, packaged=False)
        if read.unread:
            raise FindingsError(read.unread)
        self.content = content
        self.record: FileRecord = read.record
        self.base: Base = read.record.base
        self.notation: NotationContext = context_of(read.record, read.sources)
        self.prefixes = self.notation.prefixes
        self.stated: dict[NamedNode, list[tuple[Statement, str]]] = {}
        for quad in read.record.quads():
            if isinstance(quad.subject, NamedNode):
                graph = quad.graph_name.value if isinstance(quad.graph_name, NamedNode) else ""
                entry = ((quad.predicate, quad.object), graph)
                self.stated.setdefault(quad.subject, []).append(entry)

    def values(self, subject: NamedNode, predicate: NamedNode) -> list[Term]:
        """The values of that property of the subject."""
        return [value for (name, value), _ in self.stated.get(subject, ()) if name == predicate]

    def label(self, subject: NamedNode, language: str = "en") -> str:
        """The label in the language; the last part of the IRI where there is none."""
        found = (each for each in self.values(subject, LABEL) if isinstance(each, Literal))
        names = [each.value for each in found if each.language == language]
        return names[0] if names else re.split(r"[/#:]", subject.value)[-1]

    def home(self, term: NamedNode, kind: NamedNode) -> GraphFile | None:
        """The first file that states that the term is of the kind; None where none does."""
        for file in self.record.files:
            if any((q.subject, q.predicate, q.object) == (term, TYPE, kind) for q in file.quads):
                return file
        return None

    def module(self, name: str) -> GraphFile:
        """The file of the ontology with that name. Raises: UsageError where there is none."""
        files = {
            Path(file.name).stem: file
            for file in self.record.files
            if file.name.startswith("ontology/") and file.name.count("/") == 1
        }
        if name not in files:
            raise UsageError(f"There is no ontology/{name}.ttl; there are: {', '.join(files)}.")
        return files[name]

    def shapes(self) -> GraphFile:
        """The file of shapes. Raises: UsageError where there is none."""
        graphs = shape_graphs(self.record)
        for file in self.record.files:
            if file.graphs & graphs:
                return file
        raise UsageError("No file of ontology/ has shapes.")

    def known(self, written: str, kinds: Iterable[NamedNode], what: str) -> NamedNode:
        """The term that is written as `Name`, `:Name`, `prefix:name` or an IRI in full.

        Raises: UsageError with the nearest name where no such term is of these kinds.
        """
        term = self._expanded(written)
        wanted = frozenset(kinds)
        if wanted & set(self.values(term, TYPE)):
            return term
        there = [s.value for s in self.stated if wanted & set(self.values(s, TYPE))]
        names = {re.split(r"[/#]", iri)[-1]: iri for iri in there}
        near = nearest(re.split(r"[/#:]", written)[-1], sorted(names))
        hint = f" Did you mean {near}?" if near else ""
        raise UsageError(f"{written} is no {what} of the ontology.{hint}")

    def _expanded(self, written: str) -> NamedNode:
        prefix, colon, local = written.strip("<>").partition(":")
        if local.startswith("//"):
            return NamedNode(written.strip("<>"))
        if not colon:
            return self.base.term(written)
        known = self.notation.prefixes
        if prefix not in known:
            raise UsageError(f"The prefix {prefix}: is none that the ontology declares.")
        return NamedNode(known[prefix] + local)

    def unused(self, term: NamedNode, file: str = "") -> None:
        """Raise UsageError where the term has statements, or the new file exists."""
        if term in self.stated:
            raise UsageError(f"<{term.value}> is there already; nothing was written.")
        if file and (self.content / file).exists():
            raise UsageError(f"{file} is there already; nothing was written.")

    def grown(
        self, file: GraphFile, statements: Iterable[Triple], before: str | None = None
    ) -> str:
        """The text of the file with more statements, in the canonical layout; `before` is its text
        where it has grown already."""
        text = read_text(file.path) if before is None else before
        added = (serialize(statements, format=RdfFormat.N_TRIPLES) or b"").decode()
        return print_file(f"{text}\n{added}", path=file.name, prefixes=self.prefixes)


def checked_name(name: str, form: re.Pattern[str], rule: str) -> str:
    """Check the form of a name. Raises: UsageError with the rule where it differs."""
    if form.fullmatch(name) is None:
        raise UsageError(f"{name!r} is no name: {rule}.")
    return name


def in_words(name: str) -> str:
    """The words of a camel-case or kebab-case name, in lower case.

    >>> in_words("FisheryZone"), in_words("isDueBy"), in_words("light-buoy")
    ('fishery zone', 'is due by', 'light buoy')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|-", " ", name).lower()


def text(value: str, language: str) -> Literal:
    """A literal in that language."""
    return Literal(value, language=language)
