"""The scripts and styles of pages, which are built from other people's packages at install."""
