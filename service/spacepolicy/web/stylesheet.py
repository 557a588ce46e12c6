"""The style sheet of all pages."""

from starlette.responses import Response

from spacepolicy.web import pages


def stylesheet() -> Response:
    """The style sheet; another one is at another path, so that it may be kept for a year."""
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(pages.STYLE, headers=kept, media_type="text/css")
