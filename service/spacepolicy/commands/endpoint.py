"""A remote endpoint as the engine, without a revision of its own."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from spacepolicy import settings
from spacepolicy.errors import UsageError
from spacepolicy.settings import Settings
from spacepolicy.store.revision import Counts, Revision

_SCHEMES: Final = ("http://", "https://")


def endpoint_url(chosen: Settings) -> str | None:
    """The address of the endpoint that the store is; None where the store is a folder."""
    store = chosen.store
    return store if store is not None and store.lower().startswith(_SCHEMES) else None


def refuse_endpoint(chosen: Settings, command: str) -> None:
    """Raises: UsageError where the store is an endpoint, which the command cannot write to."""
    if endpoint_url(chosen) is not None:
        raise UsageError(f"{command} needs a folder of revisions; {chosen.store} is an endpoint.")


def endpoint_revision(chosen: Settings) -> Revision:
    """A placeholder for the revision of the endpoint's dataset, which has no number: the base and
    the prefixes of the content, as far as there is any.

    Raises: FindingsError where the content has no ontology that can be read.
    """
    base, prefixes = _names(chosen)
    return Revision(
        number=0,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        author="",
        message=f"answered by {chosen.store}",
        counts=Counts(),
        record_sha256="",
        content_sha256="",
        base=base,
        prefixes=prefixes,
        directory=Path(),
    )


def _names(chosen: Settings) -> tuple[str | None, dict[str, str]]:
    content = settings.content_directory(chosen, Path.cwd())
    if content is None:
        return None, {}
    from spacepolicy.knowledge.checks.context import CheckContext  # noqa: PLC0415

    material = CheckContext(content.path, packaged=content.packaged)
    return material.base.iri, dict(material.prefixes)
