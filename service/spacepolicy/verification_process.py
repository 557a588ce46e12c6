"""A process that verifies the passages of one source and ends.

Started as `python -m spacepolicy.verification_process MEMORY_BYTES`. Standard input has a request
as JSON, as `request` makes it; standard output gets the table of the verification. Reading a page
and searching fingerprints keep a processor busy without a pause, which would hold up everyone else
in the same process.
"""

import base64
import json
import resource
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import final

from spacepolicy.child_process import die_with_parent
from spacepolicy.errors import UsageError
from spacepolicy.source_texts import CopyText, read_copy
from spacepolicy.verification import Cited, verify


@final
@dataclass(frozen=True, slots=True)
class SentCopy:
    """A copy as it was received: its bytes, and a name whose extension gives the format."""

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
    """The request to the process; the arguments are those of `verification.verify`."""
    table = {
        "source": source,
        "cited": [asdict(each) for each in cited],
        "recorded": recorded,
        "copy": _copy_table(copy),
        "is_own": is_own,
    }
    return json.dumps(table).encode("utf-8", "surrogatepass")


def _copy_table(copy: CopyText | SentCopy | None) -> dict[str, str] | None:
    match copy:
        case SentCopy(content, name):
            return {"content": base64.b64encode(content).decode(), "name": name}
        case CopyText():
            return asdict(copy)
        case _:
            return None


def answer(asked: bytes) -> bytes:
    """The table of the requested verification; the reason where the copy is not text."""
    table = json.loads(asked)
    try:
        copy = _copy(table["copy"])
    except UsageError as error:
        return json.dumps({"refused": str(error)}).encode()
    cited = [Cited(**each) for each in table["cited"]]
    found = verify(table["source"], cited, table["recorded"], copy, is_own=table["is_own"])
    return json.dumps(found.table).encode()


def _copy(table: dict[str, str] | None) -> CopyText | None:
    if table is None:
        return None
    if "content" in table:
        return read_copy(base64.b64decode(table["content"]), table["name"])
    return CopyText(**table)


def main() -> None:
    """Answer the request on standard input."""
    die_with_parent()
    limit = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
