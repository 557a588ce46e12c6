"""The description of a store as it is written, read, and taken away."""

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
    """Return a new description of a store that holds the revision, or is on its way to it."""
    return PublicationDescription(
        str(uuid4()),
        revision.number,
        revision.record_sha256,
        default_graph,
        complete,
        facts_of(revision),
    )


def facts_of(revision: Revision) -> tuple[tuple[str, str], ...]:
    """Return what the description says of the revision besides which it is, in the order of the
    names; `counts_of` and `time_of` read it."""
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
    """Return how many statements the revision has; 0 of what is not said."""
    names = ("recordStatements", "inferredStatements", "defaultStatements", "namedGraphs")
    told = (facts.get(name, "") for name in names)
    return Counts(*(int(number) if number.isdecimal() else 0 for number in told))


def time_of(facts: Mapping[str, str]) -> str:
    """Return when the revision was published where it comes from; where that is not said, now."""
    try:
        return datetime.fromisoformat(facts["revisionTime"]).isoformat()
    except (KeyError, ValueError):
        return datetime.now(UTC).isoformat(timespec="seconds")


def read(store: RemoteEndpoints) -> PublicationDescription | None:
    """Return what the store says of itself; None where it has no description.

    Raises: UnreadableDescriptionError; StoreError where the store cannot be asked.
    """
    return described(store.select(QUERY))


def forget(store: RemoteEndpoints) -> None:
    """Have the store forget its description.

    Raises: StoreError.
    """
    store.update(f"DELETE WHERE {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}")
