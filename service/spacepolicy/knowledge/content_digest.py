"""The digest of a content: what tells one state of its files, and of this code, from another."""

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
"""What is read of each folder of the content."""
_LIBRARIES: Final = ("pyoxigraph", "pyshacl", "rdflib")


def content_sha256(content: Path) -> str:
    """The digest of all that a dataset is made of: the names and bytes of the files, the code
    that reads them, and the versions of the libraries it uses."""
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
    """The modules of this package, and those of others that say what is in a dataset."""
    package = Path(__file__).parent
    for path in (*sorted(package.rglob("*.py")), package.parent / "namespaces.py"):
        yield path.relative_to(package.parent).as_posix(), path
