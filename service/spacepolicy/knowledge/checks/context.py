"""The files of a content folder and everything computed from them, each once and on demand.

Gates check it, and a dataset is assembled from it, so that both use the same.

Spec: https://www.w3.org/TR/rdf11-mt/#dfn-merge, https://www.w3.org/TR/rdf-canon/
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cached_property
from pathlib import Path
from typing import final

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    Quad,
    Store,
    Triple,
)

from spacepolicy.errors import Finding, FindingsError
from spacepolicy.knowledge.checks.evidence import DescribedPassage, Graphs, read_passages
from spacepolicy.knowledge.checks.references import PassageReference, read_references
from spacepolicy.knowledge.checks.rules import HygieneRule, read_hygiene
from spacepolicy.knowledge.checks.spelling import KnownNames
from spacepolicy.knowledge.loading.catalogs import catalog_findings
from spacepolicy.knowledge.loading.content import ReadContent, read_content
from spacepolicy.knowledge.loading.graph_files import graph_findings, read_versions
from spacepolicy.knowledge.loading.ontology import (
    core_ontologies,
    declared_prefixes,
    import_findings,
    knowledge_graphs,
    shape_graphs,
)
from spacepolicy.knowledge.loading.record import FileRecord, graph_iri, quads_in
from spacepolicy.knowledge.loading.sources import SourceDocument
from spacepolicy.knowledge.loading.text_checks import stray_findings, text_findings
from spacepolicy.knowledge.reasoning.construct_rules import (
    ConstructRule,
    RuleError,
    read_construct_rules,
)
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner
from spacepolicy.knowledge.reasoning.plain_words import Language
from spacepolicy.knowledge.reasoning.stratum import Stratum
from spacepolicy.namespaces import Base
from spacepolicy.store.digest import RecordDigest
from spacepolicy.store.revision import FileGraphs


@final
class CheckContext:
    """The contents of a content folder and the inferences from them.

    Every property that needs the files raises FindingsError where they cannot be read or declare no
    base. `packaged`: the sources' texts may be missing. `beside` are quads of other graphs that are
    merged with those of the files, except graphs that the files state. `texts` is a folder of
    copies of texts that are not shipped. `language` is that of the reader of findings.
    """

    def __init__(
        self,
        content: Path,
        *,
        packaged: bool,
        beside: Iterable[Quad] = (),
        texts: Path | None = None,
        language: Language = "en",
    ) -> None:
        self.content = content
        self.packaged = packaged
        self.texts = texts
        self.language = language
        self._beside = tuple(beside)

    @cached_property
    def beside(self) -> tuple[Quad, ...]:
        """The quads of graphs that no file states."""
        owned = {*self.graphs, *map(graph_iri, self.earlier)}
        return tuple(quad for quad in self._beside if graph_iri(quad) not in owned)

    @cached_property
    def _content(self) -> ReadContent:
        return read_content(self.content, packaged=self.packaged)

    @property
    def _read(self) -> ReadContent:
        if self._content.unread:
            raise FindingsError([*self._content.unread, *text_findings(self.content)])
        return self._content

    @property
    def record(self) -> FileRecord:
        """The statements of all files, each in its graph."""
        return self._read.record

    @property
    def base(self) -> Base:
        """The base that the core ontology declares."""
        return self.record.base

    @cached_property
    def file_findings(self) -> tuple[Finding, ...]:
        """The faults in the distribution of graphs over files, and in imports between
        ontologies."""
        sources = (source.iri for source in self.sources)
        return (
            *self._read.graph_findings,
            *self._versions[1],
            *graph_findings(self.record, sources),
            *import_findings(self.record),
            *catalog_findings(self.content, self.record, core_ontologies(self.record)),
            *text_findings(self.content),
            *stray_findings(self.content),
        )

    @property
    def graphs(self) -> Graphs:
        """The statements of each graph of the record, by its IRI."""
        return self.record.graphs

    @property
    def sources(self) -> tuple[SourceDocument, ...]:
        """The documents that are quoted, by name."""
        return self._read.sources

    @property
    def source_findings(self) -> tuple[Finding, ...]:
        """The faults of the files of the sources."""
        return self._read.source_findings

    @cached_property
    def passages(self) -> Mapping[str, tuple[DescribedPassage, ...]]:
        """The completely described passages of each source, by the source's name."""
        return {
            source.name: read_passages(self.base, source, self.graphs) for source in self.sources
        }

    @cached_property
    def references(self) -> Mapping[str, tuple[PassageReference, ...]]:
        """The passages of each source that have a locator, by the source's name."""
        return {
            source.name: read_references(self.base, source, self.graphs) for source in self.sources
        }

    @cached_property
    def _versions(self) -> tuple[tuple[Quad, ...], tuple[Finding, ...]]:
        findings: list[Finding] = []
        files = read_versions(self.content, findings.append)
        current = self.graphs.keys()
        for file in files:
            for graph in sorted(file.graphs & current):
                message = f"<{graph}> is the graph of a file that is in use."
                findings.append(Finding(file.name, 1, "graph", message))
        stated = canonical(quad for file in files for quad in file.quads)
        return tuple(map(_renamed, stated)), tuple(findings)

    @property
    def earlier(self) -> tuple[Quad, ...]:
        """The statements of earlier versions of the ontology, each in the graph of its IRI."""
        return self._versions[0]

    @cached_property
    def quads(self) -> tuple[Quad, ...]:
        """The statements of the files as the engine keeps them, blank nodes labelled by RDFC-1.0,
        sorted."""
        return canonical(self.record.quads())

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the record."""
        return self._digest.hexdigest()

    @property
    def digest_algorithm(self) -> str:
        """The algorithm of the digest."""
        return self._digest.algorithm

    @cached_property
    def _digest(self) -> RecordDigest:
        return RecordDigest((*self.quads, *self.earlier, *self.beside))

    @cached_property
    def knowledge(self) -> frozenset[Triple]:
        """The statements that the default graph asserts: the merge of the graphs that are
        merged."""
        merged = knowledge_graphs(self.record)
        stated = (quad.triple for quad in self.quads if graph_iri(quad) in merged)
        return frozenset((*stated, *(quad.triple for quad in self.beside)))

    @cached_property
    def file_graphs(self) -> FileGraphs:
        """The graphs that the files state, by their treatment."""
        owned = frozenset(self.graphs).union(map(graph_iri, self.earlier))
        return FileGraphs(owned, owned - knowledge_graphs(self.record), shape_graphs(self.record))

    @cached_property
    def reasoner(self) -> Reasoner:
        """The knowledge with its inferences and clashes."""
        return Reasoner(self.knowledge)

    @cached_property
    def construct_rules(self) -> tuple[ConstructRule, ...]:
        """The rules beyond OWL, in the order of their IRIs.

        Raises: FindingsError where one is not of the supported form.
        """
        name = self.base.rules.value
        try:
            return read_construct_rules(self.graphs.get(name, ()), self.prefixes)
        except RuleError as error:
            files = (file.name for file in self.record.files if name in file.graphs)
            raise FindingsError([Finding(next(files), 1, "construct-rule", str(error))]) from error

    @cached_property
    def inferred_by_owl(self) -> Sequence[Triple]:
        """The inferences from the knowledge by its axioms that are not asserted."""
        return self.reasoner.inferences()

    @cached_property
    def concluded(self) -> Set[Triple]:
        """The conclusions of rules beyond OWL that are neither asserted nor follow by OWL."""
        return Stratum(self.construct_rules, self.knowledge, self.inferred_by_owl).concluded

    @cached_property
    def inferred(self) -> Sequence[Triple]:
        """The inferences from the knowledge that are not asserted, by rules beyond OWL too."""
        return (*self.inferred_by_owl, *self.concluded)

    @cached_property
    def default(self) -> Sequence[Triple]:
        """The default graph: asserted statements and inferences."""
        return (*self.knowledge, *self.inferred)

    @cached_property
    def dataset(self) -> Store:
        """The record's named graphs, the graph of inferences, and the default graph."""
        store = Store()
        store.extend(self.quads)
        store.extend(self.beside)
        store.extend(quads_in(self.base.inferred, self.inferred))
        store.extend(quads_in(DefaultGraph(), self.default))
        return store

    @property
    def published(self) -> Store:
        """The dataset with earlier versions of the ontology, which no gate checks again."""
        store = self.dataset
        store.extend(self.earlier)
        return store

    @cached_property
    def shapes(self) -> tuple[Triple, ...]:
        """The statements of the graphs of shapes; they are not merged."""
        graphs = sorted(shape_graphs(self.record))
        return tuple(triple for graph in graphs for triple in self.graphs[graph])

    @cached_property
    def names(self) -> KnownNames:
        """The names with statements in the files, for checking names."""
        return KnownNames(self.record)

    @cached_property
    def hygiene(self) -> tuple[HygieneRule, ...]:
        """The content's own rules, by name."""
        return read_hygiene(self.content)

    @cached_property
    def prefixes(self) -> Mapping[str, str]:
        """The prefixes that the core ontology declares."""
        return declared_prefixes(self.record)


def _renamed(quad: Quad) -> Quad:
    """Return the quad with labels of blank nodes that the current version does not use."""
    subject, predicate, value, graph = quad
    one, other = (
        BlankNode(f"earlier-{term.value}") if isinstance(term, BlankNode) else term
        for term in (subject, value)
    )
    return Quad(one, predicate, other, graph)


def canonical(quads: Iterable[Quad]) -> tuple[Quad, ...]:
    """The quads as the engine keeps them, their blank nodes labelled by RDFC-1.0, sorted.

    The labels depend on nothing but the quads: the same files make the same dataset.
    """
    engine = Store()
    engine.extend(quads)
    dataset = Dataset(engine)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return tuple(sorted(dataset, key=str))
