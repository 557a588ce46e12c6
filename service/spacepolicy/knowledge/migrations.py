"""Migrations: convert data of an earlier version of the ontology to a later one.

A migration is a folder `migrations/<version>/` of SPARQL updates, carried out in the order of their
names. The `#+` header of each describes what it finds and what it changes, and has a query that
counts the matches.

Spec: https://www.w3.org/TR/sparql11-update/
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast, final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, QuerySolutions, Store

from spacepolicy.errors import Finding, FindingsError, UsageError
from spacepolicy.saved_queries import read_header
from spacepolicy.text_files import read_text
from spacepolicy.turtle_format.order import Term

FOLDER: Final = "migrations"
_KEYS: Final = ("title", "finds", "changes", "count")
_VERSION: Final = re.compile(r"\d+\.\d+")
_PREFIXES: Final = re.compile(r"^PREFIX .*$", re.MULTILINE)
_UNNAMED: Final = NamedNode("urn:x-spacepolicy:default-graph")
"""The name of the default graph while updates run, which only see named graphs."""


@final
@dataclass(frozen=True, slots=True)
class Step:
    """An update: its name, what it finds and changes, the query that counts, and the update."""

    name: str
    title: str
    finds: str
    changes: str
    count: str
    update: str


@final
@dataclass(frozen=True, slots=True)
class StepEffect:
    """The effect of a step: its matches, and the statements that were removed and added."""

    step: Step
    found: int
    removed: int
    added: int


def read_migration(content: Path, version: str) -> tuple[Step, ...]:
    """Return the steps of the migration to a version, in their order.

    Raises: UsageError where there is no such migration; FindingsError where a step is incomplete.
    """
    folder = content / FOLDER
    known = sorted(path.name for path in folder.glob("*") if path.is_dir())
    wanted = version.removesuffix(".0") if version.count(".") == 2 else version
    if _VERSION.fullmatch(wanted) is None or wanted not in known:
        versions = ", ".join(known) or "none"
        raise UsageError(f"There is no migration to version {version}; there are: {versions}.")
    return tuple(_read(path) for path in sorted((folder / wanted).glob("*.ru")))


def _read(path: Path) -> Step:
    text = read_text(path)
    header = read_header(path, text, frozenset(_KEYS))
    if missing := [key for key in _KEYS if not header.get(key)]:
        message = f"the header of a migration needs {', '.join(missing)}."
        raise FindingsError([Finding(str(path), 1, "migration", message)])
    title, finds, changes, count = (str(header[key]).strip() for key in _KEYS)
    prologue = "\n".join(_PREFIXES.findall(text))
    return Step(path.stem, title, finds, changes, f"{prologue}\n{count}", text)


def migrated(quads: Iterable[Quad], steps: Iterable[Step]) -> tuple[list[Quad], list[StepEffect]]:
    """Return the quads after the steps, and the effect of each step.

    Literals keep their lexical forms, in statements that a step moves too: the engine's own forms
    of numbers and language tags are not used.
    """
    kept = {_as_stored(_named(quad)): quad for quad in quads}
    store = Store()
    store.extend(kept)
    effects: list[StepEffect] = []
    for step in steps:
        before = frozenset(store)
        found = counted(store, step)
        store.update(step.update)
        after = frozenset(store)
        effects.append(StepEffect(step, found, len(before - after), len(after - before)))
    written = {stored.object: quad.object for stored, quad in kept.items()}
    return [kept.get(quad) or _unnamed(quad, written) for quad in store], effects


def counted(store: Store, step: Step) -> int:
    """Return the number of the step's matches in the store."""
    for row in cast("QuerySolutions", store.query(step.count)):
        value = row[0]
        return int(value.value) if isinstance(value, Literal) else 0
    return 0


def _as_stored(quad: Quad) -> Quad:
    """Return the quad in the engine's forms of literals and language tags."""
    store = Store()
    store.add(quad)
    return next(store.quads_for_pattern(None, None, None, None))


def _named(quad: Quad) -> Quad:
    graph = _UNNAMED if quad.graph_name == DefaultGraph() else quad.graph_name
    return Quad(quad.subject, quad.predicate, quad.object, graph)


def _unnamed(quad: Quad, written: Mapping[Term, Term]) -> Quad:
    graph = DefaultGraph() if quad.graph_name == _UNNAMED else quad.graph_name
    return Quad(quad.subject, quad.predicate, written.get(quad.object, quad.object), graph)


def told(effects: Iterable[StepEffect]) -> Iterator[str]:
    """Return the report of a migration for people: what each step found, and what it changed."""
    for effect in effects:
        if not effect.found:
            continue
        yield f"  {effect.step.name}: {effect.found} found ({effect.step.finds})"
        changed = f"statements: {effect.removed} fewer, {effect.added} more"
        yield f"    {effect.step.changes}: {changed}"
