"""The dataset built from the files, as the service's queries see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from pyoxigraph import Store

from spacepolicy.engine.lexer import scan
from spacepolicy.engine.named_graphs import query_without
from spacepolicy.serialization import Answer


@final
@dataclass(frozen=True, slots=True)
class DefaultDataset:
    """A dataset, and the graph of it that patterns do not match unless a query names its
    dataset."""

    store: Store
    unlisted: str

    def query(self, text: str, prefixes: Mapping[str, str] | None = None) -> Answer:
        """Run the query.

        Raises: SyntaxError, ValueError, RuntimeError, OSError, as the engine does.
        """
        known = dict(prefixes or {})
        seen = scan(text, known)
        if not seen.default_graphs and not seen.named_graphs:
            text = query_without(text, known, None, self.unlisted).text
        return self.store.query(text, prefixes=known)
