"""The documentation site: the pages in docs/, and reference pages generated from the code."""
