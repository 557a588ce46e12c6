"""Breakages, and the edits that make them: small changes of a copy of the content."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests import lark

ROOT: Final = Path(__file__).parents[3]
SHIPPED: Final = "shanghai-2022-opinions"
OTHERS: Final = tuple(sorted(path.name for path in (ROOT / "tests/documents").iterdir()))
DOCUMENTS: Final = (SHIPPED, *OTHERS)

Edit = Callable[[Path], int]
"""Breaks a file; gives the line, after the edit, of its first change."""


@dataclass(frozen=True)
class Breakage:
    """An edit of `file`, and what `gate` must say of it: rule, place, words, nearest name.

    `{document}` in names of files stands for a document's name. The finding is at the line
    that changed, or at that of `words` in `at`, or without one where `line` is False. `others` are
    findings of the gate beside it; `stops`: whether a build publishes nothing.
    """

    what: str
    gate: str
    rule: str
    file: str
    edit: Callable[[str], Edit]
    says: str
    near: str = ""
    at: str = ""
    words: str = ""
    line: bool = True
    others: bool = False
    stops: bool = True

    def named(self, name: str, document: str) -> str:
        """The name of a file for the document; the shipped one shares out its background."""
        shared = "technologies" if document == SHIPPED else document
        name = name.replace("data/background/{document}", f"data/background/{shared}")
        return name.replace("{document}", document)

    @property
    def of_documents(self) -> bool:
        """Whether it is tried with more documents than one."""
        return "{document}" in self.file

    def cases(self, number: int) -> Iterator[tuple["Breakage", str]]:
        """The breakage with each document that it is tried with: the shipped one, and one of the
        others, which take turns by the breakage's number."""
        yield self, SHIPPED
        if self.of_documents:
            yield self, OTHERS[number % len(OTHERS)]


def _changed(path: Path, before: bytes, after: bytes) -> int:
    assert before != after, f"{path} stayed as it was"
    path.unlink(missing_ok=True)  # it may be linked to the file that it was copied from
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(after)
    same = next(
        (n for n, (one, other) in enumerate(zip(before, after, strict=False)) if one != other),
        min(len(before), len(after)),
    )
    return after.count(b"\n", 0, same) + 1


def replace(before: str, after: str, count: int = 1) -> Callable[[str], Edit]:
    """Replace words that stand in the file."""

    def named(name: str) -> Edit:
        def edit(content: Path) -> int:
            path = content / name
            old = path.read_bytes()
            assert before.encode() in old, f"{name} does not say {before!r}"
            return _changed(path, old, old.replace(before.encode(), after.encode(), count))

        return edit

    return named


def match(pattern: str, after: str, count: int = 1) -> Callable[[str], Edit]:
    """Replace what the regular expression matches first, or `count` times."""

    def named(name: str) -> Edit:
        def edit(content: Path) -> int:
            path = content / name
            old = path.read_text(encoding="utf-8")
            new = re.sub(pattern, after, old, count=count, flags=re.MULTILINE | re.DOTALL)
            return _changed(path, old.encode(), new.encode())

        return edit

    return named


def write(change: Callable[[bytes], bytes]) -> Callable[[str], Edit]:
    """Write other bytes; a file that is not there has none."""

    def named(name: str) -> Edit:
        def edit(content: Path) -> int:
            path = content / name
            old = path.read_bytes() if path.is_file() else b""
            return _changed(path, old, change(old))

        return edit

    return named


def append(text: str) -> Callable[[str], Edit]:
    """Write more at the end of a file."""
    return write(lambda old: old + text.encode())


def remove() -> Callable[[str], Edit]:
    """Remove the file."""

    def named(name: str) -> Edit:
        def edit(content: Path) -> int:
            (content / name).unlink()
            return 1

        return edit

    return named


def by_reference(before: str, after: str) -> Callable[[str], Edit]:
    """Add the document whose text is not shipped, with other words in its file, and a copy of its
    text as a user may have it."""

    def named(name: str) -> Edit:
        def edit(content: Path) -> int:
            lark.add(content)
            copy = content / "texts" / f"{lark.NAME}.txt"
            copy.parent.mkdir()
            copy.write_text(lark.TEXT, encoding="utf-8")
            return replace(before, after)(name)(content)

        return edit

    return named


def rename_everywhere(before: str, after: str) -> Callable[[str], Edit]:
    """Replace a name in all files of the content; the line is that of the named file."""

    def named(name: str) -> Edit:
        def edit(content: Path) -> int:
            line = 1
            pattern = re.compile(rf"(?<![\w-]){re.escape(before)}(?![\w-])".encode())
            for folder in ("ontology", "data", "queries"):
                for path in sorted((content / folder).rglob("*.*")):
                    if path.suffix not in (".ttl", ".trig", ".quotes", ".csv", ".rq", ".yaml"):
                        continue
                    old = path.read_bytes()
                    if pattern.search(old):
                        changed = _changed(path, old, pattern.sub(after.encode(), old))
                        line = changed if path == content / name else line
            return line

        return edit

    return named


CRLF: Final = write(lambda old: old.replace(b"\n", b"\r\n"))
BOM: Final = write(lambda old: b"\xef\xbb\xbf" + old)
UTF_16: Final = write(lambda old: old.decode().encode("utf-16"))


def put(words: str, found: bytes) -> Callable[[str], Edit]:
    """Write these bytes before words of the file."""
    return write(lambda old: old.replace(words.encode(), found + words.encode(), 1))


LATIN_1: Final = b"caf\xe9 "
CONFLICT: Final = b"<<<<<<< HEAD\n=======\n>>>>>>> branch\n"
QUOTES: Final = "data/{document}.quotes"
NAMES: Final = "data/background/{document}.trig"
SHAPES: Final = "ontology/shapes.ttl"
CORE: Final = "ontology/spacepolicy.ttl"
QUERY: Final = "queries/tasks-by-technology.rq"
RULE: Final = "ontology/checks/chains-fit-together.rq"
EXAMPLE: Final = "ontology/checks/examples/Deadline.ttl"
