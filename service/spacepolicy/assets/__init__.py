"""The scripts and styles of pages, which are built from packages of the npm registry at install."""
