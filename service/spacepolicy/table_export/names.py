"""Names of tables, columns and partitions for IRIs.

A name is made of letters of ASCII, digits and underscores, and no two differ in case alone: it is
a folder on any file system, and needs no quotes in most dialects of SQL.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

_OTHERS: Final = re.compile(r"[^A-Za-z0-9_]+")
_LONGEST: Final = 120
"""Names of files have up to 255 bytes, and identifiers of PostgreSQL 63: most names are shorter."""
_HASH_DIGITS: Final = 8
"""Of a SHA-256: two of a thousand names are the same by it once in 8,000 datasets."""


def names_of(
    iris: Iterable[str], prefixes: Mapping[str, str], reserved: Collection[str] = ()
) -> dict[str, str]:
    """A name for each IRI: the local name in the namespace of the empty prefix, the prefix and the
    local name in that of another, else the local name. Of those that would be the same, all but the
    first, or all where it is reserved, have a part of their digest at the end; so have those that
    are cut for their length.

    >>> names_of(["urn:o#a", "urn:o#A", "urn:x/1b"], {"o": "urn:o#"})
    {'urn:o#A': 'o_A', 'urn:o#a': 'o_a_c17612c1', 'urn:x/1b': '_1b'}
    """
    candidates = sorted(_named(iri, prefixes) for iri in set(iris))
    return unique(((iri, name) for _, iri, name in candidates), reserved)


def unique(candidates: Iterable[tuple[str, str]], reserved: Collection[str]) -> dict[str, str]:
    """A name for each key, by pairs of a key and a name that it may have if no other has it."""
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
    """Which names come first; the IRI; a name that others may have too."""
    matching = [(len(space), prefix) for prefix, space in prefixes.items() if iri.startswith(space)]
    if not matching:
        return 2, iri, clean(re.split(r"[/#:]", iri.rstrip("/#:"))[-1])
    length, prefix = max(matching)
    local = iri[length:]
    return (1, iri, clean(f"{prefix}_{local}")) if prefix else (0, iri, clean(local))


def clean(name: str) -> str:
    """The name with an underscore for what names do not have, and before a digit."""
    name = _OTHERS.sub("_", name)
    return f"_{name}" if not name or name[0].isdigit() else name
