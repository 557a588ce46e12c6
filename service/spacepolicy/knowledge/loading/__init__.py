"""What the files say: graphs, the ontology, the sources."""
