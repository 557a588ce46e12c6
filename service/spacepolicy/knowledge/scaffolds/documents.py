"""The scaffold of a document: its text and metadata, its quotations, names and expected answers.

Each sentence is a quotation and each numbered part a heading above its sentences; people add the
statements, or `spacepolicy annotate`.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, final

from pyoxigraph import NamedNode, Quad

from spacepolicy.errors import UsageError
from spacepolicy.knowledge.checks.expected_rows import SUFFIX
from spacepolicy.knowledge.loading.conversion import to_quotes
from spacepolicy.knowledge.loading.notations import NotationContext
from spacepolicy.knowledge.loading.placeholders import fill_in, fill_in_zh
from spacepolicy.knowledge.loading.record import GraphFile
from spacepolicy.knowledge.loading.sources import SourceDocument
from spacepolicy.knowledge.scaffolds.scaffold import (
    KEBAB_NAME,
    TYPE,
    Scaffold,
    ScaffoldContext,
    checked_name,
)
from spacepolicy.knowledge.scaffolds.source_text import SourceText
from spacepolicy.namespaces import DCTERMS, SKOS, Base
from spacepolicy.text_structure import Span, parts, sentences
from spacepolicy.turtle_format.printing import print_file

_JOINING: Final = (", and ", " and ", "; and ", ", ", "; ", ": ", ". ", ".", " ", "\n\n", "\n")
_KINDS: Final = "concept/document-kind"
_JOINING_ZH: Final = ("，", "、", "；", "：", "。", "\n\n", "\n")
"""The connectives between clauses where a sentence is divided; the longest that fits is used."""


@final
@dataclass(frozen=True, slots=True)
class DocumentDraft:
    """The input for a document: the name of its files, its text, and the file it came in.

    An empty `title` stands for the first line; `kind` is a concept's name, empty where it is not
    known.
    """

    name: str
    source_text: SourceText
    origin: str
    title: str = ""
    kind: str = ""
    published: date | None = None

    @property
    def text(self) -> str:
        """The text as it is stored."""
        return self.source_text.text

    @property
    def heading(self) -> str:
        """The title, or the first line."""
        return self.title or self.text.strip().split("\n")[0].strip()


def new_document(context: ScaffoldContext, draft: DocumentDraft) -> Scaffold:
    """Make the files of a document.

    Raises: UsageError where the name or the kind is wrong, or one of the files exists.
    """
    name = draft.name
    rule = "a document is place-year-topic in kebab-case, as skerrow-2028-charting"
    checked_name(name, KEBAB_NAME, rule)
    stem = {
        "text": f"seeds/{name}.txt",
        "note": f"seeds/{name}.toml",
        "quotes": f"data/{name}.quotes",
        "names": f"data/background/{name}.csv",
        "expect": f"data/{name}{SUFFIX}",
    }
    for path in stem.values():
        if (context.content / path).exists():
            raise UsageError(f"{path} is there already; nothing was written.")
    language = {"language": draft.source_text.language}
    source = SourceDocument(name, context.base.sources + name, draft.text, language)
    found = [*sentences(draft.text)]
    policy = NamedNode(f"{context.base.iri}id/policy/{name}")
    files = {
        stem["text"]: draft.text,
        stem["note"]: _note(context, draft, found),
        stem["quotes"]: _quotes(context, source, found, draft),
        stem["names"]: _names(context, name, draft.heading),
        stem["expect"]: _expected(policy),
    }
    after = (
        f"Write below each quotation of {stem['quotes']} what its words state; divide sentences "
        "that say more than one thing, and take headings out that are no parts.",
        f"Name each new thing in English and Chinese in {stem['names']}, a row each.",
        f"`spacepolicy fmt {stem['quotes']} {stem['names']}`, `spacepolicy check --since HEAD`.",
        "`spacepolicy accept`, and look at each row of the expectations.",
        "`spacepolicy check`.",
    )
    return Scaffold(files, {}, after)


def _quotes(
    context: ScaffoldContext,
    source: SourceDocument,
    found: Sequence[Span],
    draft: DocumentDraft,
) -> str:
    """The sentences as quotations, in their parts; the statements of the title are below it."""
    base, graph = context.base, NamedNode(source.iri)
    policy = NamedNode(f"{base.iri}id/policy/{source.name}")
    spans = [*found, *_containers(source.text or "", found)]
    passages = {span: NamedNode(f"{source.iri}#char={span[0]},{span[1]}") for span in spans}
    quads = [Quad(each, TYPE, base.term("Passage"), graph) for each in passages.values()]
    first = passages[found[0]]
    quads.append(Quad(policy, TYPE, base.term("PolicyDocument"), first))
    quads.append(Quad(policy, NamedNode(f"{DCTERMS}title"), source.literal(draft.heading), first))
    if draft.kind:
        kind = NamedNode(f"{base.iri}{_KINDS}/{draft.kind}")
        quads.append(Quad(policy, base.term("hasDocumentKind"), kind, first))
    path = context.content / "data" / f"{source.name}.trig"
    file = GraphFile(path, f"data/{source.name}.quotes", tuple(quads), trig="")
    notation = NotationContext(base, context.prefixes, {source.name: source})
    return to_quotes(file, source, notation, declared=_prefixes(base))


def _prefixes(base: Base) -> dict[str, str]:
    return {"policy": f"{base.iri}id/policy/", "documentKind": f"{base.iri}{_KINDS}/"}


def _containers(text: str, found: Sequence[Span]) -> Iterator[Span]:
    """The parts that contain more than one sentence, to the stop at their end, each once."""
    seen = set(found)
    for part in parts(text):
        within = [(a, b) for a, b in found if part.start <= a and b <= part.end]
        if len(within) > 1 and (span := (part.start, part.end)) not in seen:
            seen.add(span)
            yield span


def _note(context: ScaffoldContext, draft: DocumentDraft, found: Sequence[Span]) -> str:
    """The table of metadata."""
    source_text, data = draft.source_text, draft.text.encode()
    changed = "; ".join(source_text.changes) or "nothing was changed"
    joining = _connectives(draft.text, found, source_text.language)
    day = "published = 2028-03-01, the day of the text, without the number sign"
    lines = [
        f"title = {_toml(draft.heading)}",
        f"source = {_toml(context.base.sources + draft.name)}",
        f"language = {_toml(source_text.language)}",
        f"published = {draft.published}" if draft.published else f"# {fill_in(day)}",
        _kind_line(context, draft.kind),
        f'reports_on = "id/policy/{draft.name}"',
        f"description = {_toml(fill_in('what the text is, in a sentence'))}",
        f"author = {_toml(fill_in('who wrote it, or that it is not stated'))}",
        f"publisher = {_toml(fill_in('who published it, or that it is not stated'))}",
        f"licence = {_toml(fill_in('the address of the licence, or what is known of it'))}",
        f"retrieved = {_toml(fill_in('from where and when the copy was taken'))}",
        f"origin = {_toml(f'{draft.origin} (SHA-256 {source_text.sha256}); {changed}.')}",
        "",
        f"sha256 = {_toml(hashlib.sha256(data).hexdigest())}",
        f"bytes = {len(data)}",
        f"code_points = {len(draft.text)}",
        "",
        f"connectives = [{', '.join(map(_toml, joining))}]",
        "openings = []",
        "",
    ]
    return "\n".join(lines)


def _kind_line(context: ScaffoldContext, kind: str) -> str:
    scheme, within = NamedNode(f"{context.base.iri}{_KINDS}"), NamedNode(f"{SKOS}inScheme")
    there = (each for each in context.stated if scheme in context.values(each, within))
    kinds = sorted(each.value.rpartition("/")[2] for each in there)
    if kind and kind not in kinds:
        raise UsageError(f"{kind!r} is no kind of document; there are: {', '.join(kinds)}.")
    wanted = f'kind = "{_KINDS}/…", one of {", ".join(kinds)}, without the number sign'
    return f'kind = "{_KINDS}/{kind}"' if kind else f"# {fill_in(wanted)}"


def _connectives(text: str, found: Sequence[Span], language: str) -> list[str]:
    """The connectives of clauses: the text between the sentences, and what may be within them."""
    edges = [0, *(edge for span in found for edge in span), len(text)]
    gaps = {text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)} - {""}
    return sorted(
        gaps | {*(_JOINING_ZH if language == "zh" else _JOINING)}, key=lambda e: (-len(e), e)
    )


def _toml(value: str) -> str:
    """The text as a basic string of TOML, whose escapes are those of JSON."""
    return json.dumps(value, ensure_ascii=False)


def _names(context: ScaffoldContext, name: str, title: str) -> str:
    """The table of names with the policy's own row."""
    rows: list[list[str]] = [
        ["@prefix", "policy:", f"{context.base.iri}id/policy/"],
        ["@prefix", "source:", context.base.sources],
        ["@prefix", "status:", f"{context.base.iri}concept/assertion-status/"],
        ["#", "description@en", f"English and Chinese names of what “{title}” says."],
        ["#", "label@en", f"names and things of {name}"],
        ["#", "label@zh", fill_in_zh("本表名称")],
        ["#", ":assertionStatus", "status:inferred"],
        ["#", "dcterms:created^^xsd:date", date.today().isoformat()],
        ["#", "dcterms:creator@en", "spacepolicy maintainers"],
        ["#", "dcterms:license", "<https://creativecommons.org/licenses/by/4.0/>"],
        [
            "#",
            "dcterms:source@en",
            fill_in("where the names come from, as maintainers’ translation"),
        ],
        ["iri", "type", "label@en", "label@zh"],
        [
            f"policy:{name}",
            "",
            fill_in("its name within a sentence"),
            fill_in_zh("中文名称"),
        ],
        [f"source:{name}", "", title, fill_in_zh("原文标题的中文译名")],
    ]
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    path = f"data/background/{name}.csv"
    return print_file(written.getvalue(), path=path, prefixes=context.prefixes)


def _expected(policy: NamedNode) -> str:
    return (
        "# What saved queries answer over this document alone. `spacepolicy accept` writes this "
        f"file.\npolicy: '{policy.value}'\nqueries: {{}}\n"
    )
