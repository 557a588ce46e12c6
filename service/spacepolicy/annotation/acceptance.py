"""Accepted proposals as quotations with statements, to be confirmed by a person.

A passage with statements that nobody has confirmed has the mark `<#char=…> :assertionStatus
status:proposed`, which keeps a revision from being published until the line is removed.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, final

from pyoxigraph import Literal, NamedNode, Quad

from spacepolicy.annotation.numbered_parts import find_parts
from spacepolicy.annotation.proposals import Annotation, Proposal
from spacepolicy.errors import UsageError
from spacepolicy.knowledge.loading.content import read_content
from spacepolicy.knowledge.loading.conversion import to_quotes
from spacepolicy.knowledge.loading.notations import context_of
from spacepolicy.knowledge.loading.quotes import SUFFIX
from spacepolicy.knowledge.loading.record import GraphFile
from spacepolicy.knowledge.loading.sources import SourceDocument, undescribed_sources
from spacepolicy.namespaces import RDF, XSD, Base

_TYPE: Final = NamedNode(f"{RDF}type")
_QUANTITY: Final = re.compile(
    r"(?P<comparator>[a-z-]+)(?: (?P<low>\S+?))?(?: (?P<high>[\d.e+]+))?(?: (?P<unit>\S+))?"
)
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_YEAR: Final = re.compile(r"\d{4}")


@final
@dataclass(frozen=True, slots=True)
class AcceptedProposals:
    """Proposals that were accepted, and which of them a person has `confirmed`."""

    annotation: Annotation
    proposals: tuple[Proposal, ...]
    confirmed: Collection[Proposal] = ()


def write_quotes(
    folder: Path, name: str, accepted: AcceptedProposals, *, replacing: str = ""
) -> Path:
    """Write the proposals to `data/<name>.quotes` of the content folder; return its path.

    `replacing` is the existing text that may be overwritten: what the same person wrote before.

    Raises: UsageError where the file is there, or the text is not in seeds/; FindingsError.
    """
    content = read_content(folder, packaged=False)
    base = content.record.base
    sources = (*content.sources, *undescribed_sources(folder, base))
    source = next((each for each in sources if each.name == name), None)
    if source is None or source.text != accepted.annotation.text:
        raise UsageError(f"Put the text at seeds/{name}.txt first: quotations are from there.")
    path = folder / "data" / f"{name}{SUFFIX}"
    before = path.read_text(encoding="utf-8") if path.exists() else replacing
    if before != replacing or path.with_suffix(".trig").exists():
        raise UsageError(f"{path} is there already, and nothing is written over it.")
    quads = tuple(dict.fromkeys(_quads(accepted, source, base)))
    if not quads:
        raise UsageError("What is confirmed makes no statement: there is nothing to write.")
    with TemporaryDirectory() as place:
        trig = Path(place) / "data" / f"{name}.trig"
        trig.parent.mkdir()
        trig.write_text(_prefixes(quads, base), encoding="utf-8")
        file = GraphFile(trig, f"data/{path.name}", quads)
        printed = to_quotes(file, source, context_of(content.record, sources))
    path.parent.mkdir(exist_ok=True)
    path.write_text(printed, encoding="utf-8")
    return path


def _awaits_confirmation(held: Sequence[Proposal], confirmed: Collection[Proposal]) -> bool:
    """Whether a statement in a passage is not confirmed; for a passage without any, whether it
    is."""
    statements_held = [each for each in held if each.kind != "passage"] or held
    return any(each not in confirmed for each in statements_held)


def _prefixes(quads: Iterable[Quad], base: Base) -> str:
    """Declarations of a prefix for each namespace, named after the last words of its path."""
    terms = {each.value for quad in quads for each in quad.triple if isinstance(each, NamedNode)}
    paths = {
        each.removeprefix(base.iri).rpartition("/")[0]
        for each in terms
        if each.startswith((f"{base.iri}id/", f"{base.iri}concept/"))
    }
    found: dict[str, str] = {}
    for path in sorted(paths):
        last = path.rpartition("/")[2].rpartition("-")[2]
        whole = re.sub(r"^id/policy/[^/]+/(?:part/)?|^id/|^concept/", "", path)
        name = last if last.isalpha() and last not in found else _camel(whole)
        found[name] = path
    return "".join(f"@prefix {each}: <{base.iri}{path}/> .\n" for each, path in found.items())


def _camel(path: str) -> str:
    first, *others = re.split(r"[^0-9A-Za-z]+", path)
    return first + "".join(each.capitalize() for each in others)


def _quads(accepted: AcceptedProposals, source: SourceDocument, base: Base) -> Iterator[Quad]:
    """The statements of the proposals, each in the graph of its passage."""
    of_parts = {each.subject: each for each in accepted.proposals if each.kind == "part"}
    spans = sorted(_passages(accepted, of_parts.values()))
    for start, end in spans:
        graph = NamedNode(f"{source.iri}#char={start},{end}")
        held = [each for each in accepted.proposals if _is_held(each, start, end)]
        statements = [*_statements(held, source, base, of_parts)]
        if _awaits_confirmation(held, accepted.confirmed):
            proposed = NamedNode(f"{base.iri}concept/assertion-status/proposed")
            yield Quad(graph, base.term("assertionStatus"), proposed, graph)
        elif not statements:
            continue
        for subject, predicate, value in statements:
            yield Quad(subject, predicate, value, graph)


def _passages(accepted: AcceptedProposals, parts: Iterable[Proposal]) -> Iterator[tuple[int, int]]:
    """The places of passages: clauses, with the label before them, and headings of parts."""
    text = accepted.annotation.text
    found = {each.start: each for each in find_parts(text)}
    labels = {n: found[n] for n in (each.start for each in parts) if n in found}
    for each in accepted.proposals:
        if each.kind == "passage":
            before = (n for n, part in labels.items() if not part.heading and n < each.start)
            label = max(before, default=None)
            follows = label is not None and not text[labels[label].label_end : each.start].strip()
            yield label if label is not None and follows else each.start, each.end
    for start, part in labels.items():
        if part.heading:
            yield start, part.heading_end


def _is_held(proposal: Proposal, start: int, end: int) -> bool:
    """Whether the place of the proposal, for a part its label, lies in the passage."""
    if proposal.kind == "part":
        return start <= proposal.start < end
    return start <= proposal.start and proposal.end <= end


_Statement = tuple[NamedNode, NamedNode, NamedNode | Literal]


def _statements(
    held: Sequence[Proposal],
    source: SourceDocument,
    base: Base,
    parts: dict[str, Proposal],
) -> Iterator[_Statement]:
    policy = NamedNode(f"{base.iri}id/policy/{source.name}")
    measure = next((each.subject for each in held if each.kind == "passage" and each.subject), "")
    subject = NamedNode(measure) if measure else policy
    if measure:
        yield subject, _TYPE, base.term("Measure")
        yield subject, base.term("isDirectPartOf"), _whole(measure, policy, parts)
    for each in held:
        match each.kind:
            case "part":
                yield from _part(each, policy, base, parts, source)
            case "act" | "duty" if each.object:
                yield subject, NamedNode(each.predicate), NamedNode(each.object)
            case "relation" if each.object:
                yield policy, NamedNode(each.predicate), NamedNode(each.object)
            case "date" if each.predicate:
                yield from _date(each, subject, policy, base)
            case "quantity":
                yield from _quantity(each, policy, base)
            case _:
                pass


def _whole(iri: str, policy: NamedNode, parts: dict[str, Proposal]) -> NamedNode:
    """The narrowest part whose IRI begins the given one, or the policy."""
    wholes = [each for each in parts if iri.startswith(f"{each}/") and each != iri]
    return NamedNode(max(wholes, key=len)) if wholes else policy


def _part(
    part: Proposal,
    policy: NamedNode,
    base: Base,
    parts: dict[str, Proposal],
    source: SourceDocument,
) -> Iterator[_Statement]:
    subject = NamedNode(part.subject)
    yield subject, _TYPE, base.term("Section")
    yield subject, base.term("numbering"), Literal(part.object)
    yield subject, base.term("isDirectPartOf"), _whole(part.subject, policy, parts)
    found = next((p for p in find_parts(source.text or "") if p.start == part.start), None)
    if found and found.heading:
        yield subject, base.term("heading"), source.literal(found.heading)


def _date(
    date: Proposal, subject: NamedNode, policy: NamedNode, base: Base
) -> Iterator[_Statement]:
    """The deadline or start, as a separate resource named by its value."""
    value = date.object
    name = re.sub(r"[^0-9a-z]+", "-", value.lower()).strip("-")
    is_start = value.endswith("/..")
    node = NamedNode(f"{policy.value}/{'start' if is_start else 'deadline'}/{name}")
    values = [*_time(value, policy, base)]
    if values:
        link = "startsFrom" if is_start else "isDueBy"
        yield subject, base.term(link), node
        yield node, _TYPE, base.term("Start" if is_start else "Deadline")
        for predicate, value_term in values:
            yield node, predicate, value_term


def _time(
    value: str, policy: NamedNode, base: Base
) -> Iterator[tuple[NamedNode, NamedNode | Literal]]:
    """The statements of the ontology about such a value; none for values that need more."""
    first = value.removesuffix("/..")
    if value.startswith("R/"):
        yield base.term("countsFrom"), policy
        yield base.term("recursEvery"), _literal(value.removeprefix("R/"), "duration")
    elif value.startswith("P"):
        yield base.term("countsFrom"), policy
        yield base.term("offset"), _literal(value, "duration")
    elif value.endswith("/..") and _DAY.fullmatch(first):
        yield base.term("firstDay"), _literal(first, "date")
    elif value.endswith("/..") and _YEAR.fullmatch(first):
        yield base.term("firstDay"), _literal(f"{first}-01-01", "date")
        yield base.term("hasPrecision"), NamedNode(f"{base.iri}concept/time-precision/year")
    elif _DAY.fullmatch(value):
        yield base.term("deadlineDay"), _literal(value, "date")
    elif _YEAR.fullmatch(value):
        yield base.term("deadlineYear"), _literal(value, "integer")


def _literal(value: str, datatype: str) -> Literal:
    return Literal(value, datatype=NamedNode(f"{XSD}{datatype}"))


def _quantity(quantity: Proposal, policy: NamedNode, base: Base) -> Iterator[_Statement]:
    """The quantity alone: a person decides whether it is a target, a budget or a result."""
    found = _QUANTITY.fullmatch(quantity.object)
    if found is None:
        return
    node = NamedNode(f"{policy.value}/quantity/at-{quantity.start}")
    comparator = NamedNode(f"{base.iri}concept/comparator/{found['comparator']}")
    yield node, _TYPE, base.term("Quantity")
    yield node, base.term("hasComparator"), comparator
    unit = found["unit"] or ""
    if unit:
        code = "currencyCode" if _CURRENCY.fullmatch(unit) else "unitCode"
        yield node, base.term(code), Literal(unit)
    bounds = ("lowerBound", "upperBound") if found["high"] else ("numericValue", "")
    for name, number in zip(bounds, (found["low"], found["high"]), strict=True):
        if name and number:
            yield node, base.term(name), _literal(f"{float(number):.15g}", "decimal")
