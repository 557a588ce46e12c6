"""The graph of a published store that says which revision it holds.

It has a `state`, a name that no other publication has. Each change of the store is carried out only
where the state is the one that was read before, and the last of a publication replaces it: what
arrives late, or comes from somebody else who publishes meanwhile, changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final
from uuid import uuid4

from pyoxigraph import Literal, NamedNode

from spacepolicy.engine.remote_protocol import RemoteEndpoints
from spacepolicy.errors import StoreError
from spacepolicy.namespaces import XSD
from spacepolicy.store.revision import Revision

GRAPH: Final = "urn:x-spacepolicy:publication"
"""The description graph, and what it describes."""
DEFAULT_GRAPH: Final = "urn:x-spacepolicy:default"
"""What the default graph is called in a store whose own is the union of all graphs."""
_QUERY: Final = f"SELECT ?p ?o {{ GRAPH <{GRAPH}> {{ <{GRAPH}> ?p ?o }} }}"


@final
class UnreadableDescriptionError(StoreError):
    """The description of a store does not say what it has to."""


@final
@dataclass(frozen=True, slots=True)
class PublicationDescription:
    """What the store says of itself.

    `revision` is None while a publication is incomplete, which is on its way to `target` then;
    `record_sha256` is that of the revision it holds or is on its way to; `default_graph` is the
    name under which the default graph is published, "" where it is the store's own.
    """

    state: str
    target: int
    record_sha256: str
    default_graph: str
    complete: bool

    @property
    def revision(self) -> int | None:
        """The revision that the store holds."""
        return self.target if self.complete else None

    @property
    def guard(self) -> str:
        """The pattern that matches only while this is the description."""
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
        if self.default_graph:
            says["defaultGraph"] = f"<{self.default_graph}>"
        return "\n".join(f"<{GRAPH}> <{GRAPH}#{name}> {value} ." for name, value in says.items())

    def data(self) -> str:
        """The description graph in an update."""
        return f"GRAPH <{GRAPH}> {{\n{self.triples()}\n}}"


def of_revision(
    revision: Revision, default_graph: str, *, complete: bool
) -> PublicationDescription:
    """Return a new description of a store that holds the revision, or is on its way to it."""
    return PublicationDescription(
        str(uuid4()), revision.number, revision.record_sha256, default_graph, complete
    )


def read(store: RemoteEndpoints) -> PublicationDescription | None:
    """Return what the store says of itself; None where it has no description.

    Raises: UnreadableDescriptionError; StoreError where the store cannot be asked.
    """
    rows = [tuple(row) for row in store.select(_QUERY)]
    if not rows:
        return None
    says = {
        _value(predicate).removeprefix(f"{GRAPH}#"): _value(object_) for predicate, object_ in rows
    }
    if len(says) != len(rows):
        raise UnreadableDescriptionError(
            f"<{GRAPH}> in the store describes it twice; --replace has it written anew."
        )
    return _description(says)


def forget(store: RemoteEndpoints) -> None:
    """Have the store forget its description.

    Raises: StoreError.
    """
    store.update(f"DELETE WHERE {{ GRAPH <{GRAPH}> {{ ?s ?p ?o }} }}")


def _description(says: Mapping[str, str]) -> PublicationDescription:
    complete = "revision" in says
    try:
        target = int(says["revision" if complete else "target"])
        default_graph = says.get("defaultGraph", "")
        return PublicationDescription(
            says["state"], target, says["recordSha256"], default_graph, complete
        )
    except (KeyError, ValueError) as error:
        raise UnreadableDescriptionError(
            f"<{GRAPH}> in the store does not say which revision it holds; --replace has it "
            "written anew."
        ) from error


def _value(term: object) -> str:
    return term.value if isinstance(term, (NamedNode, Literal)) else ""
