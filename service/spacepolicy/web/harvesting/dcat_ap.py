"""The dataset and its catalogue in DCAT-AP.

The metadata of the ontology apply to the dataset. Publisher and contact point come from the
operator's settings; where they are missing, the catalogue says that they are not known.

Spec: https://semiceu.github.io/DCAT-AP/releases/3.0.0/, https://www.w3.org/TR/vocab-dcat-3/,
https://spdx.github.io/spdx-spec/v2.3/ (checksums)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, final
from urllib.parse import urlsplit

from pyoxigraph import Literal, NamedNode, Triple

from spacepolicy.namespaces import DCTERMS, RDF, RDFS, SKOS, XSD
from spacepolicy.web.dumps import DUMPS, Dump
from spacepolicy.web.harvesting.coverage import Extent, end_of_period
from spacepolicy.web.harvesting.dataset_metadata import DCAT, FOAF, DatasetMetadata
from spacepolicy.web.harvesting.dump_facts import DumpFacts
from spacepolicy.web.harvesting.publisher import Publisher
from spacepolicy.web.i18n import WORDS
from spacepolicy.web.locale import LANGUAGES
from spacepolicy.web.service import Service
from spacepolicy.web.solution_rows import Term

SPDX: Final = "http://spdx.org/rdf/terms#"
VCARD: Final = "http://www.w3.org/2006/vcard/ns#"
MEDIA_TYPES: Final = "https://www.iana.org/assignments/media-types/"
DATASET: Final = "/.well-known/void#dataset"
CATALOG: Final = "/catalog"
_EU: Final = "http://publications.europa.eu/resource/authority/"
_SPARQL: Final = "https://www.w3.org/TR/sparql11-protocol/"
_FILE_TYPES: Final = {
    "application/n-quads": f"{_EU}file-type/RDF_N_QUADS",
    "application/trig": f"{_EU}file-type/RDF_TRIG",
}
LANGUAGE_CODES: Final = {
    "ar": "ARA", "bg": "BUL", "cs": "CES", "da": "DAN", "de": "DEU", "el": "ELL", "en": "ENG",
    "es": "SPA", "et": "EST", "fi": "FIN", "fr": "FRA", "ga": "GLE", "hi": "HIN", "hr": "HRV",
    "hu": "HUN", "it": "ITA", "ja": "JPN", "ko": "KOR", "lt": "LIT", "lv": "LAV", "mt": "MLT",
    "nl": "NLD", "pl": "POL", "pt": "POR", "ro": "RON", "ru": "RUS", "sk": "SLK", "sl": "SLV",
    "sv": "SWE", "zh": "ZHO",
}  # fmt: skip
"""Codes of the EU's authority table of languages (ISO 639-3) by ISO 639-1 tags; DCAT-AP allows no
others."""
_CLASSES: Final = {
    f"{DCTERMS}license": f"{DCTERMS}LicenseDocument",
    f"{DCTERMS}accrualPeriodicity": f"{DCTERMS}Frequency",
    f"{DCTERMS}conformsTo": f"{DCTERMS}Standard",
    f"{DCTERMS}spatial": f"{DCTERMS}Location",
    f"{DCAT}contactPoint": f"{VCARD}Kind",
    f"{DCAT}landingPage": f"{FOAF}Document",
}
"""The class of a property's value in DCAT-AP, where the value is an IRI."""
_DIGITS: Final = 12
"""Digits of the digests in the IRIs of periods: 48 bits, for some dozens of documents."""
_AGENTS: Final = (f"{DCTERMS}creator", f"{DCTERMS}publisher", f"{DCTERMS}contributor")
_RIGHTS: Final = f"{DCTERMS}rights"


@final
@dataclass(frozen=True, slots=True)
class DatasetDescription:
    """The content of the catalogue: the service's address, the dates of the first and the last
    publication, the publisher, whether access is public, and the dataset's own metadata."""

    origin: str
    issued: str | None
    modified: str
    version: str
    publisher: Publisher
    is_public: bool
    metadata: DatasetMetadata

    @property
    def dataset(self) -> NamedNode:
        """The IRI of the dataset in this service's descriptions."""
        return NamedNode(self.origin + DATASET)

    @property
    def catalog(self) -> NamedNode:
        """The IRI of the catalogue."""
        return NamedNode(self.origin + CATALOG)

    def node(self, name: str) -> NamedNode:
        """Return the IRI of a node of the catalogue."""
        return NamedNode(f"{self.origin}{CATALOG}#{name}")


