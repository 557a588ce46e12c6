"""Scaffolds: what a new term, shape, query or document needs, with marks where people decide."""
