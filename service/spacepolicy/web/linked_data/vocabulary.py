"""The definitions and modules of the ontology's terms, by which pages order and explain
statements."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from pyoxigraph import Literal

from spacepolicy.namespaces import DCTERMS, OWL, RDFS, SKOS
from spacepolicy.web.answering.app_state import AppState
from spacepolicy.web.answering.internal_queries import rows

ByLanguage = Mapping[str, str]
"""Texts by their language."""
_QUERY: Final = f"""SELECT DISTINCT ?term ?module ?definition ?title {{
  ?term <{RDFS}isDefinedBy> ?module
  OPTIONAL {{ ?term <{SKOS}definition> ?definition }}
  OPTIONAL {{ ?module <{DCTERMS}title> ?title }}
}} ORDER BY ?term"""

_DEPRECATED: Final = f"""SELECT DISTINCT ?term ?stated ?asked {{
  ?term <{RDFS}isDefinedBy> ?module ; <{OWL}deprecated> true
  OPTIONAL {{ ?term <{DCTERMS}isReplacedBy> ?stated }}
  OPTIONAL {{
    ?asking <{RDFS}subPropertyOf> <{DCTERMS}isReplacedBy> . ?term ?asking ?asked
    FILTER (?asking != <{DCTERMS}isReplacedBy>)
  }}
}} ORDER BY ?term ?stated ?asked"""
"""A subproperty of isReplacedBy names what replaces the term only in queries."""


@final
@dataclass(frozen=True, slots=True)
class Replacements:
    """What replaces a deprecated term in statements, and in queries where that differs."""

    stated: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class OntologyWords:
    """For each term by IRI: its definition, the module that defines it, and what replaces it where
    it is deprecated; for each module its title."""

    definitions: Mapping[str, ByLanguage]
    modules: Mapping[str, str]
    titles: Mapping[str, ByLanguage]
    deprecated: Mapping[str, Replacements]

    def definition(self, term: str, language: str) -> str | None:
        """Return the definition of the term, in the language if there is one."""
        return in_language(self.definitions.get(term, {}), language)

    def module(self, term: str, language: str) -> str | None:
        """Return the title of the module that defines the term, without the ontology's name before
        the colon."""
        title = in_language(self.titles.get(self.modules.get(term, ""), {}), language)
        return None if title is None else title.replace("：", ": ").rpartition(": ")[2]


def in_language(texts: ByLanguage, language: str) -> str | None:
    """Return the text in the language, else in English, else in any."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), None)


async def read_vocabulary(app_state: AppState) -> OntologyWords:
    """Read the vocabulary of the served revision."""
    definitions: dict[str, dict[str, str]] = {}
    titles: dict[str, dict[str, str]] = {}
    modules: dict[str, str] = {}
    for row in await rows(app_state, _QUERY):
        term, module = row["term"].value, row["module"].value
        modules[term] = module
        for name, texts in ((term, definitions), (module, titles)):
            text = row.get("definition" if texts is definitions else "title")
            if isinstance(text, Literal):
                texts.setdefault(name, {})[text.language or ""] = text.value
    return OntologyWords(definitions, modules, titles, await _deprecated(app_state))


async def _deprecated(app_state: AppState) -> Mapping[str, Replacements]:
    """The deprecated terms with what replaces them. By inference, replacements in queries are also
    values of the wider property, so they are removed there."""
    found: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for row in await rows(app_state, _DEPRECATED):
        stated, asked = found.setdefault(row["term"].value, ({}, {}))
        for name, terms in (("stated", stated), ("asked", asked)):
            if name in row:
                terms[row[name].value] = None
    return {
        term: Replacements(tuple(each for each in stated if each not in asked), tuple(asked))
        for term, (stated, asked) in found.items()
    }
