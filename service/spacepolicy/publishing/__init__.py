"""A revision in a SPARQL 1.1 store elsewhere: written in full or by patch, and checked."""
