"""Sources: the documents that are quoted, each a text and a file of its metadata.

`seeds/<name>.toml` describes the source `<base>source/<name>`, whose text is `seeds/<name>.txt`
byte for byte; a text that may not be shipped has no digest there, and passages by reference. The
texts are other people's: an installed package does not include them.
"""

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final, final

from pyoxigraph import Literal, NamedNode

from spacepolicy.errors import Finding
from spacepolicy.namespaces import XSD, Base
from spacepolicy.text_files import byte_order_mark, strange_line_ends, unreadable

FOLDER: Final = "seeds"
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_READING: Final[Mapping[str, tuple[str, type, str]]] = {
    "address": ("officialAddress", str, "anyURI"),
    "read_on": ("readOn", date, "date"),
    "copy_read": ("copyRead", str, ""),
    "independent_sources": ("independentSourceCount", int, "integer"),
}
"""Keys of the metadata: the property, the type of the value, and the datatype; texts have none."""
_PLACE: Final = re.compile(r"line (\d+)")
_RESTORE: Final = (
    "Put the text back byte for byte (`git checkout` of the file, with `seeds/*.txt -text` in "
    ".gitattributes); its digest and all offsets are those of the text as it was recorded."
)


@final
@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A document that is quoted. `text` is None where it is not shipped with its metadata."""

    name: str
    iri: str
    text: str | None
    metadata: Mapping[str, object]

    @property
    def is_not_shipped(self) -> bool:
        """Whether its text may not be shipped: it has neither a text nor a digest."""
        return self.text is None and bool(self.metadata) and "sha256" not in self.metadata

    def literal(self, value: str) -> Literal:
        """A text of the source as a literal, in the language in its metadata."""
        return Literal(value, language=self.language)

    @property
    def language(self) -> str | None:
        """The language of the text (BCP 47); None where the metadata names none."""
        language = self.metadata.get("language")
        return language if isinstance(language, str) and _LANGUAGE.fullmatch(language) else None


def reading_of(source: SourceDocument) -> Mapping[str, Literal]:
    """How a source that is not shipped was read, by the properties of its passages that state it:
    at which address, on which day, in which copy, and how many independent sources agree."""
    found: dict[str, Literal] = {}
    for key, (name, kind, datatype) in _READING.items():
        value = source.metadata.get(key)
        if isinstance(value, kind) and not isinstance(value, bool):
            text = value.isoformat() if isinstance(value, date) else str(value)
            found[name] = (
                Literal(text, datatype=NamedNode(f"{XSD}{datatype}"))
                if datatype
                else source.literal(text)
            )
    return found


def read_sources(
    content: Path, base: Base, *, packaged: bool, note: Callable[[Finding], None]
) -> tuple[SourceDocument, ...]:
    """Read the sources of a content folder, by name; faults of their files are noted.

    `packaged`: the texts may be missing.
    """
    folder = content / FOLDER
    for text in sorted(folder.glob("*.txt")):
        if not text.with_suffix(".toml").is_file():
            note(_undescribed(text.name))
    tables = sorted(folder.glob("*.toml"))
    return tuple(_read(table, base, packaged=packaged, note=note) for table in tables)


def undescribed_sources(content: Path, base: Base) -> Iterator[SourceDocument]:
    """The texts without metadata, by name."""
    for text in sorted((content / FOLDER).glob("*.txt")):
        if not text.with_suffix(".toml").is_file():
            yield SourceDocument(
                text.stem, base.sources + text.stem, _decoded(text.read_bytes()), {}
            )


def _undescribed(name: str) -> Finding:
    return Finding(
        f"{FOLDER}/{name}",
        None,
        "source",
        "the text has no metadata.",
        f"Describe it in {FOLDER}/{Path(name).stem}.toml.",
    )


def _read(
    table: Path, base: Base, *, packaged: bool, note: Callable[[Finding], None]
) -> SourceDocument:
    metadata = _metadata(table, note)
    text = table.with_suffix(".txt")
    content = text.read_bytes() if text.is_file() else None
    damage = None if content is None else _damage(text.name, metadata, content)
    if damage is not None:
        # Quotations from a text that came damaged say nothing: they are not compared.
        note(damage)
        return SourceDocument(table.stem, base.sources + table.stem, None, metadata)
    for finding in _faults(table, metadata, content, packaged=packaged):
        note(finding)
    return SourceDocument(table.stem, base.sources + table.stem, _decoded(content), metadata)


def _damage(name: str, metadata: Mapping[str, object], content: bytes) -> Finding | None:
    """The damage that happened to the text on the way, where its bytes show it."""
    path = f"{FOLDER}/{name}"
    recorded = metadata.get("sha256", found := hashlib.sha256(content).hexdigest())
    damage = unreadable(path, content) or byte_order_mark(path, content)
    if damage is not None and not (recorded == found and damage.rule == "merge-conflict"):
        return damage
    ends = None if recorded == found else strange_line_ends(path, content)
    return ends and replace(ends, remedy=_RESTORE)


def _metadata(table: Path, note: Callable[[Finding], None]) -> Mapping[str, object]:
    path, data = f"{FOLDER}/{table.name}", table.read_bytes()
    finding = unreadable(path, data)
    if finding is None:
        try:
            return tomllib.loads(data.decode("utf-8-sig"))
        except tomllib.TOMLDecodeError as error:
            place = _PLACE.search(str(error))
            line = int(place[1]) if place else None
            finding = Finding(path, line, "syntax", f"this is not TOML: {error}.")
    note(finding)
    return {}


def _faults(
    table: Path, metadata: Mapping[str, object], content: bytes | None, *, packaged: bool
) -> Iterator[Finding]:
    """Differences between the metadata and the text's bytes."""
    path, text = f"{FOLDER}/{table.name}", f"{FOLDER}/{table.stem}.txt"
    recorded = metadata.get("sha256")
    if metadata and content is None and recorded is None:
        return  # its passages are references
    if metadata and not isinstance(recorded, str):
        remedy = "Add sha256, the digest of the text's bytes."
        yield Finding(path, None, "source", "the metadata does not say the text's digest.", remedy)
    if content is None:
        if not packaged:
            yield Finding(text, None, "source", "the text of this source is missing.")
        return
    found = hashlib.sha256(content).hexdigest()
    if isinstance(recorded, str) and recorded != found:
        message = f"the digest is {recorded}, but that of {text} is {found}."
        remedy = "Put the text back as it was, or record the new one and mend its quotations."
        yield Finding(path, line_of_key(table, "sha256"), "source", message, remedy)


def _decoded(content: bytes | None) -> str | None:
    """The text, its line ends untouched; None where there is none or it is not UTF-8."""
    try:
        return None if content is None else content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def line_of_key(table: Path, key: str) -> int | None:
    if not table.is_file():
        return None
    lines = table.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        if line.partition("=")[0].strip() == key:
            return number
    return None
