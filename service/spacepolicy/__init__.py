"""Linked data about policy: checked files in git become numbered revisions, served as SPARQL."""

from importlib.metadata import version

__version__ = version("spacepolicy")
