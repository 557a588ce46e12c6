"""Language tags in the case that BCP 47 recommends, in documents; the engine keeps and writes them
in lower case.

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
"""An IRI, or a string with its tag: what looks like a tag inside of these is none."""
_SUBTAGS: Final = re.compile(rf'["@]{_TAG}')


def restored(text: bytes, format: Format) -> bytes:
    """What the engine wrote in a format of graphs other than JSON-LD, with its language tags in
    their case."""
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
