"""Names of tables, columns and partitions for IRIs.

A name consists of ASCII letters, digits and underscores, and no two differ in case alone: it is a
valid folder on any file system, and needs no quotes in most dialects of SQL.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

_OTHERS: Final = re.compile(r"[^A-Za-z0-9_]+")
_LONGEST: Final = 120
"""File names have up to 255 bytes, identifiers of PostgreSQL 63: most names are shorter."""
_HASH_DIGITS: Final = 8
"""Digits of a SHA-256: two of a thousand names share them once in 8,000 datasets."""


def names_of(
    iris: Iterable[str], prefixes: Mapping[str, str], reserved: Collection[str] = ()
) -> dict[str, str]:
    """A name for each IRI: the local name in the namespace of the empty prefix, the prefix and the
    local name in that of another, else the local name. Of equal names, all but the first, or all
    where the name is reserved, get a part of their digest at the end; so do those that are cut for
    their length.

    >>> names_of(["urn:o#a", "urn:o#A", "urn:x/1b"], {"o": "urn:o#"})
    {'urn:o#A': 'o_A', 'urn:o#a': 'o_a_c17612c1', 'urn:x/1b': '_1b'}
    """
    candidates = sorted(_named(iri, prefixes) for iri in set(iris))
    return unique(((iri, name) for _, iri, name in candidates), reserved)


def unique(candidates: Iterable[tuple[str, str]], reserved: Collection[str]) -> dict[str, str]:
    """A unique name for each key; `candidates` are pairs of a key and its preferred name."""
    found: dict[str, str] = {}
    taken = {name.casefold() for name in reserved}
    for key, wanted in candidates:
        digest = hashlib.sha256(key.encode()).hexdigest()[:_HASH_DIGITS]
        whole = len(wanted) <= _LONGEST and wanted.casefold() not in taken
        name = wanted if whole else f"{wanted[:_LONGEST]}_{digest}"
        taken.add(name.casefold())
        found[key] = name
    return found


def _named(iri: str, prefixes: Mapping[str, str]) -> tuple[int, str, str]:
    """The sort key of the IRI, the IRI, and a name that others may have too."""
    matching = [(len(space), prefix) for prefix, space in prefixes.items() if iri.startswith(space)]
    if not matching:
        return 2, iri, clean(re.split(r"[/#:]", iri.rstrip("/#:"))[-1])
    length, prefix = max(matching)
    local = iri[length:]
    return (1, iri, clean(f"{prefix}_{local}")) if prefix else (0, iri, clean(local))


def clean(name: str) -> str:
    """The name with an underscore for characters that are not allowed, and before a leading
    digit."""
    name = _OTHERS.sub("_", name)
    return f"_{name}" if not name or name[0].isdigit() else name
