"""From a request to an answer: SPARQL, and what every kept or streamed answer goes through."""