def described(service: Service, origin: str, metadata: DatasetMetadata) -> DatasetDescription:
    """Return the description of the dataset at the service's address."""
    first, revision = service.history.revisions[0], service.revision
    return DatasetDescription(
        origin,
        first.time if first.number == 1 else None,
        revision.time,
        str(revision.number),
        service.publisher,
        not service.require_token,
        metadata,
    )


def dataset_statements(about: DatasetDescription) -> Iterator[Triple]:
    """Return the dataset's statements: title, licence, dates, publisher, access rights and more."""
    itself = about.dataset
    yield _type(itself, f"{DCAT}Dataset")
    yield from _dates(itself, about)
    yield Triple(itself, NamedNode(f"{DCAT}version"), Literal(about.version))
    yield from _own_statements(about)
    yield from _publisher(itself, about)
    yield from _contact(itself, about)
    yield from _linked(itself, f"{DCTERMS}accessRights", _access(about), "RightsStatement")
    yield from _languages(itself, about.metadata.languages)
    page = NamedNode(f"{about.origin}/")
    yield from _linked(itself, f"{DCAT}landingPage", page.value, f"{FOAF}Document")
    if about.metadata.version is not None:
        version = about.metadata.version.value
        yield from _linked(itself, f"{DCTERMS}conformsTo", version, "Standard")


def catalog_statements(
    about: DatasetDescription, facts: Mapping[Dump, DumpFacts]
) -> Iterator[Triple]:
    """Return the statements of the catalogue with its distributions and its data service."""
    itself = about.catalog
    yield _type(itself, f"{DCAT}Catalog")
    yield _text(itself, f"{DCTERMS}title", "spacepolicy", LANGUAGES[0])
    for language in LANGUAGES:
        yield _text(itself, f"{DCTERMS}description", WORDS[language]["lead"], language)
    yield from _dates(itself, about)
    yield from _publisher(itself, about)
    yield from _languages(itself, LANGUAGES)
    yield from _of_metadata(itself, about, f"{DCTERMS}license")
    yield from _linked(itself, f"{FOAF}homepage", f"{about.origin}/", f"{FOAF}Document")
    yield Triple(itself, NamedNode(f"{DCAT}dataset"), about.dataset)
    yield from _lacking(about)
    yield from coverage_statements(about)
    for dump in DUMPS:
        yield from _dump(about, dump, facts.get(dump))
    yield from _service(about)


def coverage_statements(about: DatasetDescription) -> Iterator[Triple]:
    """Return the spatial and temporal coverage of the dataset and of each of its documents."""
    coverage = about.metadata.coverage
    yield from _extent(about, about.dataset, coverage.whole)
    for document, extent in coverage.documents.items():
        yield Triple(about.dataset, NamedNode(f"{DCTERMS}subject"), document)
        for name in coverage.named(document):
            yield Triple(document, NamedNode(f"{DCTERMS}title"), name)
        yield from _extent(about, document, extent)


def _extent(about: DatasetDescription, subject: NamedNode, extent: Extent) -> Iterator[Triple]:
    """The places with their names, and the time as a period."""
    for place in extent.places:
        yield from _linked(subject, f"{DCTERMS}spatial", place.value, "Location")
        for name in about.metadata.coverage.named(place):
            yield Triple(place, NamedNode(f"{SKOS}prefLabel"), name)
    if extent.first is None or extent.last is None:
        return
    path = urlsplit(subject.value).path  # does not depend on the address of the request
    digest = sha256(path.encode()).hexdigest()[:_DIGITS]
    period = about.node(f"period-{digest}")
    yield from _linked(subject, f"{DCTERMS}temporal", period.value, "PeriodOfTime")
    yield Triple(period, NamedNode(f"{DCAT}startDate"), end_of_period(extent.first))
    yield Triple(period, NamedNode(f"{DCAT}endDate"), end_of_period(extent.last))


def _lacking(about: DatasetDescription) -> Iterator[Triple]:
    """Comments that mandatory metadata of DCAT-AP are not known, where they are missing."""
    lacks = [
        name
        for name, has in (
            ("title_not_known", any(about.metadata.values(f"{DCTERMS}title"))),
            ("publisher_not_known", any(_publisher(about.catalog, about))),
            ("contact_not_known", any(_contact(about.dataset, about))),
        )
        if not has
    ]
    for language in LANGUAGES:
        for name in lacks:
            yield _text(about.catalog, f"{RDFS}comment", WORDS[language][name], language)


