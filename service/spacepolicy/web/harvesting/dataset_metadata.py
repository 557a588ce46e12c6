"""The dataset's own metadata: the header of its ontology, and the languages of its names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, final

from pyoxigraph import Literal, NamedNode

from spacepolicy.namespaces import DCTERMS, OWL, RDFS, SKOS, Base
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.answering.revision_cache import RevisionCache
from spacepolicy.web.harvesting.coverage import DatasetCoverage, read_coverage
from spacepolicy.web.solution_rows import Row, Term

DCAT: Final = "http://www.w3.org/ns/dcat#"
FOAF: Final = "http://xmlns.com/foaf/0.1/"
_NAMED: Final = f"<{RDFS}label>|<{SKOS}prefLabel>|<{FOAF}name>"
_HEADER: Final = """
SELECT ?property ?value ?name {{
  <{ontology}> ?property ?value FILTER (!isBlank(?value) && ?property != <{modified}> && (
    STRSTARTS(STR(?property), "{dcterms}") || STRSTARTS(STR(?property), "{dcat}")))
  OPTIONAL {{ ?value {named} ?name }}
}} ORDER BY ?property ?value ?name
"""
_VERSION: Final = "SELECT ?version {{ <{ontology}> <{owl}versionIRI> ?version }} ORDER BY ?version"
_LANGUAGES: Final = f"""
SELECT DISTINCT ?language {{
  ?thing <{RDFS}label>|<{SKOS}prefLabel> ?name BIND (LANG(?name) AS ?language)
}} ORDER BY ?language
"""


@final
@dataclass(frozen=True, slots=True)
class DatasetMetadata:
    """The statements of the ontology about itself, the names of their objects, the version of the
    ontology, the language tags of names, and the coverage of the documents."""

    statements: tuple[tuple[NamedNode, Term], ...] = ()
    names: Mapping[Term, tuple[Literal, ...]] | None = None
    version: NamedNode | None = None
    languages: tuple[str, ...] = ()
    coverage: DatasetCoverage = field(default_factory=DatasetCoverage)

    def values(self, property_: str) -> Iterator[Term]:
        """Return the values of a property."""
        return (value for each, value in self.statements if each.value == property_)

    def text(self, property_: str, language: str) -> str | None:
        """Return the text of a property in the language, else in any; None where it has none."""
        texts = [each for each in self.values(property_) if isinstance(each, Literal)]
        chosen = [each for each in texts if each.language == language]
        return next((each.value for each in [*chosen, *texts]), None)

    def named(self, value: Term) -> tuple[Literal, ...]:
        """Return the names of a statement's object; a literal is its own name."""
        if isinstance(value, Literal):
            return (value,)
        return (self.names or {}).get(value, ())


@final
class MetadataCache:
    """Caches the metadata of the latest revision."""

    def __init__(self, state: AppState) -> None:
        self.state = state
        self._held: RevisionCache[DatasetMetadata] = RevisionCache(1)

    async def get(self) -> DatasetMetadata:
        """Return the metadata of the served revision.

        Raises: ProblemError where a query fails.
        """
        return await self._held.get(self.state.edition, "", lambda: _read(self.state))


async def _read(state: AppState) -> DatasetMetadata:
    base = state.service.revision.base
    languages = tuple(row["language"].value for row in await rows(state, _LANGUAGES))
    languages = tuple(each for each in languages if each)
    coverage = await read_coverage(state)
    if base is None:
        return DatasetMetadata(languages=languages, coverage=coverage)
    ontology = Base(base).ontology.value
    header = _HEADER.format(
        ontology=ontology, modified=f"{DCTERMS}modified", dcterms=DCTERMS, dcat=DCAT, named=_NAMED
    )
    found = await rows(state, header)
    versions = await rows(state, _VERSION.format(ontology=ontology, owl=OWL))
    version = next((row["version"] for row in versions), None)
    return DatasetMetadata(
        tuple(dict.fromkeys(_statements(found))),
        _names(found),
        version if isinstance(version, NamedNode) else None,
        languages,
        coverage,
    )


def _statements(found: tuple[Row, ...]) -> Iterator[tuple[NamedNode, Term]]:
    for row in found:
        property_ = row["property"]
        if isinstance(property_, NamedNode):
            yield property_, row["value"]


def _names(found: tuple[Row, ...]) -> dict[Term, tuple[Literal, ...]]:
    names: dict[Term, tuple[Literal, ...]] = {}
    for row in found:
        name = row.get("name")
        if isinstance(name, Literal) and name not in names.get(row["value"], ()):
            names[row["value"]] = (*names.get(row["value"], ()), name)
    return names
