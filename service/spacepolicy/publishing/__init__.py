"""Publishing a revision into a remote SPARQL 1.1 store: in full or by patch, and checked."""