def _dump(about: DatasetDescription, dump: Dump, facts: DumpFacts | None) -> Iterator[Triple]:
    """The distribution of a dump."""
    node = about.node(dump.path.rpartition(".")[2])
    address = about.origin + dump.path
    yield from _distribution(about, node, address)
    for language in LANGUAGES:
        words = WORDS[language]
        yield _text(node, f"{DCTERMS}title", f"{words['whole_dataset_in']} {dump.label}", language)
        yield _text(node, f"{DCTERMS}description", words["whole_dataset_held"], language)
    yield Triple(node, NamedNode(f"{DCAT}downloadURL"), NamedNode(address))
    media_type = MEDIA_TYPES + dump.media_type
    yield from _linked(node, f"{DCAT}mediaType", media_type, "MediaType")
    format_ = _FILE_TYPES[dump.media_type]
    yield from _linked(node, f"{DCTERMS}format", format_, "MediaTypeOrExtent")
    if facts is None:
        return
    size = Literal(str(facts.size_bytes), datatype=NamedNode(f"{XSD}nonNegativeInteger"))
    yield Triple(node, NamedNode(f"{DCAT}byteSize"), size)
    checksum = NamedNode(f"{node.value}-checksum")
    yield Triple(node, NamedNode(f"{SPDX}checksum"), checksum)
    yield _type(checksum, f"{SPDX}Checksum")
    algorithm = NamedNode(f"{SPDX}checksumAlgorithm_sha256")
    yield Triple(checksum, NamedNode(f"{SPDX}algorithm"), algorithm)
    value = Literal(facts.sha256, datatype=NamedNode(f"{XSD}hexBinary"))
    yield Triple(checksum, NamedNode(f"{SPDX}checksumValue"), value)


def _service(about: DatasetDescription) -> Iterator[Triple]:
    """The SPARQL endpoint, and the distribution that it gives access to."""
    service, answers = about.node("sparql"), about.node("answers")
    endpoint = f"{about.origin}/sparql"
    yield Triple(about.catalog, NamedNode(f"{DCAT}service"), service)
    yield _type(service, f"{DCAT}DataService")
    yield from _distribution(about, answers, endpoint)
    yield Triple(answers, NamedNode(f"{DCAT}accessService"), service)
    for language in LANGUAGES:
        words = WORDS[language]
        yield _text(service, f"{DCTERMS}title", words["sparql_endpoint"], language)
        yield _text(service, f"{DCTERMS}description", words["sparql_service"], language)
        yield _text(answers, f"{DCTERMS}title", words["answers_of_queries"], language)
        yield _text(answers, f"{DCTERMS}description", words["sparql_service"], language)
    yield from _linked(answers, f"{DCTERMS}format", f"{_EU}file-type/SPARQLQ", "MediaTypeOrExtent")
    yield Triple(service, NamedNode(f"{DCAT}endpointURL"), NamedNode(endpoint))
    description = NamedNode(f"{about.origin}/openapi.json")
    yield Triple(service, NamedNode(f"{DCAT}endpointDescription"), description)
    yield Triple(service, NamedNode(f"{DCAT}servesDataset"), about.dataset)
    yield from _linked(service, f"{DCTERMS}conformsTo", _SPARQL, "Standard")
    yield from _linked(service, f"{DCTERMS}accessRights", _access(about), "RightsStatement")
    yield from _publisher(service, about)
    yield from _contact(service, about)
    yield from _of_metadata(service, about, f"{DCTERMS}license")


def _distribution(about: DatasetDescription, node: NamedNode, address: str) -> Iterator[Triple]:
    """The statements of every distribution: address, dates, languages, licence and rights."""
    yield Triple(about.dataset, NamedNode(f"{DCAT}distribution"), node)
    yield _type(node, f"{DCAT}Distribution")
    yield Triple(node, NamedNode(f"{DCAT}accessURL"), NamedNode(address))
    yield from _dates(node, about)
    yield from _languages(node, about.metadata.languages)
    for property_ in (f"{DCTERMS}license", _RIGHTS):
        yield from _of_metadata(node, about, property_)


def _own_statements(about: DatasetDescription) -> Iterator[Triple]:
    """The ontology's metadata, as far as they apply to the dataset."""
    for property_ in dict.fromkeys(each.value for each, _ in about.metadata.statements):
        if property_ not in (f"{DCTERMS}modified", f"{DCTERMS}issued", f"{DCTERMS}publisher"):
            yield from _of_metadata(about.dataset, about, property_)


