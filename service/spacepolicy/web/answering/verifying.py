"""Verifying the passages of the served revision in a separate process; and the words of references
in a user's copies of texts."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pyoxigraph import NamedNode

from spacepolicy.errors import BadParameterError, TimeLimitError
from spacepolicy.namespaces import Base
from spacepolicy.source_texts import CopyText
from spacepolicy.sparql_service.admission import query_identifier
from spacepolicy.verification import Cited
from spacepolicy.verification_process import SentCopy, request
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows
from spacepolicy.web.answering.one_off_process import output_of
from spacepolicy.web.answering.words_of_copies import Words
from spacepolicy.web.solution_rows import Row

MEMORY_BYTES: Final = 1 << 30
"""The memory limit of the process: a copy of some megabytes takes a tenth of it."""
_MODULE: Final = "spacepolicy.verification_process"
_DESCRIBED: Final = ("start", "end", "exactText", "locator", "officialAddress", "fingerprint")


async def sources(app_state: AppState) -> tuple[str, ...]:
    """Return the sources that have passages, sorted."""
    own = app_state.service.revision.base
    if own is None:
        return ()
    of = Base(own).term("source")
    found = await rows(
        app_state, f"SELECT DISTINCT ?source {{ ?passage {of} ?source }} ORDER BY ?source"
    )
    return tuple(row["source"].value for row in found)


async def cited_in(app_state: AppState, source: str) -> tuple[Cited, ...]:
    """Return the passages of the source, in the order of the text; those by reference sorted by
    IRI."""
    own = app_state.service.revision.base
    if own is None:
        return ()
    base = Base(own)
    optional = " ".join(f"OPTIONAL {{ ?passage {base.term(name)} ?{name} }}" for name in _DESCRIBED)
    found = await rows(
        app_state,
        f"SELECT * {{ ?passage {base.term('source')} {NamedNode(source)} {optional} }} "
        "ORDER BY ?start DESC(?end) ?passage",
    )
    passages: dict[str, Cited] = {}
    for row in found:
        passages.setdefault(row["passage"].value, _cited(row))
    return tuple(passages.values())


def _cited(row: Row) -> Cited:
    start, end, exact, locator, address, fingerprint = (
        row[name].value if name in row else None for name in _DESCRIBED
    )
    return Cited(
        row["passage"].value,
        None if start is None else int(start),
        None if end is None else int(end),
        (exact or "") if locator is None else None,
        locator,
        address,
        fingerprint,
    )


async def _recorded(app_state: AppState, source: str) -> str | None:
    """The recorded SHA-256 of the text that the source's offsets refer to."""
    own = app_state.service.revision.base
    if own is None:
        return None
    found = await rows(
        app_state, f"SELECT ?d {{ {NamedNode(source)} {Base(own).term('sha256')} ?d }}"
    )
    return found[0]["d"].value if len(found) == 1 else None


async def verification(
    app_state: AppState, source: str, cited: Sequence[Cited], sent: SentCopy | None = None
) -> dict[str, Any]:
    """Verify the passages of the source against the copy that was sent, else against the service's
    own texts; return the report.

    Raises: BadParameterError where the copy is no text; ProblemError where no place comes free, or
    it takes too long.
    """
    texts, name, is_own = app_state.service.texts, source.rpartition("/")[2], False
    copy: CopyText | SentCopy | None = sent
    if copy is None:
        copy = texts.copies.get(name)
    if copy is None:
        copy, is_own = texts.own.get(name), True
    recorded = await _recorded(app_state, source)
    asked = request(source, cited, recorded, copy, is_own=is_own)
    service = app_state.service
    async with app_state.proofs.admitted(query_identifier(None), service.max_wait_seconds):
        try:
            async with asyncio.timeout(service.timeout_seconds):
                found: dict[str, Any] = json.loads(
                    await output_of(_MODULE, str(MEMORY_BYTES), asked)
                )
        except TimeoutError as error:
            raise TimeLimitError("The text was not looked through in the time there is.") from error
    if "refused" in found:
        raise BadParameterError(found["refused"])
    return found


async def words_of_copies(app_state: AppState) -> Words:
    """Return the words of references that the copies have, by the passages' IRIs; empty without
    copies.

    Raises: ProblemError where the verification fails.
    """
    if not app_state.service.texts.copies:
        return {}
    there = [each for each in await sources(app_state) if _has_copy(app_state, each)]
    cited = {each: await cited_in(app_state, each) for each in there}
    return await app_state.copy_words.get(tuple(cited.items()), lambda: _words(app_state, cited))


def _has_copy(app_state: AppState, source: str) -> bool:
    return source.rpartition("/")[2] in app_state.service.texts.copies


async def _words(app_state: AppState, cited: Mapping[str, Sequence[Cited]]) -> dict[str, str]:
    found = {}
    for source, passages in cited.items():
        marked = [each for each in passages if each.fingerprint is not None]
        table = await verification(app_state, source, marked)
        for result in table["passages"]:
            if result["outcome"] == "checked":
                found[result["passage"]] = " ".join(result["words"].split())
    return found
