"""Linked data about policy: checked files in git become numbered revisions, served as SPARQL."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("spacepolicy")
except PackageNotFoundError:  # while it is being built, nothing is installed
    __version__ = "0"
