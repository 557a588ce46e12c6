"""The ETag of a graph: it changes only with the revisions that change the graph.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3
"""

from collections.abc import Mapping

from spacepolicy import __version__
from spacepolicy.store.history import History
from spacepolicy.store.revision import Revision
from spacepolicy.web.answering.revision_etags import mark, opaque


def graph_etag(state: Revision, made_of: tuple[str, ...], prefixes: Mapping[str, str]) -> str:
    """Return the entity tag, without quotes and coding, of a graph last changed by `state`;
    `made_of` is what else its bytes depend on, besides the declared prefixes."""
    declared = (part for pair in sorted(prefixes.items()) for part in pair)
    return f"{mark(state)}.{opaque((__version__, *made_of, *declared))}"


def changed_at(history: History, graph: str | None, number: int) -> int:
    """Return the number of the last revision up to `number` that changed the graph; `number` where
    none is known."""
    changed = None if graph is None else history.last_changed(graph, number)
    return number if changed is None else changed
