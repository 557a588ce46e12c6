"""From a request to its response: SPARQL, and the caching and streaming of all answers."""
