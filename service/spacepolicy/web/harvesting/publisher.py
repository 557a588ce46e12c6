"""Who publishes a service, as the operator says it; nothing else can know."""

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True)
class Publisher:
    """A name, the address of a home page, and where questions are answered: an address of mail or
    of a page. None where the operator did not say it."""

    name: str | None = None
    homepage: str | None = None
    contact: str | None = None

    @property
    def contact_iri(self) -> str | None:
        """Where questions are answered, as an IRI: `mailto:` or that of a page."""
        if self.contact is None or ":" in self.contact:
            return self.contact
        return f"mailto:{self.contact}"
