"""The command line: arguments become a call of a command."""

import argparse
import sys
import unicodedata
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeAlias

from spacepolicy import settings
from spacepolicy.commands.recorded import recorded
from spacepolicy.errors import (
    DamagedError,
    FindingsError,
    ProblemError,
    SpacepolicyError,
    UsageError,
)
from spacepolicy.settings import Settings

_CONNECTIONS: Final = (
    ("--max-connections", int, "N", "connections; fewer where there are few descriptors (1024)"),
    ("--max-connections-per-address", int, "N", "of them from one address; 0: half of all (0)"),
    ("--head-timeout", float, "SECONDS", "how long a request's head may take to arrive (10)"),
    ("--body-timeout", float, "SECONDS", "a body, and a second more each --min-rate bytes (20)"),
    ("--idle-timeout", float, "SECONDS", "how long a connection is kept between requests (75)"),
    ("--send-timeout", float, "SECONDS", "how long a client may take less than --min-rate (30)"),
    ("--min-rate", int, "BYTES", "bytes a second that a client sends or takes at least (1024)"),
)
"""The options of `serve` about connections: name, type, unit and help."""
Command = Callable[[argparse.Namespace, Settings], int]
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
_FAILED: Final = 1
_SHOWN_BEFORE: Final = 60
"""A line is shown from so many characters before its mistake, to be read on one line."""
_STORE: Final = "the folder of revisions; for serve and query also an endpoint elsewhere"
_COULD_NOT_RUN: Final = 2
_NEW: Final = "Print a new token alone on one line, this once: only its hash is kept."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name; its exit status."""
    parser = _parser()
    given = parser.parse_args(arguments)
    given.command = given.command or _default_command(parser, given)
    try:
        chosen = settings.load(vars(given), settings.environment(), Path.cwd(), recorded)
        command: Command = given.command
        return command(given, chosen)
    except FindingsError as error:
        return _fail(error, _FAILED)
    except ProblemError as error:
        remedy = f" {error.remedy}" if isinstance(error, DamagedError) else ""
        return _fail(f"{error.title}: {error.detail}{_marked(error)}{remedy}", _FAILED)
    except BrokenPipeError:
        sys.stderr.close()
        return _FAILED
    except (SpacepolicyError, OSError) as error:
        return _fail(error, _COULD_NOT_RUN)
    except KeyboardInterrupt:
        return 130


def _marked(error: ProblemError) -> str:
    """The line of a mistake with a caret below its place; nothing where it has no place."""
    line, column = error.extras.get("text"), error.extras.get("column")
    if not isinstance(line, str) or not isinstance(column, int):
        return ""
    start = max(column - 1 - _SHOWN_BEFORE, 0)
    shown, before = line[start : start + 2 * _SHOWN_BEFORE], line[start : column - 1]
    blanks = "".join(_blank(character) for character in before)
    return f"\n\n  {shown}\n  {blanks}^"


def _blank(character: str) -> str:
    """What is as wide as the character on a terminal."""
    if character == "\t":
        return "\t"
    return "  " if unicodedata.east_asian_width(character) in "FW" else " "


def _fail(error: object, status: int) -> int:
    print(error, file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    from spacepolicy import __version__

    parser = argparse.ArgumentParser(
        prog="spacepolicy",
        description="Linked data about policy: checked files become a revision, served as SPARQL.",
        epilog="Example: spacepolicy serve --port 8000",
    )
    parser.add_argument("--version", action="version", version=f"spacepolicy {__version__}")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_serve(commands)
    _add_build(commands)
    _add_check(commands)
    _add_cite(commands)
    _add_verify(commands)
    _add_query(commands)
    _add_explain(commands)
    _add_fmt(commands)
    _add_accept(commands)
    _add_terms(commands)
    _add_migrate(commands)
    _add_token(commands)
    _add_transfers(commands)
    _add_bench(commands)
    _add_doctor(commands)
    _add_docs(commands)
    return parser


def _default_command(parser: argparse.ArgumentParser, given: argparse.Namespace) -> Command:
    """No command means `serve`."""
    for name, value in vars(parser.parse_args(["serve"])).items():
        setattr(given, name, value)
    return _serve


def _command(
    commands: Commands,
    name: str,
    command: Command,
    summary: str,
    example: str,
    *,
    add_help: bool = True,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=f"Example: {example}",
        add_help=add_help,
    )
    parser.set_defaults(command=command)
    return parser


def _add_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", metavar="PATH|URL", help=_STORE)
    parser.add_argument(
        "--content", metavar="DIR", help="the folder of ontology/, data/, queries/; or none"
    )
    parser.add_argument(
        "--default-graph",
        choices=["merged", "stored"],
        help="the default graph: all that is known (merged), or what clients put there; a store "
        "that is there says which it has",
    )


def _add_import_timeout(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--import-timeout", type=float, metavar="SECONDS", help="time of an import (3600)"
    )


def _add_serve(commands: Commands) -> None:
    parser = _command(
        commands,
        "serve",
        _serve,
        "Build when the files have changed, then answer over HTTP.",
        "spacepolicy serve --port 8080 --timeout 10",
    )
    _add_store(parser)
    _add_texts(parser)
    parser.add_argument("--host", help="the address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="the port to listen on (8000)")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="time of a query (30)")
    parser.add_argument(
        "--max-timeout", type=float, metavar="SECONDS", help="the most ?timeout= may ask for (30)"
    )
    parser.add_argument(
        "--write-timeout", type=float, metavar="SECONDS", help="time of a write (300)"
    )
    _add_import_timeout(parser)
    parser.add_argument(
        "--max-running", type=int, metavar="N", help="queries evaluated at once (16)"
    )
    parser.add_argument(
        "--max-waiting", type=int, metavar="N", help="queries that wait before a 503 (64)"
    )
    parser.add_argument("--cache-mib", type=int, metavar="MIB", help="answers kept; 0: none (64)")
    parser.add_argument(
        "--memory-mib", type=int, metavar="MIB", help="memory of a query beyond the data (2048)"
    )
    parser.add_argument(
        "--memory-budget-mib",
        type=int,
        metavar="MIB",
        help="memory of the engine's processes together; 0: three quarters of the machine's (0)",
    )
    parser.add_argument(
        "--upload-mib", type=int, metavar="MIB", help="size of an uploaded graph, decoded (256)"
    )
    parser.add_argument(
        "--memory-quads",
        type=int,
        metavar="N",
        help="the most quads served from memory; more are served from disk (5000000)",
    )
    for option, kind, shown, summary in _CONNECTIONS:
        parser.add_argument(option, type=kind, metavar=shown, help=summary)
    parser.add_argument("--public-url", metavar="URL", help="the address the outside knows")
    parser.add_argument(
        "--trusted-proxies",
        metavar="NETWORKS",
        help="addresses or networks whose Forwarded or X-Forwarded-* fields are believed",
    )
    parser.add_argument(
        "--service-origins",
        metavar="ORIGINS",
        help="origins that SERVICE may ask, between commas, as https://example.org (none)",
    )
    parser.add_argument(
        "--service-private",
        action="store_true",
        default=None,
        help="let SERVICE ask them at private addresses too",
    )
    parser.add_argument(
        "--keep-last",
        action="store_true",
        default=None,
        help="serve the last good revision when the files have findings",
    )
    parser.add_argument(
        "--guard",
        choices=("refuse", "warn", "off"),
        help="what becomes of a write that breaks a rule of the dataset (refuse)",
    )
    parser.add_argument(
        "--keep-revisions",
        type=int,
        metavar="N",
        help="revisions whose data are kept, the newest; 0: all (100)",
    )
    parser.add_argument(
        "--read-only", action="store_true", default=None, help="take no writes, whatever the token"
    )
    parser.add_argument(
        "--require-token",
        action="store_true",
        default=None,
        help="answer only those who bring a token; reads need the scope read",
    )


def _add_build(commands: Commands) -> None:
    parser = _command(
        commands,
        "build",
        _build,
        "Check the files, infer, and publish a revision; nothing on a finding.",
        "spacepolicy build",
    )
    _add_store(parser)


class _GateHelp(argparse.Action):
    """Prints the help with the gates, which are known only where they are imported."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        _namespace: argparse.Namespace,
        _values: object,
        _option: str | None = None,
    ) -> None:
        from spacepolicy.commands.check import gate_list

        parser.epilog = f"gates:\n{gate_list()}\n\n{parser.epilog}"
        parser.print_help()
        parser.exit()


