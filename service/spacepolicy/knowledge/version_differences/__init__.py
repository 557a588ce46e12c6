"""How two states of the ontology and its data differ, and what that changes for users."""
