"""The settings that a store records, so that commands need not be given them again."""

from collections.abc import Mapping
from pathlib import Path

from spacepolicy.errors import SpacepolicyError


def recorded(store: Path) -> Mapping[str, str]:
    """The settings that the store was made with: its mode, and whether it has no files.

    Empty where there is no store, or it cannot be read: the command that opens it reports the
    error.
    """
    # Most commands need no revision, and start sooner without the engine.
    from spacepolicy.store import store_description  # noqa: PLC0415

    try:
        found = store_description.read(store)
        if found is None:
            return {}
        says = {"default_graph": found.mode}
        plain = found.mode == "stored" and _is_without_files(store)
        return {**says, "content": "none"} if plain else says
    except SpacepolicyError:
        return {}


def _is_without_files(store: Path) -> bool:
    """Whether the revision in force is without files.

    Raises: SpacepolicyError where it cannot be read.
    """
    from spacepolicy.commands.build import EMPTY  # noqa: PLC0415
    from spacepolicy.store import revision_folders as revisions  # noqa: PLC0415

    current = revisions.current(store)
    return current is not None and current.content_sha256 == EMPTY
