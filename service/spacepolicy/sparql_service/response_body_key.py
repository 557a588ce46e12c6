"""The cache key of an answer's body."""

from typing import Final, NamedTuple, final

_OVERHEAD_BYTES: Final = 512
"""At most what the object and its short parts take: Python objects have some 50 bytes each."""


@final
class BodyKey(NamedTuple):
    """What a body depends on besides the revision. `origin` is the address of the endpoint, against
    which relative IRIs are resolved; `order` names the order of its rows, which changes when the
    dataset has been loaded into memory."""

    text: str
    default_graphs: tuple[str, ...] | None
    named_graphs: tuple[str, ...] | None
    format: str
    origin: str
    order: str = ""

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return 4 * len(self.text) + _OVERHEAD_BYTES
