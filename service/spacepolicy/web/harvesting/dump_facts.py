"""The size and checksum of dumps."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from spacepolicy.http.content_codings import IDENTITY
from spacepolicy.web.answering.kept_files import KeptFile
from spacepolicy.web.answering.revision_cache import RevisionCache
from spacepolicy.web.dumps import DUMPS, Dump, DumpFiles

MAX_STATEMENTS: Final = 500_000
"""The largest dataset whose dumps are made for their checksums: 100,000 statements take about 1 s.
The catalogue of a larger one is answered without them."""


@final
@dataclass(frozen=True, slots=True)
class DumpFacts:
    """The size of a dump without content coding, and its SHA-256 in hexadecimal digits."""

    size_bytes: int
    sha256: str


@final
class DumpMeasures:
    """Measures the dumps once per revision."""

    def __init__(self, files: DumpFiles) -> None:
        self._files = files
        self._held: RevisionCache[Mapping[Dump, DumpFacts]] = RevisionCache(2)

    async def get(self) -> Mapping[Dump, DumpFacts]:
        """Return the facts of the served revision's dumps; without dumps that are not cached or too
        large.

        Raises: ProblemError where a dump cannot be made.
        """
        service = self._files.state.service
        revision = service.revision
        if not service.keeps_answers or revision.counts.quads(revision.mode) > MAX_STATEMENTS:
            return {}
        if revision.publication is not None:
            return {}  # another service over the same store may write them in another order
        return await self._held.get(revision.edition, service.instance, self._measured)

    async def _measured(self) -> Mapping[Dump, DumpFacts]:
        facts = {}
        for dump in DUMPS:
            file = await self._files.get(dump, IDENTITY)
            if file is not None:
                facts[dump] = DumpFacts(file.size, await _sha256(file))
        return facts


async def _sha256(file: KeptFile) -> str:
    digest = hashlib.sha256()
    async for piece in file.pieces():
        await asyncio.to_thread(digest.update, piece)
    return digest.hexdigest()
