"""`spacepolicy query`: runs a query of the local revision or an endpoint, and prints the answer."""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from spacepolicy import formats, settings
from spacepolicy.commands.build import EMPTY, MERGED, build, pool, store_path
from spacepolicy.commands.credentials import endpoint_credentials
from spacepolicy.commands.endpoint import endpoint_revision, endpoint_url
from spacepolicy.commands.options import STORE, add_option, add_options
from spacepolicy.engine.answer_frames import Data, Header
from spacepolicy.engine.hints import Hint
from spacepolicy.engine.port import Engine, ask
from spacepolicy.engine.remote import Remote
from spacepolicy.engine.requests import Query
from spacepolicy.errors import UsageError
from spacepolicy.parameter_values import NamedValue, meant, text_for
from spacepolicy.publishing.served_store import ServedStore
from spacepolicy.saved_queries import SavedQuery, bind, named_things, read_query, with_iris
from spacepolicy.settings import Settings
from spacepolicy.store import revision_folders as revisions
from spacepolicy.store.history import History
from spacepolicy.store.revision import Revision


def add_arguments(parser: ArgumentParser) -> None:
    """Add the query, its parameters and the format of its answer."""
    add_options(parser, *STORE)
    parser.add_argument(
        "query", metavar="FILE|NAME|-", help="a file, a saved query, or - for stdin"
    )
    parser.add_argument(
        "-p",
        dest="parameters",
        metavar="name=value",
        action="append",
        default=[],
        help="a parameter of a saved query; again for another row",
    )
    parser.add_argument(
        "-f", dest="format", metavar="FORMAT", help="csv, arrow, parquet, json …; turtle, jsonld …"
    )
    add_option(parser, "timeout")
    parser.add_argument(
        "--endpoint", dest="store", metavar="URL", help="ask this endpoint, not the local revision"
    )


def run(given: Namespace, chosen: Settings) -> int:
    """Run the given query.

    Raises: UsageError where a parameter is not name=value.
    """
    parameters: dict[str, list[str]] = {}
    for pair in given.parameters:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"-p takes name=value, not {pair!r}.")
        parameters.setdefault(name, []).append(value)
    return query(chosen, given.query, parameters, given.format)


def query(
    chosen: Settings, asked: str, parameters: Mapping[str, Sequence[str]], format: str | None
) -> int:
    """Print the answer of a query. The local revision is built first where there is none, or the
    files have changed; where the store is an endpoint, the endpoint is queried.

    Raises: ProblemError where the query fails, UsageError where there is no such query or format.
    """
    saved, text = _asked(chosen, asked, parameters)
    elsewhere = endpoint_url(chosen)
    revision = endpoint_revision(chosen) if elsewhere else local_revision(chosen)
    formats_wanted = (
        _format(format or "tsv", "solutions", "columns"),
        _format(format or "turtle", "graph"),
    )
    engine: Engine = (
        _remote(elsewhere, chosen, revision) if elsewhere else pool(revision, chosen, spares=1)
    )
    try:
        if saved is not None:
            text = bind(saved, _with_iris(engine, chosen, saved, parameters, revision.prefixes))
        request = Query(
            text,
            *formats_wanted,
            prefixes=revision.prefixes,
            hints=True,
            unlisted=revision.unlisted(revision.mode or chosen.default_graph),
        )
        for frame in ask(engine, request, chosen.timeout):
            if isinstance(frame, Header):
                _tell(frame.hints)
            if isinstance(frame, Data):
                sys.stdout.buffer.write(frame.payload)
        sys.stdout.buffer.flush()
    finally:
        engine.close()
    return 0


def _remote(url: str, chosen: Settings, revision: Revision) -> Engine:
    """The engine over the endpoint, for the revision that is published there, if there is one.

    Raises: ProblemError where it does not answer, or holds a revision in part.
    """
    remote = Remote(url, chosen.timeout, credentials=endpoint_credentials(url))
    ServedStore(url, remote, History([revision])).look()
    return remote


def _tell(hints: Sequence[Hint]) -> None:
    """Print hints about the query to standard error."""
    for hint in hints:
        print(f"hint: {hint.worded()}", file=sys.stderr)


def _asked(
    chosen: Settings, asked: str, parameters: Mapping[str, Sequence[str]]
) -> tuple[SavedQuery | None, str]:
    """The saved query that `asked` names, else None; and the text."""
    if asked == "-":
        return None, sys.stdin.read().removeprefix("\ufeff")
    path = _path(chosen, asked)
    if not parameters and path.parent.name != "queries":
        return None, path.read_text(encoding="utf-8-sig")
    saved = read_query(path)
    return saved, saved.text


def _with_iris(
    engine: Engine,
    chosen: Settings,
    query: SavedQuery,
    values: Mapping[str, Sequence[str]],
    prefixes: Mapping[str, str],
) -> Mapping[str, Sequence[str]]:
    """The values, with an IRI for each name of a thing.

    Raises: BadParameterError, with the choices, where no thing or several have the name.
    """

    def rows(text: str) -> list[list[str]]:
        asking = ask(engine, Query(text, prefixes=prefixes), chosen.timeout)
        body = b"".join(frame.payload for frame in asking if isinstance(frame, Data))
        table = json.loads(body)
        found = table["results"]["bindings"]
        return [[row[name]["value"] for name in table["head"]["vars"] if name in row]
                for row in found]  # fmt: skip

    found = {}
    for parameter, word in named_things(query, values, prefixes):
        named = [(iri, by) for iri, by in rows(text_for(word))]
        options = rows(parameter.options) if parameter.options else []
        choices = [NamedValue(row[0], row[1] if row[1:] else "") for row in options]
        found[parameter.name, word] = meant(parameter.name, word, named, choices)
    return with_iris(query, values, prefixes, found)


def _path(chosen: Settings, asked: str) -> Path:
    """The file with that name, else the saved query with that name."""
    if Path(asked).is_file():
        return Path(asked)
    content = settings.content_directory(chosen, Path.cwd())
    folder = content.path / "queries" if content else None
    saved = folder / f"{asked}.rq" if folder else None
    if saved is None or not saved.is_file():
        names = ", ".join(sorted(path.stem for path in folder.glob("*.rq"))) if folder else "none"
        raise UsageError(f"{asked}: no file, and no saved query; there are: {names}.")
    return saved


def local_revision(chosen: Settings) -> Revision:
    """The revision of these files; built first where it is not in force already. A store without
    files that was named is used as it is."""
    if chosen.content == "none" or (chosen.content is None and chosen.store is not None):
        current = revisions.current(store_path(chosen))
        if current is not None and (chosen.content or current.content_sha256 in (EMPTY, MERGED)):
            return current
    return build(chosen, report=lambda line: print(line, file=sys.stderr))


def _format(name: str, *kinds: formats.Kind) -> str | None:
    """The format's name, None where it is of another kind.

    Raises: UsageError where there is no such format, or its library is missing.
    """
    advice = formats.advice([name])
    if formats.named(name) is None or advice:
        names = ", ".join(each.name for each in formats.offered("solutions", "columns", "graph"))
        raise UsageError(f"{name!r} names no format here; there are {names}.{advice}")
    found = formats.named(name, formats.offered(*kinds))
    return found.name if found else None
