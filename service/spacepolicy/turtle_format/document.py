"""The canonical layout of Turtle and TriG, so that files differ only where their data differ.

Every statement stands on a line of its own: the subject alone, then `predicate object ;` with the
predicate repeated for each object, then a dot alone. Adding or removing a statement about a
subject is therefore always a change of one line: none changes because of its neighbours. Members
of collections and the statements within `[ ]` have their own lines for the same reason.

Spec: https://www.w3.org/TR/turtle/, https://www.w3.org/TR/trig/
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePath
from types import MappingProxyType
from typing import final

from pyoxigraph import (
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
)

from spacepolicy.errors import Finding, FindingsError, UsageError
from spacepolicy.namespaces import SH
from spacepolicy.turtle_format.blocks import blocks
from spacepolicy.turtle_format.names import WELL_KNOWN, PrefixNames, meant_prefixes
from spacepolicy.turtle_format.nodes import as_sets
from spacepolicy.turtle_format.order import natural_key
from spacepolicy.turtle_format.tokens import TurtleToken, is_machine_made, tokens

_FORMATS: Mapping[str, RdfFormat] = {".ttl": RdfFormat.TURTLE, ".trig": RdfFormat.TRIG}
_PREFIX = NamedNode(f"{SH}prefix")
_NAMESPACE = NamedNode(f"{SH}namespace")
_PARSER_PLACE = re.compile(r"^Parser error at .*?: ")


@final
@dataclass(frozen=True, slots=True)
class TurtleDocument:
    """The statements of a text, its blank nodes with canonical labels, and how it shortens IRIs."""

    quads: frozenset[Quad]
    base: str | None
    prefixes: Mapping[str, str]


def rdf_format(path: str) -> RdfFormat:
    """Turtle or TriG, by the file's extension.

    Raises:
        UsageError: the name ends neither in .ttl nor in .trig.
    """
    try:
        return _FORMATS[PurePath(path).suffix]
    except KeyError:
        raise UsageError(f"{path} is neither a .ttl nor a .trig file.") from None


def format_text(text: str, *, path: str, prefixes: Mapping[str, str] = MappingProxyType({})) -> str:
    """The text of a Turtle or TriG file in the one layout; `path` says which of the two it is.

    `prefixes` are those of the project: they and those that the file itself declares with
    sh:declare take the place of others for the same namespace, and of other meanings of the same
    prefix, since editors replace them when they save. Declared prefixes stay where they are used;
    those of OWL, SKOS and their like come by themselves, those that serialisers number (`ns1`) go.
    The base stays, and shortens the IRIs that differ from it by their fragment. Blank nodes are
    ordered by their statements, so that their labels do not matter, and so are the members of lists
    that OWL reads as sets. Printing what was printed changes nothing.

    Raises:
        FindingsError: there is a syntax error, or something that the layout would lose: comments,
            empty graphs, terms of RDF 1.2.
        UsageError: the name ends neither in .ttl nor in .trig.

    >>> print(format_text("<urn:x:a> a <urn:x:B>, <urn:x:A>.", path="example.ttl").rstrip())
    <urn:x:a>
      a <urn:x:A> ;
      a <urn:x:B> ;
    .
    """
    document = _read(text, path)
    found = list(tokens(text))
    if findings := [*_comments(found, document, path), *_empty_graphs(found, path)]:
        raise FindingsError(findings)
    from_owlapi = any(token.kind == "comment" for token in found)
    printed = _print(document, prefixes, base_may_go=from_owlapi)
    if printed != text and as_sets(_read(printed, path).quads) != as_sets(document.quads):
        raise FindingsError([changed_data(path)])
    return printed


def changed_text(
    text: str,
    change: Callable[[Iterable[Quad]], Iterable[Quad]],
    *,
    path: str,
    prefixes: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The file after a change of its statements, in the one layout, with its base and prefixes.

    Raises: as `format_text`.
    """
    format_text(text, path=path, prefixes=prefixes)
    document = _read(text, path)
    dataset = Dataset(change(document.quads))
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    after = TurtleDocument(frozenset(dataset), document.base, document.prefixes)
    return _print(after, prefixes, base_may_go=False)


def _read(text: str, path: str) -> TurtleDocument:
    parser = parse(text, rdf_format(path))
    try:
        dataset = Dataset(parser)
    except SyntaxError as error:
        raise FindingsError([_syntax_error(error, path)]) from error
    if any(is_newer(quad) for quad in dataset):
        raise FindingsError([newer_rdf(path)])
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return TurtleDocument(frozenset(dataset), parser.base_iri, parser.prefixes)


