"""Entity tags in a content coding, and the conditions on them.

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
    """The entity tag of what is named so, in the coding: a strong one, unless the name is weak.

    >>> etag("abc", "identity"), etag("abc", "gzip"), etag("W/abc", "gzip")
    ('"abc"', '"abc-gzip"', 'W/"abc-gzip"')
    """
    weak = _WEAK if name.startswith(_WEAK) else ""
    opaque = name.removeprefix(_WEAK)
    return f'{weak}"{opaque}"' if coding == IDENTITY else f'{weak}"{opaque}-{coding}"'


def is_weak(tag: str) -> bool:
    """Whether what has the tag may have other bytes the next time, of which no part is sent."""
    return tag.startswith(_WEAK)


def matching(if_none_match: str | None, tags: Iterable[str]) -> str | None:
    """The first of the tags that the field lists, compared weakly.

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
    """Whether the field is `*`: met by whatever there is."""
    return if_none_match is not None and if_none_match.strip() == "*"
