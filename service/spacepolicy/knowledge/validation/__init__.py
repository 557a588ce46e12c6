"""Validation of statements with SHACL shapes: which nodes may fail, and the report on those."""
