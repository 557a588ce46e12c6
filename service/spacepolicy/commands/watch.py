"""`spacepolicy watch`: whenever a file is saved, checks what has changed, and builds."""

import signal
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Final

from spacepolicy import settings
from spacepolicy.commands.build import build
from spacepolicy.commands.check import check
from spacepolicy.commands.git_trees import FOLDERS, is_revision
from spacepolicy.commands.options import STORE, add_options
from spacepolicy.errors import FindingsError, SpacepolicyError, UsageError
from spacepolicy.settings import Settings

_POLL_SECONDS: Final = 0.4
"""How often files are looked at: a save is noticed before the user reaches the terminal."""
_SAVED_BY_EDITORS: Final = (".swp", ".swx", ".tmp", "~")
"""The suffixes of files that editors write beside those that are saved."""
Stamps = Mapping[str, tuple[int, int]]


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the store, and the revision from which changes count."""
    parser.add_argument(
        "--since", metavar="REV", default="HEAD", help="check what has changed since it (HEAD)"
    )
    parser.add_argument("--once", action="store_true", help="end after the first save")
    add_options(parser, *STORE)


def run(given: Namespace, chosen: Settings) -> int:
    """Watch until the command is interrupted (Ctrl-C); return 0 then.

    Raises: UsageError where there is no checkout to watch.
    """
    content = settings.content_directory(chosen, Path.cwd())
    if content is None or content.packaged:
        raise UsageError("There is no checkout here to watch; name it with --content.")
    since = given.since if is_revision(content.path, given.since) else None
    signal.signal(signal.SIGTERM, _interrupt)
    seen = stamps(content.path)
    print(f"watching {content.path}; Ctrl-C ends it", flush=True)
    try:
        while True:
            seen = _next_change(content.path, seen)
            _look(chosen, since)
            sys.stdout.flush()  # whoever reads it through a pipe waits for what was found
            if given.once:
                return 0
    except KeyboardInterrupt:
        print("ended", file=sys.stderr)
        return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def stamps(content: Path) -> Stamps:
    """The time and size of each file of the content."""
    found = {}
    for folder in FOLDERS:
        for path in (content / folder).rglob("*"):
            if not path.name.endswith(_SAVED_BY_EDITORS) and not path.name.startswith("."):
                try:
                    stat = path.stat()
                except FileNotFoundError:
                    continue  # it was removed while it was looked at
                if path.is_file():
                    found[path.relative_to(content).as_posix()] = (stat.st_mtime_ns, stat.st_size)
    return found


def _next_change(content: Path, seen: Stamps) -> Stamps:
    """Wait until files have changed and then stay the same: editors write several, and in parts."""
    before = seen
    while True:
        time.sleep(_POLL_SECONDS)
        now = stamps(content)
        if now == before and now != seen:
            names = sorted({name for name, _ in set(now.items()) ^ set(seen.items())})
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            print(f"\n{', '.join(names[:3])}{more}", flush=True)
            return now
        before = now


def _look(chosen: Settings, since: str | None) -> None:
    """Check, and build where there are no errors; errors do not end the watch."""
    try:
        if since is not None and check(chosen, [], "text", since):
            return
        revision = build(chosen, report=lambda _: None)
        print(f"revision {revision.number}", flush=True)
    except FindingsError as error:
        print(error, flush=True)
    except SpacepolicyError as error:
        print(f"not built: {error}", flush=True)
