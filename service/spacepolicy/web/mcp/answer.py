"""What a tool answers: whether something was found, on which revision, and whether all of it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar, final

Outcome = Literal["found", "none", "unknown", "error"]
"""`none`: the dataset has nothing of the kind; `unknown`: whether it has cannot be said here."""
MAX_BYTES: Final = 1 << 16
"""What the list of an answer may have as JSON: some 16,000 tokens, a tenth of what the models in
use read at once."""
OUTPUT_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["outcome", "revision", "query", "truncated"],
    "properties": {
        "outcome": {"type": "string", "enum": ["found", "none", "unknown", "error"]},
        "revision": {"type": "integer", "description": "the revision of the data"},
        "query": {
            "type": ["string", "null"],
            "description": "the SPARQL, or the address, that was asked",
        },
        "truncated": {"type": "boolean", "description": "there is more than is listed"},
        "labels": {
            "type": "object",
            "description": "of each IRI in the answer, its names by language",
        },
        "passages": {
            "type": "object",
            "description": "of each passage in the answer, its words, place and source",
        },
        "problem": {"type": "object", "description": "what went wrong (RFC 9457)"},
    },
}
"""What the answers of all tools have."""


@final
@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool has found: `query` is the SPARQL, or the address, that gives the same; `members`
    are its own; `truncated`: there is more than they list."""

    outcome: Outcome
    query: str | None
    members: Mapping[str, Any] = field(default_factory=dict)
    truncated: bool = False

    def table(self, revision: int) -> dict[str, Any]:
        """The answer for JSON."""
        return {
            "outcome": self.outcome,
            "revision": revision,
            "query": self.query,
            "truncated": self.truncated,
            **self.members,
        }


_Item = TypeVar("_Item")


def fitted(items: Iterable[_Item], limit: int) -> tuple[list[_Item], bool]:
    """The first of the items, as many as the limit and an answer's size allow; whether there are
    more.

    >>> fitted([1, 2, 3], 2)
    ([1, 2], True)
    """
    kept, size = list[_Item](), 0
    for item in items:
        size += len(json.dumps(item, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        if len(kept) == limit or size > MAX_BYTES:
            return kept, True
        kept.append(item)
    return kept, False