def _of_metadata(subject: NamedNode, about: DatasetDescription, property_: str) -> Iterator[Triple]:
    """A property of the ontology's metadata with its values, in the form of DCAT-AP."""
    for number, value in enumerate(about.metadata.values(property_), 1):
        if property_ in _AGENTS:
            yield from _agent(subject, about, property_, value, number)
        elif property_ == _RIGHTS and isinstance(value, Literal):
            rights = about.node("rights")
            yield from _linked(subject, property_, rights.value, "RightsStatement")
            yield Triple(rights, NamedNode(f"{RDFS}label"), value)
        else:
            yield Triple(subject, NamedNode(property_), value)
            yield from _kind(about, property_, value)


def _kind(about: DatasetDescription, property_: str, value: Term) -> Iterator[Triple]:
    """The class of a property's value, and its names where it is a theme."""
    if not isinstance(value, NamedNode):
        return
    if property_ in _CLASSES:
        yield _type(value, _CLASSES[property_])
    names = about.metadata.named(value)
    if property_ == f"{DCAT}theme" and names:
        yield _type(value, f"{SKOS}Concept")
        for name in names:
            yield Triple(value, NamedNode(f"{SKOS}prefLabel"), name)


def _agent(
    subject: NamedNode, about: DatasetDescription, property_: str, value: Term, number: int
) -> Iterator[Triple]:
    """An agent with its name; one given by a literal gets an IRI in the catalogue."""
    role = property_.removeprefix(DCTERMS)
    agent = value if isinstance(value, NamedNode) else about.node(f"{role}-{number}")
    names = about.metadata.named(value)
    yield Triple(subject, NamedNode(property_), agent)
    if names:
        yield _type(agent, f"{FOAF}Agent")
    for name in names:
        yield Triple(agent, NamedNode(f"{FOAF}name"), name)


def _publisher(subject: NamedNode, about: DatasetDescription) -> Iterator[Triple]:
    """The publisher: from the operator's settings, else from the ontology."""
    publisher = about.publisher
    if publisher.name is None:
        yield from _of_metadata(subject, about, f"{DCTERMS}publisher")
        return
    agent = about.node("publisher")
    yield Triple(subject, NamedNode(f"{DCTERMS}publisher"), agent)
    yield _type(agent, f"{FOAF}Agent")
    yield Triple(agent, NamedNode(f"{FOAF}name"), Literal(publisher.name))
    if publisher.homepage is not None:
        yield from _linked(agent, f"{FOAF}homepage", publisher.homepage, f"{FOAF}Document")


def _contact(subject: NamedNode, about: DatasetDescription) -> Iterator[Triple]:
    """The contact point: from the operator's settings, else from the ontology."""
    publisher, contact = about.publisher, about.publisher.contact_iri
    if contact is None:
        yield from _of_metadata(subject, about, f"{DCAT}contactPoint")
        return
    point = about.node("contact")
    yield Triple(subject, NamedNode(f"{DCAT}contactPoint"), point)
    yield _type(point, f"{VCARD}Kind")
    if publisher.name is not None:
        yield Triple(point, NamedNode(f"{VCARD}fn"), Literal(publisher.name))
    way = "hasEmail" if contact.startswith("mailto:") else "hasURL"
    yield Triple(point, NamedNode(VCARD + way), NamedNode(contact))


def _dates(subject: NamedNode, about: DatasetDescription) -> Iterator[Triple]:
    """The dates of the first publication, where it is known, and of the last."""
    times = (("issued", about.issued), ("modified", about.modified))
    for name, time in times:
        if time is not None:
            date = Literal(time, datatype=NamedNode(f"{XSD}dateTime"))
            yield Triple(subject, NamedNode(DCTERMS + name), date)


def _languages(subject: NamedNode, tags: tuple[str, ...]) -> Iterator[Triple]:
    codes = dict.fromkeys(LANGUAGE_CODES.get(tag.partition("-")[0]) for tag in tags)
    for code in codes:
        if code is not None:
            language = f"{_EU}language/{code}"
            yield from _linked(subject, f"{DCTERMS}language", language, "LinguisticSystem")


def _access(about: DatasetDescription) -> str:
    return f"{_EU}access-right/{'PUBLIC' if about.is_public else 'RESTRICTED'}"


def _linked(subject: NamedNode, property_: str, value: str, class_: str) -> Iterator[Triple]:
    """A statement and the class of its object; a class without a namespace is from DCTERMS."""
    yield Triple(subject, NamedNode(property_), NamedNode(value))
    yield _type(NamedNode(value), class_ if ":" in class_ else DCTERMS + class_)


def _type(subject: NamedNode, class_: str) -> Triple:
    return Triple(subject, NamedNode(f"{RDF}type"), NamedNode(class_))


def _text(subject: NamedNode, property_: str, text: str, language: str) -> Triple:
    return Triple(subject, NamedNode(property_), Literal(text, language=language))
