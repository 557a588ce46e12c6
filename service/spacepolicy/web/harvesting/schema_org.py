"""The dataset in schema.org, embedded in pages for search engines.

Spec: https://schema.org/Dataset, https://html.spec.whatwg.org/#data-block
"""

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from pyoxigraph import Literal, NamedNode

from spacepolicy.namespaces import DCTERMS
from spacepolicy.web.dumps import DUMPS, Dump
from spacepolicy.web.harvesting.dataset_metadata import DCAT
from spacepolicy.web.harvesting.dcat_ap import DatasetDescription
from spacepolicy.web.harvesting.dump_facts import DumpFacts


def dataset_block(
    about: DatasetDescription, language: str, facts: Mapping[Dump, DumpFacts] | None = None
) -> Markup:
    """Return the dataset as JSON-LD for a data block of a page, escaped for HTML."""
    members = dataset_members(about, language, facts or {})
    text = json.dumps(members, ensure_ascii=False, indent=1)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 # HTML's characters are escaped as in JSON


def dataset_members(
    about: DatasetDescription, language: str, facts: Mapping[Dump, DumpFacts]
) -> dict[str, Any]:
    """Return the members of the dataset that have a value."""
    own = about.metadata
    members = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": about.dataset.value,
        "name": own.text(f"{DCTERMS}title", language),
        "description": own.text(f"{DCTERMS}description", language),
        "url": f"{about.origin}/",
        "license": [each.value for each in own.values(f"{DCTERMS}license")],
        "creator": _agents(about, f"{DCTERMS}creator"),
        "publisher": _publisher(about),
        "inLanguage": list(own.languages),
        "keywords": _keywords(about, language),
        "spatialCoverage": _places(about, language),
        "temporalCoverage": _time(about),
        "isAccessibleForFree": True if about.is_public else None,
        "version": about.version,
        "datePublished": about.issued,
        "dateModified": about.modified,
        "includedInDataCatalog": {"@type": "DataCatalog", "url": about.catalog.value},
        "distribution": [_download(about, dump, facts.get(dump)) for dump in DUMPS],
    }
    return {name: value for name, value in members.items() if value not in (None, [], "")}


def _download(about: DatasetDescription, dump: Dump, facts: DumpFacts | None) -> dict[str, Any]:
    measured = (
        {}
        if facts is None
        else {
            "contentSize": f"{facts.size_bytes} B",
            "sha256": facts.sha256,
        }
    )
    return {
        "@type": "DataDownload",
        "name": dump.label,
        "contentUrl": about.origin + dump.path,
        "encodingFormat": dump.media_type,
        **measured,
    }


def _agents(about: DatasetDescription, property_: str) -> list[dict[str, str]]:
    """The agents of a property. Their kind is not known; `Organization` is what search engines
    accept."""
    found = []
    for value in about.metadata.values(property_):
        names = about.metadata.named(value)
        if names:
            iri = {"@id": value.value} if isinstance(value, NamedNode) else {}
            found.append({"@type": "Organization", "name": names[0].value, **iri})
    return found


def _publisher(about: DatasetDescription) -> list[dict[str, Any]]:
    publisher = about.publisher
    if publisher.name is None:
        return _agents(about, f"{DCTERMS}publisher")
    members: dict[str, Any] = {"@type": "Organization", "name": publisher.name}
    if publisher.homepage is not None:
        members["url"] = publisher.homepage
    if publisher.contact_iri is not None:
        is_mail = publisher.contact_iri.startswith("mailto:")
        way = {"email": publisher.contact} if is_mail else {"url": publisher.contact}
        members["contactPoint"] = {"@type": "ContactPoint", **way}
    return [members]


def _places(about: DatasetDescription, language: str) -> list[dict[str, str]]:
    """The places with their names in the language, else in any."""
    coverage, found = about.metadata.coverage, []
    for place in coverage.whole.places:
        names = sorted(coverage.named(place), key=lambda name: name.language != language)
        if names:
            found.append({"@type": "Place", "@id": place.value, "name": names[0].value})
    return found


def _time(about: DatasetDescription) -> str | None:
    """The temporal coverage as an ISO 8601 interval."""
    whole = about.metadata.coverage.whole
    return None if whole.first is None else f"{whole.first}/{whole.last}"


def _keywords(about: DatasetDescription, language: str) -> list[str]:
    texts = [each for each in about.metadata.values(f"{DCAT}keyword") if isinstance(each, Literal)]
    return [each.value for each in texts if each.language in (language, None)]
