"""Writes: received, evaluated, authorised, materialised, validated, committed, published."""
