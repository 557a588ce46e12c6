"""The graph of a published store that describes which revision it holds.

It has a `state`, which is unique to each publication. Each change of the store is carried out only
where the state is the one that was read before, and the last change of a publication replaces it: a
late change, or one of another publisher, has no effect.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import Literal, NamedNode

from spacepolicy.errors import StoreError
from spacepolicy.namespaces import XSD

GRAPH: Final = "urn:x-spacepolicy:publication"
"""The description graph, and the resource that it describes."""
DEFAULT_GRAPH: Final = "urn:x-spacepolicy:default"
"""The name of the default graph in a store whose own is the union of all graphs."""
QUERY: Final = f"SELECT ?p ?o {{ GRAPH <{GRAPH}> {{ <{GRAPH}> ?p ?o }} }}"
"""Selects the description: `described` reads the rows."""

_OWN: Final = ("state", "revision", "target", "recordSha256", "defaultGraph")
"""The properties that identify the publication."""


@final
class UnreadableDescriptionError(StoreError):
    """The description of a store is incomplete or ambiguous."""


@final
@dataclass(frozen=True, slots=True)
class PublicationDescription:
    """The store's description.

    `revision` is None while a publication to `target` is incomplete; `record_sha256` is that of the
    revision that the store holds or will hold; `default_graph` is the name under which the default
    graph is published, "" where it is the store's own; `facts` are the other properties of the
    revision, by name, in the order of their names.
    """

    state: str
    target: int
    record_sha256: str
    default_graph: str
    complete: bool
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def revision(self) -> int | None:
        """The revision that the store holds."""
        return self.target if self.complete else None

    @property
    def guard(self) -> str:
        """The graph pattern that matches only while this is the description."""
        state = f"<{GRAPH}> <{GRAPH}#state> {Literal(self.state)}"
        return f"GRAPH <{GRAPH}> {{ {state} }}"

    def triples(self) -> str:
        """The triples of the description."""
        number = Literal(str(self.target), datatype=NamedNode(f"{XSD}integer"))
        says = {
            "state": str(Literal(self.state)),
            "revision" if self.complete else "target": str(number),
            "recordSha256": str(Literal(self.record_sha256)),
        }
        says |= {name: str(Literal(value)) for name, value in self.facts}
        if self.default_graph:
            says["defaultGraph"] = f"<{self.default_graph}>"
        return "\n".join(f"<{GRAPH}> <{GRAPH}#{name}> {value} ." for name, value in says.items())

    def data(self) -> str:
        """The description graph as quads of an update."""
        return f"GRAPH <{GRAPH}> {{\n{self.triples()}\n}}"


def described(rows: Iterable[tuple[object, ...]]) -> PublicationDescription | None:
    """Parse the rows that answer `QUERY`; None where there are none.

    Raises: UnreadableDescriptionError.
    """
    pairs = [(_value(predicate), _value(object_)) for predicate, object_ in rows]
    if not pairs:
        return None
    says = {predicate.removeprefix(f"{GRAPH}#"): value for predicate, value in pairs}
    if len(says) != len(pairs):
        raise UnreadableDescriptionError(
            f"<{GRAPH}> in the store describes it twice; publish --replace writes it anew."
        )
    return _description(says)


def _description(says: Mapping[str, str]) -> PublicationDescription:
    complete = "revision" in says
    try:
        target = int(says["revision" if complete else "target"])
        default_graph = says.get("defaultGraph", "")
        return PublicationDescription(
            says["state"],
            target,
            says["recordSha256"],
            default_graph,
            complete,
            tuple(sorted(pair for pair in says.items() if pair[0] not in _OWN)),
        )
    except (KeyError, ValueError) as error:
        raise UnreadableDescriptionError(
            f"<{GRAPH}> in the store does not say which revision it holds; publish --replace "
            "writes it anew."
        ) from error


def _value(term: object) -> str:
    return term.value if isinstance(term, (NamedNode, Literal)) else ""
