"""The gates: checks that a content folder passes before it is published, with one result each.

All are in the table at the end, in the order of `check`; `build` takes from it the gates that it
needs.
"""

from collections.abc import Container, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from spacepolicy.errors import Finding, FindingsError
from spacepolicy.knowledge.checks.alignments import alignment_faults
from spacepolicy.knowledge.checks.cited import copy_faults
from spacepolicy.knowledge.checks.conformance import shapes
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.coverage import (
    Division,
    clause_faults,
    coverage_findings,
    divide,
    metadata_findings,
    read_marks,
    unstated_faults,
)
from spacepolicy.knowledge.checks.default_dataset import DefaultDataset
from spacepolicy.knowledge.checks.documentation import documentation_findings, example_faults
from spacepolicy.knowledge.checks.evidence import evidence_faults, leaves
from spacepolicy.knowledge.checks.expected_results import answer_findings, answer_report
from spacepolicy.knowledge.checks.lint import remarks, unbound_remarks
from spacepolicy.knowledge.checks.published import gone_terms
from spacepolicy.knowledge.checks.query_headers import (
    header_findings,
    option_findings,
    prefix_findings,
)
from spacepolicy.knowledge.checks.reasoners import clashes, consistency, profiles, rules
from spacepolicy.knowledge.checks.references import reference_faults, reference_leaves
from spacepolicy.knowledge.checks.result import Gate, GateResult, count, located_all
from spacepolicy.knowledge.checks.rule_examples import rule_example_findings
from spacepolicy.knowledge.checks.rules import FOLDER as RULES_FOLDER
from spacepolicy.knowledge.checks.rules import HygieneRule, hygiene_faults
from spacepolicy.knowledge.checks.spelling import query_spelling, spelling_findings
from spacepolicy.knowledge.checks.vocabulary import QueryVocabulary, read_vocabulary
from spacepolicy.knowledge.loading.record import StatementFault, StatementPlace
from spacepolicy.knowledge.loading.source_descriptions import description_faults
from spacepolicy.knowledge.loading.sources import FOLDER as SEEDS
from spacepolicy.saved_queries import SavedQuery, read_catalogue
from spacepolicy.text_files import read_text
from spacepolicy.turtle_format.printing import PRINTED, print_file


def _syntax(material: CheckContext) -> GateResult:
    files = material.record.files
    size = sum(len(file.quads) for file in files)
    return GateResult(material.file_findings, (count(len(files), "file"), count(size, "statement")))


def _layout(material: CheckContext) -> GateResult:
    return layout_of(material)


def layout_of(material: CheckContext, names: Container[str] | None = None) -> GateResult:
    """Return where files of graphs are not in the canonical layout; only for `names` where
    given."""
    paths = [
        path
        for folder in ("ontology", "data")
        for path in sorted((material.content / folder).rglob("*"))
        if path.suffix in PRINTED
        and (names is None or path.relative_to(material.content).as_posix() in names)
    ]
    findings = (each for path in paths for each in _layout_findings(path, material.prefixes))
    return GateResult(tuple(findings), (count(len(paths), "file"),))


def _kept_layout(material: CheckContext) -> GateResult:
    """The same for content with rules of its own; other content may have any layout."""
    return _layout(material) if (material.content / RULES_FOLDER).is_dir() else GateResult(())


def _layout_findings(path: Path, prefixes: Mapping[str, str]) -> Iterator[Finding]:
    try:
        before = read_text(path)
        after = print_file(before, path=str(path), prefixes=prefixes)
    except FindingsError as error:
        # The gate of syntax reports a file that cannot be read.
        yield from (each for each in error.findings if each.rule not in _OF_SYNTAX)
        return
    if after != before:
        lines = zip(before.splitlines(), after.splitlines(), strict=False)
        line = next((n for n, (had, has) in enumerate(lines, 1) if had != has), 1)
        message = "the file is not in the one layout from here on."
        yield Finding(str(path), line, "layout", message, "Run `spacepolicy fmt`.")


def _hygiene(name: str, material: CheckContext) -> GateResult:
    """The result of the content's own rules for that gate."""
    rules = [rule for rule in material.hygiene if rule.gate == name]
    faults = (
        fault
        for rule in rules
        for fault in hygiene_faults(rule, material.dataset, material.prefixes)
    )
    found = (*located_all(material, faults), *rule_example_findings(name, material))
    return GateResult(found, (count(len(rules), "rule"),))


