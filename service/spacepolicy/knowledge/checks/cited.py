"""Passages of a source, of either kind, as they are verified; and their comparison with a copy."""

from collections.abc import Iterator
from pathlib import Path

from pyoxigraph import NamedNode

from spacepolicy.knowledge.checks.evidence import Description, Graphs, describe
from spacepolicy.knowledge.loading.record import StatementFault, StatementPlace
from spacepolicy.knowledge.loading.sources import SourceDocument
from spacepolicy.namespaces import Base
from spacepolicy.source_texts import copy_of
from spacepolicy.verification import Cited, verify


def cited_in(base: Base, source: SourceDocument, graphs: Graphs) -> list[Cited]:
    """The passages of the source, in the order of the text, then those by reference by their
    names."""
    return sorted(map(_cited, describe(base, source, graphs)), key=_order)


def copy_faults(
    base: Base, source: SourceDocument, graphs: Graphs, texts: Path
) -> Iterator[StatementFault]:
    """Fingerprints that do not match the copy of the source in a folder of copies, if there is one.

    Raises: UsageError where the copy cannot be read.
    """
    copy = copy_of(texts, source.name)
    if copy is None:
        return
    references = [each for each in cited_in(base, source, graphs) if each.fingerprint is not None]
    for result in verify(source.iri, references, None, copy).results:
        if result.outcome == "failed":
            passage, graph = NamedNode(result.cited.passage), NamedNode(source.iri)
            places = (
                StatementPlace(passage, base.term("fingerprint"), graph=graph),
                StatementPlace(passage),
            )
            message = f"the fingerprint of <{passage.value}> does not fit: {result.reason}."
            yield StatementFault(
                "fingerprint", message, places, "Take it anew, or see which copy that is."
            )


def _cited(description: Description) -> Cited:
    """The passage from its description; a value that is given twice counts as missing."""
    start, end = _number(description, "start"), _number(description, "end")
    exact, locator, address, fingerprint = (
        _only(description, name)
        for name in ("exactText", "locator", "officialAddress", "fingerprint")
    )
    iri = description.iri.value
    is_quotation = locator is None
    return Cited(iri, start, end, exact or "" if is_quotation else None, locator, address,
                 fingerprint)  # fmt: skip


def _only(description: Description, name: str) -> str | None:
    values = description.texts(name)
    return values[0] if len(values) == 1 else None


def _number(description: Description, name: str) -> int | None:
    written = _only(description, name)
    return int(written) if written is not None and written.isdecimal() else None


def _order(cited: Cited) -> tuple[int, int, str]:
    return cited.start or 0, -(cited.end or 0), cited.passage
