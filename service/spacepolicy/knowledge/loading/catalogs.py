"""The catalogs by which ontology editors find the files of imported ontologies.

Each folder of ontology files that has a `catalog-v001.xml` can be opened by itself when the catalog
has every ontology that belongs to the core. One that only imports the core needs no entry.

Spec: https://www.oasis-open.org/committees/entity/spec-2001-08-06.html
"""

from collections.abc import Iterable, Iterator, Mapping
from os.path import relpath
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from pyoxigraph import NamedNode

from spacepolicy.errors import Finding
from spacepolicy.knowledge.loading.record import FileRecord
from spacepolicy.namespaces import OWL

_NAME: Final = "catalog-v001.xml"
_URI: Final = "{urn:oasis:names:tc:entity:xmlns:xml:catalog}uri"
_VERSION: Final = NamedNode(f"{OWL}versionIRI")


def catalog_findings(
    content: Path, record: FileRecord, belonging: Iterable[str]
) -> Iterator[Finding]:
    """Find catalogs that lack the file of an ontology; `belonging` are those that they must
    have."""
    files = _files(record)
    needed = sorted(files.keys() & set(belonging))
    for catalog in sorted((content / "ontology").rglob(_NAME)):
        name = catalog.relative_to(content).as_posix()
        text = catalog.read_text(encoding="utf-8", errors="replace")
        try:
            listed = _listed(text)
        except ET.ParseError as error:
            yield Finding(name, error.position[0], "catalog", f"this is not XML: {error}.")
            continue
        yield from _wrong(catalog, name, text, listed, files)
        for ontology in needed:
            if ontology not in listed:
                uri = Path(relpath(files[ontology], catalog.parent)).as_posix()
                message = f"the catalog does not list <{ontology}>, so that editors do not find it."
                remedy = f'Add `<uri name="{ontology}" uri="{uri}"/>`.'
                yield Finding(name, None, "catalog", message, remedy)


def _files(record: FileRecord) -> Mapping[str, Path]:
    """The file of each ontology, also by the IRI of its version."""
    found: dict[str, Path] = {}
    for file in record.files:
        if file.path.suffix == ".ttl":
            found |= dict.fromkeys(file.graphs, file.path)
            versions = (quad.object for quad in file.quads if quad.predicate == _VERSION)
            found |= {each.value: file.path for each in versions if isinstance(each, NamedNode)}
    return found


def _listed(text: str) -> Mapping[str, str]:
    root = ET.fromstring(text)  # noqa: S314  # a file of the project's own
    return {each.get("name", ""): each.get("uri", "") for each in root.iter(_URI)}


def _wrong(
    catalog: Path, name: str, text: str, listed: Mapping[str, str], files: Mapping[str, Path]
) -> Iterator[Finding]:
    """Entries without an existing file, or with another file than that of their ontology."""
    lines = text.splitlines()
    for ontology, uri in listed.items():
        found = (catalog.parent / uri).resolve()
        if ontology not in files or files[ontology].resolve() != found:
            line = next((n for n, each in enumerate(lines, 1) if f'"{ontology}"' in each), None)
            message = f"the catalog leads from <{ontology}> to {uri}, which does not declare it."
            remedy = "Name the file that declares it, or remove the entry."
            yield Finding(name, line, "catalog", message, remedy)
