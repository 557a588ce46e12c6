"""Verifies the passages of a content folder against its own texts or a user's copies."""

from pathlib import Path

from spacepolicy.errors import UsageError
from spacepolicy.knowledge.checks.cited import cited_in
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.loading.sources import FOLDER, SourceDocument
from spacepolicy.source_texts import CopyText, copy_of, read_copy_file
from spacepolicy.verification import Verification, verify


def verified_files(
    content: Path,
    *,
    packaged: bool,
    name: str | None = None,
    text: Path | None = None,
    texts: Path | None = None,
) -> tuple[Verification, ...]:
    """Verify the passages of each source, or of the one with that name. `text` is a copy of it,
    `texts` a folder of copies, each named after its source; else the content's own texts are read.

    Raises: UsageError where there is no such source, or a copy cannot be read; FindingsError where
    the files cannot be read.
    """
    material = CheckContext(content, packaged=packaged)
    return tuple(
        _verified(material, source, text, texts) for source in _chosen(material, name, text)
    )


def _chosen(
    material: CheckContext, name: str | None, text: Path | None
) -> tuple[SourceDocument, ...]:
    sources = material.sources
    if name is not None:
        sources = tuple(each for each in sources if name in (each.name, each.iri))
    if name is not None and not sources:
        names = ", ".join(each.name for each in material.sources) or "none"
        raise UsageError(f"There is no source {name!r}; there are: {names}.")
    if text is not None and len(sources) != 1:
        raise UsageError("Say of which source the text is a copy.")
    return sources


def _verified(
    material: CheckContext, source: SourceDocument, text: Path | None, texts: Path | None
) -> Verification:
    recorded = source.metadata.get("sha256")
    copy, is_own = _copy(material, source, text, texts)
    return verify(
        source.iri,
        cited_in(material.base, source, material.graphs),
        recorded if isinstance(recorded, str) else None,
        copy,
        is_own=is_own,
    )


def _copy(
    material: CheckContext, source: SourceDocument, text: Path | None, texts: Path | None
) -> tuple[CopyText | None, bool]:
    """The text to compare with, and whether it is the source's own."""
    if text is not None:
        return read_copy_file(text), False
    found = None if texts is None else copy_of(texts, source.name)
    own = material.content / FOLDER / f"{source.name}.txt"
    if found is not None or not own.is_file():
        return found, False
    return read_copy_file(own), True
