"""The description of a remote store: making, reading and deleting it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import uuid4

from spacepolicy.engine.publication_description import (
    GRAPH,
    QUERY,
    PublicationDescription,
    described,
)
from spacepolicy.engine.remote_protocol import RemoteEndpoints
from spacepolicy.store.revision import Counts, Revision


def of_revision(
    revision: Revision, default_graph: str, *, complete: bool
) -> PublicationDescription:
    """Return a new description of a store that holds the revision, or (where not `complete`) is
    being brought to it."""
    return PublicationDescription(
        str(uuid4()),
        revision.number,
        revision.record_sha256,
        default_graph,
        complete,
        facts_of(revision),
    )


def facts_of(revision: Revision) -> tuple[tuple[str, str], ...]:
    """Return the facts about the revision that the description holds, sorted by name; `counts_of`
    and `time_of` read them."""
    counts = revision.counts
    return (
        ("defaultStatements", str(counts.default)),
        ("inferredStatements", str(counts.inferred)),
        ("namedGraphs", str(counts.graphs)),
        ("recordDigest", revision.digest),
        ("recordStatements", str(counts.record)),
        ("revisionTime", revision.time),
    )


def counts_of(facts: Mapping[str, str]) -> Counts:
    """Return how many statements the revision has; 0 for a count that is missing."""
    names = ("recordStatements", "inferredStatements", "defaultStatements", "namedGraphs")
    numbers = (facts.get(name, "") for name in names)
    return Counts(*(int(number) if number.isdecimal() else 0 for number in numbers))


def time_of(facts: Mapping[str, str]) -> str:
    """Return when the revision was made; the current time where that is missing."""
    try:
        return datetime.fromisoformat(facts["revisionTime"]).isoformat()
    except (KeyError, ValueError):
        return datetime.now(UTC).isoformat(timespec="seconds")


def read(store: RemoteEndpoints) -> PublicationDescription | None:
    """Return the description in the store; None where it has none.

    Raises: UnreadableDescriptionError; StoreError where the store cannot be queried.
    """
    return described(store.select(QUERY))


def forget(store: RemoteEndpoints) -> None:
    """Delete the description in the store.

    Raises: StoreError.
    """
    store.update(f"DELETE WHERE {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}")
