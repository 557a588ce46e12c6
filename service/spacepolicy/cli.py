"""The command line: parses the arguments and runs the command that they name.

A command is a module of `commands` with `add_arguments(parser)` and `run(given, chosen)`. Only the
module of the given command is imported, so that the others do not slow its start.
"""

import argparse
import sys
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Protocol, cast, final

from spacepolicy import __version__, settings
from spacepolicy.commands.recorded import recorded
from spacepolicy.errors import DamagedError, FindingsError, ProblemError, SpacepolicyError
from spacepolicy.settings import Settings

_FAILED: Final = 1
_COULD_NOT_RUN: Final = 2
_INTERRUPTED: Final = 130
"""128 and the number of SIGINT, as shells report it."""
_SHOWN_BEFORE: Final = 60
"""How many characters of a line are shown before its mistake, so that it fits on one line."""


@final
@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A command: its name, what it does, and an example of its arguments.

    Its module has its name, but for `import`, which is a keyword of Python. `needs` is a library
    without which `--help` does not list it.
    """

    name: str
    summary: str
    example: str
    needs: str | None = None

    @property
    def module(self) -> str:
        """The full name of its module."""
        return f"spacepolicy.commands.{'import_' if self.name == 'import' else self.name}"


COMMANDS: Final = (
    CommandEntry(
        "serve",
        "Build when the files have changed, then answer over HTTP.",
        "--port 8080 --timeout 10",
    ),
    CommandEntry(
        "build", "Check the files, infer, and publish a revision; nothing on a finding.", ""
    ),
    CommandEntry(
        "check",
        "Judge the files by every gate, or by those named: 0 clean, 1 findings, 2 could not run.",
        "evidence queries --format github",
    ),
    CommandEntry(
        "cite",
        "Print the passages where words of a source stand, with their offsets.",
        '"some words of the source"',
    ),
    CommandEntry(
        "verify",
        "Compare quotations and fingerprints with their texts: 0 all checked, 1 failed, 3 skipped.",
        "a-source --text copy.html",
    ),
    CommandEntry(
        "annotate",
        "Propose what the words of a text say: parts, acts, names, dates, quantities, duties.",
        "a-source --json",
    ),
    CommandEntry(
        "query",
        "Ask a saved query, a file, or standard input (-), of the local revision.",
        "tasks -f csv",
    ),
    CommandEntry(
        "explain",
        "Why a statement holds: rules and axioms, down to the words of the source.",
        "'<id/policy/one/task/1>' :concerns '<id/product/two>'",
    ),
    CommandEntry(
        "fmt",
        "Print files of graphs in the one layout, or carry them into another notation.",
        "--check",
    ),
    CommandEntry(
        "accept",
        "Show how answers of saved queries differ from what is expected, and write them down.",
        "tasks-by-technology",
    ),
    CommandEntry(
        "terms",
        "Print the terms and concepts of the ontology, one a line, for the list of a version.",
        "> ontology/versions/0.1.0.txt",
    ),
    CommandEntry(
        "new",
        "Write a scaffold of a term, shape, query or document, and say what is to be filled in.",
        "class FisheryZone --parent Region --in regions",
    ),
    CommandEntry(
        "diff",
        "Compare two states of the ontology and data: the version step, and what breaks for whom.",
        "v0.2.0 --format md",
    ),
    CommandEntry(
        "release",
        "Write a version of the ontology: IRIs, changelog, the version before, migration tried.",
        "0.3.0 --dry-run",
    ),
    CommandEntry(
        "watch",
        "Check what has changed whenever a file is saved, and rebuild when nothing is wrong.",
        "",
    ),
    CommandEntry(
        "migrate",
        "Carry data of an earlier version of the ontology over, and say what was found.",
        "0.2 data --dry-run",
    ),
    CommandEntry(
        "token",
        "Make, list and revoke access tokens, also while a service runs.",
        "new --scope write --graph 'https://example.org/mine/*'",
    ),
    CommandEntry(
        "export",
        "Write the whole dataset to a file (.nq, .trig), verified, or as a folder of Parquet.",
        "--format parquet tables",
    ),
    CommandEntry(
        "import", "Replace graphs of the store by those of the same names in a file.", "graphs.trig"
    ),
    CommandEntry(
        "backup", "Copy the store with its history, served or not, verified.", "backups/today"
    ),
    CommandEntry(
        "restore", "Replace the store by a backup; the store is moved aside.", "backups/today"
    ),
    CommandEntry(
        "publish",
        "Write the revision in force into another SPARQL 1.1 store, whole or by patch; checked.",
        "https://store.example.org/sparql --dry-run",
    ),
    CommandEntry(
        "bench",
        "Measure how fast this is beside the peers installed; answers are compared first.",
        "reasoning",
    ),
    CommandEntry(
        "doctor",
        "Find what is missing or wrong on this machine, and the command that repairs it.",
        "--deep",
    ),
    CommandEntry(
        "docs", "Write the documentation as a static site into a folder.", "site", needs="sphinx"
    ),
)
"""Every command, in the order of `--help`."""
_NAMES: Final = frozenset(each.name for each in COMMANDS)
_DEFAULT: Final = "serve"
"""The command that runs where none is given."""


class CommandModule(Protocol):
    """The interface of the module of a command."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments of the command."""

    def run(self, given: argparse.Namespace, chosen: Settings) -> int:
        """Run the command; return its exit status."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name; return its exit status."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    given = program([word for word in words if word in _NAMES][:1]).parse_args(words)
    if given.run is None:
        given = program([_DEFAULT]).parse_args([_DEFAULT])
    try:
        chosen = settings.load(vars(given), settings.environment(), Path.cwd(), recorded)
        status: int = given.run(given, chosen)
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
        return _INTERRUPTED
    return status


def _marked(error: ProblemError) -> str:
    """The line of a mistake with a caret below its place; empty where the error has no place."""
    line, column = error.extras.get("text"), error.extras.get("column")
    if not isinstance(line, str) or not isinstance(column, int):
        return ""
    start = max(column - 1 - _SHOWN_BEFORE, 0)
    shown, before = line[start : start + 2 * _SHOWN_BEFORE], line[start : column - 1]
    blanks = "".join(_blank(character) for character in before)
    return f"\n\n  {shown}\n  {blanks}^"


def _blank(character: str) -> str:
    """Blank text as wide as the character is on a terminal."""
    if character == "\t":
        return "\t"
    return "  " if unicodedata.east_asian_width(character) in "FW" else " "


def _fail(error: object, status: int) -> int:
    print(error, file=sys.stderr)
    return status


def program(filled: Collection[str] = _NAMES) -> argparse.ArgumentParser:
    """Return the parser of the program; only the commands that are `filled` have arguments."""
    parser = argparse.ArgumentParser(
        prog="spacepolicy",
        description="Linked data about policy: checked files become a revision, served as SPARQL.",
        epilog="Example: spacepolicy serve --port 8000",
    )
    parser.add_argument("--version", action="version", version=f"spacepolicy {__version__}")
    parser.set_defaults(run=None, program=program)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for entry in COMMANDS:
        listed: dict[str, Any] = {"help": entry.summary} if _is_listed(entry) else {}
        added = commands.add_parser(
            entry.name,
            description=entry.summary,
            epilog=f"Example: spacepolicy {entry.name} {entry.example}".rstrip(),
            **listed,
        )
        if entry.name in filled:
            command = cast("CommandModule", import_module(entry.module))
            command.add_arguments(added)
            added.set_defaults(run=command.run)
    return parser


def _is_listed(entry: CommandEntry) -> bool:
    return entry.needs is None or find_spec(entry.needs) is not None
