"""Scaffolds: the files for a new term, shape, query or document, with marks where people decide."""
