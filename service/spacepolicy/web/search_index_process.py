"""A process that writes a search index to a file, or changes the copy of one, and ends.

Started as `python -m spacepolicy.web.search_index_process FOLDER`, where the folder has the answers
to the queries for texts, classes and sources (SPARQL 1.1 Query Results JSON Format), as many of
each as were asked, and where an index is changed its copy. Standard input has a `Request` as JSON;
standard output gets the reason where it is refused. Taking texts apart keeps a processor busy
without a pause, which would hold up everyone else in the same process.
"""

import json
import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, final

from pyoxigraph import Literal

from spacepolicy.child_process import die_with_parent
from spacepolicy.web.search_index import NAME_ROLES, Text
from spacepolicy.web.solution_rows import Row, rows_of
from spacepolicy.web.tokenizer import normalised, spaced

INDEX: Final = "index"
"""The name of the file that is written."""
ANSWERS: Final = ("texts", "types", "sources")
"""The names of the files with answers, before their numbers."""
Pairs = Iterable[tuple[str, str]]
"""Things, each with a class or a source."""
_PRIORITY: Final = 10
"""The nice value: who searches waits for an index, everyone else for a processor."""
_CACHE_KIB: Final = 64 << 10
"""How much of a new index is in memory while it is written: that of 100,000 statements has 12 MB,
of 300,000 37."""
_TABLES: Final = """
CREATE TABLE text (id INTEGER PRIMARY KEY, thing TEXT, role TEXT, language TEXT, text TEXT);
CREATE INDEX texts ON text (thing);
CREATE TABLE name (text TEXT, thing TEXT);
CREATE INDEX exact ON name (text);
CREATE INDEX named ON name (thing);
CREATE TABLE type (thing TEXT, value TEXT);
CREATE INDEX types ON type (thing);
CREATE TABLE source (thing TEXT, value TEXT);
CREATE INDEX sources ON source (thing);
CREATE VIRTUAL TABLE stems USING fts5(text, content='', tokenize='porter unicode61');
CREATE VIRTUAL TABLE forms USING fts5(text, content='', tokenize='unicode61', prefix='1 2 3');
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(forms, row);
"""
_INDEXES: Final = ("stems", "forms")


@final
@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: `things` are those of which the index in the folder is to have only what
    the answers say, None where there is none yet; `copies` are words by the passages' IRIs, which
    are no answer's; at most so many texts are taken."""

    things: tuple[str, ...] | None
    copies: Mapping[str, str]
    most_texts: int

    def to_bytes(self) -> bytes:
        """The request as JSON."""
        return json.dumps(asdict(self)).encode("utf-8", "surrogatepass")


class TooManyTextsError(Exception):
    """There are more texts than are taken."""


def write(path: Path, texts: Iterable[Text], types: Pairs, sources: Pairs) -> None:
    """Write a new index."""
    with closing(_opened(path)) as database:
        database.executescript(_TABLES)
        _add(database, texts, types, sources)


def change(
    path: Path, things: Iterable[str], texts: Iterable[Text], types: Pairs, sources: Pairs
) -> None:
    """Put what is given in the place of all there is of these things in an index."""
    with closing(_opened(path)) as database:
        _remove(database, json.dumps([*things]))
        _add(database, texts, types, sources)


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    database.execute("PRAGMA journal_mode = OFF")  # who fails in between leaves nothing of use
    database.execute("PRAGMA synchronous = OFF")
    return database


def _remove(database: sqlite3.Connection, things: str) -> None:
    """Remove all that there is of things, a JSON array of IRIs."""
    rows = database.execute(
        "SELECT id, text FROM text WHERE thing IN (SELECT value FROM json_each(?))", (things,)
    )
    database.execute("BEGIN")
    for number, text in rows.fetchall():
        for table in _INDEXES:
            database.execute(
                f"INSERT INTO {table} ({table}, rowid, text) VALUES ('delete', ?, ?)",  # noqa: S608 # two constants
                (number, spaced(text)),
            )
    for table in ("text", "name", "type", "source"):
        database.execute(
            f"DELETE FROM {table} WHERE thing IN (SELECT value FROM json_each(?))",  # noqa: S608 # four constants
            (things,),
        )
    database.execute("COMMIT")


def _add(database: sqlite3.Connection, texts: Iterable[Text], types: Pairs, sources: Pairs) -> None:
    (last,) = database.execute("SELECT coalesce(max(id), 0) FROM text").fetchone()
    database.execute("BEGIN")
    for number, each in enumerate(texts, last + 1):
        if each.role in NAME_ROLES:
            name = (normalised(each.text), each.thing)
            database.execute("INSERT INTO name VALUES (?, ?)", name)
        row = (number, each.thing, each.role, each.language, each.text)
        database.execute("INSERT INTO text VALUES (?, ?, ?, ?, ?)", row)
        words = spaced(each.text)
        for table in _INDEXES:
            database.execute(
                f"INSERT INTO {table} (rowid, text) VALUES (?, ?)",  # noqa: S608 # two constants
                (number, words),
            )
    database.executemany("INSERT INTO type VALUES (?, ?)", types)
    database.executemany("INSERT INTO source VALUES (?, ?)", sources)
    database.execute("COMMIT")


def _rows(folder: Path, answer: str) -> Iterator[Row]:
    """The solutions of the answers of that name."""
    for file in folder.glob(f"{answer}-*"):
        with file.open("rb") as opened:
            yield from rows_of(opened)


def _texts(folder: Path, copies: Mapping[str, str], most: int) -> Iterator[Text]:
    for number, row in enumerate(_rows(folder, "texts")):
        if number == most:
            raise TooManyTextsError(f"There are more than the {most} texts that are searched.")
        if isinstance(text := row["text"], Literal):
            yield Text(row["thing"].value, row["role"].value, text.language or "", text.value)
    for thing, words in copies.items():
        yield Text(thing, "words", "", words)


def _pairs(folder: Path, answer: str) -> Iterator[tuple[str, str]]:
    return ((row["thing"].value, row["value"].value) for row in _rows(folder, answer))


def main() -> None:
    """Carry out the request on standard input."""
    die_with_parent()
    os.nice(_PRIORITY)
    folder = Path(sys.argv[1])
    asked = Request(**json.load(sys.stdin))
    texts = _texts(folder, asked.copies, asked.most_texts)
    types, sources = (_pairs(folder, answer) for answer in ANSWERS[1:])
    try:
        if asked.things is None:
            write(folder / INDEX, texts, types, sources)
        else:
            change(folder / INDEX, asked.things, texts, types, sources)
    except TooManyTextsError as error:
        sys.stdout.write(str(error))


if __name__ == "__main__":
    main()
