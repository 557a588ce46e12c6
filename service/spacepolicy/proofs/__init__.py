"""Proofs of statements, in processes of their own."""
