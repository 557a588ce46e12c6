"""Verifies that words occur in a source: verbatim, except white space, quotation marks and
dashes."""

from collections.abc import Iterable
from typing import Annotated, Any, Final, final
from urllib.parse import urlencode

from pydantic import Field

from spacepolicy.errors import BadParameterError
from spacepolicy.fingerprints import fingerprint, tokens
from spacepolicy.verification import Cited
from spacepolicy.web.answering.verifying import cited_in, sources, verification
from spacepolicy.web.mcp.answer import Answer, Outcome
from spacepolicy.web.mcp.evidence import with_evidence
from spacepolicy.web.mcp.tool_request import Arguments, ToolRequest

_MAX_PLACES: Final = 20
"""How many places of the same words are listed; a quotation needs one."""
_MAX_PASSAGES: Final = 5
"""How many passages of a place are listed, the narrowest first: the others contain these."""


@final
class VerifyQuotation(Arguments):
    """The arguments of `verify_quotation`."""

    words: Annotated[
        str, Field(min_length=1, max_length=10_000, description="the words, as they are quoted")
    ]
    source: Annotated[
        str,
        Field(min_length=1, max_length=4000, description="the source's IRI, or its last part"),
    ]


async def quotation_verified(request: ToolRequest, given: VerifyQuotation) -> Answer:
    """Return whether the words occur in the source, where, and in which passages."""
    mark = fingerprint(given.words)
    if mark.tokens == 0:
        raise BadParameterError("The words have no letter and no digit.")
    known = await sources(request.app_state)
    source = next((each for each in known if given.source in (each, each.rpartition("/")[2])), None)
    query = request.address(f"/verify?{urlencode({'source': source or given.source})}")
    if source is None:
        detail = f"There is no source {given.source[:200]!r} with passages."
        return Answer("none", query, {"detail": detail, "sources": list(known)})
    cited = await cited_in(request.app_state, source)
    looked_for = Cited(source, locator="", fingerprint=str(mark))
    (result,) = (table := await verification(request.app_state, source, [looked_for]))["passages"]
    is_recorded = table["text_sha256"] is not None and table["text_sha256"] == table["sha256"]
    places = [_place(cited, *each, is_recorded=is_recorded) for each in result["places"]]
    quoted = _of_fingerprint(cited, str(mark))
    outcome = _outcome(bool(places or quoted), result["outcome"])
    shown = [passage for place in places for passage in place["passages"]]
    members = {
        "source": source,
        "words": result["words"],
        "places": places[:_MAX_PLACES],
        "detail": "" if outcome == "found" else result["reason"],
    }
    answer = Answer(outcome, query, members, len(places) > _MAX_PLACES)
    about = (source, *(shown or quoted or _quoting(cited, given.words)))
    return await with_evidence(answer, request.app_state, about)


def _outcome(stands: bool, compared: str) -> Outcome:
    if stands:
        return "found"
    return "unknown" if compared == "skipped" else "none"


def _place(cited: Iterable[Cited], start: int, end: int, *, is_recorded: bool) -> dict[str, Any]:
    """A place of the words; only offsets in the recorded text are meaningful."""
    if not is_recorded:
        return {"start": None, "end": None, "passages": []}
    return {"start": start, "end": end, "passages": _around(cited, start, end)}


def _around(cited: Iterable[Cited], start: int, end: int) -> list[str]:
    """The passages that contain the place, the narrowest first."""
    holding = [
        (each.end - each.start, each.passage)
        for each in cited
        if each.start is not None and each.end is not None
        if each.start <= start and end <= each.end
    ]
    return [passage for _, passage in sorted(holding)[:_MAX_PASSAGES]]


def _of_fingerprint(cited: Iterable[Cited], mark: str) -> list[str]:
    """The passages by reference with exactly these words."""
    return [each.passage for each in cited if each.fingerprint == mark]


def _quoting(cited: Iterable[Cited], words: str) -> list[str]:
    """The passages whose recorded words contain these words; used where no text is available."""
    wanted = f" {' '.join(tokens(words))} "
    return [
        each.passage
        for each in cited
        if each.exact is not None and wanted in f" {' '.join(tokens(each.exact))} "
    ][:_MAX_PASSAGES]
