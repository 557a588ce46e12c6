"""The inferences from the axioms, and their proofs."""
