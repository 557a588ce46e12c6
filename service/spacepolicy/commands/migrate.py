"""`spacepolicy migrate`: converts data of an earlier version of the ontology."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pyoxigraph import Literal, Quad

from spacepolicy import settings
from spacepolicy.commands.fmt import project_prefixes
from spacepolicy.commands.options import add_option
from spacepolicy.engine.remote_protocol import RemoteEndpoints, bearer
from spacepolicy.errors import EngineError, StoreError, UsageError
from spacepolicy.knowledge.migrations import Step, StepEffect, migrated, read_migration, told
from spacepolicy.settings import Settings
from spacepolicy.text_files import read_text
from spacepolicy.turtle_format.printing import PRINTED, change_file


def add_arguments(parser: ArgumentParser) -> None:
    """Add the version, what to migrate, and the options for endpoints."""
    parser.add_argument("version", metavar="VERSION", help="the version to carry data over to")
    parser.add_argument(
        "places",
        nargs="+",
        metavar="PATH|URL",
        help="Turtle or TriG files, folders of them, or the URL of a SPARQL endpoint",
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be changed")
    parser.add_argument(
        "--update-url", metavar="URL", help="where the endpoint takes updates (where it is asked)"
    )
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE", help="holds the token that the endpoint asks for"
    )
    add_option(parser, "content", "the folder of migrations/")


def run(given: Namespace, chosen: Settings) -> int:
    """Migrate the given files, folders and endpoints."""
    return migrate(
        chosen,
        given.version,
        given.places,
        dry_run=given.dry_run,
        update_url=given.update_url,
        token_file=given.token_file,
    )


def migrate(
    chosen: Settings,
    version: str,
    places: Sequence[str],
    *,
    dry_run: bool = False,
    update_url: str | None = None,
    token_file: Path | None = None,
) -> int:
    """Migrate files, folders or endpoints to a version, and print what was found and changed.

    Raises: UsageError where there is no such migration or a place cannot be migrated;
    FindingsError where a file cannot be read; EngineError where an endpoint refuses.
    """
    content = settings.content_directory(chosen, Path.cwd())
    if content is None:
        raise UsageError("There is no content with migrations.")
    steps = read_migration(content.path, version)
    for place in places:
        if place.startswith(("http://", "https://")):
            token = None if token_file is None else token_file.read_text(encoding="utf-8").strip()
            credentials = None if token is None else bearer(token)
            seconds = chosen.write_timeout
            store = RemoteEndpoints(place, update_url or place, seconds, credentials)
            try:
                effects = _remotely(store, steps, dry_run=dry_run)
            except StoreError as error:  # status 1, as for findings in files; 2 is for usage
                raise EngineError(str(error)) from error
            _tell(place, effects, dry_run=dry_run)
        else:
            for path in _files(Path(place)):
                _tell(str(path), _in_file(chosen, path, steps, dry_run=dry_run), dry_run=dry_run)
    return 0


def _files(place: Path) -> Iterator[Path]:
    if place.is_dir():
        yield from sorted(path for path in place.rglob("*") if _is_of_graphs(path))
    elif place.is_file() and _is_of_graphs(place):
        yield place
    else:
        kinds = ", ".join(sorted(PRINTED))
        message = f"{place} is no folder, file ({kinds}) or URL of an endpoint."
        raise UsageError(message)


def _is_of_graphs(path: Path) -> bool:
    """Whether the file has graphs; of tables, only those of the background do."""
    return path.suffix in PRINTED and (path.suffix != ".csv" or path.parent.name == "background")


def _in_file(
    chosen: Settings, path: Path, steps: Sequence[Step], *, dry_run: bool
) -> list[StepEffect]:
    effects: list[StepEffect] = []

    def change(quads: Iterable[Quad]) -> Iterable[Quad]:
        after, found = migrated(quads, steps)
        effects.extend(found)
        return after

    prefixes = project_prefixes(chosen)
    after = change_file(read_text(path), change, path=str(path), prefixes=prefixes)
    if not dry_run and any(effect.removed or effect.added for effect in effects):
        path.write_bytes(after.encode())
    return effects


def _remotely(store: RemoteEndpoints, steps: Sequence[Step], *, dry_run: bool) -> list[StepEffect]:
    """Run each step at the endpoint: how much it found before and would still find after."""
    effects: list[StepEffect] = []
    for step in steps:
        found = _count(store, step)
        if found and not dry_run:
            store.update(step.update)
            left = _count(store, step)
            effects.append(StepEffect(step, found, found - left, found - left))
        else:
            effects.append(StepEffect(step, found, found, found))
    return effects


def _count(store: RemoteEndpoints, step: Step) -> int:
    """How much the step would change at the endpoint."""
    values = [value for row in store.select(step.count) for value in row]
    return sum(int(each.value) for each in values[:1] if isinstance(each, Literal))


def _tell(place: str, effects: Sequence[StepEffect], *, dry_run: bool) -> None:
    found = sum(effect.found for effect in effects)
    done = "would be changed" if dry_run else "changed"
    print(f"{place}: {f'{found} {done}' if found else 'nothing to change'}")
    for line in told(effects):
        print(line)
