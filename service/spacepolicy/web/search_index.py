"""An index of names, definitions and quotations in every language, for one revision.

It is in a temporary file of SQLite; that of another revision is made from a copy of it and what was
changed.

Each text is indexed twice: by the stems of its words, so that "stations" finds a station, and by
their forms, so that the beginning of a word finds it. Where nothing is found, the words are
corrected to similar words of the index.

Spec: https://www.sqlite.org/fts5.html
"""

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, final
from urllib.parse import quote

from spacepolicy.web.tokenizer import corrected, folded, normalised, spaced, spaced_words, words

ROLES: Final[Mapping[str, float]] = {
    "name": 4.0,
    "other name": 3.5,
    "definition": 1.5,
    "words": 1.0,
}
"""The roles of texts for their things, and the weight of each."""
NAME_ROLES: Final = ("name", "other name")
"""The roles of names."""
MAX_LENGTH: Final = 200
"""The most characters of a search; longer texts are quotations, which `cite` finds."""
_MAX_FOUND: Final = 2000
"""How many texts are ranked; where more match, the word is so common that their order means
nothing."""
_AROUND: Final = 60
"""Characters shown before the match, twice as many after it: two lines of a page."""
_BEGUN: Final = 3
"""How many initial letters a proposed word shares at least: two are shared by chance."""
_CACHE_KIB: Final = 32 << 10
"""How much of the index is in memory: that of 100,000 statements has 12 MB, of 300,000 37, and what
a search reads of the rest is in the system's cache."""
_FIND: Final = """
SELECT thing, role, language, text FROM text WHERE id IN (
  SELECT * FROM (SELECT rowid FROM forms WHERE forms MATCH ?1 ORDER BY rank LIMIT ?3)
  UNION SELECT * FROM (SELECT rowid FROM stems WHERE stems MATCH ?2 ORDER BY rank LIMIT ?3)
)
"""


@final
@dataclass(frozen=True, slots=True)
class Text:
    """A text of a thing, with its role and its language."""

    thing: str
    role: str
    language: str
    text: str


