"""Responses to writes: a status alone, or the difference and the SHACL report.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-9.3.4,
https://afs.github.io/rdf-delta/rdf-patch.html
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Scope

from spacepolicy.formats import Format
from spacepolicy.store.write_requests import Written
from spacepolicy.web.answering.representation import chosen
from spacepolicy.web.history.changes import PATCH

JSON: Final = Format("json", "JSON", "page", "application/json", "json")
TRIED: Final = (JSON, PATCH)
"""The formats of the response to a dry run."""


def check_acceptable(scope: Scope) -> None:
    """Check that a dry run can be answered in an accepted format, before it is carried out.

    Raises: NotAcceptableError, BadParameterError.
    """
    chosen(scope, TRIED)


def tried(scope: Scope, written: Written) -> Response:
    """Return the response to a dry run: what would have changed, and the SHACL report."""
    choice = chosen(scope, TRIED)
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    if choice.format is PATCH:
        return Response(written.patch, headers=headers, media_type=PATCH.media_type)
    members = {
        "dry_run": True,
        **_members(written),
        "existed": written.existed,
        "patch": written.patch.decode(),
    }
    return _json(members, 200, headers)


def done(written: Written, status: int = 204, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response to a write; it has a body only if there is a SHACL report."""
    fields = {"Cache-Control": "no-store", **(headers or {})}
    if written.report:
        return _json(_members(written), 200 if status == 204 else status, fields)
    return Response(status_code=status, headers=fields)


def _members(written: Written) -> dict[str, Any]:
    return {
        "revision": written.revision.number,
        "changed": written.changed,
        "added": written.added,
        "removed": written.removed,
        "report": written.report.decode(),
    }


def _json(members: Mapping[str, Any], status: int, headers: Mapping[str, str]) -> Response:
    body = json.dumps(members, ensure_ascii=False, indent=1).encode() + b"\n"
    return Response(body, status, dict(headers), media_type=JSON.media_type)
