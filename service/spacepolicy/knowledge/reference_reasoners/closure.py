"""owlrl's inferences, in a separate process: it changes rdflib's datatypes globally."""

from collections.abc import Iterable
from typing import Final

from pyoxigraph import RdfFormat, Triple, parse, serialize

from spacepolicy.knowledge.reference_reasoners.child_process import ask

_CHILD: Final = "spacepolicy.knowledge.reference_reasoners.closure_owlrl"


def closure(triples: Iterable[Triple], seconds: float = 300) -> frozenset[Triple]:
    """The statements with all of owlrl's inferences under OWL 2 RL.

    Raises: ReasonerError where it does not answer in the time.
    """
    data = serialize(triples, format=RdfFormat.N_TRIPLES) or b""
    printed = ask("owlrl", _CHILD, [], data, seconds)
    return frozenset(quad.triple for quad in parse(printed, RdfFormat.N_TRIPLES))
