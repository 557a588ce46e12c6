"""Documents: which files are a document's own, and the dataset of some documents alone.

A document is a source of the content. Its own files are those of `data/` and `seeds/` with its
name: `data/<name>.trig`, `data/background/<name>.trig`, `seeds/<name>.toml`; all other files are
shared.
"""

from collections.abc import Iterator, Set
from typing import Final

from pyoxigraph import DefaultGraph, NamedNode, Store

from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.loading.record import graph_iri, quads_in
from spacepolicy.knowledge.loading.sources import FOLDER as SEEDS
from spacepolicy.knowledge.loading.sources import SourceDocument
from spacepolicy.knowledge.reasoning.fixpoint import Reasoner
from spacepolicy.knowledge.reasoning.stratum import Stratum
from spacepolicy.namespaces import RDF

_TYPE: Final = NamedNode(f"{RDF}type")


def names_of_documents(material: CheckContext) -> frozenset[str]:
    """The names of the documents of the content."""
    return frozenset(source.name for source in material.sources)


def dataset_of(material: CheckContext, names: Set[str]) -> Store:
    """The dataset from the shared files and those of the named documents, reasoned anew.

    The statements of other documents are left out, so that nothing changes as documents are added.
    """
    others = frozenset(_graphs_of(material, names_of_documents(material) - names))
    if not others:
        return material.dataset
    stated = [quad for quad in material.quads if graph_iri(quad) not in others]
    apart = material.file_graphs.apart
    known = dict.fromkeys(quad.triple for quad in stated if graph_iri(quad) not in apart)
    by_owl = Reasoner(known).inferences()
    inferred = (*by_owl, *Stratum(material.construct_rules, known, by_owl).concluded)
    store = Store()
    store.extend(stated)
    store.extend(quads_in(material.base.inferred, inferred))
    store.extend(quads_in(DefaultGraph(), (*known, *inferred)))
    return store


def _graphs_of(material: CheckContext, names: Set[str]) -> Iterator[str]:
    """The graphs in the own files of the documents."""
    for file in material.record.files:
        if file.name.startswith(("data/", f"{SEEDS}/")) and file.path.stem in names:
            yield from file.graphs


def policies_of(store: Store, material: CheckContext, source: SourceDocument) -> tuple[str, ...]:
    """The policies that the document is or reports on, sorted."""
    policy, reports = material.base.term("PolicyDocument"), material.base.term("reportsOn")
    iri = NamedNode(source.iri)
    found = {quad.object for quad in store.quads_for_pattern(iri, reports, None, DefaultGraph())}
    return tuple(
        sorted(
            each.value
            for each in (iri, *found)
            if isinstance(each, NamedNode) and _is_a(store, each, policy)
        )
    )


def _is_a(store: Store, thing: NamedNode, kind: NamedNode) -> bool:
    return next(store.quads_for_pattern(thing, _TYPE, kind, DefaultGraph()), None) is not None
