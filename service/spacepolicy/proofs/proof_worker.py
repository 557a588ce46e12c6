"""A process that explains the statements of one connection, over one revision, one at a time.

Started as `python -m spacepolicy.proofs.proof_worker DIRECTORY BASE PREFIXES MEMORY_BYTES` (the
prefixes as JSON) with the connection as its standard input. It ends when the other side closes the
connection. MEMORY_BYTES limits its memory beyond the loaded dataset.
"""

import json
import os
import resource
import signal
import socket
import sys
from pathlib import Path

from pyoxigraph import Triple

from spacepolicy.child_process import die_with_parent
from spacepolicy.engine.answer_frames import end_frame, frame, problem_frame
from spacepolicy.engine.snapshot import GENERATION, opened, scratch_of
from spacepolicy.errors import (
    DamagedError,
    EngineError,
    MemoryLimitError,
    NotFoundError,
    StoreError,
)
from spacepolicy.knowledge.reasoning.proof_view import Explainer
from spacepolicy.namespaces import Base
from spacepolicy.proofs.proof_service import receive_statement


def main(arguments: list[str], connection: socket.socket) -> None:
    """Load the dataset and answer statements until the connection closes."""
    die_with_parent()
    directory, base, prefixes, memory_bytes = arguments
    try:
        dataset = Path(directory) / GENERATION
        store = opened(dataset, scratch_of(dataset, os.getpid()))
    except DamagedError as error:
        connection.sendall(problem_frame(error, last=True))
        return
    except (OSError, SyntaxError, ValueError, StoreError) as error:
        problem = EngineError(f"The revision cannot be read: {error}")
        connection.sendall(problem_frame(problem, last=True))
        return
    explainer = Explainer(store, Base(base), json.loads(prefixes))
    _confine(int(memory_bytes))
    while (statement := receive_statement(connection)) is not None:
        connection.sendall(_explained(explainer, statement))


def _confine(memory_bytes: int) -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _explained(explainer: Explainer, statement: Triple) -> bytes:
    """The frames of the answer."""
    try:
        proof = explainer.prove(statement)
        if proof is None:
            return problem_frame(NotFoundError(f"{statement} does not hold."), last=False)
        table = json.dumps(explainer.table(proof), ensure_ascii=False).encode()
    except MemoryError:
        problem = MemoryLimitError("The search for a proof ran out of its memory.")
        return problem_frame(problem, last=True)
    return frame(b"D", table) + end_frame(last=False)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=sys.stdin.fileno()) as given:
        main(sys.argv[1:], given)
        sys.stdin = None
