"""The files of a release: version IRIs, the files of the version before, the list of its terms.

The core's version is that of the release. A changed module gets the same version where it had the
core's, else the next one of its own; an unchanged one keeps its version, under which it stays
available.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, final

from pyoxigraph import Literal, NamedNode, Quad

from spacepolicy.errors import UsageError
from spacepolicy.knowledge.checks.context import CheckContext, canonical
from spacepolicy.knowledge.checks.published import FOLDER as VERSIONS
from spacepolicy.knowledge.checks.published import declared_terms
from spacepolicy.knowledge.loading.record import GraphFile
from spacepolicy.knowledge.reasoning.expressions import owl
from spacepolicy.knowledge.version_differences.changes_of_terms import STEPS, Step
from spacepolicy.knowledge.version_differences.versions import (
    Version,
    after,
    read_version,
    written,
)
from spacepolicy.namespaces import DCTERMS, XSD
from spacepolicy.text_files import read_text
from spacepolicy.turtle_format.printing import change_file

_INFO: Final = owl("versionInfo")
_IRI: Final = owl("versionIRI")
_PRIOR: Final = owl("priorVersion")
_MODIFIED: Final = NamedNode(f"{DCTERMS}modified")
_OF_RELEASES: Final = frozenset({_INFO, _IRI, _PRIOR, _MODIFIED})
_UNRELEASED: Final = re.compile(r"^### \[Unreleased\]\n", re.MULTILINE)
_STREAM: Final = re.compile(r"^## Ontology\n", re.MULTILINE)


@final
@dataclass(frozen=True, slots=True)
class Release:
    """The files of a release: the text of each by its name, and a report."""

    files: Mapping[str, str]
    report: tuple[str, ...]


def step_between(old: Version, new: Version) -> Step:
    """The step that leads from one version to the other.

    >>> step_between((0, 2, 0), (0, 3, 0)), step_between((1, 2, 0), (1, 2, 1))
    ('major', 'patch')
    """
    reached: list[Step] = [step for step in STEPS if step != "none" and new >= after(old, step)]
    return reached[-1] if reached else "none"


def release(old: CheckContext, new: CheckContext, version: str, today: date) -> Release:
    """Make the files that turn the new state into the version, after the old state.

    Raises: UsageError where the old state has no version or is kept already.
    """
    before = core_version(old)
    kept = f"{VERSIONS}/{before}"
    if (new.content / kept).exists():
        raise UsageError(f"{kept}/ is there already: version {before} is no longer the last one.")
    then = {file.name: file for file in old.record.files if file.name.startswith("ontology/")}
    files: dict[str, str] = {}
    report: list[str] = []
    for file in new.record.files:
        earlier = then.get(file.name)
        is_core = new.base.ontology.value in file.graphs
        if earlier is None or not (is_core or _differ(earlier, file)):
            continue
        number = _next(_version(earlier), before, version)
        files[file.name] = _raised(file, earlier, number, new.prefixes, today)
        files[f"{kept}/{file.name.removeprefix('ontology/')}"] = read_text(earlier.path)
        report.append(f"{file.name}: {_version(earlier)} → {number}")
    gone = (name for name in then if not (new.content / name).exists())
    for name in gone:
        files[f"{kept}/{name.removeprefix('ontology/')}"] = read_text(then[name].path)
        report.append(f"{name}: gone; {_version(then[name])} stays under its address")
    files |= _catalogs(new, files)
    terms = sorted(iri.removeprefix(old.base.iri) for iri in declared_terms(old.record))
    files[f"{VERSIONS}/{before}.txt"] = "".join(f"{each}\n" for each in terms)
    return Release(files, tuple(report))


def _catalogs(new: CheckContext, files: Mapping[str, str]) -> Mapping[str, str]:
    """The catalogs of ontology editors, which lead from version IRIs to files."""
    moved = {
        f'"{iri.value}"': f'"{iri.value.rpartition("/")[0]}/{_number(files[file.name])}"'
        for file in new.record.files
        if file.name in files
        for iri in (quad.object for quad in file.quads if quad.predicate == _IRI)
        if isinstance(iri, NamedNode)
    }
    found = {}
    for path in sorted((new.content / "ontology").rglob("catalog-v001.xml")):
        before = text = read_text(path)
        for old, now in moved.items():
            text = text.replace(old, now)
        if text != before:
            found[path.relative_to(new.content).as_posix()] = text
    return found


def _number(text: str) -> str:
    found = re.search(r'^  owl:versionInfo "([^"]+)"', text, re.MULTILINE)
    return found[1] if found else ""


def core_version(material: CheckContext) -> str:
    """The version of the core ontology. Raises: UsageError where it has none."""
    for file in material.record.files:
        if material.base.ontology.value in file.graphs and (found := _version(file)):
            return found
    raise UsageError("The core ontology says no version (owl:versionInfo).")


def _version(file: GraphFile) -> str:
    found = (
        q.object.value for q in file.quads if q.predicate == _INFO and isinstance(q.object, Literal)
    )
    return next(found, "")


def _next(own: str, core: str, version: str) -> str:
    """The version of a module in a release: the core's where it had the same before."""
    if own == core or not own:
        return version
    step = step_between(read_version(core), read_version(version))
    return written(after(read_version(own), step))


def _differ(one: GraphFile, other: GraphFile) -> bool:
    """Whether their statements differ, apart from versions and dates."""
    return _said(one) != _said(other)


def _said(file: GraphFile) -> frozenset[Quad]:
    return frozenset(canonical(quad for quad in file.quads if quad.predicate not in _OF_RELEASES))


def _raised(
    file: GraphFile, earlier: GraphFile, number: str, prefixes: Mapping[str, str], today: date
) -> str:
    """The file's text with its new version."""
    ontology = NamedNode(next(iter(file.graphs)))
    prior = next((quad.object for quad in earlier.quads if quad.predicate == _IRI), None)

    def change(quads: Iterable[Quad]) -> Iterator[Quad]:
        for quad in quads:
            if quad.subject != ontology or quad.predicate not in _OF_RELEASES:
                yield quad
        yield Quad(ontology, _INFO, Literal(number))
        yield Quad(ontology, _IRI, NamedNode(f"{ontology.value}/{number}"))
        day = Literal(today.isoformat(), datatype=NamedNode(f"{XSD}date"))
        yield Quad(ontology, _MODIFIED, day)
        if prior is not None:
            yield Quad(ontology, _PRIOR, prior)

    return change_file(read_text(file.path), change, path=file.name, prefixes=prefixes)


def with_heading(changelog: str, version: str) -> str:
    """The changelog with the unreleased ontology entries under the version.

    Raises: UsageError where it has no such section, or the section is empty.
    """
    stream = _STREAM.search(changelog)
    found = _UNRELEASED.search(changelog, stream.end()) if stream else None
    if found is None:
        raise UsageError("CHANGELOG.md has no `### [Unreleased]` below `## Ontology`.")
    behind = re.search(r"^###? ", changelog[found.end() :], re.MULTILINE)
    section = changelog[found.end() :][: behind.start() if behind else None]
    if "- " not in section:
        raise UsageError("CHANGELOG.md says nothing of this version below `### [Unreleased]`.")
    return f"{changelog[: found.end()]}\n### {version}\n{changelog[found.end() :]}"
