"""Search indexes of what a test gives."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from spacepolicy.web import search_index_process
from spacepolicy.web.search_index import SearchIndex, Text
from spacepolicy.web.search_index_process import Pairs


def index_of(texts: Iterable[Text], types: Pairs = (), sources: Pairs = ()) -> SearchIndex:
    """A new index."""
    with TemporaryDirectory() as folder:
        search_index_process.write(Path(folder) / "index", texts, types, sources)
        return SearchIndex(Path(folder) / "index")


def changed(
    index: SearchIndex, things: Iterable[str], texts: Iterable[Text], types: Pairs, sources: Pairs
) -> SearchIndex:
    """A changed copy of the index."""
    with TemporaryDirectory() as folder:
        index.copy_to(Path(folder) / "index")
        search_index_process.change(Path(folder) / "index", things, texts, types, sources)
        return SearchIndex(Path(folder) / "index")
