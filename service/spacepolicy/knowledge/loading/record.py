"""The record: the statements of the project's files, each graph with its file."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Triple

from spacepolicy.errors import Finding, Severity
from spacepolicy.namespaces import Base
from spacepolicy.text_files import read_text
from spacepolicy.turtle_format.lines import first_line, lines_of_text, statement_lines
from spacepolicy.turtle_format.order import Term


@final
@dataclass(frozen=True)
class GraphFile:
    """A file of graphs. `name` is its path inside the content folder; `quads` name their graph.

    `derived` are those of the quads that are not in the file: descriptions of passages. `trig` is
    the content of the file as TriG, each statement on the line that it has in the file, where the
    file is in a notation of the project's own; `moved` are the lines that stand elsewhere there,
    each with its line in the file.
    """

    path: Path
    name: str
    quads: tuple[Quad, ...]
    derived: frozenset[Quad] = frozenset()
    trig: str | None = None
    moved: Mapping[int, int] = field(default_factory=dict, hash=False)

    @cached_property
    def graphs(self) -> frozenset[str]:
        """The IRIs of the graphs that the file states."""
        return frozenset(graph_iri(quad) for quad in self.quads)

    @property
    def written(self) -> tuple[Quad, ...]:
        """The quads that are in the file itself."""
        return tuple(quad for quad in self.quads if quad not in self.derived)

    @property
    def text(self) -> str:
        """The file as Turtle or TriG. Raises: FindingsError where it cannot be read."""
        return read_text(self.path) if self.trig is None else self.trig

    def lines(self) -> Mapping[Quad, int]:
        """The line, counted from 1, of each statement that is in the file itself."""
        if self.trig is None:
            return statement_lines(self.path)
        return {quad: self.line(line) for quad, line in lines_of_text(self.trig).items()}

    def line(self, line: int) -> int:
        """The line in the file of a line of its text as TriG."""
        return self.moved.get(line, line)


@final
@dataclass(frozen=True)
class FileRecord:
    """The statements of all files, under the base they share."""

    base: Base
    files: tuple[GraphFile, ...]

    @cached_property
    def _by_subject(self) -> Mapping[object, Sequence[tuple[GraphFile, Quad]]]:
        return self._indexed(lambda quad: quad.subject)

    @cached_property
    def _by_object(self) -> Mapping[object, Sequence[tuple[GraphFile, Quad]]]:
        return self._indexed(lambda quad: quad.object)

    def _indexed(
        self, part: Callable[[Quad], object]
    ) -> Mapping[object, Sequence[tuple[GraphFile, Quad]]]:
        index: defaultdict[object, list[tuple[GraphFile, Quad]]] = defaultdict(list)
        for file in self.files:
            for quad in file.quads:
                index[part(quad)].append((file, quad))
        return index

    def about(self, subject: object, value: object) -> Iterable[tuple[GraphFile, Quad]]:
        """The statements with that subject, or with that object, each with its file, file by file;
        all of them where neither is known."""
        if subject is not None:
            return self._by_subject.get(subject, ())
        if value is not None:
            return self._by_object.get(value, ())
        return ((file, quad) for file in self.files for quad in file.quads)

    def quads(self) -> Iterator[Quad]:
        """Every statement, file by file."""
        for file in self.files:
            yield from file.quads

    @cached_property
    def graphs(self) -> Mapping[str, Sequence[Triple]]:
        """The statements of each graph, by its IRI."""
        graphs: dict[str, list[Triple]] = {}
        for quad in self.quads():
            graphs.setdefault(graph_iri(quad), []).append(quad.triple)
        return graphs


@final
@dataclass(frozen=True, slots=True)
class StatementPlace:
    """A statement in a file, by its known parts."""

    subject: NamedNode | None = None
    predicate: NamedNode | None = None
    object: NamedNode | Literal | None = None
    graph: NamedNode | None = None


@final
@dataclass(frozen=True, slots=True)
class UnnamedNode:
    """A blank node by its statements.

    `says` are its statements whose objects have names, `held` those that lead to it from a named
    subject; `predicate` is the one that a fault is about.
    """

    says: frozenset[tuple[NamedNode, NamedNode | Literal]]
    held: frozenset[tuple[NamedNode, NamedNode]]
    predicate: NamedNode | None = None

    def shown(self, prefixes: Mapping[str, str]) -> str:
        """Return the node as Turtle writes it, with the first three of its statements."""
        statements = sorted(f"{short(p, prefixes)} {short(o, prefixes)}" for p, o in self.says)
        return f"[ {' ; '.join(statements[:3])}{' ; …' if len(statements) > 3 else ''} ]"


@final
@dataclass(frozen=True, slots=True)
class StatementFault:
    """A fault of a statement, before its file is known; the first place that is found counts.

    Where it is about a blank node, `node` describes it and takes precedence over the places.
    """

    rule: str
    message: str
    places: tuple[StatementPlace, ...]
    remedy: str = ""
    severity: Severity = "error"
    node: UnnamedNode | None = None


def located(record: FileRecord, fault: StatementFault) -> Finding:
    """Locate the fault: a finding at the first of its places that a file states.

    A term that no file has as a subject is located where it is used.
    """
    mentioned = (StatementPlace(object=place.subject) for place in fault.places if place.subject)
    found = (stated_at(record, place) for place in (*fault.places, *mentioned))
    return finding_at(fault, *next(filter(None, found), ("data", None)))


def stated_at(record: FileRecord, place: StatementPlace) -> tuple[str, int] | None:
    """The first file, and its line, with a statement at the place; None where there is none."""
    for file, quad in record.about(place.subject, place.object):
        if stands_at(quad, place):
            return file.name, line_in(file, place) or 1
    return None


def finding_at(fault: StatementFault, path: str, line: int | None) -> Finding:
    """The fault as a finding at that line of the file."""
    return Finding(path, line, fault.rule, fault.message, fault.remedy, fault.severity)


def stands_at(quad: Quad, place: StatementPlace) -> bool:
    """Whether the statement has the known parts of the place."""
    return (
        place.subject in (None, quad.subject)
        and place.predicate in (None, quad.predicate)
        and place.object in (None, quad.object)
        and place.graph in (None, quad.graph_name)
    )


def line_in(file: GraphFile, place: StatementPlace) -> int | None:
    """The line of the file with the statement; Turtle does not name its only graph.

    A derived statement about a passage is at the line where the passage is named.
    """
    graph = None if file.path.suffix == ".ttl" else place.graph
    wanted = [(place.subject, place.predicate, place.object, graph)]
    if place.subject and file.derived:
        wanted += [(place.subject, None, None, graph), (None, None, None, place.subject)]
    lines = file.lines()
    return next(filter(None, (first_line(lines, each) for each in wanted)), None)


def place_of(triple: Triple) -> StatementPlace:
    """The place of the statement, as far as its parts have names."""
    return StatementPlace(
        triple.subject if isinstance(triple.subject, NamedNode) else None,
        triple.predicate,
        triple.object if isinstance(triple.object, NamedNode | Literal) else None,
    )


def graph_iri(quad: Quad) -> str:
    """The IRI of the statement's graph; empty where it is in none."""
    return quad.graph_name.value if isinstance(quad.graph_name, NamedNode) else ""


def shown(triple: Triple, prefixes: Mapping[str, str] | None = None) -> str:
    """A statement as Turtle writes it, for people.

    >>> from pyoxigraph import parse, RdfFormat
    >>> (quad,) = parse("<urn:a> <urn:b> 'c' .", RdfFormat.TURTLE)
    >>> shown(quad.triple, {"": "urn:"})
    ':a :b "c"'
    """
    return " ".join(short(term, prefixes or {}) for term in triple)


def short(term: Term, prefixes: Mapping[str, str]) -> str:
    """The term's prefixed name where it has one, else the term as N-Triples writes it."""
    for prefix, namespace in prefixes.items():
        if isinstance(term, NamedNode) and term.value.startswith(namespace):
            local = term.value.removeprefix(namespace)
            if local.isidentifier():
                return f"{prefix}:{local}"
    if isinstance(term, Triple):
        return f"<<( {shown(term, prefixes)} )>>"
    return str(term)


def quads_in(graph: NamedNode | DefaultGraph, triples: Iterable[Triple]) -> Iterator[Quad]:
    """The statements as those of the graph."""
    return (Quad(triple.subject, triple.predicate, triple.object, graph) for triple in triples)