@final
@dataclass(frozen=True, slots=True)
class Hit:
    """A thing that was found: the matching text, the snippet (before, match, after), the thing's
    names and classes, and the sources with statements about it."""

    thing: str
    by: Text
    snippet: tuple[str, str, str]
    names: Mapping[str, str]
    types: tuple[str, ...]
    sources: tuple[str, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class SearchResult:
    """A page of hits, the best first, and their total number; the counts of each type, language and
    source, with the other filters applied; the corrected words where nothing matched the given
    ones; `near` are things to propose instead."""

    hits: tuple[Hit, ...]
    total: int
    types: Mapping[str, int]
    languages: Mapping[str, int]
    corrected: str | None
    sources: Mapping[str, int] = field(default_factory=dict)
    near: tuple[str, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class SearchFilter:
    """A filter of hits: things of the class, found by a text in the language, with statements in
    the source; None matches all."""

    kind: str | None = None
    language: str | None = None
    source: str | None = None


_EVERYTHING: Final = SearchFilter()


@final
class SearchIndex:
    """The index of texts, with the classes of their things, and the sources with statements about
    these, as `search_index_process` writes it."""

    def __init__(self, path: Path) -> None:
        """The index in a file, which may be removed then: it is gone with this object."""
        self._lock = threading.Lock()
        address = f"file:{quote(str(path))}?mode=ro&immutable=1"
        self._database = sqlite3.connect(
            address, uri=True, check_same_thread=False, isolation_level=None
        )
        self._database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")

    def copy_to(self, path: Path) -> None:
        """Write a copy of it to a new file."""
        with self._lock, closing(sqlite3.connect(path)) as copy:
            self._database.backup(copy)

    def _rows(self, query: str, *values: str) -> list[tuple[str, ...]]:
        with self._lock:
            return self._database.execute(query, values).fetchall()

    @cached_property
    def _members(self) -> Mapping[str, int]:
        """How many things each class has."""
        rows = self._rows("SELECT value, count(*) FROM type GROUP BY value")
        return {kind: int(count) for kind, count in rows}

    def find(
        self,
        asked: str,
        *,
        only: SearchFilter = _EVERYTHING,
        limit: int = 20,
        offset: int = 0,
    ) -> SearchResult:
        """Return the things with texts that have all the words, the last one possibly incomplete;
        else those with similar words; else those with some of these.
        Returns `limit` hits after the first `offset`.
        """
        wanted = words(asked)
        with self._lock:
            texts, corrected_to = self._look(wanted), None
            if not texts and wanted:
                mended = [self._mended(word) for word in wanted]
                texts = self._look(mended) or self._look(mended, " OR ")
                corrected_to = " ".join(mended) if texts and mended != wanted else None
        hits = self._ranked(texts, asked if corrected_to is None else corrected_to)

        def left(some: SearchFilter) -> list[Hit]:
            return [hit for hit in hits if _is_left(hit, some)]

        kept = left(only)
        return SearchResult(
            tuple(kept[offset : offset + limit]),
            len(kept),
            Counter(each for hit in left(replace(only, kind=None)) for each in hit.types),
            Counter(hit.by.language for hit in left(replace(only, language=None))),
            corrected_to,
            Counter(each for hit in left(replace(only, source=None)) for each in hit.sources),
        )

    def names(self, thing: str) -> Mapping[str, str]:
        """Return the names of the thing by language."""
        return self._names_of([thing]).get(thing, {})

    def _names_of(self, things: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """The names of the things, the first in each language."""
        rows = self._rows(
            "SELECT thing, language, text FROM text WHERE role = 'name' "
            "AND thing IN (SELECT value FROM json_each(?)) ORDER BY text",
            json.dumps(things),
        )
        found: dict[str, dict[str, str]] = {}
        for thing, language, text in rows:
            found.setdefault(thing, {}).setdefault(language, text)
        return found

    def name(self, thing: str, language: str = "en") -> str | None:
        """Return the thing's name, in the language if it has one in it."""
        names = self.names(thing)
        return names.get(language) or next(iter(names.values()), None)

    def named_exactly(self, name: str) -> list[str]:
        """Return the things with exactly this name, in any language, letters folded."""
        query = "SELECT DISTINCT thing FROM name WHERE text = ? ORDER BY thing"
        return [thing for (thing,) in self._rows(query, normalised(name))]

    def sharing_letters(self, text: str, most: int) -> list[str]:
        """Return the things whose names share ideographs or words with the text, those that share
        most first. `find` matches runs of ideographs, and so misses names with one more or less."""
        return self._named(" OR ".join(f'"{e}"' for e in dict.fromkeys(spaced_words(text))), most)

    def _named(self, wanted: str, most: int) -> list[str]:
        """The things with names that match the FTS5 query, the best first."""
        query = (
            "SELECT thing FROM text WHERE role IN (?, ?) AND id IN "
            "(SELECT rowid FROM forms WHERE forms MATCH ? ORDER BY rank LIMIT ?)"
        )
        if not wanted:
            return []
        with self._lock:
            rows = self._database.execute(query, (*NAME_ROLES, wanted, most)).fetchall()
        return list(dict.fromkeys(row[0] for row in rows))

    def texts_of(self, thing: str) -> list[Text]:
        """Return the texts of the thing."""
        query = "SELECT thing, role, language, text FROM text WHERE thing = ? ORDER BY role, text"
        return [Text(*row) for row in self._rows(query, thing)]

    def types_of(self, thing: str) -> tuple[str, ...]:
        """Return the classes of the thing."""
        return self._values("type", [thing]).get(thing, ())

    def _values(
        self, table: Literal["type", "source"], things: Sequence[str]
    ) -> Mapping[str, tuple[str, ...]]:
        """The classes or the sources of the things."""
        rows = self._rows(
            f"SELECT thing, value FROM {table} "  # noqa: S608 # two constants
            "WHERE thing IN (SELECT value FROM json_each(?)) ORDER BY value",
            json.dumps(things),
        )
        found: dict[str, list[str]] = {}
        for thing, value in rows:
            found.setdefault(thing, []).append(value)
        return {thing: tuple(values) for thing, values in found.items()}

    def kind_of(self, thing: str) -> str | None:
        """Return the class of the thing with the fewest instances, as the most specific one."""
        return min(self.types_of(thing), key=lambda each: (self._members[each], each), default=None)

    def near_names(self, asked: str, most: int) -> list[str]:
        """Return the things with vaguely similar names: they share an ideograph, or the first
        letters of a word."""
        begun = [f'"{word[:_BEGUN]}"*' for word in words(asked) if len(word) >= _BEGUN]
        shared = [f'"{each}"' for each in spaced_words(asked) if len(each) == 1]
        wanted = " OR ".join(dict.fromkeys((*begun, *shared)))
        return self._named(wanted, most)

    def type_counts(self) -> Mapping[str, int]:
        """Return how many named things each class has."""
        rows = self._rows(
            "SELECT value, count(*) FROM type WHERE EXISTS (SELECT 1 FROM text "
            "WHERE text.thing = type.thing AND role = 'name') GROUP BY value"
        )
        return {kind: int(count) for kind, count in rows}

    def _look(self, wanted: Sequence[str], joined: str = " ") -> list[Text]:
        if not wanted:
            return []
        whole = [f'"{spaced(word).strip()}"' for word in wanted]
        begun = joined.join([*whole[:-1], f"{whole[-1]}*"])
        rows = self._database.execute(_FIND, (begun, joined.join(whole), _MAX_FOUND))
        return [Text(*row) for row in rows]

    def _mended(self, word: str) -> str:
        """The word if it is in the index, else the most similar one."""
        if self._look([word]):
            return word
        terms = (row[0] for row in self._database.execute("SELECT term FROM vocabulary"))
        return next(iter(corrected(word, terms)), word)

    def _ranked(self, texts: Iterable[Text], asked: str) -> list[Hit]:
        """One hit for each thing, with its best text, sorted by score."""
        sought = folded(asked).strip()
        best: dict[str, tuple[float, Text]] = {}
        for each in texts:
            score = _score(each, sought)
            before = best.get(each.thing)
            if before is None or (-score, each.text, each.role) < (
                -before[0],
                before[1].text,
                before[1].role,
            ):
                best[each.thing] = (score, each)
        order = sorted(best.values(), key=lambda pair: (-pair[0], pair[1].text, pair[1].thing))
        things = [by.thing for _, by in order]
        names = self._names_of(things)
        types, sources = self._values("type", things), self._values("source", things)
        return [
            Hit(
                by.thing,
                by,
                _snippet(by.text, sought),
                names.get(by.thing, {}),
                types.get(by.thing, ()),
                sources.get(by.thing, ()),
            )
            for _, by in order
        ]


def _is_left(hit: Hit, only: SearchFilter) -> bool:
    """Whether the hit passes the filter."""
    return (
        (only.kind is None or only.kind in hit.types)
        and (only.language is None or hit.by.language == only.language)
        and (only.source is None or only.source in hit.sources)
    )


def _score(each: Text, sought: str) -> float:
    """The score of a text: by its role, and by how much of it was searched for."""
    text = folded(each.text)
    if text == sought:
        return ROLES[each.role] + 10
    score = ROLES[each.role] + 3 * min(len(sought) / max(len(text), 1), 1)
    if text.startswith(sought):
        return score + 3
    return score + 1 if sought in text else score


def _snippet(text: str, sought: str) -> tuple[str, str, str]:
    """The texts before, at and after the first match; cut where they are long."""
    lowered = text.lower()
    pieces = [sought, *words(sought)]
    found = next((piece for piece in pieces if piece and piece in lowered), "")
    start = lowered.find(found) if found and len(lowered) == len(text) else 0
    end = start + (len(found) if len(lowered) == len(text) else 0)
    before, after = text[:start], text[end:]
    if len(before) > _AROUND:
        before = f"…{before[-_AROUND:]}"
    if len(after) > 2 * _AROUND:
        after = f"{after[: 2 * _AROUND]}…"
    return before, text[start:end], after
