"""`spacepolicy doctor`: what is missing or wrong on this machine, and the command that corrects
it."""

import re
import resource
import socket
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Final

from spacepolicy import settings
from spacepolicy.commands import doctor_assets, doctor_store
from spacepolicy.commands.doctor_store import State
from spacepolicy.commands.options import STORE, add_options
from spacepolicy.errors import SpacepolicyError
from spacepolicy.knowledge.reference_reasoners.child_process import ReasonerError
from spacepolicy.knowledge.reference_reasoners.closure import closure
from spacepolicy.knowledge.reference_reasoners.consistency import judge
from spacepolicy.settings import Settings
from spacepolicy.web.mcp.endpoint import INSTALL, LIBRARY

Examination = Callable[[Settings], Iterator[State]]
_OLDEST: Final = (3, 11)
"""The oldest Python that is tested (`requires-python`)."""
_LEAST_FILES: Final = 1024
"""The limit of file descriptors on most systems; `--max-connections` has the same default, and is
reduced where there are fewer."""
_NAME: Final = re.compile(r"^[A-Za-z0-9._-]+")
_PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_INSTALL: Final = "rm -rf .venv && ./run --version"


def add_arguments(parser: ArgumentParser) -> None:
    """Add how thoroughly to check, and the store and port."""
    add_options(parser, *STORE)
    parser.add_argument(
        "--deep", action="store_true", help="read every byte of the store, by its checksums"
    )
    parser.add_argument(
        "--repair", action="store_true", help="repair the store from what is whole of it"
    )
    add_options(parser, "host", "port")


def run(given: Namespace, chosen: Settings) -> int:
    """Examine the machine and the store."""
    return doctor(chosen, deep=given.deep, repair=given.repair)


def doctor(chosen: Settings, *, deep: bool = False, repair: bool = False) -> int:
    """Print the state of each part, a line each; return 1 where one is missing or wrong. `deep`
    reads every byte of the store; `repair` repairs it first.

    Raises: StoreError where the store is to be repaired and cannot be.
    """
    if repair:
        for line in doctor_store.mend(chosen):
            print(f"did  {'store':<10} {line}", flush=True)
    off = 0
    store: Examination = partial(doctor_store.examination, deep=deep or repair)
    for examine in (*_EXAMINATIONS, store):
        for state in examine(chosen):
            off += state.mend is not None
            print(f"{'ok ' if state.mend is None else 'off'}  {state.part:<10} {state.found}")
            if state.mend is not None:
                print(f"     {'':<10} mend: {state.mend}", flush=True)
    return 1 if off else 0


def _python(_: Settings) -> Iterator[State]:
    found = ".".join(map(str, sys.version_info[:3]))
    old = sys.version_info[:2] < _OLDEST
    yield State("Python", found, "apt-get install python3 python3-venv" if old else None)
    encoding = sys.getfilesystemencoding()
    if encoding.lower() != "utf-8":
        yield State("encoding", f"file names are {encoding}", "export LC_ALL=C.UTF-8")


def _system(_: Settings) -> Iterator[State]:
    if sys.platform != "linux":
        mend = "run it on Linux, in a container or a virtual machine"
        yield State("system", f"{sys.platform}: queries could not be stopped in time", mend)
    files, _most = resource.getrlimit(resource.RLIMIT_NOFILE)
    mend = f"ulimit -n {4 * _LEAST_FILES}" if files < _LEAST_FILES else None
    yield State("files", f"{files} may be open at once", mend)


def _libraries(_: Settings) -> Iterator[State]:
    """The libraries that the package requires, in the versions of the lock where there is one."""
    wanted = [each for each in requires("spacepolicy") or () if "extra ==" not in each]
    names = [match[0] for each in wanted if (match := _NAME.match(each))]
    locked = _locked()
    wrong = []
    for name in names:
        pinned = locked.get(name.lower(), set())
        try:
            found = version(name)
        except PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        if pinned and found not in pinned:
            wrong.append(f"{name} is {found}, not {' or '.join(sorted(pinned))}")
    if wrong:
        yield State("libraries", "; ".join(wrong), _INSTALL)
    else:
        yield State("libraries", f"{len(names)}, {'as locked' if locked else 'installed'}")


def _agents(_: Settings) -> Iterator[State]:
    """Whether MCP clients can be served; a service without that is complete too."""
    try:
        yield State("agents", f"/{LIBRARY} answers by {LIBRARY} {version(LIBRARY)}")
    except PackageNotFoundError:
        yield State("agents", f"/{LIBRARY} answers 501 until its library is there: {INSTALL}")


def _locked() -> dict[str, set[str]]:
    """The versions of each library in the checkout's lock."""
    lock = Path(__file__).parents[3] / "locks" / "run.txt"
    found: dict[str, set[str]] = {}
    if lock.is_file():
        for name, pinned in _PINNED.findall(lock.read_text(encoding="utf-8")):
            found.setdefault(name.lower(), set()).add(pinned)
    return found


def _reasoners(_: Settings) -> Iterator[State]:
    """Both reasoners are given an empty task: only a start shows whether they work."""
    for name, ask in (("HermiT", judge), ("owlrl", closure)):
        try:
            ask((), 60)
        except ReasonerError as error:
            yield State(name, str(error).partition(" `")[0], _INSTALL)
        else:
            yield State(name, "starts")


def _has_text(table: Path) -> bool:
    """Whether the source of a table has a text: the table then has its hash."""
    return re.search(r"^sha256\s*=", table.read_text(encoding="utf-8"), re.MULTILINE) is not None


def _content(chosen: Settings) -> Iterator[State]:
    try:
        content = settings.content_directory(chosen, Path.cwd())
    except SpacepolicyError as error:
        yield State("content", str(error), "spacepolicy --content DIR, a checkout's folder")
        return
    if content is None:
        yield State("content", "none is asked for")
        return
    seeds = content.path / "seeds"
    missing = [
        each.stem
        for each in seeds.glob("*.toml")
        if not each.with_suffix(".txt").is_file() and _has_text(each)
    ]
    if missing and not content.packaged:
        mend = f"git -C {content.path} checkout -- seeds"
        yield State("content", f"no text of {', '.join(sorted(missing))} in {seeds}", mend)
    else:
        yield State("content", str(content.path))


def _port(chosen: Settings) -> Iterator[State]:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((chosen.host, chosen.port))
        except OSError as error:
            found = f"{chosen.host}:{chosen.port}: {error.strerror or error}"
            yield State("port", found, f"spacepolicy serve --port {chosen.port % 65535 + 1}")
        else:
            yield State("port", f"{chosen.host}:{chosen.port} is free")


_EXAMINATIONS: Final[Sequence[Examination]] = (
    _python,
    _system,
    _libraries,
    _reasoners,
    _content,
    doctor_assets.examination,
    _agents,
    _port,
)
