"""Runs a module of ours in a process that does one thing and ends."""

import asyncio
import sys
from contextlib import suppress

from spacepolicy.errors import EngineError


async def output_of(module: str, argument: str, request: bytes = b"") -> bytes:
    """What the module, run with the argument, writes to standard output for the request on its
    standard input. The process is killed when the caller is cancelled.

    Raises: EngineError where it fails.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        argument,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        answer, _ = await process.communicate(request)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode != 0:
        raise EngineError(f"The process {module} failed.")
    return answer
