"""What a store says of itself, so that no command asks for it again."""

import json
from collections.abc import Mapping
from pathlib import Path


def recorded(store: Path) -> Mapping[str, str]:
    """The settings that the store was made with: its mode, and whether no files stand behind it.

    Nothing where there is no store, or it cannot be read: whoever opens it says what is wrong.
    """
    try:
        mode = json.loads((store / "store.json").read_text(encoding="utf-8"))["mode"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    if mode not in ("merged", "stored"):
        return {}
    says = {"default_graph": mode}
    return {**says, "content": "none"} if mode == "stored" and _without_files(store) else says


def _without_files(store: Path) -> bool:
    """Whether the revision in force is of no files."""
    # Most commands need no revision, and start sooner without the engine.
    from spacepolicy.commands.build import EMPTY  # noqa: PLC0415
    from spacepolicy.errors import StoreError  # noqa: PLC0415
    from spacepolicy.revisions import store as revisions  # noqa: PLC0415

    try:
        current = revisions.current(store)
    except StoreError:
        return False
    return current is not None and current.content_sha256 == EMPTY
