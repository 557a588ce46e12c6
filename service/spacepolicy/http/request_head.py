"""The head of an HTTP/1.1 request: whether it is well-formed, and how its body is framed.

Spec: https://www.rfc-editor.org/rfc/rfc9112 (sections 3, 5, 6)
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from spacepolicy.errors import (
    ContentTooLargeError,
    MalformedRequestError,
    MethodNotAllowedError,
    NotImplementedHereError,
)

_LENGTH_DIGITS: Final = 18
"""A length of more digits does not fit into 63 bits."""
_METHODS: Final = "GET, HEAD, POST, PUT, DELETE, QUERY, OPTIONS"
_TOKEN: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_REQUEST_LINE: Final = re.compile(rb"(%b) ([\x21-\x7e\x80-\xff]++) HTTP/1\.([01])\r\n" % _TOKEN)
_FIELD_LINES: Final = re.compile(rb"(?:%b:[\t\x20-\x7e\x80-\xff]*+\r\n)*+\r\n" % _TOKEN)
_KNOWN: Final = re.compile(
    rb"\r\n(host|content-length|transfer-encoding|upgrade):[ \t]*+([^\r]*)", re.IGNORECASE
)
_HOST: Final = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]+)(?::[0-9]{0,5})?")
_ABSOLUTE: Final = re.compile(rb"https?://([^/?#]*)([^#]*)", re.IGNORECASE)
_ORIGIN: Final = re.compile(rb"/[\x21\x22\x24-\x7e]*(?:\?[\x21\x22\x24-\x7e\x80-\xff]*)?")
_HOST_LINE: Final = re.compile(rb"\r\nhost:[^\r]*", re.IGNORECASE)
_UPGRADE_LINE: Final = re.compile(rb"\r\nupgrade:[^\r]*", re.IGNORECASE)


@final
@dataclass(frozen=True, slots=True)
class ParsedHead:
    """A head for the parser, and the length of the body; None for a chunked body."""

    head: bytes
    length: int | None


def read_head(head: bytes) -> ParsedHead:
    """Check a complete head, whose lines all end in CR LF, and return it for the parser.

    The request target becomes origin-form, and Upgrade is removed (RFC 9110 section 7.8).

    Raises: MalformedRequestError, MethodNotAllowedError, NotImplementedHereError,
    ContentTooLargeError.
    """
    line = _REQUEST_LINE.match(head)
    if line is None:
        raise MalformedRequestError("The request line is none of HTTP/1.1 or HTTP/1.0.")
    if not _FIELD_LINES.fullmatch(head, line.end()):
        raise _malformed_field(head[line.end() : -4])
    fields: dict[bytes, list[bytes]] = {}
    for name, value in _KNOWN.findall(head):
        fields.setdefault(name.lower(), []).append(value.rstrip(b" \t"))
    old = line[3] == b"0"
    _check_host(fields.get(b"host", []), old=old)
    length = _body_length(fields, old=old)
    if b"upgrade" in fields:
        head = _UPGRADE_LINE.sub(b"", head)
    return ParsedHead(_with_origin_form(head, line), length)


def _body_length(fields: dict[bytes, list[bytes]], *, old: bool) -> int | None:
    """The length of the body, None for chunks (RFC 9112 section 6.3)."""
    lengths, codings = fields.get(b"content-length"), fields.get(b"transfer-encoding")
    if codings is None:
        return _length(lengths) if lengths else 0
    _check_codings(codings, with_length=lengths is not None, old=old)
    return None


def _malformed_field(lines: bytes) -> MalformedRequestError:
    """The error of the first malformed field line."""
    for number, line in enumerate(lines.split(b"\r\n"), 1):
        if line[:1] in (b" ", b"\t"):
            return MalformedRequestError(f"Header line {number} goes on with the one before it.")
        name, colon, _ = line.partition(b":")
        if colon and name.rstrip(b" \t") != name:
            return MalformedRequestError(f"Header line {number} has a space before its colon.")
        if not _FIELD_LINES.fullmatch(line + b"\r\n\r\n"):
            return MalformedRequestError(f"Header line {number} is no name, colon and value.")
    return MalformedRequestError("The head is not well-formed.")


def _check_host(hosts: Sequence[bytes], *, old: bool) -> None:
    """Raises: MalformedRequestError where there is not exactly one Host (RFC 9112 section 3.2)."""
    if len(hosts) > 1 or not (hosts or old):
        raise MalformedRequestError(f"The request has {len(hosts)} Host fields, and needs one.")
    if hosts and not _HOST.fullmatch(hosts[0]):
        raise MalformedRequestError("The Host field has no host, with or without a port.")


def _check_codings(codings: Sequence[bytes], *, with_length: bool, old: bool) -> None:
    """Raises: MalformedRequestError, NotImplementedHereError where it is not `chunked` alone."""
    if with_length or old:
        other = "a Content-Length" if with_length else "HTTP/1.0"
        raise MalformedRequestError(f"Transfer-Encoding does not go with {other}.")
    names = [each.strip(b" \t").lower() for each in b",".join(codings).split(b",")]
    if names == [b"chunked"]:
        return
    if names[-1] != b"chunked" or names.count(b"chunked") > 1:
        raise MalformedRequestError("The last and only the last transfer coding is chunked.")
    raise NotImplementedHereError("Bodies are taken in the transfer coding chunked, and no other.")


def _length(lengths: Sequence[bytes]) -> int:
    """Raises: MalformedRequestError where it is no number, ContentTooLargeError where it has more
    than `_LENGTH_DIGITS`."""
    if len(lengths) > 1 or not re.fullmatch(rb"[0-9]+", lengths[0]):
        raise MalformedRequestError("Content-Length is one number.")
    if len(lengths[0]) > _LENGTH_DIGITS:
        raise ContentTooLargeError("The body is larger than anything that is taken.")
    return int(lengths[0])


def _with_origin_form(head: bytes, line: re.Match[bytes]) -> bytes:
    """The head with its target in origin-form; the host of an absolute-form target replaces Host
    (RFC 9112 section 3.2.2), and `*` becomes `/`.

    Raises: MalformedRequestError, MethodNotAllowedError.
    """
    method, target = line[1], line[2]
    if _ORIGIN.fullmatch(target):
        return head
    if method == b"CONNECT":
        raise MethodNotAllowedError(
            "This is no proxy: it connects to nobody.", headers={"Allow": _METHODS}
        )
    if target == b"*" and method == b"OPTIONS":
        return b"OPTIONS /" + head[line.end(2) :]
    found = _ABSOLUTE.fullmatch(target)
    if found is None or not _HOST.fullmatch(found[1]):
        raise MalformedRequestError("The target is no path, nor an http address without fragment.")
    path = found[2] if found[2].startswith(b"/") else b"/" + found[2]
    if not _ORIGIN.fullmatch(path):
        raise MalformedRequestError("The target's path has characters that are to be encoded.")
    host = b"\r\nhost: " + found[1]
    rest = _HOST_LINE.sub(b"", head[line.end(2) :])
    version, _, fields = rest.partition(b"\r\n")
    return method + b" " + path + version + host + b"\r\n" + fields
