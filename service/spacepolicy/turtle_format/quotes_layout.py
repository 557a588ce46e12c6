"""The canonical layout of `.quotes` files: quotations in order, the statements of each compact.

A subject stands on one line where it fits, and an empty line goes before each part; subjects,
predicates and objects are in the order that Turtle files have them in. Prefixes that need no
declaration are not declared.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from pyoxigraph import CanonicalizationAlgorithm, Dataset, NamedNode, Quad

from spacepolicy.errors import Finding, FindingsError
from spacepolicy.turtle_format.compact import compact
from spacepolicy.turtle_format.document import (
    TurtleDocument,
    changed_data,
    is_newer,
    lost_comment,
    names_of,
    newer_rdf,
)
from spacepolicy.turtle_format.names import WELL_KNOWN
from spacepolicy.turtle_format.nodes import as_sets, blank_nodes
from spacepolicy.turtle_format.order import natural_key
from spacepolicy.turtle_format.quotes import (
    Mark,
    NotationError,
    QuotedSection,
    comments,
    expand,
    read_sections,
)
from spacepolicy.turtle_format.tokens import tokens

_BASE: Final = "urn:x-layout:document"
"""The placeholder for the document, whose IRI is not needed to print statements about it."""


def format_quotes(
    text: str, *, path: str, prefixes: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The text of a `.quotes` file in the one layout; `prefixes` are those of the project.

    Raises:
        FindingsError: there is an error of syntax, or something that the layout would lose.
    """
    sections, document = _read(text, path, prefixes)
    if findings := [lost_comment(path, token.line) for token in comments(sections)]:
        raise FindingsError(findings)
    marks = [section.mark for section in sections if section.mark]
    printed = print_quotes(marks, _in_sections(document.quads, len(marks)), document, prefixes)
    if printed != text:
        _, again = _read(printed, path, prefixes)
        if as_sets(again.quads) != as_sets(document.quads):
            raise FindingsError([changed_data(path)])
    return printed


def changed_quotes(
    text: str,
    change: Callable[[Iterable[Quad]], Iterable[Quad]],
    *,
    path: str,
    prefixes: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The file after a change of its statements, in the one layout, with its prefixes.

    Each passage is a graph with a name of its own, which the change keeps.

    Raises: as `format_quotes`.
    """
    format_quotes(text, path=path, prefixes=prefixes)
    sections, document = _read(text, path, prefixes)
    dataset = Dataset(change(document.quads))
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    after = TurtleDocument(frozenset(dataset), _BASE, document.prefixes)
    marks = [section.mark for section in sections if section.mark]
    return print_quotes(marks, _in_sections(after.quads, len(marks)), after, prefixes)


def _read(
    text: str, path: str, prefixes: Mapping[str, str]
) -> tuple[tuple[QuotedSection, ...], TurtleDocument]:
    try:
        sections = read_sections(text)
        names = [_section_name(number) for number in range(1, len(sections))]
        implied = implied_prefixes(prefixes)
        nothing = [""] * len(names)
        expansion = expand(sections, base=_BASE, graphs=names, described=nothing, prefixes=implied)
        quads = expansion.quads()
    except NotationError as error:
        raise FindingsError([notation_finding(path, error)]) from error
    if any(map(is_newer, quads)):
        raise FindingsError([newer_rdf(path)])
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return sections, TurtleDocument(frozenset(dataset), _BASE, declared_in(sections[0]))


def notation_finding(path: str, error: NotationError) -> Finding:
    """The finding at the error's line and column in the file."""
    return Finding(path, error.lineno, "syntax", f"Column {error.offset}: {error.msg}.")


def implied_prefixes(project: Mapping[str, str]) -> dict[str, str]:
    """The prefixes that need no declaration: the project's, and those of public vocabularies."""
    return {**WELL_KNOWN, **project}


def _section_name(number: int) -> str:
    return f"{_BASE}:{number:06}"


def declared_in(first: QuotedSection) -> dict[str, str]:
    """The prefixes that the file declares."""
    found = [token for token in tokens(first.text) if token.kind != "comment"]
    return {
        name.text.removesuffix(":"): iri.text[1:-1]
        for sign, name, iri in zip(found, found[1:], found[2:], strict=False)
        if sign.text.upper() in ("@PREFIX", "PREFIX") and iri.kind == "iri"
    }


def _in_sections(quads: Iterable[Quad], count: int) -> list[list[Quad]]:
    """The quads of the document and of each passage, in the order of the sections."""
    numbers = {_BASE: 0} | {_section_name(number): number for number in range(1, count + 1)}
    found: list[list[Quad]] = [[] for _ in range(count + 1)]
    for quad in quads:
        name = quad.graph_name.value if isinstance(quad.graph_name, NamedNode) else ""
        found[numbers[name]].append(quad)
    return found


def print_quotes(
    marks: Sequence[Mark],
    statements: Sequence[Sequence[Quad]],
    document: TurtleDocument,
    project: Mapping[str, str],
) -> str:
    """The file with these passages; `statements` are of the document, then of each passage.

    `document` has all quads, with canonical labels, and the prefixes that its file declares.
    """
    names = names_of(document, project)
    blank = blank_nodes(document.quads)
    first, *passages = statements
    named = (_naming_itself(quads, document) for quads in passages)
    bodies = [compact(quads, names, blank) for quads in (first, *named)]
    implied = implied_prefixes(project).items()
    used = sorted(names.used, key=natural_key)
    declared = [each for each in used if (each, names.prefixes[each]) not in implied]
    head = "".join(f"@prefix {prefix}: <{names.prefixes[prefix]}> .\n" for prefix in declared)
    prelude, *rest = bodies
    listed = "".join(
        f"{_gap(number, mark)}{mark}\n{body}"
        for number, (mark, body) in enumerate(zip(marks, rest, strict=True))
    )
    return "\n".join(part for part in (head, prelude, listed) if part)


def _naming_itself(quads: Iterable[Quad], document: TurtleDocument) -> list[Quad]:
    """The quads of a passage with `<#>` in the place of its name."""
    itself = NamedNode(f"{document.base}#")
    return [
        Quad(
            itself if quad.subject == quad.graph_name else quad.subject,
            quad.predicate,
            itself if quad.object == quad.graph_name else quad.object,
            quad.graph_name,
        )
        for quad in quads
    ]


def _gap(number: int, mark: Mark) -> str:
    """An empty line before each part, so that parts are seen."""
    return "\n" if number and mark.sign == "#" else ""
