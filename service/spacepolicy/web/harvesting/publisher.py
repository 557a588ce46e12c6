"""The publisher of the service, from the operator's settings."""

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True)
class Publisher:
    """A name, the URL of a home page, and a contact: an e-mail address or the URL of a page. None
    where the operator did not set it."""

    name: str | None = None
    homepage: str | None = None
    contact: str | None = None

    @property
    def contact_iri(self) -> str | None:
        """The contact as an IRI: `mailto:`, or the URL of the page."""
        if self.contact is None or ":" in self.contact:
            return self.contact
        return f"mailto:{self.contact}"
