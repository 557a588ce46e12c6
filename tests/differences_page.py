"""`docs/engine-differences.md`, written from the table of differences:
`python -m tests.differences_page`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.conformance.exceptions import TABLE

PAGE = Path(__file__).parents[1] / "docs" / "engine-differences.md"
_HEAD = """# Where answers differ from the recommendation

Queries are evaluated by the embedded engine pyoxigraph. \
Of the SPARQL test suites of the W3C it fails {count} cases; \
these, and what the suites do not ask, are here: \
what happens, what the recommendation says, and the way round. \
Every example is run by the tests, which fail as soon as the engine answers otherwise. \
This page is written from the list of their exceptions, `tests/conformance/differences.toml`.

The examples are over these data, with `:` for `https://example.org/`:

```trig
{data}
```
"""


def written() -> str:
    """The page."""
    count = sum(len(each.get("cases", ())) for each in TABLE["difference"])
    head = _HEAD.format(count=count, data=TABLE["data"].strip())
    return "\n".join([head, *map(_difference, TABLE["difference"])])


def _difference(each: Mapping[str, Any]) -> str:
    should = f" The recommendation: {_rows(each['should'])}." if "should" in each else ""
    return (
        f"## {each['title']}\n\n{each['what']}\n\n"
        f"```sparql difference\n{each['query']}\n```\n\n"
        f"Here: {_rows(each['gives'])}.{should}\n\n"
        f"{each['says']} ({each['section']})\n\n"
        f"{each['around']}\n\n"
        f"```sparql instead\n{each['instead']}\n```\n\n"
        f"This gives {_rows(each['gives_instead'])}.\n"
    )


def _rows(rows: Sequence[str] | str) -> str:
    """The rows of an answer in words."""
    if isinstance(rows, str):
        return "a syntax error"
    return " · ".join(_row(row) for row in rows) or "no row"


def _row(row: str) -> str:
    return ", ".join(f"`{value}`" if value else "unbound" for value in row.split("\t"))


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
