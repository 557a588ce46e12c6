"""The documentation site: pages as they stand in docs/, and reference pages made from the code."""
