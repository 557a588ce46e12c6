"""What other reasoners say of the same axioms."""
