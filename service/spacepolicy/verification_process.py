"""A process that verifies the passages of one source and ends.

Started as `python -m spacepolicy.verification_process MEMORY_BYTES`. Standard input has a request
as JSON, as `request` makes it; standard output gets the table of the verification. To look for
fingerprints takes a processor's time in one piece, which would hold up whoever waits in the same
process.
"""

import ctypes
import json
import resource
import signal
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import Final

from spacepolicy.copies import CopyText
from spacepolicy.verification import Cited, verify

_PR_SET_PDEATHSIG: Final = 1


def request(
    source: str,
    cited: Iterable[Cited],
    recorded: str | None,
    copy: CopyText | None,
    *,
    is_own: bool,
) -> bytes:
    """What the process is to do, as `verification.verify` takes it."""
    table = {
        "source": source,
        "cited": [asdict(each) for each in cited],
        "recorded": recorded,
        "copy": None if copy is None else asdict(copy),
        "is_own": is_own,
    }
    return json.dumps(table).encode("utf-8", "surrogatepass")


def answer(asked: bytes) -> bytes:
    """The table of the verification that is asked for."""
    table = json.loads(asked)
    copy = None if table["copy"] is None else CopyText(**table["copy"])
    cited = [Cited(**each) for each in table["cited"]]
    found = verify(table["source"], cited, table["recorded"], copy, is_own=table["is_own"])
    return json.dumps(found.table).encode()


def main() -> None:
    """Answer the request on standard input."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    limit = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
