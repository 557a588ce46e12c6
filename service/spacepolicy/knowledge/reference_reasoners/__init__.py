"""Runs other reasoners over the same axioms."""
