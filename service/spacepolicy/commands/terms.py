"""`spacepolicy terms`: the IRIs that the ontology declares, as a version's list holds them."""

from pathlib import Path

from spacepolicy import settings
from spacepolicy.dataset.gates.material import Material
from spacepolicy.dataset.gates.published import declared_terms
from spacepolicy.errors import UsageError
from spacepolicy.settings import Settings


def terms(chosen: Settings) -> int:
    """Print the terms and concepts of the core and what it imports, one a line, without the base.

    Raises: FindingsError where the files cannot be read, UsageError where there is no content.
    """
    content = settings.content_directory(chosen, Path.cwd())
    if content is None:
        raise UsageError("There is no content with terms.")
    material = Material(content.path, packaged=content.packaged)
    for iri in sorted(declared_terms(material.record)):
        print(iri.removeprefix(material.base.iri))
    return 0
