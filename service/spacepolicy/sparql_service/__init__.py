"""SPARQL over HTTP on its short way: which worker answers a query, and what comes of it."""
