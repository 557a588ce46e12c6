"""Rewrites RDF/XML into the subset that the engine reads correctly.

Expat reads the document first: text that is not well-formed, or would need a file elsewhere, is
refused; comments, CDATA sections, entities and encodings are resolved. XML literals become literals
in exclusive canonical form. `docs/decisions/reading-rdf-xml.md` explains why.

Spec: https://www.w3.org/TR/rdf-syntax-grammar/, https://www.w3.org/TR/xml/,
https://www.w3.org/TR/xml-exc-c14n/
"""

import codecs
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final, NamedTuple, final
from xml.parsers import expat
from xml.sax.saxutils import escape

from spacepolicy.errors import BadParameterError
from spacepolicy.namespaces import RDF

NO_LANGUAGE: Final = "x-no-language"
"""The replacement of `xml:lang=""`, which the engine refuses: literals with this language tag have
no language."""
ENCODINGS: Final = (
    *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "us-ascii"),
    *(f"iso-8859-{number}" for number in (*range(1, 12), *range(13, 17))),
    *(f"windows-{number}" for number in range(1250, 1259)),
    *("koi8-r", "koi8-u", "macintosh", "gb2312", "gbk", "gb18030", "big5"),
    *("shift_jis", "euc-jp", "euc-kr"),
)
"""The encodings that are read. Looked up here: a worker cannot open the file of a codec later."""
_KNOWN: Final = frozenset(codecs.lookup(name).name for name in ENCODINGS)
_MAX_FACTOR: Final = 16
_FREE_CHARACTERS: Final = 8 << 20
"""The limit up to which entities may expand a document: so many characters and a multiple of its
size. Expat has bounds of its own, which differ by its version."""
_DECLARED: Final = re.compile(rb"""\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([\w.:-]+)["']""")
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
"""The beginnings of documents that show their encoding; the longer marks first."""
_XML: Final = "http://www.w3.org/XML/1998/namespace"
_XML_LITERAL: Final = f"{RDF}XMLLiteral"
_UNQUALIFIED: Final = frozenset({"ID", "about", "resource", "parseType", "type"})
"""Attributes that early RDF/XML wrote without a namespace (RDF/XML 6.1.4)."""
_PARSED: Final = frozenset({"Resource", "Collection", "Triple"})
"""The values of rdf:parseType that do not mean an XML literal."""
_OWN_PREFIX: Final = "rdf-"
_SEPARATOR: Final = "\f"
"""Separates the parts of a name; no XML document can contain it."""
_REFERS: Final = re.compile(r"<!(?:DOCTYPE|ENTITY\s+%)\s+\S+\s+(?:SYSTEM|PUBLIC)\b")
_DECLARATION: Final = re.compile(r"""\A(?:<\?xml(\s+version\s*=\s*(?:'1.\d'|"1.\d"))[^?<>]*\?>)?""")
_IN_TEXT: Final = {"\r": "&#xD;"}
_IN_ATTRIBUTE: Final = {"\r": "&#xD;", "\n": "&#xA;", "\t": "&#x9;", '"': "&quot;"}


def normalised(body: bytes) -> str:
    """Rewrite the document as equivalent XML that needs no declaration.

    Raises: BadParameterError with line and column where it is not well-formed, in an unknown
    encoding, too large with its entities expanded, or refers to another file.
    """
    text = _strict(_decoded(body))
    reader = _Reader(_FREE_CHARACTERS + _MAX_FACTOR * len(text))
    try:
        reader.parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise _problem(f"it is not well-formed: {reason}", error.lineno, error.offset) from error
    return "".join(reader.written)


def _problem(reason: str, line: int, column: int) -> BadParameterError:
    message = f"The RDF/XML cannot be read: {reason} (line {line}, column {column + 1})."
    return BadParameterError(message, extras={"line": line, "column": column + 1})


def _decoded(body: bytes) -> str:
    """Decode the document, by its first bytes or its declaration.

    Raises: BadParameterError.
    """
    declared = _DECLARED.match(body)
    marked = next((name for mark, name in _MARKS if body.startswith(mark)), None)
    name = marked or (declared[1].decode("ascii", "replace") if declared else "utf-8")
    if not _is_known(name):
        raise BadParameterError(
            f"The RDF/XML cannot be read: it says that it is in {name}; write it in UTF-8."
        )
    try:
        return body.decode(name).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        column = error.start - body.rfind(b"\n", 0, error.start) - 1
        raise _problem(f"byte {error.start} is no text in {name}", line, column) from error


def _is_known(encoding: str) -> bool:
    """Whether the encoding is one of those that are read, under any of its names."""
    with suppress(LookupError, OSError):  # a worker opens no file in search of another
        return codecs.lookup(encoding).name in _KNOWN
    return False


class _Name(NamedTuple):
    """A name: its namespace, local part and prefix."""

    uri: str
    local: str
    prefix: str

    def __str__(self) -> str:
        return f"{self.prefix}:{self.local}" if self.prefix else self.local


def _name(qualified: str) -> _Name:
    """Parse a qualified name as expat gives it."""
    match qualified.split(_SEPARATOR):
        case [uri, local, prefix]:
            return _Name(uri, local, prefix)
        case [uri, local]:
            return _Name(uri, local, "")
        case _:
            return _Name("", qualified, "")


def _strict(text: str) -> str:
    """The document, declared as standalone where it refers to external declarations: a missing
    declaration is then an error, where expat would silently leave it out of attributes."""
    if _REFERS.search(text) is None:
        return text
    found = _DECLARATION.match(text)
    version = (found and found[1]) or " version='1.0'"
    return f'<?xml{version} standalone="yes"?>{text[found.end() if found else 0 :]}'


