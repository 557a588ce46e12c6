"""Proofs of statements, searched for in separate processes."""
