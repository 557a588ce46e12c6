"""What follows from the axioms, and why."""
