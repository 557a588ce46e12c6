"""Proposals for annotating a text: found by rules, confirmed by people, written as quotations."""
