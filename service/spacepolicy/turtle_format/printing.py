"""The canonical layout of each kind of file of graphs, by its extension."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import Final

from pyoxigraph import Quad

from spacepolicy.errors import UsageError
from spacepolicy.turtle_format.document import changed_text, format_text
from spacepolicy.turtle_format.quotes_layout import changed_quotes, format_quotes
from spacepolicy.turtle_format.table_making import changed_table
from spacepolicy.turtle_format.tables_layout import format_table

Change = Callable[[Iterable[Quad]], Iterable[Quad]]
"""A function that changes the statements of a file."""
_PRINTERS: Final[Mapping[str, Callable[..., str]]] = {
    ".ttl": format_text,
    ".trig": format_text,
    ".quotes": format_quotes,
    ".csv": format_table,
}
_CHANGERS: Final[Mapping[str, Callable[..., str]]] = {
    ".ttl": changed_text,
    ".trig": changed_text,
    ".quotes": changed_quotes,
    ".csv": changed_table,
}
PRINTED: Final = frozenset(_PRINTERS)
"""The extensions of the files that are printed."""


def print_file(text: str, *, path: str, prefixes: Mapping[str, str] = MappingProxyType({})) -> str:
    """The text of a file in the one layout; `prefixes` are those of the project.

    Raises:
        FindingsError: there is an error of syntax, or something that the layout would lose.
        UsageError: the name ends otherwise than those of files of graphs do.
    """
    printer = _PRINTERS.get(PurePath(path).suffix)
    if printer is None:
        raise UsageError(f"{path} is none of the files that are printed: {_listed()}.")
    return printer(text, path=path, prefixes=prefixes)


def change_file(
    text: str, change: Change, *, path: str, prefixes: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The text of a file after a change of its statements, in the one layout.

    Raises: as `print_file`.
    """
    changer = _CHANGERS.get(PurePath(path).suffix)
    if changer is None:
        raise UsageError(f"{path} is none of the files of graphs: {_listed()}.")
    return changer(text, change, path=path, prefixes=prefixes)


def _listed() -> str:
    return ", ".join(_PRINTERS)
