"""What keeps a dataset right while it is written: derivation, the guard, and what maintains it."""
