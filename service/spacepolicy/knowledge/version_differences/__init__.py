"""The differences between two states of the ontology and its data, and their effects on users."""