def _add_check(commands: Commands) -> None:
    parser = _command(
        commands,
        "check",
        _check,
        "Judge the files by every gate, or by those named: 0 clean, 1 findings, 2 could not run.",
        "spacepolicy check evidence queries --format github",
        add_help=False,
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("-h", "--help", nargs=0, action=_GateHelp, help="show this and the gates")
    parser.add_argument("gates", nargs="*", metavar="GATE", help="a gate (all of them)")
    parser.add_argument(
        "--format",
        choices=["text", "json", "github", "junit"],
        default="text",
        help="how findings are printed (text)",
    )
    parser.add_argument(
        "--since", metavar="REV", help="judge only what has changed since that git revision"
    )
    parser.add_argument("--content", metavar="DIR", help="the folder to check")
    _add_texts(parser)


def _add_cite(commands: Commands) -> None:
    parser = _command(
        commands,
        "cite",
        _cite,
        "The passages where words of a source stand, with their offsets.",
        'spacepolicy cite "some words of the source"',
    )
    parser.add_argument("words", help="words of the source")
    parser.add_argument("--content", metavar="DIR", help="the folder of seeds/ and data/")


def _add_texts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--texts", metavar="DIR", help="copies of texts that are not shipped, named after sources"
    )


def _add_verify(commands: Commands) -> None:
    parser = _command(
        commands,
        "verify",
        _verify,
        "Every quotation and fingerprint against its text: 0 all checked, 1 failed, 3 skipped.",
        "spacepolicy verify a-source --text copy.html",
    )
    parser.add_argument("source", nargs="?", metavar="SOURCE", help="its name or IRI (all sources)")
    parser.add_argument("--text", type=Path, metavar="FILE", help="a copy of the source's text")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--content", metavar="DIR", help="the folder of seeds/ and data/")
    _add_texts(parser)