def _naming(material: CheckContext) -> GateResult:
    rules = _hygiene("naming", material)
    misspelt = [*spelling_findings(material.names)]
    for rule in material.hygiene:
        path = f"{RULES_FOLDER}/{rule.name}.rq"
        misspelt += query_spelling(material.names, path, rule.text)
    return GateResult((*rules.findings, *misspelt), rules.report)


def _hygiene_gate(name: str, holds: str) -> Gate:
    return Gate(name, holds, partial(_hygiene, name))


def _metadata(material: CheckContext) -> GateResult:
    rules = _hygiene("metadata", material)
    core = StatementFault("", "", (StatementPlace(material.base.ontology),))
    home = located_all(material, [core])[0]
    catalogue = read_catalogue(material.content / "queries")
    prefixes = prefix_findings(catalogue, material.prefixes, home.path, home.line)
    gone = tuple(gone_terms(material.content, material.record))
    aligned = alignment_faults(material.record, material.content)
    faults = located_all(material, (*(e for e in gone if isinstance(e, StatementFault)), *aligned))
    lost = (each for each in gone if isinstance(each, Finding))
    return GateResult((*rules.findings, *prefixes, *faults, *lost), rules.report)


def _saved(material: CheckContext) -> GateResult:
    """What can be checked of queries without their answers: headers, names, choices; and whether
    those in the documentation have answers."""
    dataset = DefaultDataset(material.dataset, material.base.inferred.value)
    prefixes = material.prefixes
    catalogue = read_catalogue(material.content / "queries")
    findings = [
        finding
        for query in catalogue
        for finding in (
            *header_findings(query, material.names),
            *option_findings(query, dataset, prefixes),
        )
    ]
    findings += documentation_findings(material.content, dataset, prefixes)
    findings += located_all(material, example_faults(dataset, prefixes))
    return GateResult(tuple(findings), (count(len(catalogue), "saved query", "saved queries"),))


def _queries(material: CheckContext) -> GateResult:
    catalogue = read_catalogue(material.content / "queries")
    vocabulary = read_vocabulary(material.base.iri, material.default)
    findings = [
        finding for query in catalogue for finding in (*_remark_findings(query, vocabulary),)
    ]
    findings += (finding for rule in material.hygiene for finding in _rule_findings(rule))
    findings += _saved(material).findings
    findings += answer_findings(catalogue, material)
    counts = (count(len(catalogue), "saved query", "saved queries"), *answer_report(material))
    return GateResult(tuple(findings), counts)


def _remark_findings(query: SavedQuery, vocabulary: QueryVocabulary) -> Iterator[Finding]:
    try:
        found = tuple(remarks(query.text, vocabulary, query.prefixes))
    except Exception as error:  # noqa: BLE001  its parser raises any kind, and knows SPARQL 1.1
        message = f"the query could not be linted: {' '.join(str(error).split())}."
        remedy = "Write it in SPARQL 1.1, so that every engine reads it."
        yield Finding(str(query.path), 1, "lint", message, remedy, "warning")
        return
    for each in found:
        if each.rule == "unknown-term":
            continue  # _saved names it, at its line and with the nearest term
        yield Finding(str(query.path), each.line, each.rule, each.message, each.remedy)


def _rule_findings(rule: HygieneRule) -> Iterator[Finding]:
    """The certain mistakes in the query of a rule, which may ask for what is not there."""
    path = f"{RULES_FOLDER}/{rule.name}.rq"
    for each in unbound_remarks(rule.text):
        yield Finding(path, each.line, each.rule, each.message, each.remedy)


def _evidence(material: CheckContext) -> GateResult:
    findings = [*material.source_findings]
    for source in material.sources:
        passages = material.passages[source.name]
        table = material.content / SEEDS / f"{source.name}.toml"
        lines = table.read_text(encoding="utf-8", errors="replace").splitlines()
        findings += metadata_findings(source, lines)
        findings += coverage_findings(source, passages)
        findings += located_all(material, clause_faults(source, passages))
        if source.text is not None:
            findings += located_all(material, unstated_faults(source, passages, material.graphs))
        findings += located_all(material, evidence_faults(material.base, source, material.graphs))
        findings += located_all(material, reference_faults(material.base, source, material.graphs))
        if material.texts is not None:
            found = copy_faults(material.base, source, material.graphs, material.texts)
            findings += located_all(material, found)
        stated = material.graphs.get(source.iri, ())
        findings += located_all(material, description_faults(material.base, source, stated))
    hygiene = _hygiene("evidence", material)
    report = _evidence_report(material, len(hygiene.findings))
    return GateResult((*findings, *hygiene.findings), (*report, *hygiene.report))