def is_newer(quad: Quad) -> bool:
    """Whether the quad has a term that RDF 1.1 does not have: a triple term, a base direction."""
    term = quad.object
    return isinstance(term, Triple) or (isinstance(term, Literal) and term.direction is not None)


def _print(document: TurtleDocument, project: Mapping[str, str], *, base_may_go: bool) -> str:
    names = names_of(document, {**project, **_sh_declared(document.quads)})
    body = blocks(document.quads, names)
    order = sorted(names.used, key=natural_key)
    lines = [f"@prefix {prefix}: <{names.prefixes[prefix]}> .\n" for prefix in order]
    if names.base and not (base_may_go and not _uses_base(body)):
        lines.insert(0, f"@base <{names.base}> .\n")
    return "\n".join(part for part in ("".join(lines), body) if part)


def names_of(document: TurtleDocument, project: Mapping[str, str]) -> PrefixNames:
    """The names to print with: declared prefixes that are used, the project's, the well-known
    ones."""
    prefix_of = {namespace: prefix for prefix, namespace in project.items()}
    declared = {
        prefix: namespace
        for prefix, namespace in meant_prefixes(document.prefixes).items()
        if project.get(prefix, namespace) == namespace
        and prefix_of.get(namespace, prefix) == prefix
    }
    first = PrefixNames(document.base, declared)
    blocks(document.quads, first)
    ours = {prefix: declared[prefix] for prefix in first.used}
    theirs = {
        prefix: namespace
        for prefix, namespace in {**WELL_KNOWN, **project}.items()
        if prefix not in ours and namespace not in ours.values()
    }
    return PrefixNames(document.base, ours | theirs)


def _sh_declared(quads: Iterable[Quad]) -> dict[str, str]:
    """The prefixes that the document declares with sh:declare.

    Spec: https://www.w3.org/TR/shacl/#sparql-prefixes
    """
    values: dict[NamedNode, dict[object, str]] = {_PREFIX: {}, _NAMESPACE: {}}
    for quad in quads:
        if quad.predicate in values and isinstance(quad.object, Literal):
            values[quad.predicate][quad.subject] = quad.object.value
    names, namespaces = values.values()
    return {names[node]: namespaces[node] for node in names.keys() & namespaces.keys()}


def _uses_base(body: str) -> bool:
    return any(token.kind == "iri" and token.text.startswith("<#") for token in tokens(body))


def _comments(
    found: Iterable[TurtleToken], document: TurtleDocument, path: str
) -> Iterator[Finding]:
    terms = {term for quad in document.quads for term in quad}
    iris = {term.value for term in terms if isinstance(term, NamedNode)}
    for token in found:
        if token.kind == "comment" and not is_machine_made(token, iris):
            yield lost_comment(path, token.line)


def lost_comment(path: str, line: int) -> Finding:
    """The finding that a file has a comment, which the layout does not keep."""
    message = "Comments are lost when the file is printed."
    return Finding(
        path, line, "layout-comment", message, "Say it in an annotation such as rdfs:comment."
    )


def _empty_graphs(found: Sequence[TurtleToken], path: str) -> Iterator[Finding]:
    meant = [token for token in found if token.kind != "comment"]
    for first, second in pairwise(meant):
        if (first.kind, first.text, second.text) == ("mark", "{", "}"):
            yield Finding(
                path,
                first.line,
                "layout-empty-graph",
                "A graph without statements is lost when the file is printed.",
                "Give it a statement, or remove it.",
            )


def _syntax_error(error: SyntaxError, path: str) -> Finding:
    message = _PARSER_PLACE.sub("", error.msg)
    return Finding(path, error.lineno, "syntax", f"Column {error.offset}: {message}.")


def newer_rdf(path: str) -> Finding:
    """The finding that a file uses RDF 1.2, which the layout does not support."""
    return Finding(
        path,
        None,
        "layout-rdf-1.1",
        "Triple terms and base directions belong to RDF 1.2; the layout knows RDF 1.1.",
        "Say it with a node of its own.",
    )


def changed_data(path: str) -> Finding:
    """The finding that a file cannot be printed without a loss."""
    return Finding(
        path,
        None,
        "layout-data",
        "Printing the file would change its data.",
        "Leave the file as it is, and report this as a fault of the printer.",
    )
