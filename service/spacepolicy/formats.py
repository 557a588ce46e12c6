"""The one table of formats, and content negotiation over it.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1 (Accept),
https://www.w3.org/ns/formats/ (format IRIs).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from typing import Final, Literal, final

from pyoxigraph import QueryResultsFormat, RdfFormat

Kind = Literal["solutions", "columns", "graph", "page"]
"""What a format can hold: SELECT and ASK results, SELECT results alone, RDF, or a page for people
(any of these)."""
VERSIONS: Final = ("1.0", "1.1", "1.2", "1.2-basic")
"""The versions of SPARQL and RDF that a request may announce."""


@final
@dataclass(frozen=True, slots=True)
class Format:
    """A row of the table. `name` is the value of `?format=`; `aliases` are media types that ask for
    this format too and are answered under their own name. `row_mark` is what the engine writes once
    for each solution or triple and never inside a term, None where there is no such mark; JSON has
    it between solutions that bind something, CSV also where a value holds one. Files with
    `other_extensions` are read as this format too. A `whole` format is sent only when it is
    complete; `terms`: each cell is a term, rather than its value."""

    name: str
    label: str
    kind: Kind
    media_type: str
    extension: str
    iri: str | None = None
    results: QueryResultsFormat | None = None
    rdf: RdfFormat | None = None
    aliases: tuple[str, ...] = ()
    row_mark: bytes | None = None
    other_extensions: tuple[str, ...] = ()
    whole: bool = False
    terms: bool = False

    @property
    def of_terms(self) -> "Format":
        """For a format of columns, the same with a term in each cell."""
        if self.kind != "columns" or self.terms:
            return self
        return replace(self, name=f"{self.name} {_TERMS}", terms=True)

    @property
    def media_types(self) -> tuple[str, ...]:
        """All media types that ask for this format, its own first."""
        return (self.media_type, *self.aliases)


_W3C: Final = "http://www.w3.org/ns/formats/"
_TERMS: Final = "terms"
CSVW: Final = "csvw"
"""The name of the format of metadata about CSV."""

FORMATS: Final[tuple[Format, ...]] = (
    Format(
        "json",
        "SPARQL results in JSON",
        "solutions",
        "application/sparql-results+json",
        "srj",
        f"{_W3C}SPARQL_Results_JSON",
        results=QueryResultsFormat.JSON,
        aliases=("application/json",),
        row_mark=b'},{"',
    ),
    Format(
        "xml",
        "SPARQL results in XML",
        "solutions",
        "application/sparql-results+xml",
        "srx",
        f"{_W3C}SPARQL_Results_XML",
        results=QueryResultsFormat.XML,
        aliases=("application/xml", "text/xml"),
        row_mark=b"<result>",
    ),
    Format(
        "csv",
        "CSV",
        "solutions",
        "text/csv",
        "csv",
        f"{_W3C}SPARQL_Results_CSV",
        results=QueryResultsFormat.CSV,
        row_mark=b"\r\n",
    ),
    Format(
        "tsv",
        "TSV",
        "solutions",
        "text/tab-separated-values",
        "tsv",
        f"{_W3C}SPARQL_Results_TSV",
        results=QueryResultsFormat.TSV,
        row_mark=b"\n",
    ),
    Format(
        "arrow",
        "Arrow stream",
        "columns",
        "application/vnd.apache.arrow.stream",
        "arrows",
    ),
    Format(
        "parquet",
        "Parquet",
        "columns",
        "application/vnd.apache.parquet",
        "parquet",
        whole=True,
    ),
    Format(
        "ndjson",
        "JSON lines",
        "columns",
        "application/x-ndjson",
        "ndjson",
        aliases=("application/jsonl", "application/x-jsonlines"),
    ),
    Format(CSVW, "CSV metadata", "columns", "application/csvm+json", "csv-metadata.json"),
    Format(
        "turtle",
        "Turtle",
        "graph",
        "text/turtle",
        "ttl",
        f"{_W3C}Turtle",
        rdf=RdfFormat.TURTLE,
        aliases=(
            "application/x-turtle",
            "application/turtle",
            "text/n3",
            "text/rdf+n3",
            "application/n3",
        ),  # Turtle is N3, so that it is an answer to who wants N3
    ),
    Format(
        "trig",
        "TriG",
        "graph",
        "application/trig",
        "trig",
        f"{_W3C}TriG",
        rdf=RdfFormat.TRIG,
    ),
    Format(
        "ntriples",
        "N-Triples",
        "graph",
        "application/n-triples",
        "nt",
        f"{_W3C}N-Triples",
        rdf=RdfFormat.N_TRIPLES,
        aliases=("text/plain",),
        row_mark=b"\n",
    ),
    Format(
        "nquads",
        "N-Quads",
        "graph",
        "application/n-quads",
        "nq",
        f"{_W3C}N-Quads",
        rdf=RdfFormat.N_QUADS,
        row_mark=b"\n",
    ),
    Format(
        "rdfxml",
        "RDF/XML",
        "graph",
        "application/rdf+xml",
        "rdf",
        f"{_W3C}RDF_XML",
        rdf=RdfFormat.RDF_XML,
        aliases=("application/xml", "text/xml"),
        other_extensions=("owl", "xml"),
    ),
    Format(
        "jsonld",
        "JSON-LD",
        "graph",
        "application/ld+json",
        "jsonld",
        f"{_W3C}JSON-LD",
        rdf=RdfFormat.JSON_LD,
        aliases=("application/json",),
        other_extensions=("json",),
    ),
    Format("html", "HTML", "page", "text/html", "html"),
)


KINDS: Final[Mapping[str, tuple[Kind, ...]]] = {
    "solutions": ("solutions", "columns"),
    "boolean": ("solutions",),
    "graph": ("graph",),
}
"""The kinds of formats for each form of answer, pages left out."""
GIVEN: Final = {"solutions": "solutions", "boolean": "a boolean", "graph": "a graph"}
"""What messages call each form."""


def named(name: str, among: Iterable[Format] = FORMATS) -> Format | None:
    """The first of the formats with that name, extension or media type, as `?format=` may have it;
    "json" and "xml" name a graph's JSON-LD and RDF/XML too, and punctuation does not count.

    >>> named("json").label, named("json", offered("graph")).label
    ('SPARQL results in JSON', 'JSON-LD')
    """
    wanted, _, cells = name.strip().lower().partition(" ")
    for format in among:
        names = (format.extension, *format.media_types)
        if (
            wanted in names
            or re.sub(r"\W", "", wanted) == format.name
            or f"application/{wanted}" in format.aliases
        ):
            return format.of_terms if cells == _TERMS else format
    return None


def of_file(name: str) -> Format | None:
    """The format of graphs that the file's extension names; None where it names none.

    >>> of_file("pizza.OWL").label, of_file("notes.txt")
    ('RDF/XML', None)
    """
    extension = name.rpartition(".")[2].lower()
    for format in offered("graph"):
        if extension in (format.extension, *format.other_extensions):
            return format
    return None


def last_named(names: Iterable[str], among: Sequence[Format] = FORMATS) -> Format | None:
    """The format for the last of the names that is known: clients repeat `format` in several
    spellings, for services that know only some of them.

    >>> last_named(["tsv", "text/tab-separated-values"]).name
    'tsv'
    >>> last_named(["csv", "papyrus", ""]).name
    'csv'
    """
    found = [format for name in names if (format := named(name, among)) is not None]
    return found[-1] if found else None


def offered(*kinds: Kind) -> tuple[Format, ...]:
    """The formats of these kinds, in the order of preference; those of columns only where their
    library is installed."""
    made = kinds if not _missing() else [kind for kind in kinds if kind != "columns"]
    return tuple(format for format in FORMATS if format.kind in made)


@cache
def _missing() -> bool:
    return find_spec("pyarrow") is None


def advice(wanted: Iterable[str]) -> str:
    """What to install, where one of the names or Accept fields asks for a format of columns whose
    library is missing; else empty."""
    columns = [format for format in FORMATS if format.kind == "columns"]
    names = [each for text in wanted for each in _split(text, ",")]
    asked = [format for name in names if (format := named(_split_first(name), columns))]
    if not asked or not _missing():
        return ""
    return (
        f" {asked[0].label} needs pyarrow, which is not installed here: "
        "pip install 'spacepolicy[columns]'."
    )


def _split_first(member: str) -> str:
    """The media type of a member of Accept, or the name, without parameters."""
    return member.partition(";")[0]


@final
@dataclass(frozen=True, slots=True)
class MediaRange:
    """A member of an Accept header: `type/subtype;parameters` and its quality from 0 to 1."""

    type: str
    subtype: str
    parameters: tuple[tuple[str, str], ...]
    quality: float

    def specificity(self, media_type: str) -> int | None:
        """How specifically this range matches the media type; None where it does not match."""
        kind, _, subtype = media_type.partition("/")
        if self.type == "*":
            return 0
        if self.type != kind:
            return None
        if self.subtype == "*":
            return 1
        if self.subtype != subtype or not all(map(_satisfied, self.parameters)):
            return None
        return 2 + len(self.parameters)


def _satisfied(parameter: tuple[str, str]) -> bool:
    """Whether every text this service writes has the parameter; a JSON-LD profile is only a
    preference."""
    name, value = parameter
    match name:
        case "charset":
            return value.lower() in ("utf-8", "utf8")
        case "header":
            return value.lower() == "present"
        case "version":
            return value in VERSIONS
        case _:
            return name == "profile"


def media_ranges(accept: str) -> tuple[MediaRange, ...]:
    """The well-formed members of an Accept header; others are ignored."""
    return tuple(
        range_ for member in _split(accept, ",") if (range_ := _media_range(member)) is not None
    )


def _media_range(member: str) -> MediaRange | None:
    head, *rest = _split(member, ";")
    kind, slash, subtype = head.strip().lower().partition("/")
    if not (slash and kind and subtype) or (kind == "*" and subtype != "*"):
        return None
    parameters = [_parameter(text) for text in rest if text.strip()]
    weights = [value for name, value in parameters if name == "q"]
    quality = _quality(weights[0]) if weights else 1.0
    if quality is None:
        return None
    named_ = tuple((name, value) for name, value in parameters if name != "q")
    return MediaRange(kind, subtype, named_, quality)


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"')


def _quality(text: str) -> float | None:
    """A qvalue: 0 to 1 with up to three decimals; None where it is not one."""
    whole, _, decimals = text.partition(".")
    if whole not in ("0", "1") or len(decimals) > 3 or (decimals and not decimals.isdecimal()):
        return None
    quality = float(text.rstrip("."))
    return quality if quality <= 1 else None


def _split(text: str, separator: str) -> Iterator[str]:
    """Split the text at separators outside of quoted strings."""
    start, quoted, escaped = 0, False, False
    for index, character in enumerate(text):
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == separator and not quoted:
            yield text[start:index]
            start = index + 1
    yield text[start:]


def quality(media_type: str, ranges: Iterable[MediaRange]) -> float:
    """The quality a client gives the media type: that of the most specific range naming it."""
    best, best_specificity = 0.0, -1
    for range_ in ranges:
        specificity = range_.specificity(media_type)
        if specificity is not None and specificity > best_specificity:
            best, best_specificity = range_.quality, specificity
    return best


@final
@dataclass(frozen=True, slots=True)
class FormatChoice:
    """A format and the media type under which it is sent."""

    format: Format
    media_type: str

    @property
    def content_type(self) -> str:
        """The value of Content-Type; texts have a charset."""
        if self.media_type.startswith("text/"):
            return f"{self.media_type}; charset=utf-8"
        return self.media_type


def negotiate(accept: str | None, formats: Sequence[Format]) -> FormatChoice | None:
    """The format that the client prefers; among equals the first offered. None: none acceptable.

    An absent or empty Accept accepts everything, and so does one without a well-formed member.
    A format's own media type is preferred to its aliases where the client likes both alike.
    """
    ranges = media_ranges(accept or "")
    if not ranges:
        return FormatChoice(formats[0], formats[0].media_type) if formats else None
    best, best_quality = None, 0.0
    for format in formats:
        for media_type in format.media_types:
            wanted = quality(media_type, ranges)
            if wanted > best_quality:
                best, best_quality = FormatChoice(format, media_type), wanted
    return best
