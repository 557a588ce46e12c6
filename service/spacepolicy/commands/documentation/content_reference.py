"""Reference pages generated from the content, in English and Chinese: its terms and saved
queries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import Literal, NamedNode, Quad

from spacepolicy.commands.documentation.markdown import code, table
from spacepolicy.knowledge.checks.published import declared_terms
from spacepolicy.knowledge.loading.record import FileRecord, GraphFile
from spacepolicy.namespaces import RDFS, SKOS
from spacepolicy.saved_queries import Language, Parameter, SavedQuery

_NAMES: Final = frozenset(NamedNode(each) for each in (f"{RDFS}label", f"{SKOS}prefLabel"))
_DEFINITIONS: Final = frozenset((NamedNode(f"{SKOS}definition"),))


@final
@dataclass(frozen=True, slots=True)
class _Words:
    """The texts around the lists of the pages, in one language."""

    terms: str
    terms_lead: str
    term_columns: tuple[str, str, str]
    queries: str
    queries_lead: str
    parameters: str
    parameter_columns: tuple[str, str, str, str]
    needed: str
    columns: str
    column_columns: tuple[str, str, str]


_WORDS: Final[Mapping[Language, _Words]] = {
    "en": _Words(
        "Terms",
        "Classes, properties and concepts of the ontology and of what it imports, by the file "
        "that states them. In a running service each has a page of its own at its address.",
        ("term", "name", "definition"),
        "Saved queries",
        "Each is a file of that name in `queries/`, a question with a page and an address of its "
        "own in a running service (`/queries/<name>`), and `spacepolicy query <name>` on the "
        "command line.",
        "Parameters",
        ("parameter", "type", "needed", "default"),
        "yes",
        "Columns",
        ("column", "type", "holds"),
    ),
    "zh": _Words(
        "术语",
        "本体及其所导入文件中的类、属性与概念，按所在文件排列。在运行中的服务里，每个术语在其地址上有自己的页面。",
        ("术语", "名称", "定义"),
        "保存的查询",
        "每个查询都是 `queries/` 中的同名文件：一个问题，在运行中的服务里有自己的页面和地址"
        "（`/queries/<名称>`），在命令行上是 `spacepolicy query <名称>`。",
        "参数",
        ("参数", "类型", "必需", "默认值"),
        "是",
        "列",
        ("列", "类型", "内容"),
    ),
}


def terms_page(record: FileRecord, language: Language) -> str:
    """Return the declared terms by file, each with its name and definition in the language, in
    English where it has none in it."""
    words = _WORDS[language]
    declared = declared_terms(record)
    parts = [f"# {words.terms}\n\n{words.terms_lead}\n"]
    for file in record.files:
        rows = [*_term_rows(file, declared, record.base.iri, language)]
        if rows:
            parts.append(f"## `{file.name}`\n\n{table(words.term_columns, rows)}\n")
    return "\n".join(parts)


def _term_rows(
    file: GraphFile, declared: Iterable[str], base: str, language: Language
) -> Iterator[tuple[str, str, str]]:
    known = frozenset(declared)
    by_term: dict[str, list[Quad]] = {}
    for quad in file.quads:
        if isinstance(quad.subject, NamedNode) and quad.subject.value in known:
            by_term.setdefault(quad.subject.value, []).append(quad)
    for iri, quads in sorted(by_term.items()):
        name = _said(quads, _NAMES, language)
        if name:
            yield code(iri.removeprefix(base)), name, _said(quads, _DEFINITIONS, language)


def _said(quads: Iterable[Quad], predicates: frozenset[NamedNode], language: Language) -> str:
    """Return the text of one of these properties in the language, else in English."""
    texts = {
        each.object.language: each.object.value
        for each in quads
        if each.predicate in predicates and isinstance(each.object, Literal)
    }
    return texts.get(language) or texts.get("en", "")


def queries_page(catalogue: Sequence[SavedQuery], language: Language) -> str:
    """Return the saved queries, each with its question, its parameters and its columns."""
    words = _WORDS[language]
    parts = [f"# {words.queries}\n\n{words.queries_lead}\n"]
    parts += (_query(each, language, words) for each in catalogue)
    return "\n".join(parts)


def _query(query: SavedQuery, language: Language, words: _Words) -> str:
    parts = [f"## {query.name}\n", f"{query.title[language]}\n"]
    if said := query.description.get(language):
        parts.append(f"{said}\n")
    if query.parameters:
        rows = [_parameter(each, words) for each in query.parameters]
        parts.append(f"{words.parameters}:\n\n{table(words.parameter_columns, rows)}\n")
    if query.described:
        held = [(code(each.name), each.type, each.holds[language]) for each in query.described]
        parts.append(f"{words.columns}:\n\n{table(words.column_columns, held)}\n")
    return "\n".join(parts)


def _parameter(parameter: Parameter, words: _Words) -> tuple[str, str, str, str]:
    needed = words.needed if parameter.required and parameter.default is None else ""
    return code(parameter.name), parameter.type, needed, code(parameter.default or "")
