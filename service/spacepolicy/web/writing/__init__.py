"""Writes over HTTP: SPARQL Update, and the Graph Store Protocol."""