@final
class _Reader:
    """Rewrites the document from expat's events; `written` are its pieces."""

    def __init__(self, max_characters: int) -> None:
        self.written: list[str] = []
        self._left = max_characters
        self._declarations: dict[str, str] = {}
        self._literal: _XmlLiteral | None = None
        self._document_type: tuple[str | None, str | None] = None, None
        self.parser = parser = expat.ParserCreate("utf-8", _SEPARATOR)
        parser.namespace_prefixes = True
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_ALWAYS)
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartNamespaceDeclHandler = self._declare
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.CommentHandler = self._comment
        parser.ProcessingInstructionHandler = self._instruction
        parser.ExternalEntityRefHandler = self._external
        parser.SkippedEntityHandler = self._skipped

    def _refuse(self, reason: str) -> BadParameterError:
        parser = self.parser
        return _problem(reason, parser.CurrentLineNumber, parser.CurrentColumnNumber)

    def _write(self, piece: str) -> None:
        self._left -= len(piece)
        if self._left < 0:
            raise self._refuse("with its entities it is too large")
        self.written.append(piece)

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        self._declarations[prefix or ""] = uri or ""

    def _start(self, qualified: str, attribute_list: list[str]) -> None:
        name, values = _name(qualified), iter(attribute_list)
        attributes = [(_name(each), next(values)) for each in values]
        declared, self._declarations = self._declarations, {}
        if self._literal is not None:
            self._literal.start(name, attributes)
            return
        if any(each.uri == "" and each.local in _UNQUALIFIED for each, _ in attributes):
            declared[_OWN_PREFIX] = RDF
        attribute_texts = [self._attribute(each, value) for each, value in attributes]
        self._write("".join((f"<{name}", *_declarations(declared), *attribute_texts, ">")))

    def _attribute(self, name: _Name, value: str) -> str:
        if name.uri == "" and name.local in _UNQUALIFIED:
            name = _Name(RDF, name.local, _OWN_PREFIX)
        if name.uri == RDF and name.local == "bagID":
            raise self._refuse("rdf:bagID is no part of RDF/XML any more")
        if name.uri == RDF and name.local == "parseType" and value not in _PARSED:
            self._literal = _XmlLiteral()
            name, value = _Name(RDF, "datatype", name.prefix), _XML_LITERAL
        if name.uri == _XML and name.local == "lang":
            value = value or NO_LANGUAGE
        return f' {name}="{escape(value, _IN_ATTRIBUTE)}"'

    def _end(self, qualified: str) -> None:
        if self._literal is not None:
            if self._literal.depth:
                self._literal.end(_name(qualified))
                return
            self._write(escape("".join(self._literal.written), _IN_TEXT))
            self._literal = None
        self._write(f"</{_name(qualified)}>")

    def _text(self, text: str) -> None:
        if self._literal is None:
            self._write(escape(text, _IN_TEXT))
        else:
            self._left -= len(text)
            self._literal.written.append(escape(text, _IN_TEXT))
            self._write("")

    def _comment(self, text: str) -> None:
        if self._literal is not None:
            self._literal.written.append(f"<!--{text}-->")

    def _instruction(self, target: str, data: str) -> None:
        if self._literal is not None:
            self._literal.written.append(f"<?{target} {data}?>" if data else f"<?{target}?>")

    def _doctype(self, _name: str, system: str | None, public: str | None, _own: bool) -> None:
        self._document_type = system, public

    def _external(
        self, context: str | None, _base: str | None, system: str | None, public: str | None
    ) -> int:
        """Fetch nothing: declarations of the document type may be missing, as many documents have
        them; the text of an entity may not."""
        if context is not None or (system, public) != self._document_type:
            raise self._refuse("an entity stands in another file, which is not fetched")
        return 1

    def _skipped(self, name: str, is_parameter_entity: bool) -> None:
        if not is_parameter_entity:
            raise self._refuse(f"the entity &{name}; is not declared in the document")


def _declarations(declared: Mapping[str, str]) -> Iterable[str]:
    for prefix, uri in sorted(declared.items()):
        colon = ":" if prefix else ""
        yield f' xmlns{colon}{prefix}="{escape(uri, _IN_ATTRIBUTE)}"'


@final
class _XmlLiteral:
    """The content of an element in exclusive canonical XML, with comments: a namespace is declared
    where a name uses it and no enclosing element declares it."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self._rendered: list[dict[str, str]] = [{}]

    @property
    def depth(self) -> int:
        """How many elements are open."""
        return len(self._rendered) - 1

    def start(self, name: _Name, attributes: list[tuple[_Name, str]]) -> None:
        """Write a start tag."""
        around = self._rendered[-1]
        used = {name.prefix: name.uri}
        used |= {each.prefix: each.uri for each, _ in attributes if each.prefix}
        used.pop("xml", None)
        new = {prefix: uri for prefix, uri in used.items() if around.get(prefix, "") != uri}
        self._rendered.append(around | new)
        ordered = sorted(attributes, key=lambda each: (each[0].uri, each[0].local))
        attribute_texts = [f' {each}="{_value(value)}"' for each, value in ordered]
        self.written.append("".join((f"<{name}", *_declarations(new), *attribute_texts, ">")))

    def end(self, name: _Name) -> None:
        """Write an end tag."""
        self._rendered.pop()
        self.written.append(f"</{name}>")


def _value(text: str) -> str:
    """An attribute's value in canonical XML, where > stays."""
    return escape(text, _IN_ATTRIBUTE).replace("&gt;", ">")
