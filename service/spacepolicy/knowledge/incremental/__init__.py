"""Maintains a dataset while it is written: derivation, validation, and publication."""
