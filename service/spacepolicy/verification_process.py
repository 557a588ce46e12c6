"""A process that verifies the passages of one source and ends.

Started as `python -m spacepolicy.verification_process MEMORY_BYTES`. Standard input has a request
as JSON, as `request` makes it; standard output gets the table of the verification. To read a page
and to look for fingerprints takes a processor's time in one piece, which would hold up whoever
waits in the same process.
"""

import base64
import ctypes
import json
import resource
import signal
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final, final

from spacepolicy.copies import CopyText, read_copy
from spacepolicy.errors import UsageError
from spacepolicy.verification import Cited, verify

_PR_SET_PDEATHSIG: Final = 1
"""Of <linux/prctl.h>: this process dies with its parent."""


@final
@dataclass(frozen=True, slots=True)
class SentCopy:
    """A copy as it came: its bytes, and a name whose ending tells what they are."""

    content: bytes
    name: str


def request(
    source: str,
    cited: Iterable[Cited],
    recorded: str | None,
    copy: CopyText | SentCopy | None,
    *,
    is_own: bool,
) -> bytes:
    """What the process is to do, as `verification.verify` takes it."""
    table = {
        "source": source,
        "cited": [asdict(each) for each in cited],
        "recorded": recorded,
        "copy": _told(copy),
        "is_own": is_own,
    }
    return json.dumps(table).encode("utf-8", "surrogatepass")


def _told(copy: CopyText | SentCopy | None) -> dict[str, str] | None:
    match copy:
        case SentCopy(content, name):
            return {"content": base64.b64encode(content).decode(), "name": name}
        case CopyText():
            return asdict(copy)
        case _:
            return None


def answer(asked: bytes) -> bytes:
    """The table of the verification that is asked for; why not, where the copy is no text."""
    table = json.loads(asked)
    try:
        copy = _copy(table["copy"])
    except UsageError as error:
        return json.dumps({"refused": str(error)}).encode()
    cited = [Cited(**each) for each in table["cited"]]
    found = verify(table["source"], cited, table["recorded"], copy, is_own=table["is_own"])
    return json.dumps(found.table).encode()


def _copy(told: dict[str, str] | None) -> CopyText | None:
    if told is None:
        return None
    if "content" in told:
        return read_copy(base64.b64decode(told["content"]), told["name"])
    return CopyText(**told)


def main() -> None:
    """Answer the request on standard input."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    limit = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
