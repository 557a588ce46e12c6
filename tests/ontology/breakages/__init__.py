"""Breakages: small edits of the content, each with the gate that must find it, and where.

Each edit changes a copy of the shipped content and the documents of `tests/documents`, and gives
the line at which it did so. `python -m tests.ontology.breakages` writes the tables of
docs/checks.md from it.
"""

from typing import Final

from .data import DATA
from .edits import DOCUMENTS, ROOT, SHIPPED, Breakage
from .encodings import ENCODINGS
from .names import MISSPELT
from .ontology import ONTOLOGY
from .queries import QUERIES
from .reasoners import REASONERS
from .shapes import OF_SHAPES

__all__ = ["BREAKAGES", "DOCUMENTS", "KINDS", "ROOT", "SHIPPED", "Breakage"]

KINDS: Final = {
    "Bytes": ENCODINGS,
    "Names": MISSPELT,
    "The ontology, its rules and its documentation": ONTOLOGY,
    "Shapes": OF_SHAPES,
    "Data and sources": DATA,
    "Saved queries": QUERIES,
    "What other reasoners see": REASONERS,
}
BREAKAGES: Final = tuple(each for rows in KINDS.values() for each in rows)
"""All of them, by kind."""
