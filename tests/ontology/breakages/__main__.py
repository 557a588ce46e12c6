"""Writes the tables of `docs/checks.md`: `python -m tests.ontology.breakages`."""

from .page import PAGE, page

PAGE.write_text(page(), encoding="utf-8")
