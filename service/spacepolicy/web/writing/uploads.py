"""Uploads of RDF: received into files up to a limit, and decoded, but not parsed.

Receiving stops at the limit. The files are parsed in a process that can be stopped.

Spec: https://www.w3.org/TR/sparql11-http-rdf-update/,
https://www.rfc-editor.org/rfc/rfc9110#section-8.4 (content codings)
"""

import asyncio
import tempfile
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, final

from starlette.datastructures import Headers
from starlette.requests import Request

from spacepolicy import formats
from spacepolicy.errors import (
    BadParameterError,
    ContentTooLargeError,
    StorageError,
    UnsupportedMediaError,
)
from spacepolicy.formats import Format
from spacepolicy.store.write_requests import Upload
from spacepolicy.web.answering.sparql_request import media_type
from spacepolicy.web.service import Service
from spacepolicy.web.writing.forms import FormFiles

FORM: Final = "multipart/form-data"
OFFERED: Final = formats.offered("graph")
SUPPORTED: Final = (*(each.media_type for each in OFFERED), FORM)
HINTS: Final = {
    "Accept-Post": ", ".join(SUPPORTED),
    "Accept-Put": ", ".join(SUPPORTED),
    "Accept-Encoding": "gzip, identity",
}
"""Fields that list what is accepted. Accept-Put is in no specification, but by analogy clear."""
_BLOCK_BYTES: Final = 1 << 20
"""How much is buffered before it is written to the file, and how much is decoded at once: an upload
takes no more memory."""
_GZIP_WINDOW: Final = 31
"""A window of 32 KiB, the largest, and 16 more for the header of gzip (zlib's `inflateInit2`)."""
_UNSAID: Final = ("", "application/octet-stream")


@asynccontextmanager
async def received(service: Service, request: Request, base: str) -> AsyncGenerator[list[Upload]]:
    """Receive the files of the request, and delete them when the block ends; relative IRIs in them
    are resolved against `base`.

    Raises: UnsupportedMediaError, ContentTooLargeError, BadParameterError, StorageError,
    ClientDisconnect.
    """
    name = checked_name(request.headers.get("content-type", ""))
    format = None if name == FORM else graph_format(name, "")
    coding = _coding(request.headers)
    _check_declared(service.max_upload_bytes, request.headers)
    try:
        with tempfile.TemporaryDirectory(prefix="spacepolicy-") as folder:
            body = _limited(service.max_upload_bytes, coding, request.stream())
            if format is None:
                yield await _files(request.headers, body, Path(folder), base)
            else:
                file = Path(folder) / f"upload.{format.extension}"
                await _save(body, file)
                yield [Upload(file, format.name, base)]
    except OSError as error:
        raise StorageError(f"The upload cannot be stored: {error.strerror}.") from error


def checked_name(content_type: str) -> str:
    """Return the media type of a Content-Type, without parameters; empty where there is none.

    Raises: UnsupportedMediaError where its charset is not UTF-8.
    """
    found = media_type(content_type)
    if found is None:
        return ""
    charset = dict(found.parameters).get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaError(
            f"A graph comes in UTF-8, not in {charset}.", extras={"supported": ["utf-8"]}
        )
    return f"{found.type}/{found.subtype}"


def graph_format(name: str, file: str) -> Format:
    """Return the format of that media type, or else of a file of that name.

    Raises: UnsupportedMediaError, which lists the supported ones.
    """
    for each in OFFERED:
        if name in each.media_types:
            return each
    named = formats.of_file(file) if name in _UNSAID else None
    if named is not None:
        return named
    raise UnsupportedMediaError(
        f"A graph comes as {', '.join(SUPPORTED)}, not as {name or 'an unnamed type'}.",
        extras={"supported": list(SUPPORTED)},
        headers=HINTS,
    )


def _coding(headers: Headers) -> str:
    """Raises: UnsupportedMediaError where the content coding is not supported."""
    coding = headers.get("content-encoding", "identity").lower()
    if coding not in ("identity", "gzip", "x-gzip"):
        raise UnsupportedMediaError(
            f"A graph comes plain or in gzip, not in {coding}.",
            extras={"supported": ["gzip", "identity"]},
            headers={"Accept-Encoding": "gzip, identity"},
        )
    return coding.removeprefix("x-")


def _check_declared(limit: int, headers: Headers) -> None:
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> ContentTooLargeError:
    return ContentTooLargeError(
        f"The upload is larger than the {limit} bytes that it may have.",
        extras={"limit_bytes": limit},
    )


async def _limited(limit: int, coding: str, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """Yield the decoded body, in pieces.

    Raises: ContentTooLargeError where it is larger than the limit, coded or decoded,
    BadParameterError where its coding is malformed or incomplete.
    """
    received_bytes = decoded_bytes = 0
    decoder = _Gzip() if coding == "gzip" else None
    async for piece in pieces:
        received_bytes += len(piece)
        for part in decoder.feed(piece) if decoder else (piece,):
            decoded_bytes += len(part)
            if max(received_bytes, decoded_bytes) > limit:
                raise _too_large(limit)
            yield part
    if decoder is not None and not decoder.whole:
        raise BadParameterError("The gzip coding of the upload breaks off.")


@final
class _Gzip:
    """Decodes gzip block by block, so that a small input cannot expand to much memory."""

    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(_GZIP_WINDOW)
        self._began = False

    @property
    def whole(self) -> bool:
        """Whether the body is complete if it ends here."""
        return self._decoder.eof or not self._began

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Yield the decoded bytes.

        Raises: BadParameterError where the bytes are no gzip.
        """
        rest = piece
        try:
            while rest:
                if self._decoder.eof:
                    self._decoder = zlib.decompressobj(_GZIP_WINDOW)
                self._began = True
                if decoded := self._decoder.decompress(rest, _BLOCK_BYTES):
                    yield decoded
                rest = self._decoder.unused_data or self._decoder.unconsumed_tail
        except zlib.error as error:
            raise BadParameterError(f"The upload is not in gzip: {error}.") from error


async def _save(pieces: AsyncIterator[bytes], path: Path) -> None:
    """Write the pieces to the file, in a thread."""
    pending = bytearray()
    with path.open("wb") as file:
        async for piece in pieces:
            pending += piece
            if len(pending) >= _BLOCK_BYTES:
                await asyncio.to_thread(file.write, bytes(pending))
                pending.clear()
        await asyncio.to_thread(file.write, bytes(pending))


async def _files(
    headers: Headers, body: AsyncIterator[bytes], folder: Path, base: str
) -> list[Upload]:
    """The files of a form.

    Raises: BadParameterError where the form is malformed, incomplete or has no file,
    UnsupportedMediaError where the format of a file is not supported.
    """
    form = FormFiles(headers["content-type"], folder)
    try:
        async for piece in body:
            await asyncio.to_thread(form.feed, piece)
    finally:
        form.close()
    return [
        Upload(file, graph_format(checked_name(type_), name).name, base)
        for file, (type_, name) in form.whole()
    ]
