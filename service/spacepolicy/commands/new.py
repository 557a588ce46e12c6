"""`spacepolicy new`: scaffolds of terms, shapes, queries and documents."""

from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Final, TypeAlias

from spacepolicy import settings
from spacepolicy.commands.options import add_option
from spacepolicy.errors import UsageError
from spacepolicy.knowledge.scaffolds.documents import DocumentDraft, new_document
from spacepolicy.knowledge.scaffolds.queries import new_query
from spacepolicy.knowledge.scaffolds.scaffold import Scaffold, ScaffoldContext
from spacepolicy.knowledge.scaffolds.shapes import new_shape
from spacepolicy.knowledge.scaffolds.source_text import read_source_text
from spacepolicy.knowledge.scaffolds.terms import new_class, new_concept, new_property
from spacepolicy.settings import Settings

_Kinds: TypeAlias = "_SubParsersAction[ArgumentParser]"
_KINDS: Final = {
    "class": (
        "A class with its labels, definition, shape, and an example that breaks the shape.",
        "new class FisheryZone --parent Region --in regions",
    ),
    "property": (
        "A property with its labels, definition, domain and range.",
        "new property fishes --domain Actor --range Product --in actors",
    ),
    "concept": (
        "A concept of a scheme with its labels and definition.",
        "new concept goal-kind/stage --broader outcome",
    ),
    "shape": (
        "The shape of a class that has none, and an example that breaks it.",
        "new shape Milestone --property isDirectPartOf",
    ),
    "query": (
        "A saved query with its header, over the parts of policies that are of a class.",
        "new query milestones-late --about Milestone --tag time",
    ),
    "document": (
        "The files of a document: text, metadata, quotations, names, expectations.",
        "new document skerrow-2028-charting ordinance.pdf --kind regulation",
    ),
}


def add_arguments(parser: ArgumentParser) -> None:
    """Add the kinds, each with its own arguments."""
    kinds = parser.add_subparsers(title="kinds", metavar="KIND", dest="kind", required=True)
    parsers = {name: _kind(kinds, name) for name in _KINDS}
    for name in ("class", "property", "concept"):
        parsers[name].add_argument(
            "--label", metavar="WORDS", default="", help="its name in English"
        )
        parsers[name].add_argument("--zh", metavar="WORDS", default="", help="its name in Chinese")
    for name in ("class", "property"):
        parsers[name].add_argument(
            "--in", dest="module", metavar="MODULE", required=True, help="ontology/MODULE.ttl"
        )
    parsers["class"].add_argument(
        "--parent", metavar="CLASS", required=True, help="the class above"
    )
    parsers["property"].add_argument("--domain", metavar="CLASS", required=True, help="what has it")
    parsers["property"].add_argument(
        "--range", metavar="CLASS", required=True, help="a class, or a datatype as xsd:date"
    )
    parsers["concept"].add_argument(
        "--broader", metavar="CONCEPT", default="", help="the one above it in the scheme"
    )
    parsers["shape"].add_argument(
        "--property", metavar="PROPERTY", default="", help="what it asks for (one of the class)"
    )
    parsers["query"].add_argument("--about", metavar="CLASS", required=True, help="what it lists")
    parsers["query"].add_argument("--tag", metavar="TAG", default="things", help="(things)")
    _add_document(parsers["document"])


def _kind(kinds: _Kinds, name: str) -> ArgumentParser:
    summary, example = _KINDS[name]
    parser = kinds.add_parser(
        name, help=summary, description=summary, epilog=f"Example: spacepolicy {example}"
    )
    shown = "SCHEME/NAME" if name == "concept" else "CLASS" if name == "shape" else "NAME"
    parser.add_argument("name", metavar=shown)
    add_option(parser, "content", "the checkout to add to")
    return parser


def _add_document(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="TEXT|PDF", type=Path, help="the text, or a PDF")
    parser.add_argument("--title", metavar="WORDS", default="", help="(the first line)")
    parser.add_argument(
        "--kind", dest="document_kind", metavar="KIND", default="", help="of document-kind"
    )
    parser.add_argument("--published", metavar="DAY", default="", help="as 2028-03-01")
    parser.add_argument("--encoding", metavar="NAME", help="of the text (found out)")


def run(given: Namespace, chosen: Settings) -> int:
    """Write the files of a scaffold, and print what has to be filled in, by file and line.

    Raises: UsageError where a name breaks its rule, or something would be overwritten.
    """
    content = settings.content_directory(chosen, Path.cwd())
    if content is None or content.packaged:
        raise UsageError("There is no checkout here to add to; name it with --content.")
    scaffold = _SCAFFOLDS[given.kind](ScaffoldContext(content.path), given)
    _write(content.path, scaffold)
    to_fill = scaffold.to_fill()
    if to_fill:
        print("\nStill to be filled in:")
        for line in to_fill:
            print(f"  {line}")
    print("\nThen:")
    for line in scaffold.after:
        print(f"  {line}")
    return 0


def _write(content: Path, scaffold: Scaffold) -> None:
    for name, text in scaffold.new.items():
        path = content / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(text.encode())
        print(f"{name}: new, {text.count(chr(10)):,} lines")
    for name, text in scaffold.grown.items():
        path = content / name
        more = text.count("\n") - path.read_bytes().count(b"\n")
        path.write_bytes(text.encode())
        print(f"{name}: {more} lines more")


def _labels(given: Namespace) -> tuple[str, str]:
    return given.label, given.zh


def _class(context: ScaffoldContext, given: Namespace) -> Scaffold:
    return new_class(
        context, given.name, parent=given.parent, module=given.module, labels=_labels(given)
    )


def _property(context: ScaffoldContext, given: Namespace) -> Scaffold:
    return new_property(
        context,
        given.name,
        domain=given.domain,
        range_=given.range,
        module=given.module,
        labels=_labels(given),
    )


def _concept(context: ScaffoldContext, given: Namespace) -> Scaffold:
    return new_concept(context, given.name, broader=given.broader, labels=_labels(given))


def _shape(context: ScaffoldContext, given: Namespace) -> Scaffold:
    return new_shape(context, given.name, required=given.property)


def _query(context: ScaffoldContext, given: Namespace) -> Scaffold:
    return new_query(context, given.name, about=given.about, tag=given.tag)


def _document(context: ScaffoldContext, given: Namespace) -> Scaffold:
    read = read_source_text(given.file, given.encoding)
    for change in read.changes:
        print(f"{given.file}: {change}")
    try:
        published = date.fromisoformat(given.published) if given.published else None
    except ValueError as error:
        raise UsageError(f"--published takes a day, as 2028-03-01: {error}.") from error
    origin, kind = given.file.name, given.document_kind
    draft = DocumentDraft(given.name, read, origin, given.title, kind, published)
    return new_document(context, draft)


_SCAFFOLDS: Final[Mapping[str, Callable[[ScaffoldContext, Namespace], Scaffold]]] = {
    "class": _class,
    "property": _property,
    "concept": _concept,
    "shape": _shape,
    "query": _query,
    "document": _document,
}
