"""`docs/errors.md`, written from the table of mistakes: `python -m tests.errors_page`."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

TABLE = Path(__file__).parent / "unit" / "mistakes.yaml"
PAGE = Path(__file__).parents[1] / "docs" / "errors.md"


def written(table: Iterable[Mapping[str, Any]]) -> str:
    """The page: its head as it stands, and of each kind of mistake the first text of the table,
    and what is said of it."""
    head = PAGE.read_text(encoding="utf-8").partition("\n## ")[0]
    first: dict[str, Mapping[str, Any]] = {}
    for row in table:
        first.setdefault(row["mistake"], row)
    return "\n".join([head, *(_told(kind, first[kind]) for kind in sorted(first))])


def _told(kind: str, row: Mapping[str, Any]) -> str:
    text = row.get("query") or row.get("update") or ""
    mended = f"\n```sparql mended\n{row['mended']}\n```\n" if "mended" in row else ""
    return f"## {kind}\n\n```sparql mistake\n{text}\n```\n\n> {row['detail']}\n{mended}"


if __name__ == "__main__":
    PAGE.write_text(written(yaml.safe_load(TABLE.read_text(encoding="utf-8"))), encoding="utf-8")
