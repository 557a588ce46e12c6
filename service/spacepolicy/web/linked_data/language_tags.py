"""Restores the case of language tags that BCP 47 recommends in serialised documents; the engine
stores and writes them in lower case.

Spec: https://www.rfc-editor.org/rfc/rfc5646#section-2.1.1
"""

import re
from typing import Final

from pyoxigraph import RdfFormat

from spacepolicy.formats import Format
from spacepolicy.web.linked_data.jsonld import language_tag

_TAG: Final = r"[a-z]{1,8}(?:-[a-z0-9]{1,8})++"
_IN_XML: Final = re.compile(rf'( xml:lang=")({_TAG})(?=")')
_IN_TURTLE: Final = re.compile(rf"""(<[^>]*+>|"(?:[^"\\]++|\\.)*+")(@{_TAG})?+""", re.DOTALL)
"""An IRI, or a string with its tag; both are matched as a whole, so that text inside them is not
taken for a tag."""
_SUBTAGS: Final = re.compile(rf'["@]{_TAG}')


def restored(text: bytes, format: Format) -> bytes:
    """Return a graph that the engine serialised, in a format other than JSON-LD, with the language
    tags in the recommended case."""
    written = text.decode()
    if _SUBTAGS.search(written) is None:
        return text
    pattern = _IN_XML if format.rdf == RdfFormat.RDF_XML else _IN_TURTLE
    return pattern.sub(_cased, written).encode()


def _cased(found: re.Match[str]) -> str:
    if found[2] is None:
        return found[1]
    mark = "@" if found[2][0] == "@" else ""
    return f"{found[1]}{mark}{language_tag(found[2].removeprefix('@'))}"
