"""The digest of the content: it changes with the files, and with this code."""

import hashlib
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Final

_CONTENT: Final = {
    "ontology": (".ttl", ".rq", ".trig", ".txt"),
    "data": (".trig", ".quotes", ".csv"),
    "queries": (".rq",),
    "seeds": (".toml", ".txt", ".trig"),
}
"""The files that are read, by folder of the content."""
_LIBRARIES: Final = ("pyoxigraph", "pyshacl", "rdflib")


def content_sha256(content: Path) -> str:
    """The digest of everything that determines a dataset: the names and bytes of the files, the
    code that reads them, and the versions of the libraries it uses."""
    digest = hashlib.sha256()
    for name, path in (*_content_files(content), *_code_files()):
        digest.update(f"{name}\n{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}\n".encode())
    digest.update(platform.python_version().encode())
    return digest.hexdigest()


def _content_files(content: Path) -> Iterator[tuple[str, Path]]:
    for folder, suffixes in _CONTENT.items():
        for path in sorted((content / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                yield path.relative_to(content).as_posix(), path


def _code_files() -> Iterator[tuple[str, Path]]:
    """The modules of this package, and others that determine the content of a dataset."""
    package = Path(__file__).parent
    for path in (*sorted(package.rglob("*.py")), package.parent / "namespaces.py"):
        yield path.relative_to(package.parent).as_posix(), path
