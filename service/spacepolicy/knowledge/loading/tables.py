"""Tables of things: `data/background/<name>.csv` is the graph `<base>graph/background/<name>`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from spacepolicy.errors import Finding, FindingsError
from spacepolicy.knowledge.loading.record import GraphFile
from spacepolicy.namespaces import Base
from spacepolicy.turtle_format.quotes import NotationError
from spacepolicy.turtle_format.quotes_layout import implied_prefixes
from spacepolicy.turtle_format.tables import read_table
from spacepolicy.turtle_format.tables_layout import table_quads, table_trig

SUFFIX: Final = ".csv"
_FOLDER: Final = "data/background/"


def read_table_file(
    path: Path, name: str, text: str, *, base: Base, prefixes: Mapping[str, str]
) -> GraphFile:
    """Parse a table into a file of graphs.

    Raises: FindingsError with the line and column where it is not valid.
    """
    if not name.startswith(_FOLDER):
        message = f"tables of things are background: they stand in {_FOLDER}."
        raise FindingsError([Finding(name, None, "format", message, "Move the file there.")])
    graph = f"{base.iri}graph/background/{path.stem}"
    try:
        trig = table_trig(read_table(text), graph, implied_prefixes(prefixes))
        return GraphFile(path, name, table_quads(trig), trig=trig)
    except NotationError as error:
        reason = f"{error.msg} (column {error.offset})."
        raise FindingsError([Finding(name, error.lineno, "syntax", reason)]) from error
