"""The engine differs from the recommendations as the page for users says, and in no other way."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import RdfFormat, Store
from tests import differences_page
from tests.conformance.exceptions import TABLE

from spacepolicy.engine.answer_frames import Data
from spacepolicy.engine.pool import Pool
from spacepolicy.engine.port import ask
from spacepolicy.engine.requests import Query
from spacepolicy.engine.snapshot import GENERATION
from spacepolicy.errors import QuerySyntaxError

PREFIXES = {"": "https://example.org/", "xsd": "http://www.w3.org/2001/XMLSchema#"}
DIFFERENCES: Sequence[Mapping[str, Any]] = TABLE["difference"]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    folder = tmp_path_factory.mktemp("differences")
    store = Store()
    text = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
    store.load((text + TABLE["data"]).encode(), RdfFormat.TRIG)
    store.dump(str(folder / GENERATION), RdfFormat.N_QUADS)
    pool = Pool(folder / GENERATION, 256 << 20)
    yield pool
    pool.close()


def answer(engine: Pool, text: str) -> list[str] | str:
    """The rows as the page writes them; those of a query without ORDER BY sorted."""
    query = Query(text, solutions_format="tsv", graph_format=None, prefixes=PREFIXES)
    try:
        body = b"".join(f.payload for f in ask(engine, query, 10) if isinstance(f, Data))
    except QuerySyntaxError:
        return "error"
    rows = body.decode().replace(f"<{PREFIXES['']}", ":").replace(">", "").split("\n")
    rows = rows if text.startswith("ASK") else rows[1:-1]
    return rows if "ORDER BY" in text else sorted(rows)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda each: each["title"])
def test_an_example_is_answered_as_the_page_says(
    engine: Pool, difference: Mapping[str, Any]
) -> None:
    """Where this fails, the engine has changed: mend the table, or take the difference out."""
    assert answer(engine, difference["query"]) == difference["gives"]
    assert difference["gives"] != difference.get("should")
    assert answer(engine, difference["instead"]) == difference["gives_instead"]


def test_the_page_is_written_from_the_table() -> None:
    remedy = "python -m tests.differences_page"
    assert differences_page.PAGE.read_text(encoding="utf-8") == differences_page.written(), remedy


def test_each_way_round_is_linked_from_the_readme() -> None:
    readme = Path(__file__).parents[2] / "README.md"
    assert "docs/engine-differences.md" in readme.read_text(encoding="utf-8")


def test_booleans_are_read_in_capitals(engine: Pool) -> None:
    """The engine itself reads them in lower case only; what is wrong besides is still said."""
    assert answer(engine, "SELECT (TRUE AS ?x) (False AS ?y) {}") == ["true\tfalse"]
    assert answer(engine, "SELECT (urn:f(TRUE) AS ?x) {}") == "error"
    assert answer(engine, "SELECT (TRUE AS ?x) {") == "error"
