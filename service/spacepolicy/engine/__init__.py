"""Answers SPARQL over one revision, in processes that can be killed."""
