"""The history of the dataset over HTTP: its revisions, and what changed between them."""
