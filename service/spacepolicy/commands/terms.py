"""`spacepolicy terms`: the IRIs that the ontology declares, in the format of a version's list."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from spacepolicy import settings
from spacepolicy.commands.options import add_option
from spacepolicy.errors import UsageError
from spacepolicy.knowledge.checks.context import CheckContext
from spacepolicy.knowledge.checks.published import declared_terms
from spacepolicy.settings import Settings


def add_arguments(parser: ArgumentParser) -> None:
    """Add the folder of the ontology."""
    add_option(parser, "content", "the folder of ontology/ and data/")


def run(_: Namespace, chosen: Settings) -> int:
    """Print the terms."""
    return terms(chosen)


def terms(chosen: Settings) -> int:
    """Print the terms and concepts of the core and what it imports, one a line, without the base.

    Raises: FindingsError where the files cannot be read, UsageError where there is no content.
    """
    content = settings.content_directory(chosen, Path.cwd())
    if content is None:
        raise UsageError("There is no content with terms.")
    material = CheckContext(content.path, packaged=content.packaged)
    for iri in sorted(declared_terms(material.record)):
        print(iri.removeprefix(material.base.iri))
    return 0
