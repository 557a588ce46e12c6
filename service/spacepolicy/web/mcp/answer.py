"""The answer of a tool: whether something was found, on which revision, and whether it is cut."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar, final

Outcome = Literal["found", "none", "unknown", "error"]
"""`none`: the dataset does not have it; `unknown`: this cannot be determined here."""
MAX_BYTES: Final = 1 << 16
"""The limit of an answer's list as JSON: some 16,000 tokens, a tenth of the context of the models
in use."""
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
"""The members of the answers of all tools."""


@final
@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a tool: `query` is the SPARQL, or the address, that gives the same; `members`
    are those of the tool; `truncated`: there is more than they list."""

    outcome: Outcome
    query: str | None
    members: Mapping[str, Any] = field(default_factory=dict)
    truncated: bool = False

    def table(self, revision: int) -> dict[str, Any]:
        """Return the answer as a JSON object."""
        return {
            "outcome": self.outcome,
            "revision": revision,
            "query": self.query,
            "truncated": self.truncated,
            **self.members,
        }


_Item = TypeVar("_Item")


def fitted(items: Iterable[_Item], limit: int) -> tuple[list[_Item], bool]:
    """Return the first items, as many as `limit` and `MAX_BYTES` allow, and whether there are more.

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
