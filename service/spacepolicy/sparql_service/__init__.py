"""The fast path of the SPARQL endpoint: dispatching queries to workers, and their responses."""
