"""`spacepolicy check`: the results of all gates for the files, for people and for programs."""

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path

from spacepolicy import settings
from spacepolicy.commands.changed_files import changed_files
from spacepolicy.commands.check_formats import MACHINE_FORMATS, finding_lines, verdict_line
from spacepolicy.commands.gate_runner import TimedResult, run_gates
from spacepolicy.commands.options import add_option
from spacepolicy.errors import FindingsError, UsageError
from spacepolicy.knowledge.changed_part import part_of
from spacepolicy.knowledge.changes import concerned, read_changes
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.gates import GATES
from spacepolicy.knowledge.checks.result import Gate, count
from spacepolicy.settings import Settings

FORMATS = ("text", *MACHINE_FORMATS)
_CLEAR = "\x1b[2K\r"
"""Empties the line of a terminal (ECMA-48 EL and CR)."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the gates to run, and how findings are printed; `--help` lists the gates."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = f"gates:\n{gate_list()}\n\n{parser.epilog}"
    parser.add_argument("gates", nargs="*", metavar="GATE", help="a gate (all of them)")
    parser.add_argument(
        "--format", choices=FORMATS, default="text", help="how findings are printed (text)"
    )
    parser.add_argument(
        "--since", metavar="REV", help="judge only what has changed since that git revision"
    )
    add_option(parser, "content", "the folder to check")
    add_option(parser, "texts")


def run(given: Namespace, chosen: Settings) -> int:
    """Check with the given arguments."""
    return check(chosen, given.gates, given.format, given.since)


def check(chosen: Settings, names: Sequence[str], form: str, since: str | None = None) -> int:
    """Print the results of the named gates, of all where none is named; return 1 where one finds an
    error, 2 where one could not run.

    `since` names a git revision: only the changes since then are checked.

    Raises: UsageError where a gate or the revision is unknown, or there is no content.
    """
    gates: Sequence[Gate] = chosen_gates(names)
    content = settings.content_directory(chosen, Path.cwd())
    if content is None:
        raise UsageError("There is no content to check.")
    texts = settings.texts_directory(chosen)
    material = CheckContext(
        content.path, packaged=content.packaged, texts=texts, language=settings.language()
    )
    if since is not None:
        gates = _concerned(material, gates, since)
    judged = []
    for each in run_gates(gates, material, _running):
        judged.append(each)
        _running("")
        if form == "text":
            print(verdict_line(each), flush=True)
    for line in finding_lines(judged) if form == "text" else MACHINE_FORMATS[form](judged):
        print(line)
    return _status(judged)


def _concerned(material: CheckContext, gates: Sequence[Gate], since: str) -> Sequence[Gate]:
    """The gates that check what has changed since the revision; prints which ones are left out."""
    before = changed_files(material.content, since)
    if not before:
        print(f"No file differs from {since}.", file=sys.stderr)
        return ()
    try:
        changes = read_changes(material, before)
    except FindingsError:
        return [gate for gate in gates if gate.name == "syntax"] or gates
    run, left_out = concerned([gate.name for gate in gates], changes)
    kinds = ", ".join(sorted(changes.kinds))
    files = count(len(changes.files), "file")
    print(f"{files} changed since {since} ({kinds or 'no statement'}).", file=sys.stderr)
    if left_out:
        print(f"Left out, for `spacepolicy check`: {', '.join(left_out)}.", file=sys.stderr)
    return [part_of(gate, changes) for gate in gates if gate.name in run]


def _running(what: str) -> None:
    """Show on a terminal which gates are running; nothing elsewhere, where each line would stay."""
    if sys.stderr.isatty():
        print(f"{_CLEAR}{what}", end="", file=sys.stderr, flush=True)


def _status(judged: Sequence[TimedResult]) -> int:
    for each in judged:
        if each.unable:
            print(f"{each.gate.name} could not run: {each.unable}", file=sys.stderr)
    if any(each.unable for each in judged):
        return 2
    return 1 if any(each.errors for each in judged) else 0


def chosen_gates(names: Sequence[str]) -> tuple[Gate, ...]:
    """The gates with those names in the table's order; all where none is named.

    Raises: UsageError where a name is no gate's.
    """
    known = {gate.name: gate for gate in GATES}
    for name in names:
        if name not in known:
            raise UsageError(f"{name!r} is no gate; there are: {', '.join(known)}.")
    return tuple(gate for gate in GATES if not names or gate.name in names)


def gate_list() -> str:
    """The gates and the rule that each checks, a line each, for the help."""
    return "\n".join(f"  {gate.name:<13} {gate.holds}" for gate in GATES)
