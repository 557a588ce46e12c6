"""Reads the files: graphs, the ontology, the sources."""
