"""Libraries that are used where they are installed."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from spacepolicy_client.errors import MissingLibraryError


def library(name: str, extra: str | None = None) -> Any:
    """Import the library.

    Raises: MissingLibraryError, which says how to install it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        wanted = extra or name
        raise MissingLibraryError(
            f"This needs {name}: pip install 'spacepolicy-client[{wanted}]'."
        ) from error


def installed(name: str) -> bool:
    """Whether the library is installed."""
    return find_spec(name) is not None
