"""A remote store that is served: which revision it holds, according to its description.

An answer is from one revision where the description has the same state before and after it, since
states never repeat. `ServedStore.look` reads it before; the engine reads it after
(`engine/remote.py`).
"""

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Final, final

from spacepolicy.engine.publication_description import (
    PublicationDescription,
    UnreadableDescriptionError,
)
from spacepolicy.engine.remote import Remote
from spacepolicy.errors import (
    ProblemError,
    PublicationIncompleteError,
    QuerySyntaxError,
    StoreUnavailableError,
)
from spacepolicy.publishing.description import counts_of, time_of
from spacepolicy.store.history import History
from spacepolicy.store.revision import Revision, SeenPublication

_UNDESCRIBED_SECONDS: Final = 5.0
"""How long a store is assumed to have no description after it had none, so that other people's
endpoints do not get two queries for each. The first publication into a store is noticed this much
late."""
_RETRY_SECONDS: Final = 2
"""When to retry while a publication is under way: one of the shipped data takes a minute, but
clients should not wait much longer than it takes."""
_FOLDER: Final = Path("publication")
"""The folder in the dataset names of publications; no such files exist."""


@final
class ServedStore:
    """The store at the address, which the engine queries; its history holds only the revision that
    the store was last seen to hold."""

    def __init__(self, url: str, engine: Remote, history: History) -> None:
        self.url = url
        self._engine = engine
        self._history = history
        self._undescribed = history.current
        self._is_described: bool | None = None
        self._until = 0.0
        self._seen = 0
        self._lock = threading.Lock()

    def look(self) -> Revision:
        """Return the revision that the store holds now, and put it in force; a revision without
        a number where the store has no description.

        Raises: PublicationIncompleteError, StoreUnavailableError.
        """
        with self._lock:
            if self._is_described is False and time.monotonic() < self._until:
                return self._history.current
            description = self._described()
            self._is_described = description is not None
            if description is None:
                self._until = time.monotonic() + _UNDESCRIBED_SECONDS
                return self._turned_to_undescribed()
            if not description.complete:
                raise PublicationIncompleteError(
                    f"Revision {description.target} is being published into the store, which holds "
                    "a part of it.",
                    extras={"target": description.target},
                    headers={"Retry-After": str(_RETRY_SECONDS)},
                )
            return self._turned_to(description)

    def _described(self) -> PublicationDescription | None:
        """Raises: StoreUnavailableError."""
        try:
            return self._engine.description()
        except UnreadableDescriptionError as error:
            raise _unavailable(str(error)) from error
        except QuerySyntaxError:
            return None  # the store refuses this query, so it has no description
        except ProblemError as error:
            if self._is_described is False:
                return None  # the client's query will report the problem
            raise _unavailable(error.detail) from error

    def _turned_to_undescribed(self) -> Revision:
        if self._history.current.publication is None:
            return self._history.current
        self._engine.turn_to(self._undescribed.dataset, None)
        self._history.replace(self._undescribed)
        return self._undescribed

    def _turned_to(self, description: PublicationDescription) -> Revision:
        current = self._history.current
        if current.publication is not None and current.publication.state == description.state:
            return current
        self._seen += 1
        facts = dict(description.facts)
        revision = replace(
            self._undescribed,
            number=description.target,
            time=time_of(facts),
            message=f"published in {self.url}",
            record_sha256=description.record_sha256,
            digest=facts.get("recordDigest", ""),
            counts=counts_of(facts),
            directory=_FOLDER / description.state,
            publication=SeenPublication(description.state, self._seen),
        )
        self._engine.turn_to(revision.dataset, description)
        self._history.replace(revision)
        return revision


def _unavailable(detail: str) -> StoreUnavailableError:
    return StoreUnavailableError(detail, headers={"Retry-After": str(_RETRY_SECONDS)})