def _add_query(commands: Commands) -> None:
    parser = _command(
        commands,
        "query",
        _query,
        "Ask a saved query, a file, or standard input (-), of the local revision.",
        "spacepolicy query tasks -f csv",
    )
    _add_store(parser)
    parser.add_argument("query", metavar="FILE|NAME|-", help="what to ask")
    parser.add_argument(
        "-p",
        dest="parameters",
        metavar="name=value",
        action="append",
        default=[],
        help="a parameter of a saved query; again for another row",
    )
    parser.add_argument(
        "-f", dest="format", metavar="FORMAT", help="csv, tsv, json, xml; turtle, jsonld, …"
    )
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="time of the query (30)")
    parser.add_argument(
        "--endpoint", dest="store", metavar="URL", help="ask this endpoint, not the local revision"
    )


def _add_explain(commands: Commands) -> None:
    parser = _command(
        commands,
        "explain",
        _explain,
        "Why a statement holds: rules and axioms, down to the words of the source.",
        "spacepolicy explain '<id/policy/one/task/1>' :concerns '<id/product/two>'",
    )
    _add_store(parser)
    terms = "an IRI, a name with a prefix the ontology declares"
    parser.add_argument("subject", metavar="S", help=f"{terms}; <…> may be relative to the base")
    parser.add_argument("predicate", metavar="P", help=f"{terms}, or a (rdf:type)")
    parser.add_argument("object", metavar="O", help=f"{terms}, or a literal as Turtle writes it")
    parser.add_argument("--format", choices=["text", "json"], default="text", help="(text)")


def _add_fmt(commands: Commands) -> None:
    parser = _command(
        commands,
        "fmt",
        _fmt,
        "Print files of graphs in the one layout, or carry them into another notation.",
        "spacepolicy fmt --check",
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="the files (all of the content)")
    parser.add_argument("--check", action="store_true", help="only say which files differ")
    parser.add_argument(
        "--to",
        choices=("quotes", "csv", "trig"),
        help="write each FILE in this notation instead, and remove it in the old one",
    )
    parser.add_argument("--content", metavar="DIR", help="the folder of ontology/ and data/")


