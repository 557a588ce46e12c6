"""`docs/checks.md`, its tables written from the breakages."""

from typing import Final

from . import KINDS, ROOT, Breakage

PAGE: Final = ROOT / "docs" / "checks.md"
BEGIN: Final = "<!-- tables: made by python -m tests.ontology.breakages -->"
END: Final = "<!-- end of the tables -->"


def page() -> str:
    """The page of checks: what it says, with the tables of what is broken between its marks."""
    tables = "\n\n".join(f"## {kind}\n\n{_table(rows)}" for kind, rows in KINDS.items())
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{rest.partition(END)[2]}"


def _table(rows: tuple[Breakage, ...]) -> str:
    head = "| what is broken | gate | rule | it says | `build` |\n|---|---|---|---|---|"
    return "\n".join((head, *map(_row, rows)))


def _row(each: Breakage) -> str:
    said = " … ".join(filter(None, (each.says, each.near))).replace("|", "\\|")
    stops = "stops" if each.stops else "publishes"
    return f"| {each.what} | `{each.gate}` | `{each.rule}` | {said} | {stops} |"
