"""Entity tags by content coding, and If-None-Match.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3,
https://www.rfc-editor.org/rfc/rfc9110#section-13.1
"""

import re
from collections.abc import Iterable
from typing import Final

from spacepolicy.http.content_codings import IDENTITY

_MEMBER: Final = re.compile(r'\s*(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')


_WEAK: Final = "W/"


def etag(name: str, coding: str) -> str:
    """Return the entity tag of the representation of that name in the coding; weak where the name
    begins with `W/`.

    >>> etag("abc", "identity"), etag("abc", "gzip"), etag("W/abc", "gzip")
    ('"abc"', '"abc-gzip"', 'W/"abc-gzip"')
    """
    weak = _WEAK if name.startswith(_WEAK) else ""
    opaque = name.removeprefix(_WEAK)
    return f'{weak}"{opaque}"' if coding == IDENTITY else f'{weak}"{opaque}-{coding}"'


def is_weak(tag: str) -> bool:
    """Whether the tag is weak: the bytes may differ the next time, so no range of them is sent."""
    return tag.startswith(_WEAK)


def matching(if_none_match: str | None, tags: Iterable[str]) -> str | None:
    """Return the first of the tags that If-None-Match lists, by weak comparison.

    >>> matching('"x", W/"abc"', ['"abc"'])
    '"abc"'
    >>> matching('"abc"', ['W/"abc"'])
    'W/"abc"'
    """
    if if_none_match is None:
        return None
    listed = {f'"{tag}"' for tag in _MEMBER.findall(if_none_match)}
    return next((tag for tag in tags if tag.removeprefix(_WEAK) in listed), None)


def any_state(if_none_match: str | None) -> bool:
    """Whether If-None-Match is `*`, which any current representation matches."""
    return if_none_match is not None and if_none_match.strip() == "*"