def _add_accept(commands: Commands) -> None:
    parser = _command(
        commands,
        "accept",
        _accept,
        "Show how answers of saved queries differ from what is expected, and take them over.",
        "spacepolicy accept tasks-by-technology",
    )
    parser.add_argument("queries", nargs="*", metavar="QUERY", help="a saved query (all of them)")
    parser.add_argument("--check", action="store_true", help="only show how they differ")
    parser.add_argument("--content", metavar="DIR", help="the folder of queries/ and data/")


def _add_terms(commands: Commands) -> None:
    parser = _command(
        commands,
        "terms",
        _terms,
        "Print the terms and concepts of the ontology, one a line, for the list of a version.",
        "spacepolicy terms > ontology/versions/0.1.0.txt",
    )
    parser.add_argument("--content", metavar="DIR", help="the folder of ontology/ and data/")


def _add_migrate(commands: Commands) -> None:
    parser = _command(
        commands,
        "migrate",
        _migrate,
        "Carry data of an earlier version of the ontology over, and say what was found.",
        "spacepolicy migrate 0.2 data --dry-run",
    )
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
    parser.add_argument("--content", metavar="DIR", help="the folder of migrations/")


def _add_token(commands: Commands) -> None:
    parser = _command(
        commands,
        "token",
        _token,
        "Make, list and revoke access tokens, also while a service runs.",
        "spacepolicy token new --scope write --graph 'https://example.org/mine/*'",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    new = actions.add_parser("new", help="print a new token, this once", description=_NEW)
    new.add_argument(
        "--scope",
        choices=["read", "write", "admin"],
        required=True,
        help="what it is good for; each includes those before it",
    )
    new.add_argument(
        "--graph",
        dest="graphs",
        metavar="PATTERN",
        action="append",
        default=[],
        help="a graph it may write, or the beginning of its IRI and *; again for more (any)",
    )
    list_ = actions.add_parser("list", help="print what is known of each token")
    revoke = actions.add_parser("revoke", help="have a token be none any more")
    revoke.add_argument("identifier", metavar="ID", help="as `token list` shows it")
    for each in (new, list_, revoke):
        each.add_argument("--store", metavar="PATH", help="the folder of revisions")


def _add_transfers(commands: Commands) -> None:
    """The commands that bring a dataset out and in, each with the path it takes."""
    for name, command, path, summary in (
        ("export", _export, "OUT", "Write the whole dataset to a file (.nq, .trig), verified."),
        ("import", _import, "FILE", "Have the graphs of a file in the place of their like."),
        ("backup", _backup, "DIR", "Copy the store with its history, served or not, verified."),
        ("restore", _restore, "DIR", "Put a backup in the place of the store, which stays aside."),
    ):
        example = {"OUT": "dataset.nq", "FILE": "graphs.trig", "DIR": "backups/today"}[path]
        parser = _command(commands, name, command, summary, f"spacepolicy {name} {example}")
        parser.add_argument("path", metavar=path, type=Path)
        _add_store(parser)
        if name == "import":
            _add_import_timeout(parser)


def _export(given: argparse.Namespace, chosen: Settings) -> int:
    from spacepolicy.commands.transfer import export

    return export(chosen, given.path)


def _import(given: argparse.Namespace, chosen: Settings) -> int:
    from spacepolicy.commands.transfer import import_

    return import_(chosen, given.path)


def _backup(given: argparse.Namespace, chosen: Settings) -> int:
    from spacepolicy.commands.transfer import backup

    return backup(chosen, given.path)


def _restore(given: argparse.Namespace, chosen: Settings) -> int:
    from spacepolicy.commands.transfer import restore

    return restore(chosen, given.path)


def _add_bench(commands: Commands) -> None:
    parser = _command(
        commands,
        "bench",
        _bench,
        "How fast this is beside the peers installed, answers compared first.",
        "spacepolicy bench reasoning",
    )
    parser.add_argument("names", nargs="*", metavar="BENCH", help="scale, reasoning (both)")
    parser.add_argument("--full", action="store_true", help="at all sizes; takes an hour")


def _add_doctor(commands: Commands) -> None:
    parser = _command(
        commands,
        "doctor",
        _doctor,
        "What is missing or off on this machine, and the command that mends it.",
        "spacepolicy doctor --deep",
    )
    _add_store(parser)
    parser.add_argument(
        "--deep", action="store_true", help="read every byte of the store, by its checksums"
    )
    parser.add_argument(
        "--repair", action="store_true", help="mend the store from what is whole of it"
    )
    parser.add_argument("--host", help="the address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="the port to listen on (8000)")


def _add_docs(commands: Commands) -> None:
    """Add the command; `--help` lists it where Sphinx, which makes the site, is installed."""
    summary = "Write the documentation as a static site into a folder."
    listed: dict[str, Any] = {"help": summary} if find_spec("sphinx") else {}
    example = "Example: spacepolicy docs site"
    parser = commands.add_parser("docs", description=summary, epilog=example, **listed)
    parser.set_defaults(command=_docs)
    parser.add_argument("path", metavar="OUT", type=Path, help="the folder, new or of a site")
    parser.add_argument("--content", metavar="DIR", help="the checkout whose docs/ are read")


def _docs(given: argparse.Namespace, chosen: Settings) -> int:
    from spacepolicy.commands.docs import docs

    return docs(chosen, given.path, _parser())


def _serve(_: argparse.Namespace, chosen: Settings) -> int:
    from spacepolicy.commands.serve import serve

    return serve(chosen)


def _build(_: argparse.Namespace, chosen: Settings) -> int:
    from spacepolicy.commands.build import build

    build(chosen, report=print)
    return 0


def _check(given: argparse.Namespace, chosen: Settings) -> int:
    from spacepolicy.commands.check import check

    return check(chosen, given.gates, given.format, given.since)


def _cite(given: argparse.Namespace, chosen: Settings) -> int:
    from spacepolicy.commands.cite import cite

    return cite(chosen, given.words)


def _verify(given: argparse.Namespace, chosen: Settings) -> int:
    from spacepolicy.commands.verify import verify

    return verify(chosen, given.source, given.text, as_json=given.json)


def _query(given: argparse.Namespace, chosen: Settings) -> int:
    from spacepolicy.commands.query import query

    parameters: dict[str, list[str]] = {}
    for pair in given.parameters:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"-p takes name=value, not {pair!r}.")
        parameters.setdefault(name, []).append(value)
    return query(chosen, given.query, parameters, given.format)


def _explain(given: argparse.Namespace, chosen: Settings) -> int:
    from spacepolicy.commands.explain import explain

    return explain(chosen, (given.subject, given.predicate, given.object), given.format)


def _fmt(given: argparse.Namespace, chosen: Settings) -> int:
    from spacepolicy.commands.fmt import fmt

    files = [Path(name) for name in given.files]
    return fmt(chosen, files, check=given.check, to=given.to)


def _accept(given: argparse.Namespace, chosen: Settings) -> int:
    from spacepolicy.commands.accept import accept

    return accept(chosen, given.queries, check=given.check)


def _terms(_: argparse.Namespace, chosen: Settings) -> int:
    from spacepolicy.commands.terms import terms

    return terms(chosen)


def _migrate(given: argparse.Namespace, chosen: Settings) -> int:
    from spacepolicy.commands.migrate import migrate

    return migrate(
        chosen,
        given.version,
        given.places,
        dry_run=given.dry_run,
        update_url=given.update_url,
        token_file=given.token_file,
    )


def _token(given: argparse.Namespace, chosen: Settings) -> int:
    from spacepolicy.commands import token

    match given.action:
        case "new":
            return token.new(chosen, given.scope, given.graphs)
        case "list":
            return token.list_(chosen)
        case _:
            return token.revoke(chosen, given.identifier)


def _bench(given: argparse.Namespace, _: Settings) -> int:
    from spacepolicy.commands.bench import bench

    return bench(given.names, full=given.full)


def _doctor(given: argparse.Namespace, chosen: Settings) -> int:
    from spacepolicy.commands.doctor import doctor

    return doctor(chosen, deep=given.deep, repair=given.repair)