def _evidence_report(material: CheckContext, unquoted: int) -> Iterator[str]:
    passages = [passage for found in material.passages.values() for passage in found]
    references = [each for found in material.references.values() for each in found]
    clauses = [
        *(each.iri for each in leaves(passages)),
        *(each.iri for each in reference_leaves(references)),
    ]
    stated = sum(len(material.graphs.get(iri, ())) for iri in clauses)
    yield count(len(material.sources), "source")
    yield f"{count(len(passages) + len(references), 'passage')}, {len(clauses)} of them leaves"
    whole = stated + unquoted
    share = f"{100 * stated / max(whole, 1):.1f} %"
    yield f"{stated:,} of {count(whole, 'statement')} of content in leaf passages ({share})"
    referring = [
        each for name, each in material.references.items() if name in _not_shipped(material)
    ]
    if referring:
        referred = count(sum(map(len, referring)), "reference")
        yield f"{referred} to {count(len(referring), 'source')} whose text is not shipped"
    for source in material.sources:
        if source.is_not_shipped:
            continue
        if source.text is None:
            yield f"the text of {source.name} is not here: quotations not compared"
        else:
            marks = read_marks(source.metadata)
            yield _shares(divide(source.text, material.passages[source.name], marks))
            quoted = sum(
                1 + (each.prefix is not None) + (each.suffix is not None)
                for each in material.passages[source.name]
            )
            yield f"{count(quoted, 'quotation')} compared"


def _not_shipped(material: CheckContext) -> frozenset[str]:
    return frozenset(source.name for source in material.sources if source.is_not_shipped)


def _shares(division: Division) -> str:
    """The shares of a text's characters, as text.

    >>> _shares(Division(100, 90, 8, 1))
    '100 characters: 90 quoted, 8 connectives, 1 residue (99.0 %)'
    """
    percent = 100 * division.accounted / max(division.characters, 1)
    return (
        f"{division.characters:,} characters: {division.clauses:,} quoted, "
        f"{division.connectives:,} connectives, {division.residue:,} residue ({percent:.1f} %)"
    )


_OF_SYNTAX: Final = frozenset({"syntax", "encoding", "merge-conflict"})

SYNTAX: Final = Gate(
    "syntax", "every file can be read and its graphs are named; imports are answered", _syntax
)
RULES: Final = Gate("rules", "the ontology's rules find no clash", clashes, judges_clients=True)
EVIDENCE: Final = Gate(
    "evidence",
    "every quotation is its slice, leaf passages are clauses that hold all of the text, and "
    "statements of content stand in them",
    _evidence,
)
SHAPES: Final = Gate(
    "shapes",
    "everything known, inferences included, conforms to the SHACL shapes",
    shapes,
    judges_clients=True,
)

LAYOUT: Final = Gate("layout", "files of graphs are in the one layout that fmt prints", _layout)
_WRITTEN: Final = (
    Gate("metadata", "ontologies and terms say what they are, and keep what they were", _metadata),
    Gate("naming", "names are formed alike, and each is of a term or thing there is", _naming),
    _hygiene_gate("labels", "terms are named in en and zh, and defined after ISO 704"),
    _hygiene_gate("pitfalls", "the ontology falls into none of the documented pitfalls"),
)
_SKOS: Final = _hygiene_gate("skos", "concept schemes keep SKOS's own rules")

GATES: Final = (
    SYNTAX,
    LAYOUT,
    *_WRITTEN,
    Gate(
        "profiles",
        "the knowledge is OWL 2 DL, and RL, which the reasoner carries",
        profiles,
        asks_reasoners=True,
    ),
    Gate(
        "consistency",
        "HermiT finds a world for all, and none for what is excluded",
        consistency,
        asks_reasoners=True,
    ),
    _SKOS,
    Gate(
        "rules",
        "the rules find no clash, and infer what owlrl and HermiT infer",
        rules,
        asks_reasoners=True,
    ),
    SHAPES,
    EVIDENCE,
    Gate(
        "queries",
        "saved queries fit the ontology, run, and answer over each document what is expected",
        _queries,
    ),
)
"""All gates, in the order of `check`. `rules` also runs other reasoners, which takes a while."""

BUILD_GATES: Final = (
    SYNTAX,
    Gate("layout", LAYOUT.holds, _kept_layout),
    *_WRITTEN,
    _SKOS,
    EVIDENCE,
    RULES,
    SHAPES,
    Gate("queries", "saved queries are questions with choices, and name what there is", _saved),
)
"""The gates that a dataset passes before it is published: those that take a few seconds. Other
reasoners, and the comparison with expected answers, are left to `check`."""
