"""Proposals on a page, to be confirmed, changed or refused by one person, on loopback."""
